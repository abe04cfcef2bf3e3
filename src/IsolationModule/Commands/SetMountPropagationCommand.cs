using System.Management.Automation;
using Isolation.Arguments;
using Isolation.Completion;
using Isolation.Mounts;

namespace Isolation.Commands;

/// <summary>Set-MountPropagation: how mounts pass on what is mounted below them. Equivalent to <c>mount --make-shared</c> and the like.</summary>
[Cmdlet(VerbsCommon.Set, "MountPropagation", SupportsShouldProcess = true)]
[OutputType(typeof(MountInfo))]
public sealed class SetMountPropagationCommand : MountCommand
{
    // PowerShell lists this type before it can load the core: a number, and no value of the core's own.
    private int _propagation;

    /// <summary>The mount points.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(MountPointCompleter))]
    public string[] MountPoint { get; set; } = [];

    /// <summary>The kind.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateSet("Private", "Shared", "Slave", "Unbindable")]
    public MountPropagation Propagation
    {
        get => (MountPropagation)_propagation;
        set => _propagation = (int)value;
    }

    /// <summary>In which mount namespace; the caller's own where none is given.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("Process")]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    public NamespaceReference? Namespace { get; set; }

    /// <summary>What is mounted below is changed too.</summary>
    [Parameter]
    public SwitchParameter Recurse { get; set; }

    /// <summary>Gives the mounts as they are afterwards.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string point in MountPoint)
        {
            Guard("MountPropagationFailed", point, () => Change(point));
        }
    }

    private void Change(string mountPoint)
    {
        using MountTarget target = OpenTarget(Namespace);
        MountTable table = ReadTable(Namespace, target, Cancellation);
        MountInfo mount = MountPlace.MountAt(target, table, FullPath(mountPoint, Namespace is not null), Cancellation);
        if (!ShouldProcess(Describe(mount.MountPoint, target), $"make {Propagation}{(Recurse ? " with all below" : "")}"))
        {
            return;
        }

        MountChange.SetPropagation(target, mount.MountPoint, Propagation, Recurse, Explain, Cancellation);
        if (PassThru)
        {
            WriteMount(Namespace, target, mount.MountPoint, null);
        }
    }
}
