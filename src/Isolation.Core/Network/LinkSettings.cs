using System.Net;

namespace Isolation.Network;

/// <summary>What a link is to be, or to become; null leaves a thing as it is.</summary>
internal sealed record LinkSettings
{
    /// <summary>The name, at most 15 bytes.</summary>
    public string? Name { get; init; }

    /// <summary>The hardware address, 6 bytes for Ethernet.</summary>
    public byte[]? MacAddress { get; init; }

    /// <summary>The most bytes of a packet.</summary>
    public int? Mtu { get; init; }

    /// <summary>The number of its bridge or other master; 0 for none.</summary>
    public int? Master { get; init; }

    /// <summary>Whether it is switched on.</summary>
    public bool? Up { get; init; }

    /// <summary>What is noted about it; the empty text for nothing.</summary>
    public string? Alias { get; init; }

    /// <summary>The group.</summary>
    public uint? Group { get; init; }

    /// <summary>How many packets may wait to be sent.</summary>
    public int? QueueLength { get; init; }

    /// <summary>The descriptor of the network namespace that it is to be in.</summary>
    public int? Namespace { get; init; }
}

/// <summary>What a new link has that others of its kind do not.</summary>
internal abstract record LinkKind(string Name)
{
    /// <summary>Whether something was asked for that a kernel may have been built without.</summary>
    public virtual bool HasOptions => false;
}

/// <summary>A kind with nothing of its own: <c>dummy</c>, <c>ifb</c>.</summary>
internal sealed record PlainKind(string Name) : LinkKind(Name);

/// <summary>
/// A link whose other end is a program: <c>tap</c> carries Ethernet, <c>tun</c> IP packets. It is made through a device file and not with a request, and stays without a program.
/// </summary>
internal sealed record TunKind(string Name) : LinkKind(Name)
{
    /// <summary>Whether it carries Ethernet.</summary>
    public bool IsTap => Name == "tap";
}

/// <summary>A pair of links: what goes into one comes out of the other, veth(4).</summary>
/// <param name="Peer">
/// The other one, which may be born in another namespace. It is switched on afterwards: the kernel connects the two last, and refuses it before (<c>ENOTCONN</c>).
/// </param>
internal sealed record VethKind(LinkSettings Peer) : LinkKind("veth");

/// <summary>A switch in the kernel. Equivalent to <c>ip link add type bridge</c>.</summary>
/// <param name="VlanFiltering">Whether it keeps vlans apart; null for the kernel's default, which is no.</param>
/// <param name="SpanningTree">Whether it looks for loops; null for the kernel's default, which is no.</param>
internal sealed record BridgeKind(bool? VlanFiltering, bool? SpanningTree) : LinkKind("bridge")
{
    /// <inheritdoc/>
    public override bool HasOptions => VlanFiltering is not null || SpanningTree is not null;
}

/// <summary>A link with a hardware address of its own on another one.</summary>
/// <param name="Parent">The number of that.</param>
/// <param name="Mode">1 private, 2 vepa, 4 bridge, 8 passthru.</param>
internal sealed record MacvlanKind(int Parent, uint Mode) : LinkKind("macvlan");

/// <summary>A link with IP addresses of its own and the hardware address of another one.</summary>
/// <param name="Parent">The number of that.</param>
/// <param name="Mode">0 l2, 1 l3, 2 l3s.</param>
internal sealed record IpvlanKind(int Parent, ushort Mode) : LinkKind("ipvlan");

/// <summary>The packets of one vlan, 802.1Q, of another link.</summary>
/// <param name="Parent">The number of that.</param>
/// <param name="Id">1 to 4094.</param>
internal sealed record VlanKind(int Parent, ushort Id) : LinkKind("vlan");

/// <summary>Ethernet in UDP between hosts, RFC 7348.</summary>
/// <param name="Id">The network identifier, 0 to 16777215.</param>
/// <param name="Parent">The number of the link over which packets go; 0 for what the routes say.</param>
/// <param name="Local">The address from which they come; null for what the routes say.</param>
/// <param name="Remote">The only other host, or a multicast group; null for those of the forwarding table.</param>
/// <param name="Port">The UDP port.</param>
/// <param name="Learning">Whether senders are learnt from packets.</param>
/// <param name="Proxy">Whether requests for neighbours are answered here.</param>
internal sealed record VxlanKind(uint Id, int Parent, IPAddress? Local, IPAddress? Remote, ushort Port, bool Learning, bool Proxy) : LinkKind("vxlan");
