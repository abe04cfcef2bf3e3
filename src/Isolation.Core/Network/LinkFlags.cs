using System;

namespace Isolation.Network;

/// <summary>The flags of a link, netdevice(7), <c>linux/if.h</c>.</summary>
[Flags]
internal enum LinkFlags : uint
{
    None = 0,
    /// <summary><c>IFF_UP</c>: switched on.</summary>
    Up = 0x1,
    /// <summary><c>IFF_BROADCAST</c>: it has a broadcast address.</summary>
    Broadcast = 0x2,
    /// <summary><c>IFF_LOOPBACK</c>.</summary>
    Loopback = 0x8,
    /// <summary><c>IFF_POINTOPOINT</c>: it has one other end.</summary>
    PointToPoint = 0x10,
    /// <summary><c>IFF_RUNNING</c>: switched on and connected.</summary>
    Running = 0x40,
    /// <summary><c>IFF_NOARP</c>.</summary>
    NoArp = 0x80,
    /// <summary><c>IFF_PROMISC</c>: it takes packets for others too.</summary>
    Promiscuous = 0x100,
    /// <summary><c>IFF_ALLMULTI</c>: it takes all multicast packets.</summary>
    AllMulticast = 0x200,
    /// <summary><c>IFF_MULTICAST</c>.</summary>
    Multicast = 0x1000,
    /// <summary><c>IFF_LOWER_UP</c>: connected.</summary>
    LowerUp = 0x10000,
    /// <summary><c>IFF_DORMANT</c>.</summary>
    Dormant = 0x20000,
}
