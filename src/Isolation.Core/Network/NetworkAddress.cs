using System;
using System.Globalization;
using System.Net;

namespace Isolation;

/// <summary>An address of a link, as it stood when it was looked at. <c>ip address show</c>.</summary>
public sealed class NetworkAddress
{
    /// <summary>The address.</summary>
    public IPAddress IPAddress { get; internal init; } = IPAddress.None;

    /// <summary>How many bits of it name the network: 0 to 32, or to 128.</summary>
    public int PrefixLength { get; internal init; }

    /// <summary>The number of its link.</summary>
    public int LinkIndex { get; internal init; }

    /// <summary>The name of its link.</summary>
    public string Link { get; internal set; } = string.Empty;

    /// <summary>Where it holds: <c>global</c>, <c>link</c>, <c>host</c>.</summary>
    public string Scope { get; internal init; } = string.Empty;

    /// <summary>The address of the other end; null where the link has not one other end alone.</summary>
    public IPAddress? Peer { get; internal init; }

    /// <summary>The address of all in the network; null for none.</summary>
    public IPAddress? Broadcast { get; internal init; }

    /// <summary>Whether it is still looked for whether somebody else has it, as with each new one of IPv6; it cannot be used until then.</summary>
    public bool IsTentative { get; internal init; }

    /// <summary>Whether somebody else has it, so that it cannot be used.</summary>
    public bool IsDuplicate { get; internal init; }

    /// <summary>Whether it goes away or is no longer preferred by itself.</summary>
    public bool IsDynamic { get; internal init; }

    /// <summary>How long it will be there; null for ever.</summary>
    public TimeSpan? ValidLifetime { get; internal init; }

    /// <summary>How long it will be chosen for new connections; null for ever.</summary>
    public TimeSpan? PreferredLifetime { get; internal init; }

    /// <summary>The namespace set or other place in which it was looked for; null for the caller's network namespace.</summary>
    public string? Namespace { get; internal set; }

    internal byte ScopeNumber { get; init; }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{IPAddress}/{PrefixLength}");
}
