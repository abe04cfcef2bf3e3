using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Internal;
using Isolation.Shell;

namespace Microsoft.PowerShell.Commands;

/// <summary>What the variable cmdlets share: the scope, and finding variables by pattern in it.</summary>
public abstract class VariableCommandBase : PSCmdlet
{
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Scope { get; set; }

    private protected PSVariable? Find(string name)
        => Scope is null ? SessionState.PSVariable.Get(name) : EngineInternals.GetVariableAtScope(SessionState, name, Scope);

    /// <summary>The variables that a name or pattern means; an error for a plain name that there is not.</summary>
    private protected List<PSVariable> FindAll(string name, string[]? include, string[]? exclude, bool mustExist)
    {
        if (!WildcardPattern.ContainsWildcardCharacters(name))
        {
            PSVariable? variable = Find(name);
            if (variable is null && mustExist)
                WriteNotFound(name);
            return variable is null || !IsWanted(variable.Name, include, exclude) ? [] : [variable];
        }

        WildcardPattern pattern = WildcardPattern.Get(name, WildcardOptions.IgnoreCase);
        return [.. EngineInternals.GetVariables(SessionState, Scope)
            .Where(variable => pattern.IsMatch(variable.Name) && IsWanted(variable.Name, include, exclude))
            .OrderBy(variable => variable.Name, StringComparer.OrdinalIgnoreCase)];
    }

    private protected void WriteNotFound(string name)
    {
        ItemNotFoundException exception = new($"Cannot find a variable with the name '{name}'.");
        WriteError(new ErrorRecord(exception, "VariableNotFound", ErrorCategory.ObjectNotFound, name));
    }

    private protected void Store(PSVariable variable, bool force)
        => EngineInternals.SetVariableAtScope(SessionState, variable, Scope, force);

    private protected void Guard(Action change)
    {
        try
        {
            change();
        }
        catch (SessionStateException e)
        {
            WriteError(new ErrorRecord(e.ErrorRecord, e));
        }
    }

    private static bool IsWanted(string name, string[]? include, string[]? exclude)
        => (include is not { Length: > 0 } || Matches(name, include)) && !(exclude is { Length: > 0 } && Matches(name, exclude));

    private static bool Matches(string name, string[] patterns)
        => Array.Exists(patterns, pattern => WildcardPattern.Get(pattern, WildcardOptions.IgnoreCase).IsMatch(name));
}

[Cmdlet(VerbsCommon.Get, "Variable")]
[OutputType(typeof(PSVariable))]
public sealed class GetVariableCommand : VariableCommandBase
{
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = ["*"];

    [Parameter]
    public SwitchParameter ValueOnly { get; set; }

    [Parameter]
    public string[]? Include { get; set; }

    [Parameter]
    public string[]? Exclude { get; set; }

    protected override void ProcessRecord()
    {
        foreach (PSVariable variable in Name.SelectMany(name => FindAll(name, Include, Exclude, mustExist: true)))
            WriteObject(ValueOnly ? variable.Value : variable);
    }
}

[Cmdlet(VerbsCommon.New, "Variable", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low)]
public sealed class NewVariableCommand : VariableCommandBase
{
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true, Mandatory = true)]
    public string Name { get; set; } = string.Empty;

    [Parameter(Position = 1, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public object? Value { get; set; }

    [Parameter]
    public string? Description { get; set; }

    [Parameter]
    public ScopedItemOptions Option { get; set; } = ScopedItemOptions.None;

    [Parameter]
    public SessionStateEntryVisibility Visibility { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    protected override void ProcessRecord()
    {
        if (!Force && EngineInternals.GetVariableAtScope(SessionState, Name, Scope ?? "local") is not null)
        {
            SessionStateException exception = new($"A variable with name '{Name}' already exists.");
            WriteError(new ErrorRecord(exception, "VariableAlreadyExists", ErrorCategory.ResourceExists, Name));
            return;
        }

        if (!ShouldProcess($"Name: {Name} Value: {Value}", "New variable"))
            return;

        PSVariable variable = new(Name, Value, Option) { Visibility = Visibility };
        if (Description is not null)
            variable.Description = Description;
        Guard(() =>
        {
            EngineInternals.NewVariableAtScope(SessionState, variable, Scope ?? "local", Force);
            if (PassThru)
                WriteObject(variable);
        });
    }
}

[Cmdlet(VerbsCommon.Set, "Variable", SupportsShouldProcess = true)]
[OutputType(typeof(PSVariable))]
public sealed class SetVariableCommand : VariableCommandBase
{
    private readonly List<object?> _values = [];
    private ScopedItemOptions? _option;
    private SessionStateEntryVisibility? _visibility;
    private bool _fromPipeline;

    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true, Mandatory = true)]
    public string[] Name { get; set; } = [];

    [Parameter(Position = 1, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public object? Value { get; set; } = AutomationNull.Value;

    [Parameter]
    public string[]? Include { get; set; }

    [Parameter]
    public string[]? Exclude { get; set; }

    [Parameter]
    public string? Description { get; set; }

    [Parameter]
    public ScopedItemOptions Option
    {
        get => _option ?? ScopedItemOptions.None;
        set => _option = value;
    }

    [Parameter]
    public SwitchParameter Force { get; set; }

    [Parameter]
    public SessionStateEntryVisibility Visibility
    {
        get => _visibility ?? SessionStateEntryVisibility.Public;
        set => _visibility = value;
    }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    [Parameter]
    public SwitchParameter Append { get; set; }

    protected override void BeginProcessing() => _fromPipeline = MyInvocation.ExpectingInput && !MyInvocation.BoundParameters.ContainsKey(nameof(Value));

    protected override void ProcessRecord()
    {
        if (!_fromPipeline)
            SetAll(Value, hasValue: MyInvocation.BoundParameters.ContainsKey(nameof(Value)));
        else if (Value != AutomationNull.Value)
            _values.Add(Value);
    }

    protected override void EndProcessing()
    {
        if (_fromPipeline)
            SetAll(_values.Count switch { 0 => AutomationNull.Value, 1 => _values[0], _ => _values.ToArray() }, hasValue: true);
    }

    private void SetAll(object? value, bool hasValue)
    {
        foreach (string name in Name)
        {
            List<PSVariable> found = FindAll(name, Include, Exclude, mustExist: false);
            if (found.Count == 0 && !WildcardPattern.ContainsWildcardCharacters(name) && Include is null && Exclude is null)
            {
                SetNew(name, value);
                continue;
            }

            foreach (PSVariable variable in found)
                Guard(() => SetExisting(variable, value, hasValue));
        }
    }

    private void SetNew(string name, object? value)
    {
        if (!ShouldProcess($"Name: {name} Value: {value}", "Set variable"))
            return;

        PSVariable variable = new(name, Appended(null, value), Option);
        Apply(variable);
        Guard(() =>
        {
            Store(variable, Force);
            if (PassThru)
                WriteObject(variable);
        });
    }

    private void SetExisting(PSVariable variable, object? value, bool hasValue)
    {
        if (!ShouldProcess($"Name: {variable.Name} Value: {value}", "Set variable"))
            return;

        // A variable of an outer scope is not changed: without -Scope the local one is set, new if it must be.
        if (Scope is null && EngineInternals.GetVariableAtScope(SessionState, variable.Name, "local") is null)
        {
            PSVariable local = new(variable.Name, Appended(variable.Value, hasValue ? value : null), Option);
            Apply(local);
            Store(local, Force);
            variable = local;
        }
        else
        {
            if (Force && (variable.Options & ScopedItemOptions.ReadOnly) != 0)
                EngineInternals.ForceOptions(variable, variable.Options & ~ScopedItemOptions.ReadOnly);
            if (hasValue)
                variable.Value = Appended(variable.Value, value);
            if (_option is not null)
                variable.Options = Option;
            Apply(variable);
        }

        if (PassThru)
            WriteObject(variable);
    }

    private object? Appended(object? old, object? value)
    {
        if (!Append)
            return value == AutomationNull.Value ? null : value;

        List<object?> all = [];
        foreach (object? part in (object?[])[old, value])
        {
            if (LanguagePrimitives.GetEnumerable(part) is System.Collections.IEnumerable items)
                all.AddRange(items.Cast<object?>());
            else if (part is not null && part != AutomationNull.Value)
                all.Add(part);
        }

        return all.ToArray();
    }

    private void Apply(PSVariable variable)
    {
        if (Description is not null)
            variable.Description = Description;
        if (_visibility is not null)
            variable.Visibility = Visibility;
    }
}

[Cmdlet(VerbsCommon.Remove, "Variable", SupportsShouldProcess = true)]
public sealed class RemoveVariableCommand : VariableCommandBase
{
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true, Mandatory = true)]
    public string[] Name { get; set; } = [];

    [Parameter]
    public string[]? Include { get; set; }

    [Parameter]
    public string[]? Exclude { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    protected override void ProcessRecord()
    {
        // Removal is from one scope: the local one unless another is named.
        Scope ??= "local";
        foreach (PSVariable variable in Name.SelectMany(name => FindAll(name, Include, Exclude, mustExist: true)))
        {
            if (ShouldProcess($"Name: {variable.Name}", "Remove variable"))
                Guard(() => EngineInternals.RemoveVariableAtScope(SessionState, variable, Scope, Force));
        }
    }
}

[Cmdlet(VerbsCommon.Clear, "Variable", SupportsShouldProcess = true)]
[OutputType(typeof(PSVariable))]
public sealed class ClearVariableCommand : VariableCommandBase
{
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true, Mandatory = true)]
    public string[] Name { get; set; } = [];

    [Parameter]
    public string[]? Include { get; set; }

    [Parameter]
    public string[]? Exclude { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    protected override void ProcessRecord()
    {
        foreach (PSVariable variable in Name.SelectMany(name => FindAll(name, Include, Exclude, mustExist: true)))
        {
            if (!ShouldProcess($"Name: {variable.Name}", "Clear variable"))
                continue;

            Guard(() =>
            {
                if (Force && (variable.Options & ScopedItemOptions.ReadOnly) != 0)
                    EngineInternals.ForceOptions(variable, variable.Options & ~ScopedItemOptions.ReadOnly);
                variable.Value = null;
                if (PassThru)
                    WriteObject(variable);
            });
        }
    }
}
