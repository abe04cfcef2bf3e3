using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;

namespace Microsoft.PowerShell.Commands;

[Cmdlet(VerbsCommon.Get, "PSDrive", DefaultParameterSetName = "Name")]
public sealed class GetPSDriveCommand : PSCmdlet
{
    [Parameter(Position = 0, ParameterSetName = "Name", ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = ["*"];

    [Parameter(Position = 0, ParameterSetName = "LiteralName", Mandatory = true, ValueFromPipelineByPropertyName = true)]
    public string[]? LiteralName { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string? Scope { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string[]? PSProvider { get; set; }

    protected override void ProcessRecord()
    {
        IEnumerable<PSDriveInfo> drives = Scope is null ? SessionState.Drive.GetAll() : SessionState.Drive.GetAllAtScope(Scope);
        List<PSDriveInfo> wanted = [.. drives
            .Where(drive => PSProvider is null || Array.Exists(PSProvider, provider => WildcardPattern.Get(provider, WildcardOptions.IgnoreCase).IsMatch(drive.Provider.Name)))
            .OrderBy(drive => drive.Name, StringComparer.OrdinalIgnoreCase)];
        foreach (string name in LiteralName ?? Name)
        {
            bool literal = LiteralName is not null || !WildcardPattern.ContainsWildcardCharacters(name);
            List<PSDriveInfo> found = wanted.FindAll(drive => literal
                ? drive.Name.Equals(name, StringComparison.OrdinalIgnoreCase)
                : WildcardPattern.Get(name, WildcardOptions.IgnoreCase).IsMatch(drive.Name));
            WriteObject(found, enumerateCollection: true);
            if (found.Count == 0 && literal)
            {
                System.Management.Automation.DriveNotFoundException exception = new($"Cannot find drive. A drive with the name '{name}' does not exist.");
                WriteError(new ErrorRecord(exception, literal && LiteralName is not null ? "GetDriveNoMatchingDrive" : "GetLocationNoMatchingDrive", ErrorCategory.ObjectNotFound, name));
            }
        }
    }
}

[Cmdlet(VerbsCommon.New, "PSDrive", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low)]
public sealed class NewPSDriveCommand : ProviderCommandBase
{
    [Parameter(Position = 0, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    public string Name { get; set; } = string.Empty;

    [Parameter(Position = 1, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    public string PSProvider { get; set; } = string.Empty;

    [Parameter(Position = 2, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [AllowEmptyString]
    public string Root { get; set; } = string.Empty;

    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string? Description { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string? Scope { get; set; }

    private protected override object? GetDynamicParameters(object context)
        => string.IsNullOrEmpty(PSProvider) ? null : Call(SessionState.Drive, "NewDriveDynamicParameters", PSProvider, context);

    protected override void ProcessRecord()
    {
        ProviderInfo provider;
        try
        {
            provider = SessionState.Provider.GetOne(PSProvider);
        }
        catch (ProviderNotFoundException e)
        {
            WriteError(new ErrorRecord(e.ErrorRecord, e));
            return;
        }

        if (ShouldProcess($"Name: {Name} Provider: {provider.Name} Root: {Root}", "New drive"))
            Guard(() => Call(SessionState.Drive, "New", new PSDriveInfo(Name, provider, Root, Description, credential: null), Scope, NewContext()));
    }
}

[Cmdlet(VerbsCommon.Remove, "PSDrive", DefaultParameterSetName = "Name", SupportsShouldProcess = true)]
public sealed class RemovePSDriveCommand : ProviderCommandBase
{
    [Parameter(Position = 0, ParameterSetName = "Name", Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [AllowNull]
    [AllowEmptyCollection]
    public string[]? Name { get; set; }

    [Parameter(Position = 0, ParameterSetName = "LiteralName", Mandatory = true, ValueFromPipelineByPropertyName = true)]
    public string[]? LiteralName { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string[]? PSProvider { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string? Scope { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    private protected override bool IsForced => Force;

    protected override void ProcessRecord()
    {
        foreach (string name in LiteralName ?? Name ?? [])
        {
            bool literal = LiteralName is not null || !WildcardPattern.ContainsWildcardCharacters(name);
            List<PSDriveInfo> found = [.. SessionState.Drive.GetAll().Where(drive => (literal
                    ? drive.Name.Equals(name, StringComparison.OrdinalIgnoreCase)
                    : WildcardPattern.Get(name, WildcardOptions.IgnoreCase).IsMatch(drive.Name))
                && (PSProvider is null || Array.Exists(PSProvider, provider => WildcardPattern.Get(provider, WildcardOptions.IgnoreCase).IsMatch(drive.Provider.Name))))];
            if (found.Count == 0 && literal)
            {
                System.Management.Automation.DriveNotFoundException exception = new($"Cannot find drive. A drive with the name '{name}' does not exist.");
                WriteError(new ErrorRecord(exception, "DriveNotFound", ErrorCategory.ObjectNotFound, name));
            }

            foreach (PSDriveInfo drive in found)
            {
                if (ShouldProcess($"Name: {drive.Name} Provider: {drive.Provider} Root: {drive.Root}", "Remove Drive"))
                    Guard(() => Call(SessionState.Drive, "Remove", drive.Name, (bool)Force, Scope, NewContext()));
            }
        }
    }
}

[Cmdlet(VerbsCommon.Get, "PSProvider")]
public sealed class GetPSProviderCommand : PSCmdlet
{
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string[]? PSProvider { get; set; }

    protected override void ProcessRecord()
    {
        foreach (string name in PSProvider ?? ["*"])
        {
            WildcardPattern pattern = WildcardPattern.Get(name, WildcardOptions.IgnoreCase);
            List<ProviderInfo> found = [.. SessionState.Provider.GetAll().Where(provider => pattern.IsMatch(provider.Name))];
            WriteObject(found, enumerateCollection: true);
            if (found.Count == 0 && !WildcardPattern.ContainsWildcardCharacters(name))
            {
                ProviderNotFoundException exception = new($"Cannot find a provider with the name '{name}'.");
                WriteError(new ErrorRecord(exception, "ProviderNotFound", ErrorCategory.ObjectNotFound, name));
            }
        }
    }
}
