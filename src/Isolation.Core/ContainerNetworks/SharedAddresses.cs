using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using Isolation.Network;

namespace Isolation.ContainerNetworks;

/// <summary>
/// Whether another host of a network has what this one is about to give. It has where the shares of the hosts overlap, which nobody sees to: each host is told its own alone.
/// What does not answer in time is taken for free.
/// </summary>
internal static class SharedAddresses
{
    // Between hosts of one site an answer takes less than a millisecond.
    private static readonly TimeSpan s_wait = TimeSpan.FromMilliseconds(30);

    /// <summary>Refuses addresses that a peer has, and a gateway that a peer has too.</summary>
    /// <exception cref="IsolationException"><c>ContainerAddressTaken</c>, <c>ContainerShareTaken</c>.</exception>
    public static void RequireFree(ContainerNetworkRecord record, MemberRecord member, NetworkNamespace host)
    {
        if (record.Vxlan!.Peers.Count == 0)
        {
            return;
        }

        // A host with the same gateway has its hardware address as well, and cannot be asked: its answers go astray.
        string gateway = LinkReader.FormatAddress(AddressPool.MacFor(record.Pools[0].Gateway!))!;
        if (Peer(record, gateway, host) is IPAddress same)
        {
            throw new IsolationException(
                "ContainerShareTaken",
                ErrorKind.AlreadyExists,
                $"Cannot connect set '{member.Set}' to network '{record.Name}': the host {same} has the same gateway, {record.Pools[0].Gateway}, and so the same share of the subnet. Make the network anew on one of the two, with an -IPRange of its own.");
        }

        NetworkLink bridge = host.GetLink(record.Bridge);
        try
        {
            foreach (IPAddress address in member.Addresses)
            {
                host.ForgetNeighbour(bridge, address);
                Ask(address);
            }

            Stopwatch waited = Stopwatch.StartNew();
            while (waited.Elapsed < s_wait)
            {
                Thread.Sleep(5);
                RefuseAnswers(record, member, bridge, host);
            }
        }
        finally
        {
            foreach (IPAddress address in member.Addresses)
            {
                host.ForgetNeighbour(bridge, address);
            }
        }
    }

    // With a datagram to nobody, and from the gateway's address: for want of one the kernel asks in IPv6 from the bridge's own, which it has only after a second or two.
    private static void Ask(IPAddress address)
    {
        const int Discard = 9;
        try
        {
            using Socket socket = new(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            socket.SendTo([], new IPEndPoint(address, Discard));
        }
        catch (SocketException)
        {
            // Then nobody is reached by it either.
        }
    }

    private static void RefuseAnswers(ContainerNetworkRecord record, MemberRecord member, NetworkLink bridge, NetworkNamespace host)
    {
        HashSet<IPAddress> addresses = [.. member.Addresses];
        foreach (NetworkNeighbour neighbour in host.Neighbours(forwarding: false))
        {
            // An answer from this host is of a set that was removed, and is going.
            if (neighbour.LinkIndex == bridge.Index && neighbour.MacAddress is string mac && addresses.Contains(neighbour.IPAddress!) && Peer(record, mac, host) is IPAddress peer)
            {
                throw new IsolationException(
                    "ContainerAddressTaken",
                    ErrorKind.AlreadyExists,
                    $"Set '{member.Set}' cannot have the address {neighbour.IPAddress} in network '{record.Name}': on the host {peer} it is given already, to {mac}. The shares of the two hosts overlap: give each an -IPRange of its own.");
            }
        }
    }

    private static IPAddress? Peer(ContainerNetworkRecord record, string mac, NetworkNamespace host)
    {
        foreach (NetworkNeighbour line in host.Neighbours(forwarding: true))
        {
            if (line.Link == record.Vxlan!.Tunnel && line.Host is not null && line.MacAddress == mac)
            {
                return line.Host;
            }
        }

        return null;
    }
}
