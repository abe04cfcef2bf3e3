using System;
using System.Collections.Generic;
using Isolation.Interop;

namespace Isolation.Cgroups;

/// <summary>
/// Where this process may make cgroups of its own: for root the folder <c>isolation</c> at the root of every hierarchy; for an ordinary user the same
/// folder in the highest cgroup of version 2 that was delegated to the user, cgroups(7) "Delegation". Where systemd owns that place, our folder is the
/// cgroup of a unit of systemd's. Nothing is changed and no program started to find it.
/// </summary>
internal sealed class CgroupPlacement
{
    /// <summary>The folder that holds all our cgroups; nothing outside is ever made or removed unasked.</summary>
    public const string FolderName = "isolation";

    private readonly CgroupHost _host;
    private readonly bool _everywhere;

    private CgroupPlacement(CgroupHost host, string? top, string? delegated = null, SystemdUnit? unit = null, string? refusal = null)
    {
        _host = host;
        _everywhere = host.Files.EffectiveUser == 0;
        Top = top ?? "/";
        Delegated = delegated;
        Unit = unit;
        Refusal = refusal;
    }

    /// <summary>The cgroup that belongs to this user, from the mount's root; null for root, to whom all do.</summary>
    public string? Delegated { get; }

    /// <summary>The cgroup from which on down cgroups are made and controllers turned on; what lies above is others'.</summary>
    public string Top { get; }

    /// <summary>The unit whose cgroup our folder is; null where systemd does not own the tree, or has delegated a part of it to this process.</summary>
    public SystemdUnit? Unit { get; }

    /// <summary>Whether cgroups can be made at all.</summary>
    public bool IsAllowed => Refusal is null;

    /// <summary>Why none can be made; null where they can.</summary>
    public string? Refusal { get; }

    /// <summary>The path of our folder from a hierarchy's root, such as <c>/isolation</c>.</summary>
    public string Folder => Unit?.Path ?? CgroupTree.Combine(Top, FolderName);

    /// <summary>Finds the place for this process.</summary>
    public static CgroupPlacement Find(CgroupHost host)
    {
        SystemdTree? systemd = host.Systemd;
        if (host.Files.EffectiveUser == 0)
        {
            if (systemd is null)
            {
                return new CgroupPlacement(host, top: null);
            }

            return systemd.DelegatedToProcess() is string own
                ? new CgroupPlacement(host, own)
                : new CgroupPlacement(host, systemd.RootUnit.Path, unit: systemd.RootUnit);
        }

        if (host.Unified is not CgroupHierarchy unified)
        {
            return new CgroupPlacement(host, null, refusal: "this host has control groups of version 1 alone, which are never given to ordinary users");
        }

        if (!host.DirectoriesOfProcess("self").TryGetValue(unified, out string? here) || unified.PathOf(here) is not string path)
        {
            return new CgroupPlacement(host, null, refusal: "the cgroup of this process lies outside the mounted part of the hierarchy");
        }

        string? delegated = null;
        for (string? at = path; at is not null; at = Parent(at))
        {
            if (IsDelegated(host, unified.DirectoryOf(at)))
            {
                delegated = at;
            }
        }

        if (systemd is not null && (delegated is null || systemd.IsOfManager(delegated)))
        {
            return systemd.UserUnit(host.Files.EffectiveUser) is SystemdUnit unit
                ? new CgroupPlacement(host, unit.Path, unit.Path, unit)
                : new CgroupPlacement(host, null, refusal: $"no cgroup from {here} upwards belongs to this user, and the user has no systemd of their own running");
        }

        return delegated is null
            ? new CgroupPlacement(host, null, refusal: $"no cgroup from {here} upwards belongs to this user")
            : new CgroupPlacement(host, delegated, delegated);
    }

    /// <summary>Whether our cgroups can lie in a hierarchy.</summary>
    public bool Covers(CgroupHierarchy hierarchy) => IsAllowed && (_everywhere || hierarchy == _host.Unified);

    /// <summary>Whether a path is on the way to our folder, and so not ours.</summary>
    public bool LeadsTo(string path) => Folder.StartsWith(path + "/", StringComparison.Ordinal);

    /// <summary>Whether a path is our folder or lies below it.</summary>
    public bool Holds(string path) => path == Folder || path.StartsWith(Folder + "/", StringComparison.Ordinal);

    /// <summary>
    /// Has systemd make its unit where a cgroup is to be made in our folder and that is not there.
    /// </summary>
    /// <returns>The cgroup below which the ones on the way to the path are made.</returns>
    /// <exception cref="IsolationException">Those of <see cref="SystemdUnit.Start"/>.</exception>
    public string Prepare(CgroupHierarchy hierarchy, string path)
    {
        if (Unit is null || !Holds(path))
        {
            return path == Top || Top == "/" || path.StartsWith(Top + "/", StringComparison.Ordinal) ? Top : "/";
        }

        if (!Unit.IsReady)
        {
            Unit.Start();
        }

        // systemd has no use for some hierarchies of version 1: there the way down is made like any other.
        return _host.Files.DirectoryExists(hierarchy.DirectoryOf(Folder)) ? Folder : "/";
    }

    /// <summary>
    /// Removes our folder where nothing is in it. The kernel refuses while there is, which is all the check that is needed; once it is gone, systemd is
    /// told that its unit has ended, which would end whatever is in it.
    /// </summary>
    public void Release(IReadOnlyList<CgroupHierarchy> hierarchies)
    {
        foreach (CgroupHierarchy hierarchy in hierarchies)
        {
            string folder = hierarchy.DirectoryOf(Folder);
            if (Unit is not null && folder == Unit.Directory)
            {
                Unit.Release();
            }
            else if (_host.Files.Subdirectories(folder).Count == 0)
            {
                Errno error = _host.Files.TryRemoveDirectory(folder);
                for (string? at = Parent(Folder); Unit is not null && error == Errno.None && at is not null and not "/"; at = Parent(at))
                {
                    // Where systemd has no use for the hierarchy, the way to the folder was made with it.
                    error = _host.Files.TryRemoveDirectory(hierarchy.DirectoryOf(at));
                }
            }
        }
    }

    /// <summary>
    /// The unit of systemd's that a cgroup would be written beside: where systemd owns the tree, a path outside of all that it has delegated. Null where
    /// nobody minds, and for ordinary users, who can make nothing there.
    /// </summary>
    public string? OwnerOf(string path) => _everywhere && _host.Systemd is SystemdTree systemd && !(Unit is not null && Holds(path)) ? systemd.OwnerOf(path) : null;

    /// <summary>Refuses where no cgroup may be made in a hierarchy.</summary>
    /// <exception cref="IsolationException"><c>CgroupNotDelegated</c>.</exception>
    public void Require(CgroupHierarchy hierarchy, string what)
    {
        if (Covers(hierarchy))
        {
            return;
        }

        string cause = Refusal ?? $"{hierarchy.MountPoint} is a hierarchy of version 1, which is never given to ordinary users";
        throw NotDelegated(what, cause);
    }

    /// <summary>The refusal for a user who may not do something, with what would help.</summary>
    public static IsolationException NotDelegated(string what, string cause) => new(
        "CgroupNotDelegated",
        ErrorKind.PermissionDenied,
        $"Cannot {what}: {cause}. Run as root, or with version 2 have root give you a cgroup and move PowerShell into it: New-Cgroup /NAME -DelegateTo USER, "
        + "Add-CgroupProcess /NAME PID. Where systemd runs, it gives you one when you have logged in, or root says: loginctl enable-linger USER");

    /// <summary>The set that a path belongs to: the first name below our folder; null for a path outside.</summary>
    public string? SetOf(string path)
    {
        string prefix = Folder + "/";
        if (!path.StartsWith(prefix, StringComparison.Ordinal))
        {
            return null;
        }

        string name = path[prefix.Length..];
        int slash = name.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? name : name[..slash];
    }

    /// <summary>The path above; null above the root.</summary>
    public static string? Parent(string path)
    {
        if (path == "/")
        {
            return null;
        }

        int slash = path.LastIndexOf('/');
        return slash == 0 ? "/" : path[..slash];
    }

    private static bool IsDelegated(CgroupHost host, string directory) =>
        host.Files.Owner(directory) == host.Files.EffectiveUser
        && host.Files.IsWritable(directory + "/cgroup.procs")
        && host.Files.IsWritable(directory + "/cgroup.subtree_control");
}
