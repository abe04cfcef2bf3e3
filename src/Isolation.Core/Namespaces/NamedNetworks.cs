using System;

namespace Isolation;

/// <summary>Network namespaces that <c>ip netns</c> names: files under <c>/run/netns</c>, ip-netns(8).</summary>
internal static class NamedNetworks
{
    /// <summary>Where they are pinned.</summary>
    public const string Folder = "/run/netns";

    /// <summary>The name that a mount point gives; null where it is elsewhere.</summary>
    public static string? NameOf(string path)
    {
        string? name = path.StartsWith("/run/netns/", StringComparison.Ordinal) ? path["/run/netns/".Length..]
            : path.StartsWith("/var/run/netns/", StringComparison.Ordinal) ? path["/var/run/netns/".Length..]
            : null;
        return string.IsNullOrEmpty(name) || name.Contains('/') ? null : name;
    }
}
