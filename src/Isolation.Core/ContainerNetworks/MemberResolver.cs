using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using Isolation.State;

namespace Isolation.ContainerNetworks;

/// <summary>
/// The name servers of a set that is connected: those of its networks, and otherwise the host's. A set has the host's <c>/etc/resolv.conf</c> already, so a file
/// lies over it only where a network asks for something else, or where the host's server cannot be reached from the set.
/// </summary>
internal static class MemberResolver
{
    private const string Place = "/etc/resolv.conf";

    /// <summary>Makes a set's file, or writes it anew. The caller holds the set's lock, and the set's networks are written down.</summary>
    /// <param name="state">The state folder.</param>
    /// <param name="set">The set.</param>
    /// <param name="warn">Is told where the servers cannot be had inside.</param>
    /// <param name="explain">Is told the plan as text; null where nobody is.</param>
    /// <param name="cancellation">Stops waiting.</param>
    public static void Prepare(StateFolder state, NamespaceSet set, Action<string> warn, Action<string>? explain, CancellationToken cancellation)
    {
        ResolverSettings asked = Asked(state, set.Name, out bool leads);
        ResolverSettings host = HostResolver.Read(out bool hasUnreachable);
        BoundFile file = new(state, set.Name, Place);
        if (file.Exists)
        {
            file.Write(asked.Or(host).ToText());
            return;
        }

        if (asked.IsNone && !(hasUnreachable && leads))
        {
            return;
        }

        if (!set.Type.HasFlag(NamespaceType.Mount))
        {
            if (!asked.IsNone)
            {
                warn($"The programs of set '{set.Name}' look up names as the host does, and not at its network's name servers: it has no mount namespace, and so no {Place} of its own. Make it with Mount in -Type.");
            }

            return;
        }

        ResolverSettings settings = asked.Or(host);
        if (settings.Servers.Count == 0)
        {
            warn($"Set '{set.Name}' has no name server: the host's listens on the host's loopback, where a set does not reach it. Give the network one with New-ContainerNetwork -DnsServer.");
        }

        file.Prepare(
            set, settings.ToText(), reason => warn($"Set '{set.Name}' does not ask its network's name servers: {reason}"), explain, cancellation);
    }

    /// <summary>Writes the files of sets anew that are in other networks now.</summary>
    public static void Update(StateFolder state, IEnumerable<string> sets)
    {
        foreach (string set in sets)
        {
            BoundFile file = new(state, set, Place);
            if (file.Exists)
            {
                file.Write(Asked(state, set, out _).Or(HostResolver.Read(out _)).ToText());
            }
        }
    }

    private static ResolverSettings Asked(StateFolder state, string set, out bool leads)
    {
        ResolverSettings asked = ResolverSettings.None;
        leads = false;
        foreach (string name in ContainerNetworkFolder.Names(state))
        {
            ContainerNetworkFolder folder = new(state, name);
            try
            {
                if (folder.ReadMembers().Exists(member => member.Set == set && member.Phase != RecordPhase.Removing) && folder.Read() is ContainerNetworkRecord network)
                {
                    asked = asked.And(network.Resolver);
                    leads |= !network.IsInternal;
                }
            }
            catch (IsolationException exception) when (exception.ErrorId is "ContainerNetworkRecordDamaged" or "ContainerNetworkRecordTooNew")
            {
                // It has nothing to say.
            }
        }

        return asked;
    }
}
