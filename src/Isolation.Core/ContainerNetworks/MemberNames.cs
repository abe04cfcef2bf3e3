using System;
using System.Collections.Generic;
using System.Net;
using System.Text;
using System.Threading;
using Isolation.State;

namespace Isolation.ContainerNetworks;

/// <summary>
/// The names of a set's fellow members, hosts(5): a file in the folder of each set that is connected and has a mount namespace of its own, over <c>/etc/hosts</c>
/// there.
/// </summary>
internal static class MemberNames
{
    private const string NamesLock = "names:";
    private const string Place = "/etc/hosts";
    private const string Own = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n";

    private static readonly TimeSpan s_lockTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Makes a set's file, and puts it over <c>/etc/hosts</c> where the set has mounts of its own. The caller holds the set's lock.</summary>
    /// <param name="state">The state folder.</param>
    /// <param name="set">The set.</param>
    /// <param name="warn">Is told where the names cannot be had inside.</param>
    /// <param name="explain">Is told the plan as text; null where nobody is.</param>
    /// <param name="cancellation">Stops waiting.</param>
    public static void Prepare(StateFolder state, NamespaceSet set, Action<string> warn, Action<string>? explain, CancellationToken cancellation)
    {
        // Without mounts of its own a set has the host's file.
        if (set.Type.HasFlag(NamespaceType.Mount))
        {
            new BoundFile(state, set.Name, Place).Prepare(
                set, Own, reason => warn($"Set '{set.Name}' does not find its fellow members by name: {reason}"), explain, cancellation);
        }
    }

    /// <summary>Writes the files of a network's members anew, and those of sets that no longer are.</summary>
    public static void Update(StateFolder state, string network, IEnumerable<string> gone)
    {
        // What another network's change writes at the same time is seen by the one or by the other.
        using NameLock held = state.Lock(NamesLock, s_lockTimeout, CancellationToken.None);
        Dictionary<string, List<string>> texts = [];
        HashSet<string> concerned = [.. gone];
        foreach (string name in ContainerNetworkFolder.Names(state))
        {
            List<MemberRecord> members = Members(state, name);
            string text = Text(members);
            foreach (MemberRecord member in members)
            {
                if (!texts.TryGetValue(member.Set, out List<string>? of))
                {
                    texts.Add(member.Set, of = []);
                }

                of.Add(text);
                if (name == network)
                {
                    concerned.Add(member.Set);
                }
            }
        }

        foreach (string set in concerned)
        {
            new BoundFile(state, set, Place).Write(Own + string.Concat(texts.GetValueOrDefault(set) ?? []));
        }
    }

    /// <summary>The lines for the members of a network.</summary>
    internal static string Text(IReadOnlyList<MemberRecord> members)
    {
        StringBuilder text = new();
        foreach (MemberRecord member in members)
        {
            foreach (IPAddress address in member.Addresses)
            {
                text.Append(address).Append('\t').Append(member.Set);
                foreach (string alias in member.Aliases)
                {
                    text.Append(' ').Append(alias);
                }

                text.Append('\n');
            }
        }

        return text.ToString();
    }

    private static List<MemberRecord> Members(StateFolder state, string network)
    {
        try
        {
            return new ContainerNetworkFolder(state, network).ReadMembers().FindAll(static member => member.Phase == RecordPhase.Ready);
        }
        catch (IsolationException exception) when (exception.ErrorId is "ContainerNetworkRecordDamaged" or "ContainerNetworkRecordTooNew")
        {
            return [];
        }
    }
}
