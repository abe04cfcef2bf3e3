using System;
using System.Collections.Generic;
using System.IO;
using System.Net;

namespace Isolation.ContainerNetworks;

/// <summary>What the host's own programs ask where they look up a name, as far as a set can ask it too.</summary>
internal static class HostResolver
{
    private const string Place = "/etc/resolv.conf";

    // What systemd-resolved(8) asks itself, where the file of all programs names it alone, on loopback.
    private const string BehindResolved = "/run/systemd/resolve/resolv.conf";

    /// <summary>The host's settings. A server that listens on the host's loopback is none for a set, whose loopback is another; then those behind it.</summary>
    /// <param name="hasUnreachable">Whether a server was left out.</param>
    public static ResolverSettings Read(out bool hasUnreachable)
    {
        ResolverSettings settings = Parse(Place);
        ResolverSettings reachable = settings with { Servers = Reachable(settings.Servers) };
        hasUnreachable = reachable.Servers.Count < settings.Servers.Count;
        return hasUnreachable && reachable.Servers.Count == 0 ? reachable with { Servers = Reachable(Parse(BehindResolved).Servers) } : reachable;
    }

    private static ResolverSettings Parse(string path)
    {
        try
        {
            return ResolverSettings.Parse(File.ReadAllText(path));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return ResolverSettings.None;
        }
    }

    private static List<IPAddress> Reachable(IEnumerable<IPAddress> servers)
    {
        List<IPAddress> reachable = [];
        foreach (IPAddress server in servers)
        {
            if (!IPAddress.IsLoopback(server))
            {
                reachable.Add(server);
            }
        }

        return reachable;
    }
}
