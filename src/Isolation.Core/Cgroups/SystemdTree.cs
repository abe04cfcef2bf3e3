using System;

namespace Isolation.Cgroups;

/// <summary>
/// A tree of cgroups that systemd owns. It makes, limits and removes what is in it, and leaves alone what it has delegated to a unit alone: others make
/// cgroups nowhere else, systemd's "Control Group APIs and Delegation". Nothing is changed and no program started to find out.
/// </summary>
internal sealed class SystemdTree
{
    // In which systemd keeps itself: at the root of the tree, and a user's one in its own part of it.
    private const string ManagerScope = "init.scope";

    private readonly CgroupHost _host;
    private readonly CgroupHierarchy _hierarchy;

    private SystemdTree(CgroupHost host, CgroupHierarchy hierarchy)
    {
        _host = host;
        _hierarchy = hierarchy;
    }

    /// <summary>The system's unit for cgroups of ours.</summary>
    public SystemdUnit RootUnit => new(_host, _hierarchy, "", "system.slice", ofUser: false);

    /// <summary>The tree, where systemd is process 1, sd_booted(3), and has its place in the part that this process sees; otherwise null.</summary>
    public static SystemdTree? Find(CgroupHost host)
    {
        if (!host.Files.DirectoryExists(host.Root + "/run/systemd/system"))
        {
            return null;
        }

        // Version 2 comes first, where a hybrid host's systemd counts its units too.
        foreach (CgroupHierarchy hierarchy in host.Hierarchies)
        {
            if ((hierarchy.Version == CgroupVersion.V2 || hierarchy.Controllers[0] == "name=systemd")
                && host.Files.DirectoryExists(hierarchy.DirectoryOf("/" + ManagerScope)))
            {
                return new SystemdTree(host, hierarchy);
            }
        }

        return null;
    }

    /// <summary>The unit of a user's own systemd for cgroups of ours; null where none runs.</summary>
    public SystemdUnit? UserUnit(uint user)
    {
        string manager = $"/user.slice/user-{user}.slice/user@{user}.service";
        return IsOfManager(manager) ? new SystemdUnit(_host, _hierarchy, manager, "app.slice", ofUser: true) : null;
    }

    /// <summary>Whether a cgroup was delegated to another systemd: a user's, or that of a container.</summary>
    public bool IsOfManager(string path) => _host.Files.DirectoryExists(_hierarchy.DirectoryOf(CgroupTree.Combine(path, ManagerScope)));

    /// <summary>The cgroup that was delegated to the unit of this process; null where none was.</summary>
    public string? DelegatedToProcess()
    {
        if (!_host.DirectoriesOfProcess("self").TryGetValue(_hierarchy, out string? directory))
        {
            return null;
        }

        for (string? at = _hierarchy.PathOf(directory); at is not null and not "/"; at = CgroupPlacement.Parent(at))
        {
            if (_host.Files.IsDelegated(_hierarchy.DirectoryOf(at)))
            {
                return IsOfManager(at) ? null : at;
            }
        }

        return null;
    }

    /// <summary>The cgroup of systemd's in which a path lies, or would lie; null where that was delegated, or made by <c>New-Cgroup</c>.</summary>
    public string? OwnerOf(string path)
    {
        string? nearest = null;
        for (string? at = CgroupPlacement.Parent(path); at is not null; at = CgroupPlacement.Parent(at))
        {
            string directory = _hierarchy.DirectoryOf(at);
            if (!_host.Files.DirectoryExists(directory))
            {
                continue;
            }

            nearest ??= at;
            if (_host.Files.IsMarked(directory) || (at != "/" && _host.Files.IsDelegated(directory) && !IsOfManager(at)))
            {
                return null;
            }
        }

        return nearest;
    }

    /// <summary>The version of systemd, by the name of its own library; null where that is not found.</summary>
    public string? Version
    {
        get
        {
            const string start = "libsystemd-shared-";
            foreach (string folder in (string[])["/usr/lib/systemd", "/usr/lib64/systemd", "/usr/lib/x86_64-linux-gnu/systemd", "/usr/lib/aarch64-linux-gnu/systemd", "/lib/systemd"])
            {
                foreach (string name in _host.Files.FileNames(_host.Root + folder))
                {
                    if (name.StartsWith(start, StringComparison.Ordinal) && name.EndsWith(".so", StringComparison.Ordinal))
                    {
                        return name[start.Length..^".so".Length];
                    }
                }
            }

            return null;
        }
    }
}
