using System.Net;

namespace Isolation;

/// <summary>A route, as it stood when it was looked at. <c>ip route show table all</c>.</summary>
public sealed class NetworkRoute
{
    /// <summary>Where packets go that take it: a network, or <c>default</c> for every one that no other route takes.</summary>
    public string Destination { get; internal init; } = string.Empty;

    /// <summary>What is done with them: <c>unicast</c> (they are sent), <c>local</c>, <c>blackhole</c>, <c>unreachable</c>, <c>prohibit</c>, <c>throw</c>.</summary>
    public string Type { get; internal init; } = string.Empty;

    /// <summary>The next host on the way; null where they are sent to their destination itself.</summary>
    public IPAddress? Gateway { get; internal init; }

    /// <summary>The number of the link over which they are sent; null for none.</summary>
    public int? LinkIndex { get; internal init; }

    /// <summary>The name of that link; null for none.</summary>
    public string? Link { get; internal set; }

    /// <summary>The address that they get as their sender's where they have none; null for that of the link.</summary>
    public IPAddress? Source { get; internal init; }

    /// <summary>Of several routes to one destination the one with the least is taken.</summary>
    public uint Metric { get; internal init; }

    /// <summary>The table: <c>main</c>, <c>local</c> or a number.</summary>
    public string Table { get; internal init; } = string.Empty;

    /// <summary>What made it: <c>kernel</c>, <c>static</c>, <c>boot</c> (ip(8)), <c>ra</c> and others.</summary>
    public string Protocol { get; internal init; } = string.Empty;

    /// <summary>How far its destination is away: <c>global</c>, <c>link</c>, <c>host</c>.</summary>
    public string Scope { get; internal init; } = string.Empty;

    /// <summary>The namespace set or other place in which it was looked for; null for the caller's network namespace.</summary>
    public string? Namespace { get; internal set; }

    internal uint TableNumber { get; init; }

    internal RouteTarget Target { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Destination;
}

/// <summary>The destination of a route as the kernel has it.</summary>
/// <param name="Address">The first address of the network; null for IPv4's or IPv6's default.</param>
/// <param name="Length">The bits that count.</param>
/// <param name="IsSix">Whether it is IPv6.</param>
internal readonly record struct RouteTarget(IPAddress? Address, int Length, bool IsSix);
