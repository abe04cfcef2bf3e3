using System;

namespace Isolation.Network;

/// <summary>A queueing discipline of a link, as the kernel tells it; tc(8).</summary>
internal sealed record NetworkQueue
{
    /// <summary>The kind, such as <c>tbf</c>.</summary>
    public string Kind { get; init; } = "";

    public int LinkIndex { get; init; }

    /// <summary>The handle; 0 of those that the kernel made by itself.</summary>
    public uint Handle { get; init; }

    public uint Parent { get; init; }

    /// <summary>Bytes a second; null for another kind than tbf.</summary>
    public long? Rate { get; init; }

    /// <summary>Bytes that may follow one another at once; null for another kind than tbf.</summary>
    public long? Burst { get; init; }

    /// <summary>How long each packet waits; null for another kind than netem.</summary>
    public TimeSpan? Delay { get; init; }

    /// <summary>By how much that differs from packet to packet.</summary>
    public TimeSpan? Jitter { get; init; }

    /// <summary>How many packets are lost, in per cent.</summary>
    public double? Loss { get; init; }

    /// <summary>How many packets are sent twice, in per cent.</summary>
    public double? Duplicate { get; init; }

    /// <summary>How many packets are sent at once and so overtake, in per cent.</summary>
    public double? Reorder { get; init; }

    /// <summary>Bytes that went through.</summary>
    public ulong Bytes { get; init; }

    /// <summary>Packets that were dropped.</summary>
    public uint Drops { get; init; }

    /// <summary>How often a packet had to wait.</summary>
    public uint Overlimits { get; init; }
}
