using System;
using System.Collections.Generic;
using System.Net;
using System.Threading;
using Isolation.Network;

namespace Isolation.ContainerNetworks;

/// <summary>The other hosts of networks across hosts.</summary>
internal sealed class ContainerNetworkPeers(ContainerNetworkStore networks)
{
    /// <summary>The caller's.</summary>
    public static ContainerNetworkPeers Current { get; } = new(ContainerNetworkStore.Current);

    /// <summary>The peers of a network, with what was heard of each.</summary>
    /// <exception cref="IsolationException"><c>ContainerNetworkNotFound</c>, <c>ContainerPeerUnsupported</c>.</exception>
    public IReadOnlyList<ContainerNetworkPeer> List(string network)
    {
        VxlanRecord vxlan = Of(networks.Read(network));
        using NetworkNamespace host = NetworkNamespace.Own();
        Dictionary<IPAddress, List<string>> heard = [];
        foreach (IPAddress peer in vxlan.Peers)
        {
            heard[peer] = [];
        }

        foreach (NetworkNeighbour line in host.Neighbours(forwarding: true))
        {
            if (line.Link == vxlan.Tunnel && line.Host is not null && !VxlanDriver.IsEverybody(line.MacBytes) && heard.TryGetValue(line.Host, out List<string>? stations))
            {
                stations.Add(line.MacAddress!);
            }
        }

        List<ContainerNetworkPeer> peers = [];
        foreach (IPAddress peer in vxlan.Peers)
        {
            peers.Add(new ContainerNetworkPeer(network, peer, heard[peer]));
        }

        return peers;
    }

    /// <summary>Has a network reach a host.</summary>
    /// <exception cref="IsolationException">
    /// <c>ContainerNetworkNotFound</c>, <c>ContainerNetworkBroken</c>, <c>ContainerPeerUnsupported</c>, <c>ContainerPeerInvalid</c>, <c>ContainerPeerExists</c>,
    /// <c>ContainerNetworkRootRequired</c>, <c>NftMissing</c>, <c>PacketRulesRefused</c>.
    /// </exception>
    public ContainerNetworkPeer Add(string network, IPAddress peer, Action<string>? explain, CancellationToken cancellation)
    {
        networks.RequireRoot($"add a peer to network '{network}'");
        networks.Change(network, (record, host) =>
        {
            VxlanRecord vxlan = Of(record);
            VxlanDriver.CheckPeer(network, peer, vxlan.Local, vxlan.Peers);
            VxlanDriver.RefuseOwn(network, peer, host.Addresses());
            return record with { Vxlan = vxlan with { Peers = [.. vxlan.Peers, peer] } };
        }, explain, cancellation);
        return new ContainerNetworkPeer(network, peer, []);
    }

    /// <summary>Has a network neither send to a host nor take what it sends.</summary>
    /// <exception cref="IsolationException">
    /// <c>ContainerNetworkNotFound</c>, <c>ContainerNetworkBroken</c>, <c>ContainerPeerUnsupported</c>, <c>ContainerPeerNotFound</c>, <c>ContainerNetworkRootRequired</c>,
    /// <c>NftMissing</c>, <c>PacketRulesRefused</c>.
    /// </exception>
    public void Remove(string network, IPAddress peer, Action<string>? explain, CancellationToken cancellation)
    {
        networks.RequireRoot($"remove a peer from network '{network}'");
        networks.Change(network, (record, _) =>
        {
            VxlanRecord vxlan = Of(record);
            List<IPAddress> left = [.. vxlan.Peers];
            return left.Remove(peer) ? record with { Vxlan = vxlan with { Peers = left } } : throw NotFound(network, peer);
        }, explain, cancellation);
    }

    /// <summary>A network has no such peer.</summary>
    public static IsolationException NotFound(string network, IPAddress peer) => new(
        "ContainerPeerNotFound", ErrorKind.NotFound, $"Network '{network}' has no peer {peer}. Get-ContainerNetworkPeer {network} lists those that it has.");

    private static VxlanRecord Of(ContainerNetworkRecord record) => record.Vxlan ?? throw new IsolationException(
        "ContainerPeerUnsupported", ErrorKind.NotSupported, $"Network '{record.Name}' is of the driver {record.Driver} and has no peers: only those of the driver vxlan are on several hosts.");
}
