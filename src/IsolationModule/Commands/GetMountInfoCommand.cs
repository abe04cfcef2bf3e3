using System.Collections.Generic;
using System.Management.Automation;
using Isolation.Arguments;
using Isolation.Completion;
using Isolation.Mounts;

namespace Isolation.Commands;

/// <summary>Get-MountInfo: the mounts of this process, of a set, of a process or of a namespace. Equivalent to findmnt(8).</summary>
[Cmdlet(VerbsCommon.Get, "MountInfo", DefaultParameterSetName = MountPointSet)]
[OutputType(typeof(MountInfo))]
public sealed class GetMountInfoCommand : MountCommand
{
    private const string MountPointSet = "MountPoint";
    private const string PathSet = "Path";

    /// <summary>The mount points that are wanted.</summary>
    [Parameter(Position = 0, ParameterSetName = MountPointSet)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(MountPointCompleter))]
    public string[] MountPoint { get; set; } = [];

    /// <summary>Paths; the mounts on which they lie are wanted.</summary>
    [Parameter(Mandatory = true, ParameterSetName = PathSet)]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>Whose mounts: sets, processes, or mount namespaces.</summary>
    [Parameter(ValueFromPipeline = true)]
    [Alias("Process")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    public NamespaceReference[] Namespace { get; set; } = [];

    /// <summary>The types of file systems that are wanted.</summary>
    [Parameter]
    [Alias("Type")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(FileSystemTypeCompleter))]
    public string[] FileSystemType { get; set; } = [];

    /// <summary>Looks for peers, masters and slaves in all other mount namespaces too.</summary>
    [Parameter]
    public SwitchParameter Deep { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (Namespace.Length == 0)
        {
            Guard("MountReadFailed", null, () => WriteMounts(null));
        }

        foreach (NamespaceReference reference in Namespace)
        {
            Guard("MountReadFailed", reference.ToString(), () => WriteMounts(reference));
        }
    }

    private void WriteMounts(NamespaceReference? reference)
    {
        // The mounts of a process can be read by who may not enter its namespaces.
        bool isReadOnly = reference?.ProcessId is not null && ParameterSetName == MountPointSet;
        using MountTarget target = isReadOnly ? MountTarget.Own() : OpenTarget(reference);
        MountTable table = ReadTable(reference, target, Cancellation);
        table.Link(Deep ? table.Others(Cancellation) : []);
        if (ParameterSetName == PathSet)
        {
            foreach (string path in Path)
            {
                Guard("MountReadFailed", path, () => WriteMountOf(reference, target, table, path));
            }

            return;
        }

        if (MountPoint.Length == 0)
        {
            Write(table.Mounts);
        }

        foreach (string point in MountPoint)
        {
            Guard("MountReadFailed", point, () => WriteMountsAt(table, point, reference is not null));
        }
    }

    private void WriteMountOf(NamespaceReference? reference, MountTarget target, MountTable table, string path)
    {
        MountPlace place = MountPlace.Find(target, FullPath(path, reference is not null), null, Cancellation);
        Write(table.WithId(place.MountId) is MountInfo mount ? [mount] : []);
    }

    private void WriteMountsAt(MountTable table, string point, bool isInside)
    {
        // A mount point may have such characters in its name, and then is meant itself.
        bool isPattern = WildcardPattern.ContainsWildcardCharacters(point);
        foreach (MountInfo mount in table.Mounts)
        {
            isPattern &= mount.MountPoint != point;
        }

        // Names are file names: capitals count.
        string whole = isPattern ? point : FullPath(point, isInside);
        WildcardPattern? pattern = isPattern ? WildcardPattern.Get(point, WildcardOptions.None) : null;
        whole = whole.Length > 1 ? whole.TrimEnd('/') : whole;
        List<MountInfo> found = [];
        foreach (MountInfo mount in table.Mounts)
        {
            if (mount.MountPoint == whole || pattern?.IsMatch(mount.MountPoint) == true)
            {
                found.Add(mount);
            }
        }

        if (found.Count == 0 && !isPattern)
        {
            throw new IsolationException(
                "MountPointNotMounted", ErrorKind.NotFound, $"Nothing is mounted on {whole}. Get-MountInfo -Path gives the mount that a path lies on.");
        }

        Write(found);
    }

    private void Write(IReadOnlyList<MountInfo> mounts)
    {
        foreach (MountInfo mount in mounts)
        {
            bool wanted = FileSystemType.Length == 0;
            foreach (string type in FileSystemType)
            {
                wanted |= WildcardPattern.Get(type, WildcardOptions.None).IsMatch(mount.FileSystemType);
            }

            if (wanted)
            {
                WriteObject(mount);
            }
        }
    }
}
