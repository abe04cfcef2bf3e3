using System.Runtime.InteropServices;

namespace Isolation.Network;

/// <summary><c>struct tcmsg</c>, the header of messages about queueing disciplines and filters, rtnetlink(7).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct QueueHeader
{
    public byte Family;
    private readonly byte _pad1;
    private readonly ushort _pad2;
    public int LinkIndex;
    public uint Handle;
    /// <summary>The class that it hangs on; <see cref="QueueMessages.Root"/> for the link itself.</summary>
    public uint Parent;
    /// <summary>Of a filter its order, in the upper 16 bits, and the protocol that it looks at.</summary>
    public uint Info;
}

/// <summary><c>struct tc_ratespec</c> of <c>linux/pkt_sched.h</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RateSpecification
{
    public byte CellLog;
    public byte LinkLayer;
    public ushort Overhead;
    public short CellAlign;
    public ushort LeastPacket;
    /// <summary>Bytes a second; all ones where they need more than 32 bits, which an attribute has then.</summary>
    public uint Rate;
}

/// <summary><c>struct tc_tbf_qopt</c> of <c>linux/pkt_sched.h</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TokenBucketOptions
{
    public RateSpecification Rate;
    public RateSpecification PeakRate;
    /// <summary>Bytes that may wait.</summary>
    public uint Limit;
    /// <summary>How long the bucket takes to fill, in ticks of 64 ns.</summary>
    public uint Buffer;
    public uint Mtu;
}

/// <summary><c>struct tc_netem_qopt</c> of <c>linux/pkt_sched.h</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct EmulatorOptions
{
    /// <summary>In ticks of 64 ns; an attribute has it whole.</summary>
    public uint Latency;
    /// <summary>Packets that may wait.</summary>
    public uint Limit;
    /// <summary>Of packets, in parts of 2^32 - 1.</summary>
    public uint Loss;
    /// <summary>Each so-many-th packet overtakes.</summary>
    public uint Gap;
    /// <summary>Of packets, in parts of 2^32 - 1.</summary>
    public uint Duplicate;
    /// <summary>In ticks of 64 ns; an attribute has it whole.</summary>
    public uint Jitter;
}

/// <summary><c>struct tc_netem_reorder</c> of <c>linux/pkt_sched.h</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct EmulatorReorder
{
    /// <summary>Of packets, in parts of 2^32 - 1.</summary>
    public uint Probability;
    public uint Correlation;
}

/// <summary><c>struct tc_u32_sel</c> with one key, of <c>linux/pkt_cls.h</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct EveryPacketSelector
{
    public byte Flags;
    public byte OffsetShift;
    public byte Keys;
    private readonly byte _pad;
    public ushort OffsetMask;
    public ushort Offset;
    public short OffsetOffset;
    public short HashOffset;
    public uint HashMask;
    // The one key: no bit of it counts, so every packet has it.
    public uint Mask;
    public uint Value;
    public int KeyOffset;
    public int KeyOffsetMask;
}

/// <summary><c>struct tc_mirred</c> of <c>linux/tc_act/tc_mirred.h</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RedirectOptions
{
    public uint Index;
    public uint Capabilities;
    public int Action;
    public int References;
    public int Bindings;
    public int RedirectAction;
    public int LinkIndex;
}
