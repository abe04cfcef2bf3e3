using System.Net;

namespace Isolation;

/// <summary>What a link knows of a host on it: <c>ip neigh</c> for an IP address, <c>bridge fdb</c> for a hardware address alone.</summary>
public sealed class NetworkNeighbour
{
    /// <summary>The IP address; null for a line of a bridge's or vxlan's forwarding table.</summary>
    public IPAddress? IPAddress { get; internal init; }

    /// <summary>The hardware address; null where it is not known.</summary>
    public string? MacAddress { get; internal init; }

    /// <summary>The number of the link.</summary>
    public int LinkIndex { get; internal init; }

    /// <summary>The name of the link.</summary>
    public string Link { get; internal set; } = string.Empty;

    /// <summary>How well it is known: <c>reachable</c>, <c>stale</c>, <c>permanent</c>, <c>failed</c>, and others of ip-neighbour(8).</summary>
    public string State { get; internal init; } = string.Empty;

    /// <summary>Whether requests for it are answered here.</summary>
    public bool IsProxy { get; internal init; }

    /// <summary>The address of the host to which a vxlan sends what is for it; null for another kind of link.</summary>
    public IPAddress? Host { get; internal init; }

    /// <summary>The vlan in which a bridge knows it; null for none.</summary>
    public int? VlanId { get; internal init; }

    /// <summary>The number of the bridge whose table it is a line of; null for none.</summary>
    public int? MasterIndex { get; internal init; }

    /// <summary>The name of that bridge; null for none.</summary>
    public string? Master { get; internal set; }

    /// <summary>The namespace set or other place in which it was looked for; null for the caller's network namespace.</summary>
    public string? Namespace { get; internal set; }

    internal bool IsForwarding { get; init; }

    internal byte[] MacBytes { get; init; } = [];

    /// <inheritdoc/>
    public override string ToString() => IPAddress?.ToString() ?? MacAddress ?? "";
}
