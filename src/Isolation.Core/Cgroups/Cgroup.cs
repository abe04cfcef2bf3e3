using System;
using System.Collections.Generic;
using System.Globalization;
using System.Threading;
using Isolation.Interop;

namespace Isolation.Cgroups;

/// <summary>One hierarchy's folder of a cgroup.</summary>
/// <param name="Hierarchy">The hierarchy.</param>
/// <param name="Path">The cgroup's path from the hierarchy's root.</param>
internal readonly record struct CgroupDirectory(CgroupHierarchy Hierarchy, string Path)
{
    /// <summary>The folder.</summary>
    public string FullPath => Hierarchy.DirectoryOf(Path);

    /// <summary>The file to which a process's number is written to move it there; <c>0</c> stands for the writer itself.</summary>
    public string ProcsFile => FullPath + "/cgroup.procs";
}

/// <summary>
/// One control group across the hierarchies of a host: the same name in each, or for a process whatever each hierarchy says. Made by name for a
/// namespace set, or found by path or by process.
/// </summary>
internal sealed class Cgroup
{
    private readonly IReadOnlyDictionary<CgroupHierarchy, string> _paths;

    private Cgroup(CgroupHost host, IReadOnlyDictionary<CgroupHierarchy, string> paths, string path, string? setName = null, int? processId = null)
    {
        Host = host;
        _paths = paths;
        Path = path;
        SetName = setName;
        ProcessId = processId;
    }

    /// <summary>The host whose hierarchies these are.</summary>
    public CgroupHost Host { get; }

    /// <summary>The path, such as <c>/isolation/web</c>; where the hierarchies differ, that of the first one in which it is not the root.</summary>
    public string Path { get; }

    /// <summary>The set that the cgroup belongs to; null for another's.</summary>
    public string? SetName { get; }

    /// <summary>The process by which it was found; null otherwise.</summary>
    public int? ProcessId { get; }

    /// <summary>The folders that exist, version 2 first.</summary>
    public IReadOnlyList<CgroupDirectory> Directories
    {
        get
        {
            List<CgroupDirectory> found = [];
            foreach (CgroupHierarchy hierarchy in Host.Hierarchies)
            {
                if (DirectoryIn(hierarchy) is CgroupDirectory directory)
                {
                    found.Add(directory);
                }
            }

            return found;
        }
    }

    /// <summary>The path in a hierarchy, whether it exists there or not; null where it has none.</summary>
    internal string? PathIn(CgroupHierarchy hierarchy) => _paths.GetValueOrDefault(hierarchy);

    /// <summary>The folder in a hierarchy; null where there is none.</summary>
    public CgroupDirectory? DirectoryIn(CgroupHierarchy hierarchy) =>
        _paths.TryGetValue(hierarchy, out string? path) && Host.Files.DirectoryExists(hierarchy.DirectoryOf(path)) ? new CgroupDirectory(hierarchy, path) : null;

    /// <summary>Where it is now.</summary>
    public CgroupNode Node => new(Path, Directories);

    /// <summary>The folders that exist, as paths.</summary>
    public IReadOnlyList<string> DirectoryPaths => [.. Map(Directories, directory => directory.FullPath)];

    /// <summary>
    /// The <c>cgroup.procs</c> files of the folders that exist, version 2 first. A process that writes <c>0</c> to each is in the cgroup from then on.
    /// </summary>
    public IReadOnlyList<string> ProcsPaths => [.. Map(Directories, directory => directory.ProcsFile)];

    /// <summary>The folders that there are to be, whether they exist or not, version 2 first: where they can be made, which is not in what is mounted read-only.</summary>
    public IReadOnlyList<CgroupDirectory> Places
    {
        get
        {
            List<CgroupDirectory> places = [];
            foreach (CgroupHierarchy hierarchy in Host.Hierarchies)
            {
                if (_paths.TryGetValue(hierarchy, out string? path) && Host.Placement.Covers(hierarchy) && !hierarchy.ReadOnly)
                {
                    places.Add(new CgroupDirectory(hierarchy, path));
                }
            }

            return places;
        }
    }

    /// <summary>Makes it in every hierarchy where it may be, without a controller.</summary>
    /// <exception cref="IsolationException">A folder cannot be made; none of them stays.</exception>
    public void MakeEverywhere() => new CgroupMaker(Host).Make(Places);

    /// <summary>Whether it exists in any hierarchy.</summary>
    public bool Exists
    {
        get
        {
            foreach (CgroupHierarchy hierarchy in Host.Hierarchies)
            {
                if (DirectoryIn(hierarchy) is not null)
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>
    /// Whether it is our folder or lies below it, or it or one above it was made by <c>New-Cgroup</c>, so that parts of it may be made when they are missing.
    /// </summary>
    public bool IsOurs => Host.Placement.Holds(Path) || IsMarked;

    /// <summary>The cgroup of a named set, <c>/isolation/NAME</c>, whether it exists or not.</summary>
    /// <exception cref="IsolationException"><c>CgroupNameInvalid</c>.</exception>
    public static Cgroup ForSet(CgroupHost host, string name)
    {
        if (name.Length == 0 || name is "." or ".." || name.AsSpan().IndexOfAny("/\n\0") >= 0)
        {
            throw new IsolationException(
                "CgroupNameInvalid", ErrorKind.InvalidArgument, $"'{name}' cannot name a cgroup: a name is not empty, not . or .., and has no / or line end.");
        }

        CgroupPlacement placement = host.Placement;
        string path = $"{placement.Folder}/{name}";
        Dictionary<CgroupHierarchy, string> paths = [];
        bool everywhere = host.Files.EffectiveUser == 0;
        foreach (CgroupHierarchy hierarchy in host.Hierarchies)
        {
            if (everywhere || hierarchy == host.Unified)
            {
                paths[hierarchy] = path;
            }
        }

        return new Cgroup(host, paths, path, setName: name);
    }

    /// <summary>
    /// An existing cgroup by path: that of a folder such as <c>/sys/fs/cgroup/memory/x</c>, which means this one hierarchy, or a path from the
    /// hierarchies' roots such as <c>/isolation/web</c>, which means all hierarchies that have it.
    /// </summary>
    /// <exception cref="IsolationException"><c>CgroupNotFound</c>.</exception>
    public static Cgroup ForPath(CgroupHost host, string path)
    {
        string clean = Clean(path);
        Cgroup cgroup;
        if (host.Locate(clean) is (CgroupHierarchy found, string inside))
        {
            cgroup = new Cgroup(host, new Dictionary<CgroupHierarchy, string> { [found] = inside }, inside, host.Placement.SetOf(inside));
        }
        else
        {
            Dictionary<CgroupHierarchy, string> paths = [];
            foreach (CgroupHierarchy hierarchy in host.Hierarchies)
            {
                paths[hierarchy] = clean;
            }

            cgroup = new Cgroup(host, paths, clean, host.Placement.SetOf(clean));
        }

        return cgroup.Exists ? cgroup : throw new IsolationException(
            "CgroupNotFound",
            ErrorKind.NotFound,
            host.Hierarchies.Count == 0
                ? $"There is no cgroup {path}: no cgroup file system is mounted. Mount one with: mount -t cgroup2 none /sys/fs/cgroup"
                : $"There is no cgroup {path} in any hierarchy of this host. Get-Cgroup -Recurse lists those that there are.");
    }

    /// <summary>An existing cgroup by its folders, one a hierarchy.</summary>
    public static Cgroup ForDirectories(CgroupHost host, IReadOnlyList<string> directories)
    {
        Dictionary<CgroupHierarchy, string> paths = [];
        foreach (string directory in directories)
        {
            if (host.Locate(Clean(directory)) is (CgroupHierarchy hierarchy, string path))
            {
                paths[hierarchy] = path;
            }
        }

        string first = FirstPath(host, paths);
        Cgroup cgroup = new(host, paths, first, host.Placement.SetOf(first));

        // Mostly it has the same path in each hierarchy.
        string shown = paths.Count > 1 && new HashSet<string>(paths.Values).Count == 1 ? first : string.Join(", ", directories);
        return cgroup.Exists ? cgroup : throw new IsolationException(
            "CgroupNotFound", ErrorKind.NotFound, $"There is no cgroup {shown} any more. Get-Cgroup -Recurse lists those that there are.");
    }

    /// <summary>The cgroup in which a process is, hierarchy by hierarchy.</summary>
    /// <exception cref="IsolationException"><c>CgroupProcessNotFound</c>.</exception>
    public static Cgroup ForProcess(CgroupHost host, int processId)
    {
        Dictionary<CgroupHierarchy, string> paths = [];
        foreach ((CgroupHierarchy hierarchy, string directory) in host.DirectoriesOfProcess(processId.ToString(CultureInfo.InvariantCulture)))
        {
            paths[hierarchy] = hierarchy.PathOf(directory)!;
        }

        string path = FirstPath(host, paths);
        return new Cgroup(host, paths, path, host.Placement.SetOf(path), processId);
    }

    /// <summary>A cgroup that was found while walking down.</summary>
    public static Cgroup ForNode(CgroupHost host, CgroupNode node)
    {
        Dictionary<CgroupHierarchy, string> paths = [];
        foreach (CgroupDirectory directory in node.Directories)
        {
            paths[directory.Hierarchy] = directory.Path;
        }

        return new Cgroup(host, paths, node.Path, host.Placement.SetOf(node.Path));
    }

    /// <summary>All cgroups below our folder, parents first.</summary>
    public static IEnumerable<Cgroup> List(CgroupHost host)
    {
        foreach (string path in Below(host, host.Placement.Folder))
        {
            if (path == CgroupTree.Combine(host.Placement.Folder, SystemdUnit.AgentsName))
            {
                continue;
            }

            Cgroup? cgroup = null;
            try
            {
                cgroup = ForPath(host, path);
            }
            catch (IsolationException exception) when (exception.ErrorId == "CgroupNotFound")
            {
                // Removed since its name was read.
            }

            if (cgroup is not null)
            {
                yield return cgroup;
            }
        }
    }

    /// <summary>The paths of the cgroups below a path in any hierarchy, parents first.</summary>
    public static IEnumerable<string> Below(CgroupHost host, string path)
    {
        SortedSet<string> names = new(StringComparer.Ordinal);
        foreach (CgroupHierarchy hierarchy in host.Hierarchies)
        {
            names.UnionWith(host.Files.Subdirectories(hierarchy.DirectoryOf(path)));
        }

        foreach (string name in names)
        {
            string child = path == "/" ? "/" + name : $"{path}/{name}";
            yield return child;
            foreach (string descendant in Below(host, child))
            {
                yield return descendant;
            }
        }
    }

    /// <summary>
    /// Makes what is missing of the cgroup: in version 2 always where it can be (that is what processes are tracked and killed by), and in the hierarchy
    /// of each controller. Controllers of version 2 are turned on from the root down; a cpuset of version 1 gets its parent's processors and memory nodes.
    /// </summary>
    /// <param name="controllers">The controllers that are needed; none for tracking alone.</param>
    /// <returns>The folders that were made, none where all were there.</returns>
    /// <exception cref="IsolationException">
    /// <c>CgroupControllerMissing</c>, <c>CgroupControllerNotEnabled</c>, <c>CgroupNotDelegated</c>, <c>CgroupBusy</c>, <c>CgroupLimitFailed</c>.
    /// </exception>
    public IReadOnlyList<CgroupDirectory> EnsureCreated(IReadOnlyCollection<string> controllers) =>
        new CgroupMaker(Host).Make(this, _paths, controllers);

    /// <summary>
    /// The folder of version 2, for <c>CLONE_INTO_CGROUP</c>, clone(2): a child made with it is in the cgroup before its first instruction. Null where
    /// the cgroup has none.
    /// </summary>
    public Descriptor? OpenForClone() =>
        Host.Unified is CgroupHierarchy unified
        && _paths.TryGetValue(unified, out string? path)
        && Sys.TryOpen(unified.DirectoryOf(path), OpenFlags.Path, out Descriptor? descriptor) == Errno.None
            ? descriptor
            : null;

    /// <summary>Moves a process, with all its threads, into every folder of the cgroup that exists.</summary>
    /// <exception cref="IsolationException">
    /// <c>CgroupProcessNotFound</c>, <c>CgroupNotDelegated</c>, <c>CgroupBusy</c>, <c>CgroupLimitFailed</c>, <c>CgroupNotFound</c>.
    /// </exception>
    public void AddProcess(int processId)
    {
        IReadOnlyList<CgroupDirectory> directories = Directories;
        if (directories.Count == 0)
        {
            throw NotFound();
        }

        CgroupMover mover = new(Host);
        try
        {
            mover.Move(processId, directories);
        }
        catch (IsolationException)
        {
            mover.RollBack();
            throw;
        }
    }

    /// <summary>The processes in the cgroup and in those below it, in any hierarchy.</summary>
    public IReadOnlyList<int> GetProcesses()
    {
        SortedSet<int> pids = [];
        foreach (CgroupDirectory directory in Directories)
        {
            Collect(Host, directory.FullPath, pids);
        }

        return [.. pids];
    }

    /// <summary>Whether the cgroup may be given limits: it is not the root of the hierarchies.</summary>
    public bool IsRoot => Path == "/";

    /// <summary>
    /// Sets limits: all of them, or none. What is missing of one of our own cgroups is made first and the members are moved into it; after a refusal
    /// the values that were written are restored, members moved back, and folders that were made removed.
    /// </summary>
    /// <param name="request">The limits.</param>
    /// <param name="members">
    /// The processes that belong to the set, asked for as often as needed until no new one appears; null where it holds none.
    /// </param>
    /// <param name="process">The process that priorities are meant for; null for all of the cgroup.</param>
    public void SetLimits(CgroupLimitRequest request, Func<IReadOnlyCollection<int>>? members = null, int? process = null) =>
        new CgroupLimiter(this).Set(request, members, process);

    /// <summary>The limits as they are.</summary>
    public CgroupLimit GetLimits()
    {
        List<CgroupDirectory> directories = ShownDirectories();
        return new CgroupLimitReader(Host, PathIn).Read(new CgroupLimit
        {
            Namespace = SetName,
            ProcessId = ProcessId,
            Cgroup = Path,
            Path = [.. Map(directories, directory => directory.FullPath)],
            Version = VersionOf(directories),
        });
    }

    /// <summary>What it and the cgroups below it use.</summary>
    public CgroupUsage GetUsage()
    {
        List<CgroupDirectory> directories = ShownDirectories();
        return new CgroupUsageReader(Host, CountedPath).Read(new CgroupUsage
        {
            Namespace = SetName,
            ProcessId = ProcessId,
            Cgroup = Path,
            Path = [.. Map(directories, directory => directory.FullPath)],
            Version = VersionOf(directories),
        });
    }

    /// <summary>
    /// Removes the cgroup of a set with all cgroups below it, and our folder when it is empty then. Nothing happens where there is none.
    /// </summary>
    /// <param name="kill">Whether processes in it are killed; otherwise they are a reason to refuse.</param>
    /// <param name="timeout">How long to wait for processes to die and for the kernel to let go.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="IsolationException"><c>CgroupBusy</c>, <c>CgroupNotDelegated</c>.</exception>
    public void Remove(bool kill, TimeSpan timeout, CancellationToken cancellation = default)
    {
        if (SetName is null || !IsOurs)
        {
            throw new InvalidOperationException("Only a set's own cgroup is removed.");
        }

        new CgroupRemover(Host).Remove(this, kill, timeout, cancellation);
    }

    /// <summary>
    /// Ends all processes of the cgroup and of those below it, at once: with <c>cgroup.kill</c>, and where there is none with signals while forks are stopped.
    /// What is frozen goes on first, for in version 1 it could not even end.
    /// </summary>
    /// <param name="grace">How long they have after SIGTERM; none for no SIGTERM.</param>
    /// <param name="timeout">How long to wait for the end of those that are killed.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="IsolationException"><c>CgroupBusy</c>.</exception>
    public void Stop(TimeSpan grace, TimeSpan timeout, CancellationToken cancellation = default) => new CgroupRemover(Host).Stop(this, grace, timeout, cancellation);

    /// <summary>Stops all processes of the cgroup where they are. For one of a set what is missing of it is made first, and the members moved into it.</summary>
    /// <param name="members">The processes that belong to the set; null where it holds none.</param>
    /// <param name="spared">Processes that must go on, such as PowerShell itself.</param>
    /// <param name="timeout">How long to wait until every process has stopped.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="IsolationException">Those of <see cref="CgroupFreezer.Freeze"/> and <see cref="EnsureCreated"/>; all is as it was then.</exception>
    public void Freeze(Func<IReadOnlyCollection<int>>? members, IReadOnlyCollection<int> spared, TimeSpan timeout, CancellationToken cancellation = default)
    {
        IReadOnlyList<CgroupDirectory> made = SetName is not null && IsOurs ? EnsureCreated(Host.Unified is null ? [CgroupControllers.Freezer] : []) : [];
        CgroupMover mover = new(Host);
        try
        {
            if (made.Count > 0 && members is not null)
            {
                mover.MoveAll(members, made);
            }

            new CgroupFreezer(Host).Freeze(this, spared, timeout, cancellation);
        }
        catch (Exception exception) when (exception is IsolationException or SyscallException or OperationCanceledException)
        {
            mover.RollBack();
            new CgroupRemover(Host).Undo(made);
            throw;
        }
    }

    /// <summary>Lets the processes of the cgroup go on.</summary>
    /// <param name="recurse">Whether those below it that were frozen by themselves go on too.</param>
    /// <param name="timeout">How long to wait.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="IsolationException">Those of <see cref="CgroupFreezer.Thaw(Cgroup, bool, TimeSpan, CancellationToken)"/>.</exception>
    public void Thaw(bool recurse, TimeSpan timeout, CancellationToken cancellation = default) => new CgroupFreezer(Host).Thaw(this, recurse, timeout, cancellation);

    public override string ToString() => SetName ?? Path;

    /// <summary>The processes of a folder and of those below it.</summary>
    internal static void Collect(CgroupHost host, string directory, ISet<int> pids)
    {
        host.Files.TryRead(directory + "/cgroup.procs", out string text);
        pids.UnionWith(CgroupRefusal.ParsePids(text));
        foreach (string child in host.Files.Subdirectories(directory))
        {
            Collect(host, $"{directory}/{child}", pids);
        }
    }

    /// <summary>How long its processes waited, and those of the cgroups below it.</summary>
    /// <exception cref="IsolationException"><c>PressureUnavailable</c>.</exception>
    public IReadOnlyList<CgroupPressure> GetPressure()
    {
        IReadOnlyList<CgroupPressure> found = Path == "/" ? CgroupPressureReader.Read(Host, null, Path, SetName)
            : UnifiedDirectory is string directory ? CgroupPressureReader.Read(Host, directory, Path, SetName)
            : [];
        return found.Count > 0 ? found : throw CgroupPressureReader.Absence(Host, Path, UnifiedDirectory);
    }

    /// <summary>The folder of version 2; null where the cgroup has none there, or is the root.</summary>
    public string? UnifiedDirectory =>
        Host.Unified is CgroupHierarchy unified && _paths.TryGetValue(unified, out string? path) && path != "/" && Host.Files.DirectoryExists(unified.DirectoryOf(path))
            ? unified.DirectoryOf(path)
            : null;

    /// <summary>The folder in which a controller's files are; null where the cgroup is not in its hierarchy.</summary>
    public ControllerFolder? FolderOf(string controller) => Host.HierarchyOf(controller) is CgroupHierarchy hierarchy && CountedPath(hierarchy) is string path
        ? new ControllerFolder(controller, hierarchy, hierarchy.DirectoryOf(path), Host.Files)
        : null;

    // What a process's root cgroups count is the host's, and not what is asked for, where it is not in the root everywhere.
    private string? CountedPath(CgroupHierarchy hierarchy) => _paths.TryGetValue(hierarchy, out string? path) && (path != "/" || Path == "/") ? path : null;

    // A process is in every hierarchy, mostly in the root; of those without limits only what says something is shown.
    private List<CgroupDirectory> ShownDirectories()
    {
        List<CgroupDirectory> directories = [.. Directories];
        directories.RemoveAll(directory => ProcessId is not null && directory.Path == "/" && !HasLimits(directory.Hierarchy));
        return directories;
    }

    private bool HasLimits(CgroupHierarchy hierarchy) =>
        hierarchy == Host.Unified || Array.Exists(CgroupControllers.OfLimits, controller => Host.HierarchyOf(controller) == hierarchy);

    private bool IsMarked
    {
        get
        {
            foreach (CgroupDirectory directory in Directories)
            {
                for (string? at = directory.Path; at is not null and not "/"; at = CgroupPlacement.Parent(at))
                {
                    if (Host.Files.IsMarked(directory.Hierarchy.DirectoryOf(at)))
                    {
                        return true;
                    }
                }
            }

            return false;
        }
    }

    /// <summary>That it is not there.</summary>
    internal IsolationException NotFound() => new(
        "CgroupNotFound", ErrorKind.NotFound, $"There is no cgroup {Path}. Get-Cgroup -Recurse lists those that there are.");

    private static CgroupVersion VersionOf(IReadOnlyList<CgroupDirectory> directories)
    {
        CgroupVersion version = CgroupVersion.None;
        foreach (CgroupDirectory directory in directories)
        {
            CgroupVersion one = directory.Hierarchy.Version;
            version = version == CgroupVersion.None || version == one ? one : CgroupVersion.Hybrid;
        }

        return version;
    }

    // The hierarchies of limits are looked at first: those of tracking alone (name=systemd) say little about a process's limits.
    private static string FirstPath(CgroupHost host, Dictionary<CgroupHierarchy, string> paths)
    {
        List<CgroupHierarchy?> order = [host.Unified];
        order.AddRange(Array.ConvertAll(CgroupControllers.OfLimits, host.HierarchyOf));
        order.AddRange(host.Hierarchies);
        foreach (CgroupHierarchy? hierarchy in order)
        {
            if (hierarchy is not null && paths.TryGetValue(hierarchy, out string? path) && path != "/")
            {
                return path;
            }
        }

        return "/";
    }

    private static string Clean(string path)
    {
        List<string> names = [];
        foreach (string name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (name == "..")
            {
                throw new IsolationException("CgroupNotFound", ErrorKind.NotFound, $"There is no cgroup {path}: a path of a cgroup has no '..'. Give it in full.");
            }

            if (name != ".")
            {
                names.Add(name);
            }
        }

        return "/" + string.Join('/', names);
    }

    private static IEnumerable<string> Map(IReadOnlyList<CgroupDirectory> directories, Func<CgroupDirectory, string> select)
    {
        foreach (CgroupDirectory directory in directories)
        {
            yield return select(directory);
        }
    }
}
