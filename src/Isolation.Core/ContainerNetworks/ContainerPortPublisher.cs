using System;
using System.Collections.Generic;
using System.Net;
using System.Threading;
using Isolation.Interop;
using Isolation.Network;
using Isolation.State;

namespace Isolation.ContainerNetworks;

/// <summary>Ports that are to be taken away.</summary>
/// <param name="Protocol">Their protocol; null for either.</param>
/// <param name="HostAddress">The address at which they are published; null for any where <paramref name="AnyAddress"/> says so, for all addresses otherwise.</param>
/// <param name="AnyAddress">Whether the address does not matter.</param>
/// <param name="HostPort">The host's ports; null for all.</param>
internal sealed record PortSelection(string? Protocol, IPAddress? HostAddress, bool AnyAddress, PortRange? HostPort)
{
    /// <summary>Whether a port is of the kind, whatever its number.</summary>
    public bool Matches(PortRecord port) => (Protocol is null || Protocol == port.Protocol) && (AnyAddress || Equals(HostAddress, port.HostAddress));
}

/// <summary>Leads ports of the host to sets, and no longer.</summary>
internal sealed class ContainerPortPublisher(StateFolder state, ContainerNetworkStore networks, NamespaceStore sets)
{
    /// <summary>The caller's.</summary>
    public static ContainerPortPublisher Current { get; } = new(StateFolder.Current, ContainerNetworkStore.Current, NamespaceStore.Current);

    /// <summary>The ports that lead to a member.</summary>
    public static IEnumerable<ContainerPort> Published(string network, MemberRecord member)
    {
        foreach (PortRecord port in member.Ports)
        {
            if (port.Phase == RecordPhase.Ready)
            {
                yield return new ContainerPort(network, member, port);
            }
        }
    }

    /// <summary>All ports that are published in a network.</summary>
    /// <exception cref="IsolationException"><c>ContainerNetworkRecordDamaged</c>, <c>ContainerNetworkRecordTooNew</c>, <c>StateFolderUnavailable</c>.</exception>
    public IEnumerable<ContainerPort> Of(string network)
    {
        foreach (MemberRecord member in new ContainerNetworkFolder(state, network).ReadMembers())
        {
            foreach (ContainerPort port in member.Phase == RecordPhase.Ready ? Published(network, member) : [])
            {
                yield return port;
            }
        }
    }

    /// <summary>The network over which ports of a set are published.</summary>
    /// <param name="set">The set.</param>
    /// <param name="asked">The one that was named; null for the only one.</param>
    /// <exception cref="IsolationException"><c>NamespaceNotFound</c>, <c>ContainerNetworkNotConnected</c>, <c>ContainerNetworkAmbiguous</c>.</exception>
    public string FindNetwork(string set, string? asked)
    {
        if (asked is not null)
        {
            return asked;
        }

        List<string> found = [];
        foreach (string network in Networks(set))
        {
            if (new ContainerNetworkFolder(state, network).Read() is { IsInternal: false })
            {
                found.Add(network);
            }
        }

        // An internal one is an answer too, and is refused with the reason.
        found = found.Count == 0 ? Networks(set) : found;
        return found switch
        {
            [string one] => one,
            [] when sets.Find(set) is null => throw SetNotFound(set),
            [] => throw new IsolationException(
                "ContainerNetworkNotConnected", ErrorKind.NotFound, $"Set '{set}' is in no container network. Connect it first, with: Connect-ContainerNetwork NETWORK {set}"),
            _ => throw new IsolationException(
                "ContainerNetworkAmbiguous", ErrorKind.InvalidArgument, $"Set '{set}' is in the networks {string.Join(", ", found)}. Say with -Network over which one the port leads to it."),
        };
    }

    /// <summary>Publishes ports, all or none.</summary>
    /// <param name="network">The network.</param>
    /// <param name="name">The set.</param>
    /// <param name="requests">The ports.</param>
    /// <param name="warn">Is told what does not work for all that.</param>
    /// <param name="explain">Is told the packet rules; null where nobody is.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="IsolationException">
    /// <c>ContainerNetworkNotFound</c>, <c>ContainerNetworkBroken</c>, <c>ContainerNetworkInternal</c>, <c>ContainerPortUnsupported</c>, <c>ContainerNetworkNotConnected</c>, <c>ContainerNetworkRootRequired</c>,
    /// <c>NamespaceNotFound</c>, <c>NamespaceLocked</c>, <c>NftMissing</c>, <c>PacketRulesRefused</c> and those of <see cref="PortChoice"/>.
    /// </exception>
    public IReadOnlyList<ContainerPort> Publish(
        string network, string name, IReadOnlyList<PortRequest> requests, Action<string> warn, Action<string>? explain, CancellationToken cancellation)
    {
        networks.RequireRoot($"publish ports of set '{name}'");
        return ContainerNetworkStore.Keep(() =>
        {
            using Descriptor use = state.Use();
            using NameLock set = sets.Hold(name, cancellation) ?? throw SetNotFound(name);

            // No two may find the same port free.
            using NameLock all = networks.LockAll(cancellation);
            using NameLock held = networks.Lock(network, cancellation);
            using NetworkNamespace host = NetworkNamespace.Own();
            (ContainerNetworkFolder folder, ContainerNetworkRecord record) = networks.Open(network, host);
            if (!ContainerNetworkDriver.Of(record.Driver).HasBridge)
            {
                throw new IsolationException(
                    "ContainerPortUnsupported", ErrorKind.NotSupported, $"Cannot publish ports of set '{name}' over network '{network}': it is of the driver {record.Driver}, whose members others reach at their own addresses and not over this host. Leave that to them, or connect the set to a network of the driver bridge as well.");
            }

            if (record.IsInternal)
            {
                throw new IsolationException(
                    "ContainerNetworkInternal", ErrorKind.InvalidArgument, $"Cannot publish ports of set '{name}' over network '{network}': it is internal, so that nothing comes in. Connect the set to another network as well.");
            }

            ContainerNetworkMembers members = new(state, folder);
            members.ReleaseDead(host);
            members.ReleaseDeadPorts(host);
            MemberRecord member = folder.ReadMembers().Find(one => one.Set == name && one.Phase == RecordPhase.Ready) ?? throw NotConnected(name, network);
            List<PortRecord> ports = Choose(requests, network, member, host);
            try
            {
                Write(folder, member with { Ports = [.. member.Ports, .. ports.ConvertAll(static port => port with { Phase = RecordPhase.Creating, Owner = RecordedProcess.Own })] });
                if (MemberLink.AtBridge(member, host) is NetworkLink link)
                {
                    host.SetHairpin(link, true);
                }

                networks.Rules.Rewrite(explain, warn);
                ports = ports.ConvertAll(static port => port with { Phase = RecordPhase.Ready, Owner = null });
                Write(folder, member with { Ports = [.. member.Ports, .. ports] });
            }
            catch
            {
                Undo(folder, member);
                throw;
            }

            return ports.ConvertAll(port => new ContainerPort(network, member, port));
        });
    }

    /// <summary>Takes ports away: those that a selection means, also where they are a part of what was published in one go.</summary>
    /// <param name="network">The network.</param>
    /// <param name="name">The set.</param>
    /// <param name="selections">What is taken away.</param>
    /// <param name="explain">Is told the packet rules; null where nobody is.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="IsolationException">
    /// <c>ContainerNetworkNotFound</c>, <c>ContainerNetworkNotConnected</c>, <c>ContainerPortNotFound</c>, <c>ContainerNetworkRootRequired</c>, <c>NamespaceLocked</c>, <c>NftMissing</c>,
    /// <c>PacketRulesRefused</c>.
    /// </exception>
    public void Unpublish(string network, string name, IReadOnlyList<PortSelection> selections, Action<string>? explain, CancellationToken cancellation)
    {
        networks.RequireRoot($"take ports from set '{name}'");
        ContainerNetworkStore.Keep(() =>
        {
            using Descriptor use = state.Use();
            using NameLock held = networks.Lock(network, cancellation);
            ContainerNetworkFolder folder = new(state, network);
            if (!NamespaceName.IsValid(network) || !folder.Exists)
            {
                throw ContainerNetworkStore.NotFound(network);
            }

            MemberRecord member = folder.ReadMembers().Find(one => one.Set == name && one.Phase == RecordPhase.Ready) ?? throw NotConnected(name, network);
            List<PortRecord> left = [.. member.Ports];
            List<PortRecord> taken = [];
            foreach (PortSelection selection in selections)
            {
                Split(selection, ref left, taken, network, name);
            }

            // From here on the next call finishes it, whatever happens to this process.
            Write(folder, member with { Ports = [.. left, .. taken.ConvertAll(static port => port with { Phase = RecordPhase.Removing, Owner = RecordedProcess.Own })] });
            networks.Rules.Rewrite(explain);
            using NetworkNamespace host = NetworkNamespace.Own();
            if (left.Count == 0 && MemberLink.AtBridge(member, host) is NetworkLink link)
            {
                host.SetHairpin(link, false);
            }

            Write(folder, member with { Ports = left });
            return true;
        });
    }

    /// <summary>The networks in which a set is.</summary>
    public List<string> Networks(string set)
    {
        List<string> found = [];
        foreach (string network in networks.Names())
        {
            try
            {
                if (new ContainerNetworkFolder(state, network).ReadMembers().Exists(member => member.Set == set && member.Phase == RecordPhase.Ready))
                {
                    found.Add(network);
                }
            }
            catch (IsolationException exception) when (exception.ErrorId is "ContainerNetworkRecordDamaged" or "ContainerNetworkRecordTooNew")
            {
                // It leads nowhere.
            }
        }

        return found;
    }

    private List<PortRecord> Choose(IReadOnlyList<PortRequest> requests, string network, MemberRecord member, NetworkNamespace host)
    {
        PortChoice choice = new(host.Addresses());
        foreach (string name in networks.Names())
        {
            ContainerNetworkFolder folder = new(state, name);
            try
            {
                ContainerNetworkMembers members = new(state, folder);
                foreach (MemberRecord other in folder.Read() is ContainerNetworkRecord record && record.HostNetwork == Sys.Status(host.Descriptor).Inode ? folder.ReadMembers() : [])
                {
                    foreach (PortRecord port in other.Ports.Count != 0 && members.IsAlive(other) ? other.Ports : [])
                    {
                        choice.Add(name, other, port);
                    }
                }
            }
            catch (IsolationException exception) when (exception.ErrorId is "ContainerNetworkRecordDamaged" or "ContainerNetworkRecordTooNew")
            {
                // It leads nowhere.
            }
        }

        List<PortRecord> ports = [];
        foreach (PortRequest request in requests)
        {
            ports.Add(choice.Take(request, network, member));
        }

        return ports;
    }

    private static void Split(PortSelection selection, ref List<PortRecord> left, List<PortRecord> taken, string network, string name)
    {
        List<PortRecord> kept = [];
        int before = taken.Count;
        foreach (PortRecord port in left)
        {
            PortRange range = selection.HostPort ?? port.HostPort;
            if (selection.Matches(port) && port.Part(range) is PortRecord part)
            {
                taken.Add(part);
                kept.AddRange(port.Without(range));
            }
            else
            {
                kept.Add(port);
            }
        }

        left = taken.Count != before ? kept : throw new IsolationException(
            "ContainerPortNotFound",
            ErrorKind.NotFound,
            $"Set '{name}' has no {(selection.HostPort is null ? "port" : $"port {selection.HostPort}{(selection.Protocol is null ? "" : $"/{selection.Protocol}")}")} of the host's in network '{network}'{(selection.HostAddress is null ? "" : $" at {selection.HostAddress}")}. Get-ContainerPort {name} lists those that it has.");
    }

    private static void Write(ContainerNetworkFolder folder, MemberRecord member) => folder.WriteMembers(folder.ReadMembers().ConvertAll(one => one.Set == member.Set ? member : one));

    // As far as it can: why it is undone is what is to be told, and the next call finishes it.
    private void Undo(ContainerNetworkFolder folder, MemberRecord member)
    {
        try
        {
            Write(folder, member);
            networks.Rules.Rewrite(null);
        }
        catch (Exception exception) when (exception is IsolationException or SyscallException or System.IO.IOException or UnauthorizedAccessException)
        {
            // Without rules there are none for it either.
        }
    }

    private static IsolationException NotConnected(string set, string network) => new(
        "ContainerNetworkNotConnected", ErrorKind.NotFound, $"Set '{set}' is not connected to network '{network}'. Get-ContainerNetwork {network} shows its members.");

    private static IsolationException SetNotFound(string name) => new(
        "NamespaceNotFound", ErrorKind.NotFound, $"There is no namespace set '{name}'. Get-Namespace lists those that there are; New-Namespace makes one.");
}
