using System;

namespace Isolation;

/// <summary>How fast a link may send and receive, and what is done to its packets, as it stood when it was looked at. <c>tc -s qdisc show</c>.</summary>
public sealed class NetworkRate
{
    /// <summary>The name of the link.</summary>
    public string Link { get; internal init; } = string.Empty;

    /// <summary>Bits a second that it may send; null for no limit.</summary>
    public long? Send { get; internal init; }

    /// <summary>Bits a second that it may receive; null for no limit.</summary>
    public long? Receive { get; internal init; }

    /// <summary>Bytes that may be sent at once, after a pause; null where there is no limit.</summary>
    public long? SendBurst { get; internal init; }

    /// <summary>Bytes that may be received at once, after a pause; null where there is no limit.</summary>
    public long? ReceiveBurst { get; internal init; }

    /// <summary>How long each packet waits before it is sent.</summary>
    public TimeSpan Delay { get; internal init; }

    /// <summary>By how much that differs from packet to packet.</summary>
    public TimeSpan Jitter { get; internal init; }

    /// <summary>How many packets are lost, in per cent.</summary>
    public double Loss { get; internal init; }

    /// <summary>How many packets are sent twice, in per cent.</summary>
    public double Duplicate { get; internal init; }

    /// <summary>How many packets are sent without the delay, so that they overtake others, in per cent.</summary>
    public double Reorder { get; internal init; }

    /// <summary>Packets that were not sent, for too many waited already, or lost as <see cref="Loss"/> says.</summary>
    public long SendDropped { get; internal init; }

    /// <summary>Packets that were received and dropped, for too many waited already.</summary>
    public long ReceiveDropped { get; internal init; }

    /// <summary>The namespace set or other place in which it was looked for; null for the caller's network namespace.</summary>
    public string? Namespace { get; internal init; }

    /// <inheritdoc/>
    public override string ToString() => Link;
}
