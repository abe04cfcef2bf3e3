using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using Isolation.Network;

namespace Isolation.ContainerNetworks;

/// <summary>
/// The driver <c>vxlan</c>: a bridge on each of several hosts, and between them frames in UDP, RFC 7348. Each host gives addresses of its own share of the subnet, and has a
/// gateway of its own in it. What is for no known host goes to every peer; who is where is learnt from what comes, and the packet rules let in what peers send alone.
/// </summary>
internal sealed class VxlanDriver : BridgeDriver
{
    /// <summary>The name.</summary>
    public const string VxlanName = "vxlan";

    private const string VniOption = "vni";
    private const string PortOption = "port";
    private const uint MostVni = 0xffffff;
    private const uint DefaultPort = 4789;

    // Ethernet, vxlan, UDP and IP around each frame; only what the frame carries counts as the MTU within.
    private const int OverheadFour = 50;
    private const int OverheadSix = 70;

    /// <inheritdoc/>
    public override string Name => VxlanName;

    /// <inheritdoc/>
    public override string Summary => "One network on several hosts: a bridge on each, and tunnels between them";

    /// <inheritdoc/>
    public override bool IsSharedOut => true;

    /// <inheritdoc/>
    public override void Check(ContainerNetworkOptions options)
    {
        DriverOptions own = new(options);
        own.Only(VniOption, PortOption);
        _ = Vni(own);
        _ = Port(own);
        if (options.Parent is null && options.Local is null)
        {
            throw new IsolationException(
                "ContainerNetworkOptionInvalid", ErrorKind.InvalidArgument, $"Network '{options.Name}' of the driver {Name} needs -Local, the address of this host under which the others know it, or -Parent, the link that has it.");
        }

        CheckShares(options);
        List<IPAddress> peers = [];
        foreach (IPAddress peer in options.Peers)
        {
            CheckPeer(options.Name, peer, options.Local ?? options.Peers[0], peers);
            peers.Add(peer);
        }
    }

    /// <inheritdoc/>
    public override IPAddress? ChooseGateway(Subnet subnet, Subnet? range) =>
        Subnet.ToAddress(UInt128.Max(subnet.FirstHost, (range ?? subnet).First), subnet.IsSix);

    /// <inheritdoc/>
    public override ContainerNetworkRecord Describe(ContainerNetworkRecord record, ContainerNetworkOptions options, NetworkNamespace host, IReadOnlyList<ContainerNetworkRecord> others)
    {
        IReadOnlyList<NetworkAddress> addresses = host.Addresses();
        NetworkAddress local = FindLocal(options, host, addresses);
        foreach (IPAddress peer in options.Peers)
        {
            CheckPeer(record.Name, peer, local.IPAddress, []);
            RefuseOwn(record.Name, peer, addresses);
        }

        NetworkLink parent = host.GetLink(local.Link);
        int overhead = local.IPAddress.AddressFamily == AddressFamily.InterNetworkV6 ? OverheadSix : OverheadFour;
        if (options.Mtu > parent.Mtu - overhead)
        {
            throw new IsolationException(
                "ContainerMtuInvalid",
                ErrorKind.InvalidArgument,
                $"Network '{record.Name}' cannot have an MTU of {options.Mtu}: {parent.Name} has {parent.Mtu}, of which the tunnel takes {overhead}. {parent.Mtu - overhead} is the most, and what there is without -Mtu.");
        }

        DriverOptions own = new(options);
        return record with
        {
            Parent = parent.Name,
            ParentIndex = parent.Index,
            Mtu = options.Mtu ?? parent.Mtu - overhead,
            Vxlan = new VxlanRecord { Tunnel = MemberLink.ChooseHostName(), Vni = Vni(own), Port = Port(own), Local = local.IPAddress, Peers = [.. options.Peers] },
        };
    }

    /// <inheritdoc/>
    public override void Make(ContainerNetworkRecord record, NetworkNamespace host)
    {
        base.Make(record, host);
        VxlanRecord vxlan = record.Vxlan!;
        try
        {
            host.CreateLink(
                new LinkSettings { Name = vxlan.Tunnel, Master = host.GetLink(record.Bridge).Index, Mtu = record.Mtu, Up = true },
                new VxlanKind(vxlan.Vni, 0, vxlan.Local, null, vxlan.Port, Learning: true, Proxy: false));
        }
        catch (IsolationException exception) when (exception.ErrorId == "LinkVniTaken")
        {
            throw new IsolationException(
                "ContainerVniTaken",
                ErrorKind.AlreadyExists,
                $"Network '{record.Name}' cannot have the VNI {vxlan.Vni}{OwnerOf(vxlan, host)}. {exception.Message}",
                exception);
        }

        Settle(record, host);
    }

    /// <inheritdoc/>
    public override void Remove(ContainerNetworkRecord record, NetworkNamespace host)
    {
        base.Remove(record, host);
        if (record.Vxlan is VxlanRecord vxlan && host.FindLink(vxlan.Tunnel) is { Kind: "vxlan" } tunnel)
        {
            host.RemoveLink(tunnel);
        }
    }

    /// <inheritdoc/>
    public override string? Fault(ContainerNetworkRecord record, NetworkNamespace host) => base.Fault(record, host) ?? (host.FindLink(record.Vxlan!.Tunnel) is { Kind: "vxlan" }
        ? null
        : $"its link to other hosts, {record.Vxlan.Tunnel}, is gone. Remove it with: Remove-ContainerNetwork {record.Name} -Force");

    /// <inheritdoc/>
    public override MemberRecord Describe(ContainerNetworkRecord record, MemberRecord member, MemberRequest request, IReadOnlyList<MemberRecord> members, NetworkNamespace host)
    {
        member = base.Describe(record, member, request, members, host);
        SharedAddresses.RequireFree(record, member, host);
        return member;
    }

    /// <inheritdoc/>
    public override void Settle(ContainerNetworkRecord record, NetworkNamespace host)
    {
        NetworkLink tunnel = host.GetLink(record.Vxlan!.Tunnel);
        HashSet<IPAddress> missing = [.. record.Vxlan.Peers];
        HashSet<IPAddress> wanted = [.. missing];
        foreach (NetworkNeighbour line in host.Neighbours(forwarding: true))
        {
            if (line.LinkIndex != tunnel.Index || line.Host is null)
            {
                continue;
            }

            if (!wanted.Contains(line.Host))
            {
                Forget(line, host);
            }
            else if (IsEverybody(line.MacBytes))
            {
                missing.Remove(line.Host);
            }
        }

        foreach (IPAddress peer in missing)
        {
            host.AddForwarding(tunnel, new byte[6], peer, replace: false);
        }
    }

    /// <summary>Refuses what cannot be another host of a network.</summary>
    /// <param name="network">The network's name.</param>
    /// <param name="peer">The address.</param>
    /// <param name="local">This host's own, or one of its family.</param>
    /// <param name="peers">The peers that there are.</param>
    /// <exception cref="IsolationException"><c>ContainerPeerInvalid</c>, <c>ContainerPeerExists</c>.</exception>
    public static void CheckPeer(string network, IPAddress peer, IPAddress local, IReadOnlyList<IPAddress> peers)
    {
        byte[] bytes = peer.GetAddressBytes();
        string? reason = peer.AddressFamily != local.AddressFamily ? $"it is of another family than {local}, and one tunnel has one family"
            : IPAddress.IsLoopback(peer) ? "that means each host itself"
            : peer.IsIPv6Multicast || (bytes.Length == 4 && bytes[0] >= 224) ? "it means many receivers, or all; list the hosts each"
            : peer.IsIPv6LinkLocal ? "it is of one link alone; take an address that routes lead to"
            : (bytes.Length == 4 && bytes[0] == 0) || peer.Equals(IPAddress.IPv6Any) ? "it means no host"
            : peer.IsIPv4MappedToIPv6 ? $"write it as {peer.MapToIPv4()}"
            : null;
        if (reason is not null)
        {
            throw new IsolationException("ContainerPeerInvalid", ErrorKind.InvalidArgument, $"{peer} cannot be a peer of network '{network}': {reason}.");
        }

        foreach (IPAddress other in peers)
        {
            if (other.Equals(peer))
            {
                throw new IsolationException("ContainerPeerExists", ErrorKind.AlreadyExists, $"Network '{network}' has the peer {peer} already, or it was given twice. Give each once.");
            }
        }
    }

    /// <summary>Refuses this host as its own peer.</summary>
    /// <exception cref="IsolationException"><c>ContainerPeerInvalid</c>.</exception>
    public static void RefuseOwn(string network, IPAddress peer, IEnumerable<NetworkAddress> addresses)
    {
        foreach (NetworkAddress address in addresses)
        {
            if (address.IPAddress.Equals(peer))
            {
                throw new IsolationException(
                    "ContainerPeerInvalid", ErrorKind.InvalidArgument, $"{peer} cannot be a peer of network '{network}': it is this host's own, at {address.Link}. Peers are the other hosts; with them this one is listed.");
            }
        }
    }

    /// <summary>Whether a line of a forwarding table is for what is for no known host.</summary>
    public static bool IsEverybody(byte[] mac) => mac.AsSpan().IndexOfAnyExcept((byte)0) < 0;

    private static uint Vni(DriverOptions own) => own.Number(VniOption, 1, MostVni, null);

    private static ushort Port(DriverOptions own) => (ushort)own.Number(PortOption, 1, ushort.MaxValue, DefaultPort);

    private static void CheckShares(ContainerNetworkOptions options)
    {
        if (options.Subnet.Count == 0 || options.IPv6 && options.Subnet.Count < 2 && !options.Subnet[0].Contains(':', StringComparison.Ordinal))
        {
            throw new IsolationException(
                "ContainerSubnetInvalid", ErrorKind.InvalidArgument, $"Network '{options.Name}' of the driver vxlan needs -Subnet for each family, the same on all hosts: one that was chosen here would be another elsewhere.");
        }

        if (options.Range.Count != options.Subnet.Count)
        {
            throw new IsolationException(
                "ContainerRangeInvalid",
                ErrorKind.InvalidArgument,
                $"Network '{options.Name}' of the driver vxlan needs -IPRange for each subnet: this host's own share of it, such as 10.5.0.0/26, and 10.5.0.64/26 on the next host. Its first address is the gateway here.");
        }

        foreach (string text in options.Range)
        {
            if (Subnet.Parse(text) is Subnet { } range && range.Bits == range.Length)
            {
                throw new IsolationException("ContainerRangeInvalid", ErrorKind.InvalidArgument, $"The range {range} of network '{options.Name}' has no room for a gateway and a member: both are of this host's share.");
            }
        }

        foreach (IPAddress gateway in options.Gateway)
        {
            bool isOwn = false;
            foreach (string text in options.Range)
            {
                isOwn |= Subnet.Parse(text)?.Contains(gateway) == true;
            }

            if (!isOwn)
            {
                throw new IsolationException(
                    "ContainerGatewayInvalid", ErrorKind.InvalidArgument, $"The gateway {gateway} of network '{options.Name}' is not of this host's share, {string.Join(", ", options.Range)}: each host has a gateway of its own, and another may have this one.");
            }
        }
    }

    private static NetworkAddress FindLocal(ContainerNetworkOptions options, NetworkNamespace host, IReadOnlyList<NetworkAddress> addresses)
    {
        NetworkLink? parent = options.Parent is null ? null : host.GetLink(options.Parent);
        NetworkAddress? found = null;
        foreach (NetworkAddress address in addresses)
        {
            bool isMeant = (parent is null || address.LinkIndex == parent.Index)
                && (options.Local is null
                    ? !address.IPAddress.IsIPv6LinkLocal && (options.Peers.Count == 0 || address.IPAddress.AddressFamily == options.Peers[0].AddressFamily)
                    : address.IPAddress.Equals(options.Local));
            found ??= isMeant ? address : null;
        }

        return found ?? throw new IsolationException(
            "ContainerLocalInvalid",
            ErrorKind.InvalidArgument,
            options.Local is null
                ? $"Network '{options.Name}' cannot go over {options.Parent}: the link has no address{(options.Peers.Count == 0 ? "" : $" of the family of {options.Peers[0]}")}. Give it one with New-NetworkAddress, or give another -Parent or -Local."
                : $"Network '{options.Name}' cannot go from {options.Local}: no link of this host{(parent is null ? "" : $" named {parent.Name}")} has that address. Get-NetworkAddress lists addresses.");
    }

    private static void Forget(NetworkNeighbour line, NetworkNamespace host)
    {
        try
        {
            host.RemoveNeighbour(line);
        }
        catch (IsolationException exception) when (exception.ErrorId == "NetworkNeighbourNotFound")
        {
            // It was learnt, and has just been forgotten.
        }
    }

    private static string OwnerOf(VxlanRecord vxlan, NetworkNamespace host)
    {
        foreach (NetworkLink link in host.Links())
        {
            if (link.Kind == VxlanName && link.Vni == vxlan.Vni && link.Port == vxlan.Port)
            {
                return $": the link {link.Name}{(link.Master is null ? "" : $" of the bridge {link.Master}")} has it";
            }
        }

        return "";
    }
}
