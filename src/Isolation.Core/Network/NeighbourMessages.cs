using System;
using System.Collections.Generic;
using System.Net;
using Isolation.Netlink;

namespace Isolation.Network;

/// <summary>Requests about neighbours and forwarding tables, and these from messages, rtnetlink(7).</summary>
internal static class NeighbourMessages
{
    // NDA_*, NUD_* and NTF_* of linux/neighbour.h.
    private const ushort Destination = 1;
    private const ushort LinkAddress = 2;
    private const ushort Vlan = 5;
    private const ushort Master = 9;
    private const ushort NotReachable = 0x40;
    private const ushort Permanent = 0x80;
    private const byte Use = 0x01;
    private const byte Self = 0x02;
    private const byte ByMaster = 0x04;
    private const byte ProxyFlag = 0x08;
    private const byte AF_BRIDGE = 7;

    private static readonly (ushort State, string Name)[] s_states =
    [
        (0x01, "incomplete"), (0x02, "reachable"), (0x04, "stale"), (0x08, "delay"), (0x10, "probe"), (0x20, "failed"), (NotReachable, "noarp"), (Permanent, "permanent"),
    ];

    /// <summary>All neighbours. Equivalent to <c>ip neigh show nud all</c>.</summary>
    public static NetlinkWriter List() => new NetlinkWriter(RouteMessage.GetNeighbour, NetlinkFlags.Dump).Header(default(NeighbourHeader));

    /// <summary>All lines of forwarding tables. Equivalent to <c>bridge fdb show</c>.</summary>
    public static NetlinkWriter ListForwarding() => new NetlinkWriter(RouteMessage.GetNeighbour, NetlinkFlags.Dump).Header(new NeighbourHeader { Family = AF_BRIDGE });

    /// <summary>Sets a neighbour for good. Equivalent to <c>ip neigh add ADDRESS lladdr MAC dev LINK nud permanent</c>, or <c>replace</c>.</summary>
    public static NetlinkWriter Add(int link, IPAddress address, byte[] mac, bool replace) =>
        new NetlinkWriter(RouteMessage.NewNeighbour, NetlinkFlags.Ack | NetlinkFlags.Create | (replace ? NetlinkFlags.Replace : NetlinkFlags.Exclusive))
            .Header(new NeighbourHeader { Family = AddressMessages.Family(address), LinkIndex = link, State = Permanent })
            .Put(Destination, address.GetAddressBytes())
            .Put(LinkAddress, mac);

    /// <summary>Has the kernel ask who has an address, as whoever sends to it does. Equivalent to <c>ip neigh replace ADDRESS dev LINK use</c>.</summary>
    public static NetlinkWriter Ask(int link, IPAddress address) =>
        new NetlinkWriter(RouteMessage.NewNeighbour, NetlinkFlags.Ack | NetlinkFlags.Create | NetlinkFlags.Replace)
            .Header(new NeighbourHeader { Family = AddressMessages.Family(address), LinkIndex = link, Flags = Use })
            .Put(Destination, address.GetAddressBytes());

    /// <summary>Takes a neighbour away. Equivalent to <c>ip neigh delete ADDRESS dev LINK</c>.</summary>
    public static NetlinkWriter Remove(int link, IPAddress address) =>
        new NetlinkWriter(RouteMessage.DeleteNeighbour, NetlinkFlags.Ack)
            .Header(new NeighbourHeader { Family = AddressMessages.Family(address), LinkIndex = link })
            .Put(Destination, address.GetAddressBytes());

    /// <summary>
    /// Has a vxlan send to a host what is for a hardware address, and to no other; with that of all zeros, what is for none that it knows, to each host that is added.
    /// Equivalent to <c>bridge fdb add MAC dev LINK dst HOST self permanent</c>, or <c>replace</c>, and to <c>append</c> for all zeros.
    /// </summary>
    public static NetlinkWriter AddForwarding(int link, byte[] mac, IPAddress host, bool replace = false)
    {
        // Asked to append a host to another address than that, the kernel does nothing and says that it went well.
        bool isEverybody = mac.AsSpan().IndexOfAnyExcept((byte)0) < 0;
        NetlinkFlags how = isEverybody ? NetlinkFlags.Append : replace ? NetlinkFlags.Replace : NetlinkFlags.Exclusive;
        return Forwarding(RouteMessage.NewNeighbour, NetlinkFlags.Ack | NetlinkFlags.Create | how, link, mac, host);
    }

    /// <summary>
    /// Has a bridge send through one of its ports what is for a hardware address, without learning it. Equivalent to <c>bridge fdb add MAC dev PORT master static</c>.
    /// </summary>
    public static NetlinkWriter AddStation(int port, byte[] mac, int? vlan, bool replace) =>
        Station(RouteMessage.NewNeighbour, NetlinkFlags.Ack | NetlinkFlags.Create | (replace ? NetlinkFlags.Replace : NetlinkFlags.Exclusive), port, mac, vlan);

    /// <summary>Takes such a line away. Equivalent to <c>bridge fdb delete MAC dev PORT master</c>.</summary>
    public static NetlinkWriter RemoveStation(int port, byte[] mac, int? vlan) => Station(RouteMessage.DeleteNeighbour, NetlinkFlags.Ack, port, mac, vlan);

    /// <summary>Takes such a line away. Equivalent to <c>bridge fdb delete MAC dev LINK dst HOST self</c>.</summary>
    public static NetlinkWriter RemoveForwarding(int link, byte[] mac, IPAddress host) => Forwarding(RouteMessage.DeleteNeighbour, NetlinkFlags.Ack, link, mac, host);

    /// <summary>The neighbour of a message; null where it is about something else.</summary>
    public static NetworkNeighbour? Read(NetlinkMessage message)
    {
        if (message.Type != RouteMessage.NewNeighbour)
        {
            return null;
        }

        NeighbourHeader header = message.Header<NeighbourHeader>();
        bool isForwarding = header.Family == AF_BRIDGE;
        IPAddress? address = null;
        byte[] mac = [];
        int? vlan = null;
        int? master = null;
        foreach (NetlinkAttribute attribute in message.Attributes<NeighbourHeader>())
        {
            switch (attribute.Type)
            {
                case Destination:
                    address = AddressMessages.ToAddress(attribute.Value);
                    break;
                case LinkAddress:
                    mac = attribute.Value.ToArray();
                    break;
                case Vlan:
                    vlan = attribute.UInt16;
                    break;
                case Master:
                    master = attribute.Int32;
                    break;
                default:
                    break;
            }
        }

        return new NetworkNeighbour
        {
            IPAddress = isForwarding ? null : address,
            Host = isForwarding ? address : null,
            MacAddress = LinkReader.FormatAddress(mac),
            MacBytes = mac,
            LinkIndex = header.LinkIndex,
            State = StateName(header.State),
            IsProxy = (header.Flags & ProxyFlag) != 0,
            VlanId = vlan,
            MasterIndex = master,
            IsForwarding = isForwarding,
        };
    }

    private static NetlinkWriter Forwarding(ushort type, NetlinkFlags flags, int link, byte[] mac, IPAddress host) =>
        new NetlinkWriter(type, flags)
            .Header(new NeighbourHeader { Family = AF_BRIDGE, LinkIndex = link, State = NotReachable | Permanent, Flags = Self })
            .Put(LinkAddress, mac)
            .Put(Destination, host.GetAddressBytes());

    private static NetlinkWriter Station(ushort type, NetlinkFlags flags, int port, byte[] mac, int? vlan)
    {
        NetlinkWriter request = new NetlinkWriter(type, flags)
            .Header(new NeighbourHeader { Family = AF_BRIDGE, LinkIndex = port, State = NotReachable, Flags = ByMaster })
            .Put(LinkAddress, mac);
        return vlan is int id ? request.UInt16(Vlan, (ushort)id) : request;
    }

    private static string StateName(ushort state)
    {
        List<string> names = [];
        foreach ((ushort one, string name) in s_states)
        {
            if ((state & one) != 0)
            {
                names.Add(name);
            }
        }

        return names.Count == 0 ? "none" : string.Join(',', names);
    }
}
