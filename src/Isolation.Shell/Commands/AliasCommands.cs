using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using Isolation.Shell;

namespace Microsoft.PowerShell.Commands;

[Cmdlet(VerbsCommon.Get, "Alias", DefaultParameterSetName = "Default")]
[OutputType(typeof(AliasInfo))]
public sealed class GetAliasCommand : PSCmdlet
{
    [Parameter(ParameterSetName = "Default", Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = ["*"];

    [Parameter]
    public string[]? Exclude { get; set; }

    [Parameter]
    public string? Scope { get; set; }

    [Parameter(ParameterSetName = "Definition")]
    [ValidateNotNullOrEmpty]
    public string[]? Definition { get; set; }

    protected override void ProcessRecord()
    {
        List<AliasInfo> all = [.. EngineInternals.GetAliases(SessionState, Scope)
            .Where(alias => Exclude is null || !Array.Exists(Exclude, pattern => Matches(pattern, alias.Name)))
            .OrderBy(alias => alias.Name, StringComparer.OrdinalIgnoreCase)];
        foreach (string wanted in Definition ?? Name)
        {
            List<AliasInfo> found = all.FindAll(alias => Matches(wanted, Definition is null ? alias.Name : alias.Definition));
            WriteObject(found, enumerateCollection: true);
            if (found.Count == 0 && !WildcardPattern.ContainsWildcardCharacters(wanted))
            {
                ItemNotFoundException exception = new($"This command cannot find a matching alias because an alias with the {(Definition is null ? "name" : "definition")} '{wanted}' does not exist.");
                WriteError(new ErrorRecord(exception, "ItemNotFoundException", ErrorCategory.ObjectNotFound, wanted));
            }
        }
    }

    private static bool Matches(string pattern, string text) => WildcardPattern.Get(pattern, WildcardOptions.IgnoreCase).IsMatch(text);
}

/// <summary>What Set-Alias and New-Alias share.</summary>
public abstract class WriteAliasCommandBase : PSCmdlet
{
    [Parameter(Position = 0, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    public string Name { get; set; } = string.Empty;

    [Parameter(Position = 1, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    public string Value { get; set; } = string.Empty;

    [Parameter]
    public string Description { get; set; } = string.Empty;

    [Parameter]
    public ScopedItemOptions Option { get; set; } = ScopedItemOptions.None;

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    [Parameter]
    public string? Scope { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    private protected void Store()
    {
        try
        {
            AliasInfo alias = EngineInternals.SetAlias(SessionState, Name, Value, Description, Option, Scope, Force);
            if (PassThru)
                WriteObject(alias);
        }
        catch (SessionStateException e)
        {
            WriteError(new ErrorRecord(e.ErrorRecord, e));
        }
    }
}

[Cmdlet(VerbsCommon.Set, "Alias", SupportsShouldProcess = true)]
[OutputType(typeof(AliasInfo))]
public sealed class SetAliasCommand : WriteAliasCommandBase
{
    protected override void ProcessRecord()
    {
        if (ShouldProcess($"Name: {Name} Value: {Value}", "Set Alias"))
            Store();
    }
}

[Cmdlet(VerbsCommon.New, "Alias", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low)]
[OutputType(typeof(AliasInfo))]
public sealed class NewAliasCommand : WriteAliasCommandBase
{
    protected override void ProcessRecord()
    {
        if (!Force && EngineInternals.GetAliases(SessionState, Scope ?? "local").Any(alias => alias.Name.Equals(Name, StringComparison.OrdinalIgnoreCase)))
        {
            SessionStateException exception = new($"The alias is not allowed, because an alias with the name '{Name}' already exists.");
            WriteError(new ErrorRecord(exception, "AliasAlreadyExists", ErrorCategory.ResourceExists, Name));
            return;
        }

        if (ShouldProcess($"Name: {Name} Value: {Value}", "New Alias"))
            Store();
    }
}

[Cmdlet(VerbsCommon.Remove, "Alias", DefaultParameterSetName = "Default")]
public sealed class RemoveAliasCommand : PSCmdlet
{
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public string[] Name { get; set; } = [];

    [Parameter]
    public string? Scope { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    protected override void ProcessRecord()
    {
        foreach (string name in Name)
        {
            if (!EngineInternals.GetAliases(SessionState, Scope).Any(alias => alias.Name.Equals(name, StringComparison.OrdinalIgnoreCase)))
            {
                ItemNotFoundException exception = new($"This command cannot find a matching alias because an alias with the name '{name}' does not exist.");
                WriteError(new ErrorRecord(exception, "ItemNotFoundException", ErrorCategory.ObjectNotFound, name));
                continue;
            }

            try
            {
                EngineInternals.RemoveAlias(SessionState, name, Force);
            }
            catch (SessionStateException e)
            {
                WriteError(new ErrorRecord(e.ErrorRecord, e));
            }
        }
    }
}
