using System;
using Isolation.Interop;

namespace Isolation.Cgroups;

/// <summary>
/// Where this process may make cgroups of its own: for root the folder <c>isolation</c> at the root of every hierarchy; for an ordinary user the same
/// folder in the highest cgroup of version 2 that was delegated to the user, cgroups(7) "Delegation".
/// </summary>
internal sealed class CgroupPlacement
{
    /// <summary>The folder that holds all our cgroups; nothing outside is ever made or removed unasked.</summary>
    public const string FolderName = "isolation";

    private readonly CgroupHost _host;

    private CgroupPlacement(CgroupHost host, string? delegated, string? refusal)
    {
        _host = host;
        Delegated = delegated;
        Refusal = refusal;
    }

    /// <summary>The delegated cgroup, from the mount's root; null for root, whose folders lie at the root of every hierarchy.</summary>
    public string? Delegated { get; }

    /// <summary>Whether cgroups can be made at all.</summary>
    public bool IsAllowed => Refusal is null;

    /// <summary>Why none can be made; null where they can.</summary>
    public string? Refusal { get; }

    /// <summary>The path of our folder from a hierarchy's root, such as <c>/isolation</c>.</summary>
    public string Folder => Delegated is null or "/" ? "/" + FolderName : $"{Delegated}/{FolderName}";

    /// <summary>Finds the place for this process.</summary>
    public static CgroupPlacement Find(CgroupHost host)
    {
        if (host.Files.EffectiveUser == 0)
        {
            return new CgroupPlacement(host, delegated: null, refusal: null);
        }

        if (host.Unified is not CgroupHierarchy unified)
        {
            return new CgroupPlacement(host, null, "this host has control groups of version 1 alone, which are never given to ordinary users");
        }

        if (!host.DirectoriesOfProcess("self").TryGetValue(unified, out string? own) || unified.PathOf(own) is not string path)
        {
            return new CgroupPlacement(host, null, "the cgroup of this process lies outside the mounted part of the hierarchy");
        }

        string? delegated = null;
        for (string? at = path; at is not null; at = Parent(at))
        {
            if (IsDelegated(host, unified.DirectoryOf(at)))
            {
                delegated = at;
            }
        }

        return delegated is null
            ? new CgroupPlacement(host, null, $"no cgroup from {own} upwards belongs to this user")
            : new CgroupPlacement(host, delegated, refusal: null);
    }

    /// <summary>Whether our cgroups can lie in a hierarchy.</summary>
    public bool Covers(CgroupHierarchy hierarchy) => IsAllowed && (Delegated is null || hierarchy == _host.Unified);

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
        $"Cannot {what}: {cause}. Run as root, or on a host with systemd and version 2 start PowerShell in a cgroup of your own: "
        + "systemd-run --user --scope -p Delegate=yes pwsh");

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
