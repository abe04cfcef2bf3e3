using System;
using System.Net;
using System.Net.Sockets;
using Isolation.Netlink;

namespace Isolation.Network;

/// <summary>Requests about addresses, and addresses from messages, rtnetlink(7).</summary>
internal static class AddressMessages
{
    // IFA_* and IFA_F_* of linux/if_addr.h.
    private const ushort Address = 1;
    private const ushort Local = 2;
    private const ushort Broadcast = 4;
    private const ushort CacheInfo = 6;
    private const ushort AllFlags = 8;
    private const uint NoDuplicateDetection = 0x02;
    private const uint DuplicateFound = 0x08;
    private const uint Tentative = 0x40;
    private const uint Permanent = 0x80;
    private const uint Forever = uint.MaxValue;

    /// <summary>All addresses. Equivalent to <c>ip address show</c>.</summary>
    public static NetlinkWriter List() => new NetlinkWriter(RouteMessage.GetAddress, NetlinkFlags.Dump).Header(default(AddressHeader));

    /// <summary>Gives a link an address. Equivalent to <c>ip address add ADDRESS/LENGTH dev LINK broadcast +</c>.</summary>
    /// <param name="link">The link's number.</param>
    /// <param name="address">The address.</param>
    /// <param name="length">The bits that name the network.</param>
    /// <param name="peer">The other end, whose network the bits name; null where the link has more than one.</param>
    /// <param name="scope">Where it holds.</param>
    /// <param name="detectDuplicates">
    /// Whether IPv6 first looks whether somebody else has it, during which it cannot be used: about two seconds.
    /// </param>
    public static NetlinkWriter Add(int link, IPAddress address, int length, IPAddress? peer = null, byte scope = RouteNumbers.GlobalScope, bool detectDuplicates = false)
    {
        NetlinkWriter request = Request(RouteMessage.NewAddress, NetlinkFlags.Ack | NetlinkFlags.Create | NetlinkFlags.Exclusive, link, address, length, scope, peer);
        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            // A network of two has none, RFC 3021.
            if (length < 31 && peer is null)
            {
                byte[] last = address.GetAddressBytes();
                for (int bit = length; bit < 32; bit++)
                {
                    last[bit / 8] |= (byte)(0x80 >> (bit % 8));
                }

                request.Put(Broadcast, last);
            }
        }
        else if (!detectDuplicates)
        {
            request.UInt32(AllFlags, NoDuplicateDetection);
        }

        return request;
    }

    /// <summary>Takes an address away. Equivalent to <c>ip address delete</c>.</summary>
    public static NetlinkWriter Remove(int link, IPAddress address, int length, IPAddress? peer = null) =>
        Request(RouteMessage.DeleteAddress, NetlinkFlags.Ack, link, address, length, RouteNumbers.GlobalScope, peer);

    /// <summary>The address of a message; null where it is about something else.</summary>
    public static NetworkAddress? Read(NetlinkMessage message)
    {
        if (message.Type != RouteMessage.NewAddress)
        {
            return null;
        }

        AddressHeader header = message.Header<AddressHeader>();
        IPAddress? address = null;
        IPAddress? local = null;
        IPAddress? broadcast = null;
        uint flags = header.Flags;
        (uint Preferred, uint Valid) cache = (Forever, Forever);
        foreach (NetlinkAttribute attribute in message.Attributes<AddressHeader>())
        {
            switch (attribute.Type)
            {
                case Address:
                    address = ToAddress(attribute.Value);
                    break;
                case Local:
                    local = ToAddress(attribute.Value);
                    break;
                case Broadcast:
                    broadcast = ToAddress(attribute.Value);
                    break;
                case AllFlags:
                    flags = attribute.UInt32;
                    break;
                case CacheInfo:
                    cache = attribute.Struct<(uint, uint)>();
                    break;
                default:
                    break;
            }
        }

        // Where there is one other end, IFA_ADDRESS is that one's, and IFA_LOCAL the own.
        IPAddress? own = local ?? address;
        return own is null ? null : new NetworkAddress
        {
            IPAddress = own,
            PrefixLength = header.PrefixLength,
            LinkIndex = (int)header.LinkIndex,
            Scope = RouteNumbers.Scope(header.Scope),
            ScopeNumber = header.Scope,
            Peer = local is not null && address is not null && !local.Equals(address) ? address : null,
            Broadcast = broadcast,
            IsTentative = (flags & Tentative) != 0,
            IsDuplicate = (flags & DuplicateFound) != 0,
            IsDynamic = (flags & Permanent) == 0,
            ValidLifetime = cache.Valid == Forever ? null : TimeSpan.FromSeconds(cache.Valid),
            PreferredLifetime = cache.Preferred == Forever ? null : TimeSpan.FromSeconds(cache.Preferred),
        };
    }

    /// <summary>An address of 4 or 16 bytes; null for any other length.</summary>
    public static IPAddress? ToAddress(ReadOnlySpan<byte> bytes) => bytes.Length is 4 or 16 ? new IPAddress(bytes) : null;

    /// <summary>The kernel's number of a family of addresses.</summary>
    public static byte Family(IPAddress address) => Family(address.AddressFamily == AddressFamily.InterNetworkV6);

    /// <summary>The kernel's number of IPv6, or of IPv4.</summary>
    public static byte Family(bool isSix)
    {
        const byte AF_INET = 2, AF_INET6 = 10;
        return isSix ? AF_INET6 : AF_INET;
    }

    private static NetlinkWriter Request(ushort type, NetlinkFlags flags, int link, IPAddress address, int length, byte scope, IPAddress? peer)
    {
        byte[] bytes = address.GetAddressBytes();
        return new NetlinkWriter(type, flags)
            .Header(new AddressHeader { Family = Family(address), PrefixLength = (byte)length, Scope = scope, LinkIndex = (uint)link })
            .Put(Local, bytes)
            .Put(Address, peer?.GetAddressBytes() ?? bytes);
    }
}
