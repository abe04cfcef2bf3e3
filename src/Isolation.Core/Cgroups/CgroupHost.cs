using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using Isolation.Interop;
using Isolation.Processes;

namespace Isolation.Cgroups;

/// <summary>
/// The control group hierarchies of a host and which controller lives in which: read from mountinfo and <c>/proc/cgroups</c>, controller by
/// controller, because a hybrid host has some in version 1 and some in version 2.
/// </summary>
internal sealed class CgroupHost
{
    private readonly Dictionary<string, CgroupHierarchy> _byController = new(StringComparer.Ordinal);
    private CpuList? _onlineCpus;
    private readonly Lazy<CgroupPlacement> _placement;
    private readonly Lazy<SystemdTree?> _systemd;

    private CgroupHost(string root, ICgroupFiles files, ICommands commands)
    {
        Root = root;
        Files = files;
        Commands = commands;
        _placement = new(() => CgroupPlacement.Find(this));
        _systemd = new(() => SystemdTree.Find(this));
    }

    /// <summary>The folder below which <c>/proc</c>, <c>/sys</c> and the mount points are looked for; empty for the real ones.</summary>
    public string Root { get; }

    /// <summary>The calls on files.</summary>
    public ICgroupFiles Files { get; }

    /// <summary>The programs of others.</summary>
    public ICommands Commands { get; }

    /// <summary>All hierarchies, version 2 first.</summary>
    public IReadOnlyList<CgroupHierarchy> Hierarchies { get; private set; } = [];

    /// <summary>The hierarchy of version 2; null where none is mounted.</summary>
    public CgroupHierarchy? Unified { get; private set; }

    /// <summary>What kinds of hierarchies there are.</summary>
    public CgroupVersion Version { get; private set; }

    /// <summary>Where this process may make cgroups of its own.</summary>
    public CgroupPlacement Placement => _placement.Value;

    /// <summary>systemd, where it owns the cgroups; otherwise null.</summary>
    public SystemdTree? Systemd => _systemd.Value;

    /// <summary>The processors that are on, <c>/sys/devices/system/cpu/online</c>; null where it cannot be read.</summary>
    public CpuList? OnlineCpus
    {
        get
        {
            if (_onlineCpus is null
                && Files.TryRead(Root + "/sys/devices/system/cpu/online", out string text) == Errno.None
                && CpuList.TryParse(text, out CpuList? online))
            {
                _onlineCpus = online;
            }

            return _onlineCpus;
        }
    }

    /// <summary>The host's memory in bytes, <c>MemTotal</c> of <c>/proc/meminfo</c>; null where it cannot be read.</summary>
    public long? TotalMemory
    {
        get
        {
            if (Files.TryRead(Root + "/proc/meminfo", out string text) != Errno.None)
            {
                return null;
            }

            foreach (string line in text.Split('\n'))
            {
                string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (words.Length >= 2 && words[0] == "MemTotal:" && long.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out long kib))
                {
                    return kib * 1024;
                }
            }

            return null;
        }
    }

    /// <summary>Reads a host's hierarchies anew; mounts may change at any time.</summary>
    /// <param name="root">A folder that stands for <c>/</c>.</param>
    /// <param name="files">The calls on files; the kernel's where null.</param>
    /// <param name="commands">The programs of others; the host's where null.</param>
    public static CgroupHost Read(string root = "", ICgroupFiles? files = null, ICommands? commands = null)
    {
        CgroupHost host = new(root, files ?? KernelCgroupFiles.Instance, commands ?? HostCommands.Instance);
        if (host.Files.TryRead(root + "/proc/self/mountinfo", out string text) != Errno.None)
        {
            return host;
        }

        // A host of containers has thousands of mounts; only those of cgroups are parsed in full.
        List<MountInfo> mounts = [];
        foreach (ReadOnlySpan<char> line in text.AsSpan().EnumerateLines())
        {
            if (line.Contains(" - cgroup", StringComparison.Ordinal) && MountInfo.TryParseLine(line.ToString(), out MountInfo? mount))
            {
                mounts.Add(mount!);
            }
        }

        host.Load(mounts);
        return host;
    }

    /// <summary>The hierarchy in which a controller lives; null where it is in none.</summary>
    public CgroupHierarchy? HierarchyOf(string controller) => _byController.GetValueOrDefault(controller);

    /// <summary>The hierarchy in which a controller lives, or the refusal that says why it is in none.</summary>
    public CgroupHierarchy RequireHierarchy(string controller)
    {
        if (HierarchyOf(controller) is CgroupHierarchy hierarchy)
        {
            return hierarchy;
        }

        throw new IsolationException(
            "CgroupControllerMissing", ErrorKind.NotSupported, $"The {controller} controller is not on this host: {CauseOfAbsence(controller)}.");
    }

    /// <summary>Why a controller is in no hierarchy, and what to do.</summary>
    public string CauseOfAbsence(string controller) => Hierarchies.Count == 0
        ? "no cgroup file system is mounted. Mount one with: mount -t cgroup2 none /sys/fs/cgroup"
        : ReadKernelControllers().TryGetValue(CgroupControllers.FirstName(controller), out bool enabled)
            ? enabled
                ? $"the kernel has it, but no mounted hierarchy does. Mount it with: mount -t cgroup -o {CgroupControllers.FirstName(controller)} none /sys/fs/cgroup/{CgroupControllers.FirstName(controller)}"
                : $"it is switched off. Remove cgroup_disable={controller} from the kernel's command line"
            : controller is CgroupControllers.NetworkClass or CgroupControllers.NetworkPriority
                ? "it is one of version 1 alone. With version 2, nftables matches the packets of a cgroup by its path (socket cgroupv2)"
                : "this kernel was built without it, or this container is not given it";

    /// <summary>Whether <c>/proc/cgroups</c> lists a controller.</summary>
    public bool KernelKnows(string controller) => ReadKernelControllers().ContainsKey(controller);

    /// <summary>The path that a folder has in its hierarchy; null for a folder in none.</summary>
    public (CgroupHierarchy Hierarchy, string Path)? Locate(string directory)
    {
        // The longest mount point wins: on a hybrid host one hierarchy's mount point may lie below another's.
        (CgroupHierarchy Hierarchy, string Path)? found = null;
        foreach (CgroupHierarchy hierarchy in Hierarchies)
        {
            if (hierarchy.PathOf(directory) is string path && (found is null || hierarchy.MountPoint.Length > found.Value.Hierarchy.MountPoint.Length))
            {
                found = (hierarchy, path);
            }
        }

        return found;
    }

    /// <summary>The cgroups of a process by hierarchy, <c>/proc/PID/cgroup</c>: folders, of the hierarchies that are mounted.</summary>
    /// <exception cref="IsolationException"><c>CgroupProcessNotFound</c>.</exception>
    public IReadOnlyDictionary<CgroupHierarchy, string> DirectoriesOfProcess(string process)
    {
        Errno error = Files.TryRead($"{Root}/proc/{process}/cgroup", out string text);
        if (error != Errno.None)
        {
            throw new IsolationException(
                "CgroupProcessNotFound",
                ErrorKind.NotFound,
                $"There is no process {process}, or it may not be seen from here ({error.Name()}). Get-Process lists those that there are.");
        }

        Dictionary<CgroupHierarchy, string> directories = [];
        foreach (string line in text.Split('\n'))
        {
            // 4:cpu,cpuacct:/user.slice    0::/user.slice/session-1.scope
            string[] fields = line.Split(':', 3);
            if (fields.Length < 3)
            {
                continue;
            }

            foreach (CgroupHierarchy hierarchy in Hierarchies)
            {
                bool same = fields[1].Length == 0
                    ? hierarchy.Version == CgroupVersion.V2
                    : hierarchy.Version == CgroupVersion.V1 && Array.IndexOf(fields[1].Split(','), hierarchy.Controllers[0]) >= 0;
                if (same && hierarchy.DirectoryOfProcessPath(fields[2]) is string directory)
                {
                    directories[hierarchy] = directory;
                }
            }
        }

        return directories;
    }

    private void Load(IReadOnlyList<MountInfo> mounts)
    {
        List<CgroupHierarchy> first = [];
        CgroupHierarchy? unified = null;
        foreach (MountInfo mount in mounts)
        {
            bool readOnly = Has(mount.Options, "ro");
            string mountPoint = Root + mount.MountPoint;
            if (mount.FileSystemType == "cgroup2")
            {
                // A second mount of the same hierarchy adds nothing; the one that shows most of it is kept.
                if (unified is null || (mount.Root == "/" && unified.Root != "/"))
                {
                    Errno error = Files.TryRead(mountPoint + "/cgroup.controllers", out string text);
                    if (error == Errno.None)
                    {
                        unified = new CgroupHierarchy(
                            CgroupVersion.V2, mountPoint, mount.Root, text.Split(' ', StringSplitOptions.RemoveEmptyEntries), readOnly);
                    }
                }
            }
            else if (mount.FileSystemType == "cgroup")
            {
                List<string> controllers = ControllersOf(mount.SuperOptions);
                if (controllers.Count > 0
                    && !first.Exists(other => other.Controllers[0] == controllers[0] && (other.Root == "/" || mount.Root != "/")))
                {
                    first.RemoveAll(other => other.Controllers[0] == controllers[0]);
                    first.Add(new CgroupHierarchy(CgroupVersion.V1, mountPoint, mount.Root, controllers, readOnly));
                }
            }
        }

        foreach (CgroupHierarchy hierarchy in first)
        {
            foreach (string controller in hierarchy.Controllers)
            {
                _byController[CgroupControllers.SecondName(controller)] = hierarchy;
            }
        }

        foreach (string controller in unified?.Controllers ?? [])
        {
            _byController.TryAdd(controller, unified!);
        }

        bool firstHasControllers = first.Exists(hierarchy => !hierarchy.Controllers[0].StartsWith("name=", StringComparison.Ordinal));
        Unified = unified;
        Hierarchies = unified is null ? first : [unified, .. first];
        Version = (firstHasControllers, unified is not null) switch
        {
            (true, true) => CgroupVersion.Hybrid,
            (true, false) => CgroupVersion.V1,
            (false, true) => CgroupVersion.V2,
            _ => CgroupVersion.None,
        };
    }

    // Options of a v1 mount that are not controllers: kernel/cgroup/cgroup-v1.c, cgroup1_show_options.
    private static List<string> ControllersOf(IReadOnlyList<string> options)
    {
        List<string> controllers = [];
        string? name = null;
        foreach (string option in options)
        {
            if (option.StartsWith("name=", StringComparison.Ordinal))
            {
                name = option;
            }
            else if (option is not ("rw" or "ro" or "none" or "noprefix" or "clone_children" or "cpuset_v2_mode" or "xattr" or "favordynmods" or "nofavordynmods" or "all")
                && !option.StartsWith("release_agent=", StringComparison.Ordinal))
            {
                controllers.Add(option);
            }
        }

        if (controllers.Count == 0 && name is not null)
        {
            controllers.Add(name);
        }

        return controllers;
    }

    // #subsys_name hierarchy num_cgroups enabled. Newer kernels list only what version 1 has, so absence proves nothing for version 2.
    private Dictionary<string, bool> ReadKernelControllers()
    {
        Dictionary<string, bool> controllers = new(StringComparer.Ordinal);
        Files.TryRead(Root + "/proc/cgroups", out string text);
        foreach (string line in text.Split('\n'))
        {
            string[] fields = line.Split('\t', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length >= 4 && !fields[0].StartsWith('#'))
            {
                controllers[fields[0]] = fields[3] == "1";
            }
        }

        return controllers;
    }

    private static bool Has(IReadOnlyList<string> options, string option)
    {
        foreach (string other in options)
        {
            if (other == option)
            {
                return true;
            }
        }

        return false;
    }
}
