using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Management.Automation.Runspaces;
using System.Net;
using System.Security;
using Isolation.Shell;

namespace Microsoft.PowerShell.Commands;

[Cmdlet(VerbsLifecycle.Invoke, "Expression")]
public sealed class InvokeExpressionCommand : PSCmdlet
{
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true)]
    public string Command { get; set; } = string.Empty;

    protected override void ProcessRecord()
        => EngineInternals.InvokeScript(this, InvokeCommand.NewScriptBlock(Command), EngineInternals.NothingUnder, discardOutput: false);
}

[Cmdlet(VerbsCommon.Get, "Host")]
public sealed class GetHostCommand : PSCmdlet
{
    protected override void BeginProcessing() => WriteObject(Host);
}

[Cmdlet(VerbsCommon.Get, "Culture", DefaultParameterSetName = "CurrentCulture")]
[OutputType(typeof(CultureInfo))]
public sealed class GetCultureCommand : PSCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true, ParameterSetName = "Name")]
    [ValidateNotNull]
    public string[]? Name { get; set; }

    protected override void ProcessRecord()
    {
        if (Name is null)
            WriteObject(Host.CurrentCulture);
        foreach (string name in Name ?? [])
            WriteObject(CultureInfo.GetCultureInfo(name));
    }
}

[Cmdlet(VerbsCommon.Get, "UICulture")]
[OutputType(typeof(CultureInfo))]
public sealed class GetUICultureCommand : PSCmdlet
{
    protected override void BeginProcessing() => WriteObject(Host.CurrentUICulture);
}

[Cmdlet(VerbsCommon.Get, "PSCallStack")]
[OutputType(typeof(CallStackFrame))]
public sealed class GetPSCallStackCommand : PSCmdlet
{
    protected override void ProcessRecord() => WriteObject(Runspace.DefaultRunspace.Debugger.GetCallStack(), enumerateCollection: true);
}

[Cmdlet(VerbsCommunications.Read, "Host", DefaultParameterSetName = "AsString")]
[OutputType(typeof(string), typeof(SecureString))]
public sealed class ReadHostCommand : PSCmdlet
{
    [Parameter(Position = 0, ValueFromRemainingArguments = true)]
    [AllowNull]
    public object? Prompt { get; set; }

    [Parameter(ParameterSetName = "AsSecureString")]
    public SwitchParameter AsSecureString { get; set; }

    [Parameter(ParameterSetName = "AsString")]
    public SwitchParameter MaskInput { get; set; }

    protected override void BeginProcessing()
    {
        object answer = Prompt is null ? AskPlainly() : Ask(Prompt);
        WriteObject(MaskInput ? new NetworkCredential(string.Empty, (SecureString)answer).Password : answer);
    }

    private object AskPlainly() => AsSecureString || MaskInput ? Host.UI.ReadLineAsSecureString() : Host.UI.ReadLine();

    private object Ask(object prompt)
    {
        string name = LanguagePrimitives.GetEnumerable(prompt) is IEnumerable parts ? string.Join(' ', parts.Cast<object>()) : prompt.ToString()!;
        FieldDescription field = new(name) { Label = name };
        field.SetParameterType(AsSecureString || MaskInput ? typeof(SecureString) : typeof(string));
        Dictionary<string, PSObject>? answers = Host.UI.Prompt(string.Empty, string.Empty, [field]);
        return answers is null ? string.Empty : answers[name].BaseObject;
    }
}

[Cmdlet(VerbsCommon.Get, "Error", DefaultParameterSetName = "Newest")]
public sealed class GetErrorCommand : PSCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true, ParameterSetName = "Error")]
    [ValidateNotNullOrEmpty]
    public PSObject? InputObject { get; set; }

    [Parameter(ParameterSetName = "Newest")]
    [Alias("Last")]
    [ValidateRange(1, int.MaxValue)]
    public int Newest { get; set; } = 1;

    protected override void ProcessRecord()
    {
        IEnumerable<object?> errors = InputObject is not null
            ? [InputObject]
            : (SessionState.PSVariable.GetValue("global:Error") as IList)?.Cast<object>().Take(Newest) ?? [];
        foreach (object? error in errors)
        {
            // A copy: the error itself keeps its ordinary view.
            object? plain = error is PSObject wrapped ? wrapped.BaseObject : error;
            if (plain is not (Exception or ErrorRecord))
                continue;

            PSObject shown = new(plain);
            string type = plain is Exception ? "System.Exception" : "System.Management.Automation.ErrorRecord";
            shown.TypeNames.Insert(0, type + "#PSExtendedError");
            shown.TypeNames.Remove(type);
            WriteObject(shown);
        }
    }
}

[Cmdlet(VerbsCommon.New, "Guid", DefaultParameterSetName = "Default")]
[OutputType(typeof(Guid))]
public sealed class NewGuidCommand : PSCmdlet
{
    [Parameter(ParameterSetName = "Empty")]
    public SwitchParameter Empty { get; set; }

    [Parameter(Position = 0, ValueFromPipeline = true, ParameterSetName = "InputObject")]
    public string? InputObject { get; set; }

    protected override void ProcessRecord()
    {
        if (InputObject is null)
        {
            WriteObject(Empty ? Guid.Empty : Guid.NewGuid());
            return;
        }

        try
        {
            WriteObject(new Guid(InputObject));
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            WriteError(new ErrorRecord(e, "StringNotRecognizedAsGuid", ErrorCategory.InvalidArgument, null));
        }
    }
}

[Cmdlet(VerbsCommon.Get, "Random", DefaultParameterSetName = "RandomNumberParameterSet")]
public sealed class GetRandomCommand : PSCmdlet
{
    private static Random s_seeded = Random.Shared;
    private readonly List<object?> _items = [];

    [Parameter]
    [ValidateNotNull]
    public int? SetSeed { get; set; }

    [Parameter(ParameterSetName = "RandomNumberParameterSet", Position = 0)]
    public object? Maximum { get; set; }

    [Parameter(ParameterSetName = "RandomNumberParameterSet")]
    public object? Minimum { get; set; }

    [Parameter(ParameterSetName = "RandomListItemParameterSet", ValueFromPipeline = true, Position = 0, Mandatory = true)]
    [Parameter(ParameterSetName = "ShuffleParameterSet", ValueFromPipeline = true, Position = 0, Mandatory = true)]
    public object?[]? InputObject { get; set; }

    [Parameter(ParameterSetName = "RandomNumberParameterSet")]
    [Parameter(ParameterSetName = "RandomListItemParameterSet")]
    [ValidateRange(1, int.MaxValue)]
    public int Count { get; set; } = 1;

    [Parameter(ParameterSetName = "ShuffleParameterSet", Mandatory = true)]
    public SwitchParameter Shuffle { get; set; }

    protected override void BeginProcessing()
    {
        if (SetSeed is int seed)
            s_seeded = new Random(seed);
        if (ParameterSetName != "RandomNumberParameterSet")
            return;

        object? maximum = Number(Maximum);
        object? minimum = Number(Minimum);
        bool wide = maximum is long || minimum is long;
        for (int i = 0; i < Count; i++)
        {
            if (maximum is double || minimum is double)
                WriteObject(NextDouble(minimum, maximum));
            else if (NextInteger(minimum, maximum, wide) is long number && wide)
                WriteObject(number);
            else
                WriteObject((int)number);
        }
    }

    protected override void ProcessRecord() => _items.AddRange(InputObject ?? []);

    protected override void EndProcessing()
    {
        if (ParameterSetName == "RandomNumberParameterSet")
            return;

        object?[] items = [.. _items];
        s_seeded.Shuffle(items);
        WriteObject(items.Take(Shuffle ? items.Length : Count), enumerateCollection: true);
    }

    private static object? Number(object? value)
    {
        object? plain = value is PSObject wrapped ? wrapped.BaseObject : value;
        return plain switch
        {
            null or int or long or double => plain,
            string text => Number(ScriptBlock.Create(decimal.Parse(text, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture)).InvokeReturnAsIs()),
            float or decimal => LanguagePrimitives.ConvertTo<double>(plain),
            _ => LanguagePrimitives.ConvertTo<long>(plain) is long number && number is >= int.MinValue and <= int.MaxValue ? (int)number : LanguagePrimitives.ConvertTo<long>(plain),
        };
    }

    private double NextDouble(object? minimum, object? maximum)
    {
        double low = LanguagePrimitives.ConvertTo<double>(minimum ?? 0.0);
        double high = LanguagePrimitives.ConvertTo<double>(maximum ?? double.MaxValue);
        Check(low < high, low, high);
        return low + (s_seeded.NextDouble() * (high - low));
    }

    private long NextInteger(object? minimum, object? maximum, bool wide)
    {
        long low = LanguagePrimitives.ConvertTo<long>(minimum ?? 0L);
        long high = maximum is null ? (wide ? long.MaxValue : int.MaxValue) : LanguagePrimitives.ConvertTo<long>(maximum);
        Check(low < high, low, high);
        return s_seeded.NextInt64(low, high);
    }

    private void Check(bool valid, object low, object high)
    {
        if (valid)
            return;
        ArgumentException exception = new($"The Minimum value ({low}) cannot be greater than or equal to the Maximum value ({high}).");
        ThrowTerminatingError(new ErrorRecord(exception, "MinGreaterThanOrEqualMax", ErrorCategory.InvalidArgument, null));
    }
}

[Cmdlet(VerbsCommon.Get, "Verb")]
[OutputType(typeof(VerbInfo))]
public sealed class GetVerbCommand : PSCmdlet
{
    [Parameter(ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, Position = 0)]
    public string[]? Verb { get; set; }

    [Parameter(ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, Position = 1)]
    [ValidateSet("Common", "Communications", "Data", "Diagnostic", "Lifecycle", "Other", "Security")]
    public string[]? Group { get; set; }

    protected override void ProcessRecord()
    {
        foreach (VerbInfo verb in EngineInternals.GetVerbs(Verb, Group))
            WriteObject(verb);
    }
}
