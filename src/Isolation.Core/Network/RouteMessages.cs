using System.Globalization;
using System.Net;
using Isolation.Netlink;

namespace Isolation.Network;

/// <summary>Requests about routes, and routes from messages, rtnetlink(7).</summary>
internal static class RouteMessages
{
    // RTA_* of linux/rtnetlink.h.
    private const ushort Destination = 1;
    private const ushort OutputLink = 4;
    private const ushort Gateway = 5;
    private const ushort Priority = 6;
    private const ushort PreferredSource = 7;
    private const ushort Table = 15;

    private const byte TableInAttribute = 252;
    private const byte Unicast = 1;

    // RTM_F_CLONED: what the kernel remembers of a route that was looked up, and no route that was set.
    private const uint Cloned = 0x200;

    /// <summary>All routes of every table. Equivalent to <c>ip route show table all</c>, of IPv4 or IPv6.</summary>
    public static NetlinkWriter List(bool isSix) => new NetlinkWriter(RouteMessage.GetRoute, NetlinkFlags.Dump).Header(new RouteHeader { Family = AddressMessages.Family(isSix) });

    /// <summary>Sets a route. Equivalent to <c>ip route add</c>.</summary>
    /// <param name="target">Where packets go that take it.</param>
    /// <param name="gateway">The next host; null for the destination itself.</param>
    /// <param name="link">The link's number; 0 for the one that leads to the gateway.</param>
    /// <param name="metric">Of several the least is taken; 0 for the kernel's default.</param>
    /// <param name="table">The table.</param>
    /// <param name="source">The sender's address; null for that of the link.</param>
    /// <param name="type">What is done with packets, <c>RTN_*</c>.</param>
    public static NetlinkWriter Add(
        RouteTarget target, IPAddress? gateway, int link, uint metric = 0, uint table = RouteNumbers.MainTable, IPAddress? source = null, byte type = Unicast)
    {
        // Without a gateway what is meant is on the link itself; the kernel takes that from the scope, ip-route(8).
        byte scope = target.IsSix || gateway is not null || type != Unicast ? RouteNumbers.GlobalScope : RouteNumbers.LinkScope;
        return Request(RouteMessage.NewRoute, NetlinkFlags.Ack | NetlinkFlags.Create | NetlinkFlags.Exclusive, target, gateway, link, metric, table, source, scope, type);
    }

    /// <summary>Takes a route away. Equivalent to <c>ip route delete</c>.</summary>
    public static NetlinkWriter Remove(RouteTarget target, IPAddress? gateway, int link, uint metric, uint table)
    {
        const byte AnyScope = 255;
        const byte AnyType = 0;
        return Request(RouteMessage.DeleteRoute, NetlinkFlags.Ack, target, gateway, link, metric, table, null, target.IsSix ? RouteNumbers.GlobalScope : AnyScope, AnyType);
    }

    /// <summary>The route of a message; null where it is about something else.</summary>
    public static NetworkRoute? Read(NetlinkMessage message)
    {
        if (message.Type != RouteMessage.NewRoute)
        {
            return null;
        }

        RouteHeader header = message.Header<RouteHeader>();
        bool isSix = header.Family == AddressMessages.Family(isSix: true);
        if ((!isSix && header.Family != AddressMessages.Family(isSix: false)) || (header.Flags & Cloned) != 0)
        {
            return null;
        }

        IPAddress? destination = null;
        IPAddress? gateway = null;
        IPAddress? source = null;
        int? link = null;
        uint metric = 0;
        uint table = header.Table;
        foreach (NetlinkAttribute attribute in message.Attributes<RouteHeader>())
        {
            switch (attribute.Type)
            {
                case Destination:
                    destination = AddressMessages.ToAddress(attribute.Value);
                    break;
                case Gateway:
                    gateway = AddressMessages.ToAddress(attribute.Value);
                    break;
                case PreferredSource:
                    source = AddressMessages.ToAddress(attribute.Value);
                    break;
                case OutputLink:
                    link = attribute.Int32;
                    break;
                case Priority:
                    metric = attribute.UInt32;
                    break;
                case Table:
                    table = attribute.UInt32;
                    break;
                default:
                    break;
            }
        }

        bool isHost = header.DestinationLength == (isSix ? 128 : 32);
        return new NetworkRoute
        {
            Destination = destination is null || header.DestinationLength == 0 ? "default"
                : isHost ? destination.ToString()
                : string.Create(CultureInfo.InvariantCulture, $"{destination}/{header.DestinationLength}"),
            Target = new RouteTarget(destination, header.DestinationLength, isSix),
            Type = RouteNumbers.Type(header.Type),
            Gateway = gateway,
            Source = source,
            LinkIndex = link,
            Metric = metric,
            TableNumber = table,
            Table = RouteNumbers.Table(table),
            Protocol = RouteNumbers.Protocol(header.Protocol),
            Scope = RouteNumbers.Scope(header.Scope),
        };
    }

    private static NetlinkWriter Request(
        ushort type, NetlinkFlags flags, RouteTarget target, IPAddress? gateway, int link, uint metric, uint table, IPAddress? source, byte scope, byte kind)
    {
        NetlinkWriter request = new NetlinkWriter(type, flags).Header(new RouteHeader
        {
            Family = AddressMessages.Family(target.IsSix),
            DestinationLength = (byte)target.Length,
            Table = table < byte.MaxValue + 1 ? (byte)table : TableInAttribute,
            Protocol = type == RouteMessage.NewRoute ? RouteNumbers.StaticProtocol : (byte)0,
            Scope = scope,
            Type = kind,
        });
        if (target.Address is not null && target.Length > 0)
        {
            request.Put(Destination, target.Address.GetAddressBytes());
        }

        if (gateway is not null)
        {
            request.Put(Gateway, gateway.GetAddressBytes());
        }

        if (source is not null)
        {
            request.Put(PreferredSource, source.GetAddressBytes());
        }

        if (link != 0)
        {
            request.Int32(OutputLink, link);
        }

        if (metric != 0)
        {
            request.UInt32(Priority, metric);
        }

        return table > byte.MaxValue ? request.UInt32(Table, table) : request;
    }
}
