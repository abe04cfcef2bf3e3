using System.Collections.Generic;
using System.Management.Automation;
using Isolation.Arguments;
using Isolation.Completion;
using Isolation.Entry;
using Isolation.Mounts;

namespace Isolation.Commands;

/// <summary>Mount-FileSystem: mounts a file system, or shows a part of the tree elsewhere. Equivalent to mount(8).</summary>
[Cmdlet(VerbsData.Mount, "FileSystem", DefaultParameterSetName = TypeSet, SupportsShouldProcess = true)]
[OutputType(typeof(MountInfo))]
public sealed class MountFileSystemCommand : MountCommand
{
    private const string TypeSet = "Type";
    private const string BindSet = "Bind";

    /// <summary>The file system's type.</summary>
    [Parameter(Mandatory = true, ParameterSetName = TypeSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(FileSystemTypeCompleter))]
    public string Type { get; set; } = "";

    /// <summary>Shows a folder or file of the tree elsewhere.</summary>
    [Parameter(Mandatory = true, ParameterSetName = BindSet)]
    public SwitchParameter Bind { get; set; }

    /// <summary>What is mounted.</summary>
    [Parameter(ParameterSetName = TypeSet)]
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = BindSet)]
    [ValidateNotNullOrEmpty]
    public string? Source { get; set; }

    /// <summary>Where it is mounted.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = TypeSet)]
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = BindSet)]
    [ValidateNotNullOrEmpty]
    public string MountPoint { get; set; } = "";

    /// <summary>In which mount namespaces; the caller's own where none is given.</summary>
    [Parameter(ValueFromPipeline = true)]
    [Alias("Process")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    public NamespaceReference[] Namespace { get; set; } = [];

    /// <summary>A folder that stands for the root while the mount point is looked up.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Root { get; set; }

    /// <summary>The source is a path of the caller's own namespace.</summary>
    [Parameter]
    public SwitchParameter SourceOutside { get; set; }

    /// <summary>Binds what is mounted below the source too.</summary>
    [Parameter(ParameterSetName = BindSet)]
    public SwitchParameter Recurse { get; set; }

    /// <summary>Nothing can be written: the flag ReadOnly.</summary>
    [Parameter]
    public SwitchParameter ReadOnly { get; set; }

    /// <summary>Flags of the mount.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public MountFlag[] Flag { get; set; } = [];

    /// <summary>Options of the file system.</summary>
    [Parameter(ParameterSetName = TypeSet)]
    [ValidateNotNullOrEmpty]
    public string[] Option { get; set; } = [];

    /// <summary>The user namespace whose id map the mount gets.</summary>
    [Parameter(ParameterSetName = BindSet)]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    public NamespaceReference? IdMapNamespace { get; set; }

    /// <summary>Gives the mount.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (Namespace.Length == 0)
        {
            Guard("MountFailed", MountPoint, () => Mount(null));
        }

        foreach (NamespaceReference reference in Namespace)
        {
            Guard("MountFailed", MountPoint, () => Mount(reference));
        }
    }

    private void Mount(NamespaceReference? reference)
    {
        using MountTarget target = OpenTarget(reference);
        string point = FullPath(MountPoint, reference is not null || Root is not null);
        string? root = Root is null ? null : FullPath(Root, reference is not null);
        string? source = SourcePath(reference is not null && !SourceOutside);
        string what = Bind ? $"bind {source}" : $"mount {Type}";
        if (!ShouldProcess(Describe(root is null ? point : $"{root.TrimEnd('/')}{point}", target), what))
        {
            return;
        }

        using NamespaceTarget? map = IdMapNamespace?.Open(NamespaceType.User);
        if (map is not null && !map.Types.HasFlag(NamespaceType.User))
        {
            throw new IsolationException(
                "MountOptionInvalid", ErrorKind.InvalidArgument, $"{map.Description} is in the caller's own user namespace, and so has no id map to give. Name a set with User in -Type.");
        }

        FileSystemMount mount = new()
        {
            MountPoint = point,
            Root = root,
            Type = Bind ? null : Type,
            Source = source,
            SourceOutside = SourceOutside,
            Recursive = Recurse,
            Flags = Flags(),
            Options = Option,
            IdMap = map?[NamespaceType.User],
        };
        mount.Make(target, Explain, Cancellation);
        if (PassThru)
        {
            WriteMount(reference, target, point, root);
        }
    }

    private MountFlag Flags()
    {
        MountFlag flags = ReadOnly ? MountFlag.ReadOnly : MountFlag.None;
        foreach (MountFlag flag in Flag)
        {
            flags |= flag;
        }

        return flags;
    }

    // A word of the file system's own, such as host:/path of NFS, is no path from here.
    private string? SourcePath(bool isInside) =>
        Source is null || (!Bind && (Source.StartsWith('/') || !FileSystemMount.TakesDevice(Type))) ? Source : FullPath(Source, isInside);
}

/// <summary>Dismount-FileSystem: takes mounts out of the tree. Equivalent to umount(8).</summary>
[Cmdlet(VerbsData.Dismount, "FileSystem", SupportsShouldProcess = true)]
public sealed class DismountFileSystemCommand : MountCommand
{
    private readonly List<(string MountPoint, int? Id, NamespaceReference? Reference)> _wanted = [];

    /// <summary>The mount points.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(MountPointCompleter))]
    public string[] MountPoint { get; set; } = [];

    /// <summary>In which mount namespace; the caller's own where none is given.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("Process")]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    public NamespaceReference? Namespace { get; set; }

    /// <summary>The mount's id, so that no other is unmounted that has taken its place.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public int? Id { get; set; }

    /// <summary>What is mounted below is unmounted before.</summary>
    [Parameter]
    public SwitchParameter Recurse { get; set; }

    /// <summary>Out of the tree at once, and gone when nobody uses it any more.</summary>
    [Parameter]
    public SwitchParameter Lazy { get; set; }

    /// <summary>Gives up what is under way, where the file system can: NFS, FUSE, 9p.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string point in MountPoint)
        {
            _wanted.Add((point, Id, Namespace));
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (MyInvocation.ExpectingInput)
        {
            // Get-MountInfo gives a mount before what is mounted on it.
            _wanted.Reverse();
        }

        foreach ((string point, int? id, NamespaceReference? reference) in _wanted)
        {
            Guard("DismountFailed", point, () => Dismount(point, id, reference));
        }
    }

    private void Dismount(string mountPoint, int? id, NamespaceReference? reference)
    {
        using MountTarget target = OpenTarget(reference);
        MountTable table = ReadTable(reference, target, Cancellation);
        MountInfo mount = MountPlace.MountAt(target, table, FullPath(mountPoint, reference is not null), Cancellation);
        if (id is int wanted && mount.Id != wanted)
        {
            throw new IsolationException(
                "MountGone", ErrorKind.NotFound, $"The mount {wanted} is not on {mountPoint} any more, or another one, {mount.Id}, covers it. Get-MountInfo shows what is there.");
        }

        if (ShouldProcess(Describe(mount.MountPoint, target), $"unmount {mount.FileSystemType}{(Recurse ? " and all below" : "")}"))
        {
            new FileSystemDismount(Recurse, Lazy, Force).Take(target, table, mount, Explain, Cancellation);
        }
    }
}
