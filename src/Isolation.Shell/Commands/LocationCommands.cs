using System;
using System.Linq;
using System.Management.Automation;

namespace Microsoft.PowerShell.Commands;

[Cmdlet(VerbsCommon.Get, "Location", DefaultParameterSetName = "Location")]
public sealed class GetLocationCommand : ProviderCommandBase
{
    [Parameter(ParameterSetName = "Location", ValueFromPipelineByPropertyName = true)]
    public string[]? PSProvider { get; set; }

    [Parameter(ParameterSetName = "Location", ValueFromPipelineByPropertyName = true)]
    public string[]? PSDrive { get; set; }

    [Parameter(ParameterSetName = "Stack")]
    public SwitchParameter Stack { get; set; }

    [Parameter(ParameterSetName = "Stack", ValueFromPipelineByPropertyName = true)]
    public string[]? StackName { get; set; }

    protected override void ProcessRecord()
    {
        if (ParameterSetName == "Stack")
        {
            foreach (string? name in StackName is { Length: > 0 } ? StackName : new string?[] { null })
                Guard(() => WriteObject(SessionState.Path.LocationStack(name)));
            return;
        }

        foreach (string provider in PSProvider ?? [])
            Guard(() => WriteObject(SessionState.Path.CurrentProviderLocation(provider)));

        foreach (string name in PSDrive ?? [])
        {
            Guard(() =>
            {
                PSDriveInfo drive = SessionState.Drive.Get(name);
                WriteObject(SessionState.Path.GetResolvedPSPathFromPSPath($"{drive.Name}:").First());
            });
        }

        if (PSProvider is null && PSDrive is null)
            WriteObject(SessionState.Path.CurrentLocation);
    }
}

[Cmdlet(VerbsCommon.Set, "Location", DefaultParameterSetName = "Path")]
public sealed class SetLocationCommand : ProviderCommandBase
{
    [Parameter(Position = 0, ParameterSetName = "Path", ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public string? Path { get; set; }

    [Parameter(ParameterSetName = "LiteralPath", Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    public string? LiteralPath { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    [Parameter(ParameterSetName = "Stack", ValueFromPipelineByPropertyName = true)]
    public string? StackName { get; set; }

    protected override void ProcessRecord() => Guard(() =>
    {
        if (ParameterSetName == "Stack")
        {
            PathInfoStack stack = SessionState.Path.SetDefaultLocationStack(StackName);
            if (PassThru)
                WriteObject(stack);
            return;
        }

        string? path = LiteralPath ?? Path;
        if (string.IsNullOrEmpty(path))
            path = SessionState.Provider.GetOne(FileSystemProvider.ProviderName).Home;

        object? found = Call(SessionState.Path, "SetLocation", path, NewContext(), LiteralPath is not null);
        if (PassThru)
            WriteObject(found);
    });
}

[Cmdlet(VerbsCommon.Push, "Location", DefaultParameterSetName = "Path")]
public sealed class PushLocationCommand : ProviderCommandBase
{
    [Parameter(Position = 0, ParameterSetName = "Path", ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public string? Path { get; set; }

    [Parameter(ParameterSetName = "LiteralPath", ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    public string? LiteralPath { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string? StackName { get; set; }

    protected override void ProcessRecord()
    {
        SessionState.Path.PushCurrentLocation(StackName);
        if ((LiteralPath ?? Path) is not string path)
            return;

        Guard(() =>
        {
            object? found = Call(SessionState.Path, "SetLocation", path, NewContext(), LiteralPath is not null);
            if (PassThru)
                WriteObject(found);
        });
    }
}

[Cmdlet(VerbsCommon.Pop, "Location")]
public sealed class PopLocationCommand : ProviderCommandBase
{
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string? StackName { get; set; }

    protected override void ProcessRecord() => Guard(() =>
    {
        PathInfo? found = SessionState.Path.PopLocation(StackName);
        if (PassThru)
            WriteObject(found);
    });
}
