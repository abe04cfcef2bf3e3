using Isolation.Network;

namespace Isolation;

/// <summary>A link of a network namespace as it stood when it was looked at: a network card, a bridge, one end of a veth pair. <c>ip -d link show</c>.</summary>
public sealed class NetworkLink
{
    /// <summary>The number within its network namespace; it stays when the name changes.</summary>
    public int Index { get; internal init; }

    /// <summary>The name, at most 15 bytes.</summary>
    public string Name { get; internal init; } = string.Empty;

    /// <summary>The kind, such as <c>veth</c> or <c>bridge</c>; <c>loopback</c> for that, <c>device</c> for what has none, such as a network card.</summary>
    public string Kind { get; internal init; } = string.Empty;

    /// <summary>Whether it carries packets.</summary>
    public LinkState State { get; internal init; }

    /// <summary>Whether it is switched on.</summary>
    public bool IsUp { get; internal init; }

    /// <summary>The hardware address, such as <c>02:42:ac:11:00:02</c>; null where it has none.</summary>
    public string? MacAddress { get; internal init; }

    /// <summary>The most bytes of a packet.</summary>
    public int Mtu { get; internal init; }

    /// <summary>The least MTU that it takes; null before Linux 4.18.</summary>
    public int? MinMtu { get; internal init; }

    /// <summary>The greatest MTU that it takes; null where the kernel does not say.</summary>
    public int? MaxMtu { get; internal init; }

    /// <summary>The number of the bridge or other link that it belongs to; null for none.</summary>
    public int? MasterIndex { get; internal init; }

    /// <summary>The name of that; null for none.</summary>
    public string? Master { get; internal set; }

    /// <summary>The number of the link that it lies on, or of the other end of a veth pair, in its network namespace; null for none.</summary>
    public int? PeerIndex { get; internal init; }

    /// <summary>The name of that where it is in the same network namespace; null otherwise.</summary>
    public string? Peer { get; internal set; }

    /// <summary>The id of the network namespace that the other end is in, as this one knows it; null where it is this one or has no id.</summary>
    public int? PeerNamespaceId { get; internal init; }

    /// <summary>What somebody noted about it, <c>ip link set alias</c>; null for nothing.</summary>
    public string? Alias { get; internal init; }

    /// <summary>Other names, which may be longer; since Linux 5.5.</summary>
    public string[] AlternativeName { get; internal init; } = [];

    /// <summary>The group, which may be dealt with as one; 0 is that of every link that was put in none.</summary>
    public uint Group { get; internal init; }

    /// <summary>The kind of the queue through which packets leave, such as <c>noqueue</c> or <c>tbf</c>.</summary>
    public string? QueueDiscipline { get; internal init; }

    /// <summary>How many packets may wait in it.</summary>
    public int QueueLength { get; internal init; }

    /// <summary>Whether it takes packets for others too.</summary>
    public bool IsPromiscuous { get; internal init; }

    /// <summary>What went through it.</summary>
    public LinkStatistics Statistics { get; internal init; }

    /// <summary>The number of a vlan; null for another kind.</summary>
    public int? VlanId { get; internal init; }

    /// <summary>The network identifier of a vxlan; null for another kind.</summary>
    public uint? Vni { get; internal init; }

    /// <summary>The UDP port of a vxlan; null for another kind.</summary>
    public int? Port { get; internal init; }

    /// <summary>The mode of a macvlan or ipvlan, such as <c>bridge</c> or <c>l2</c>; null for another kind.</summary>
    public string? Mode { get; internal init; }

    /// <summary>Whether a bridge keeps vlans apart; null for another kind.</summary>
    public bool? VlanFiltering { get; internal init; }

    /// <summary>Whether a bridge looks for loops, the spanning tree protocol; null for another kind.</summary>
    public bool? SpanningTree { get; internal init; }

    /// <summary>The namespace set or other place in which it was looked for; null for the caller's network namespace.</summary>
    public string? Namespace { get; internal set; }

    internal LinkFlags Flags { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
