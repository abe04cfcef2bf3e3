using System.Net;
using System.Net.Sockets;
using Isolation.Netlink;

namespace Isolation.Network;

/// <summary>Requests about links, rtnetlink(7).</summary>
internal static class LinkRequests
{
    private const ushort MacvlanMode = 1;
    private const ushort IpvlanMode = 1;
    private const ushort VlanId = 1;
    private const ushort BridgeSpanningTree = 5;
    private const ushort BridgeVlanFiltering = 7;
    private const ushort BridgePortMode = 4;
    private const ushort VxlanId = 1;
    private const ushort VxlanGroup = 2;
    private const ushort VxlanLink = 3;
    private const ushort VxlanLocal = 4;
    private const ushort VxlanLearning = 7;
    private const ushort VxlanProxy = 11;
    private const ushort VxlanPort = 15;
    private const ushort VxlanGroup6 = 16;
    private const ushort VxlanLocal6 = 17;

    /// <summary>All links. Equivalent to <c>ip link show</c>.</summary>
    public static NetlinkWriter List() => new NetlinkWriter(RouteMessage.GetLink, NetlinkFlags.Dump).Header(default(LinkHeader));

    /// <summary>One link by name. Equivalent to <c>ip link show dev NAME</c>.</summary>
    public static NetlinkWriter Get(string name) => new NetlinkWriter(RouteMessage.GetLink, NetlinkFlags.None).Header(default(LinkHeader)).Text(LinkAttribute.Name, name);

    /// <summary>One link by number.</summary>
    public static NetlinkWriter Get(int index) => new NetlinkWriter(RouteMessage.GetLink, NetlinkFlags.None).Header(new LinkHeader { Index = index });

    /// <summary>Makes a link. Equivalent to <c>ip link add NAME type KIND</c>.</summary>
    public static NetlinkWriter Create(LinkSettings settings, LinkKind kind)
    {
        NetlinkWriter request = new NetlinkWriter(RouteMessage.NewLink, NetlinkFlags.Ack | NetlinkFlags.Create | NetlinkFlags.Exclusive).Header(Header(0, settings));
        Put(request, settings);
        if (Parent(kind) is int parent and not 0)
        {
            request.Int32(LinkAttribute.Link, parent);
        }

        return request.Nest(LinkAttribute.LinkInfo, info =>
        {
            info.Text(LinkAttribute.InfoKind, kind.Name);
            if (kind is not PlainKind)
            {
                info.Nest(LinkAttribute.InfoData, data => PutKind(data, kind));
            }
        });
    }

    /// <summary>Changes a link, or moves it into another namespace. Equivalent to <c>ip link set</c>.</summary>
    public static NetlinkWriter Change(int index, LinkSettings settings)
    {
        NetlinkWriter request = new NetlinkWriter(RouteMessage.NewLink, NetlinkFlags.Ack).Header(Header(index, settings));
        Put(request, settings);
        return request;
    }

    /// <summary>Whether a bridge sends back through a port what came in there. Equivalent to <c>ip link set NAME type bridge_slave hairpin on</c>.</summary>
    public static NetlinkWriter Hairpin(int index, bool on) =>
        new NetlinkWriter(RouteMessage.NewLink, NetlinkFlags.Ack).Header(new LinkHeader { Index = index }).Nest(LinkAttribute.LinkInfo, info =>
        {
            info.Text(LinkAttribute.InfoSlaveKind, "bridge");
            info.Nest(LinkAttribute.InfoSlaveData, data => data.Byte(BridgePortMode, on ? (byte)1 : (byte)0));
        });

    /// <summary>Removes a link; the other end of a pair goes with it. Equivalent to <c>ip link delete</c>.</summary>
    public static NetlinkWriter Remove(int index) => new NetlinkWriter(RouteMessage.DeleteLink, NetlinkFlags.Ack).Header(new LinkHeader { Index = index });

    private static LinkHeader Header(int index, LinkSettings settings) => new()
    {
        Index = index,
        Flags = settings.Up == true ? LinkFlags.Up : LinkFlags.None,
        Change = settings.Up is null ? LinkFlags.None : LinkFlags.Up,
    };

    private static void Put(NetlinkWriter request, LinkSettings settings)
    {
        if (settings.Name is not null)
        {
            request.Text(LinkAttribute.Name, settings.Name);
        }

        if (settings.MacAddress is not null)
        {
            request.Put(LinkAttribute.Address, settings.MacAddress);
        }

        if (settings.Mtu is int mtu)
        {
            request.Int32(LinkAttribute.Mtu, mtu);
        }

        if (settings.QueueLength is int length)
        {
            request.Int32(LinkAttribute.QueueLength, length);
        }

        if (settings.Master is int master)
        {
            request.Int32(LinkAttribute.Master, master);
        }

        if (settings.Group is uint group)
        {
            request.UInt32(LinkAttribute.Group, group);
        }

        if (settings.Alias is not null)
        {
            request.Put(LinkAttribute.Alias, System.Text.Encoding.UTF8.GetBytes(settings.Alias));
        }

        if (settings.Namespace is int ns)
        {
            request.Int32(LinkAttribute.NamespaceDescriptor, ns);
        }
    }

    private static int Parent(LinkKind kind) => kind switch
    {
        MacvlanKind macvlan => macvlan.Parent,
        IpvlanKind ipvlan => ipvlan.Parent,
        VlanKind vlan => vlan.Parent,
        _ => 0,
    };

    private static void PutKind(NetlinkWriter data, LinkKind kind)
    {
        switch (kind)
        {
            case VethKind veth:
                // The other end is described like a link of its own, header included.
                data.Nest(LinkAttribute.VethPeer, peer =>
                {
                    peer.Header(Header(0, veth.Peer));
                    Put(peer, veth.Peer);
                });
                break;
            case BridgeKind bridge:
                if (bridge.SpanningTree is bool tree)
                {
                    data.UInt32(BridgeSpanningTree, tree ? 1u : 0u);
                }

                if (bridge.VlanFiltering is bool filtering)
                {
                    data.Byte(BridgeVlanFiltering, filtering ? (byte)1 : (byte)0);
                }

                break;
            case MacvlanKind macvlan:
                data.UInt32(MacvlanMode, macvlan.Mode);
                break;
            case IpvlanKind ipvlan:
                data.UInt16(IpvlanMode, ipvlan.Mode);
                break;
            case VlanKind vlan:
                data.UInt16(VlanId, vlan.Id);
                break;
            case VxlanKind vxlan:
                PutVxlan(data, vxlan);
                break;
            default:
                break;
        }
    }

    private static void PutVxlan(NetlinkWriter data, VxlanKind vxlan)
    {
        data.UInt32(VxlanId, vxlan.Id);
        if (vxlan.Parent != 0)
        {
            data.Int32(VxlanLink, vxlan.Parent);
        }

        PutAddress(data, vxlan.Remote, VxlanGroup, VxlanGroup6);
        PutAddress(data, vxlan.Local, VxlanLocal, VxlanLocal6);
        data.Byte(VxlanLearning, vxlan.Learning ? (byte)1 : (byte)0);
        data.Byte(VxlanProxy, vxlan.Proxy ? (byte)1 : (byte)0);
        data.BigEndian16(VxlanPort, vxlan.Port);
    }

    private static void PutAddress(NetlinkWriter data, IPAddress? address, ushort type, ushort type6)
    {
        if (address is not null)
        {
            data.Put(address.AddressFamily == AddressFamily.InterNetworkV6 ? type6 : type, address.GetAddressBytes());
        }
    }
}
