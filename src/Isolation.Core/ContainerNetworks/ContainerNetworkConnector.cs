using System;
using System.Collections.Generic;
using System.Net;
using System.Threading;
using Isolation.Entry;
using Isolation.Interop;
using Isolation.Network;
using Isolation.Processes;
using Isolation.State;

namespace Isolation.ContainerNetworks;

/// <summary>Connects sets to networks and disconnects them.</summary>
internal sealed class ContainerNetworkConnector(StateFolder state, ContainerNetworkStore networks, NamespaceStore sets)
{
    /// <summary>The caller's.</summary>
    public static ContainerNetworkConnector Current { get; } = new(StateFolder.Current, ContainerNetworkStore.Current, NamespaceStore.Current);

    /// <summary>Connects a set; where anything fails, nothing of it stays.</summary>
    /// <param name="network">The network's name.</param>
    /// <param name="name">The set's name.</param>
    /// <param name="request">What the set asks for.</param>
    /// <param name="warn">Is told what does not prevent it.</param>
    /// <param name="explain">Is told plans as text; null where nobody is.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="IsolationException">
    /// <c>ContainerNetworkNotFound</c>, <c>ContainerNetworkConnected</c>, <c>ContainerNetworkBroken</c>, <c>ContainerNetworkFull</c>, <c>ContainerNetworkRootRequired</c>, <c>NamespaceNotFound</c>,
    /// <c>NamespaceTypeNotInSet</c>, <c>NamespaceSetBroken</c>, <c>NamespaceSetBusy</c>, <c>NamespaceLocked</c> and those of <see cref="MemberRequest"/>.
    /// </exception>
    /// <exception cref="SyscallException">The kernel refused a step.</exception>
    public ContainerNetworkMember Connect(string network, string name, MemberRequest request, Action<string> warn, Action<string>? explain, CancellationToken cancellation)
    {
        networks.RequireRoot($"connect set '{name}' to network '{network}'");
        return ContainerNetworkStore.Keep(() =>
        {
            using Descriptor use = state.Use();
            using NameLock set = sets.Hold(name, cancellation) ?? throw SetNotFound(name);
            using NetworkNamespace inside = OpenInside(sets.Get(name), cancellation, out ulong id);
            using NameLock held = networks.Lock(network, cancellation);
            using NetworkNamespace host = NetworkNamespace.Own();
            (ContainerNetworkFolder folder, ContainerNetworkRecord record) = networks.Open(network, host);
            ContainerNetworkMembers members = new(state, folder);
            List<MemberRecord> all = members.ReleaseDead(host);
            ContainerNetworkDriver driver = ContainerNetworkDriver.Of(record.Driver);
            MemberRecord member = Choose(record, name, id, request, all, inside, driver, host);
            try
            {
                folder.WriteMembers([.. all, member]);
                member = driver.Connect(record, member, host, inside);
                MemberLink.AddDefaultRoute(record, member, inside);
                NamespaceSet found = sets.Get(name);
                MemberNames.Prepare(state, found, warn, explain, cancellation);
                MemberResolver.Prepare(state, found, warn, explain, cancellation);
                member = member with { Phase = RecordPhase.Ready, Owner = null };
                folder.WriteMembers([.. all, member]);
                MemberNames.Update(state, network, []);
                return new ContainerNetworkMember(network, member);
            }
            catch
            {
                Undo(members, member, host);
                throw;
            }
        });
    }

    /// <summary>Disconnects a set: its link goes, and its address is free again.</summary>
    /// <exception cref="IsolationException"><c>ContainerNetworkNotFound</c>, <c>ContainerNetworkNotConnected</c>, <c>ContainerNetworkRootRequired</c>, <c>NamespaceLocked</c>.</exception>
    /// <exception cref="SyscallException">The kernel refused a step.</exception>
    public void Disconnect(string network, string name, CancellationToken cancellation)
    {
        networks.RequireRoot($"disconnect set '{name}' from network '{network}'");
        ContainerNetworkStore.Keep(() =>
        {
            using Descriptor use = state.Use();
            using NameLock? set = sets.Hold(name, cancellation);
            using NameLock held = networks.Lock(network, cancellation);
            ContainerNetworkFolder folder = new(state, network);
            if (!NamespaceName.IsValid(network) || !folder.Exists)
            {
                throw ContainerNetworkStore.NotFound(network);
            }

            List<MemberRecord> all = folder.ReadMembers();
            MemberRecord member = all.Find(one => one.Set == name) ?? throw new IsolationException(
                "ContainerNetworkNotConnected", ErrorKind.NotFound, $"Set '{name}' is not connected to network '{network}'. Get-ContainerNetwork {network} shows its members.");
            using NetworkNamespace host = NetworkNamespace.Own();
            ContainerNetworkMembers members = new(state, folder);

            // From here on the next call finishes it, whatever happens to this process.
            folder.WriteMembers(all.ConvertAll(one => one == member ? one with { Phase = RecordPhase.Removing, Owner = RecordedProcess.Own } : one));
            members.Release([member], host, links: true);
            return true;
        });
        RestoreDefaultRoutes([name], cancellation);
    }

    /// <summary>Gives sets whose default route went with a network one over another of their networks, as far as they have such.</summary>
    public void RestoreDefaultRoutes(IEnumerable<string> names, CancellationToken cancellation)
    {
        foreach (string name in names)
        {
            List<(ContainerNetworkRecord Network, MemberRecord Member)> memberships = Memberships(name);
            if (memberships.Count == 0)
            {
                continue;
            }

            try
            {
                using NetworkNamespace inside = OpenInside(sets.Get(name), cancellation, out _);
                foreach ((ContainerNetworkRecord network, MemberRecord member) in memberships)
                {
                    MemberLink.AddDefaultRoute(network, member, inside);
                }
            }
            catch (IsolationException exception) when (exception.ErrorId is "NamespaceNotFound" or "NamespaceSetBroken" or "NamespaceSetBusy" or "NetworkRouteExists")
            {
                // It is going, and needs none; or somebody else has just given it one.
            }
        }
    }

    /// <summary>Forgets sets that were removed, in every network. Their links went with their network namespaces, unless somebody else keeps one of these.</summary>
    public static void Forget(StateFolder state, IReadOnlySet<string> removed)
    {
        ContainerNetworkStore networks = new(state, HostCommands.Instance);
        HashSet<ulong>? kept = null;
        foreach (string network in networks.Names())
        {
            ContainerNetworkFolder folder = new(state, network);
            if (!folder.ReadMembers().Exists(member => removed.Contains(member.Set)))
            {
                continue;
            }

            kept ??= JoinedNetworks(state);
            using NameLock held = networks.Lock(network, CancellationToken.None);
            using NetworkNamespace host = NetworkNamespace.Own();
            ContainerNetworkMembers members = new(state, folder);
            List<MemberRecord> gone = folder.ReadMembers().FindAll(member => removed.Contains(member.Set));
            members.Release(gone.FindAll(member => !kept.Contains(member.NetworkId)), host, links: false);
            members.Release(gone.FindAll(member => kept.Contains(member.NetworkId)), host, links: true);
        }
    }

    private static HashSet<ulong> JoinedNetworks(StateFolder state)
    {
        HashSet<ulong> joined = [];
        foreach (string name in new NamespaceStore(state).Names())
        {
            try
            {
                if (new SetFolder(state, name).Read() is NamespaceRecord record && record.Joined.TryGetValue("net", out ulong id))
                {
                    joined.Add(id);
                }
            }
            catch (IsolationException)
            {
                // Damaged: it has nothing to say.
            }
        }

        return joined;
    }

    private List<(ContainerNetworkRecord Network, MemberRecord Member)> Memberships(string set)
    {
        List<(ContainerNetworkRecord, MemberRecord)> found = [];
        foreach (string name in networks.Names())
        {
            ContainerNetworkFolder folder = new(state, name);
            try
            {
                if (folder.ReadMembers().Find(member => member.Set == set && member.Phase == RecordPhase.Ready) is MemberRecord member && folder.Read() is ContainerNetworkRecord network)
                {
                    found.Add((network, member));
                }
            }
            catch (IsolationException exception) when (exception.ErrorId is "ContainerNetworkRecordDamaged" or "ContainerNetworkRecordTooNew")
            {
                // It leads nowhere.
            }
        }

        return found;
    }

    private static MemberRecord Choose(
        ContainerNetworkRecord network, string set, ulong id, MemberRequest request, IReadOnlyList<MemberRecord> members, NetworkNamespace inside,
        ContainerNetworkDriver driver, NetworkNamespace host)
    {
        foreach (MemberRecord member in members)
        {
            if (member.Set == set)
            {
                throw new IsolationException(
                    "ContainerNetworkConnected", ErrorKind.AlreadyExists, $"Set '{set}' is connected to network '{network.Name}' already, as {string.Join(", ", member.Addresses)}. Disconnect-ContainerNetwork disconnects it.");
            }
        }

        request.CheckAliases(network, set, members);
        MemberRecord chosen = new()
        {
            Set = set,
            NetworkId = id,
            Phase = RecordPhase.Creating,
            Owner = RecordedProcess.Own,
            Link = MemberLink.ChooseName(inside),
            Addresses = request.Take(network, set, members, driver.Reserved(network, host)),
            Aliases = [.. request.Aliases],
        };
        return driver.Describe(network, chosen, request, members, host);
    }

    private static NetworkNamespace OpenInside(NamespaceSet set, CancellationToken cancellation, out ulong id)
    {
        id = set.GetId(NamespaceType.Net) ?? (set.Type.HasFlag(NamespaceType.Net) ? 0ul : throw new IsolationException(
            "NamespaceTypeNotInSet",
            ErrorKind.InvalidArgument,
            $"Set '{set.Name}' has no network namespace of its own to be connected: it uses {(Array.Exists(set.Joined, static key => key.Type == NamespaceType.Net) ? "that of the set in which it was made, or which it joined: connect that one" : "the host's")}. Make a set with Net in -Type."));
        return NetworkNamespace.Of(NamespaceTarget.Of(set, NamespaceType.Net), set.Name, cancellation);
    }

    private static void Undo(ContainerNetworkMembers members, MemberRecord member, NetworkNamespace host)
    {
        try
        {
            members.Release([member], host, links: true);
        }
        catch (Exception exception) when (exception is IsolationException or SyscallException or System.IO.IOException or UnauthorizedAccessException)
        {
            // What prevented it is what is to be told; the next call finishes it.
        }
    }

    private static IsolationException SetNotFound(string name) => new(
        "NamespaceNotFound", ErrorKind.NotFound, $"There is no namespace set '{name}'. Get-Namespace lists those that there are; New-Namespace makes one.");
}
