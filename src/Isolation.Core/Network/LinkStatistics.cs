using System.Runtime.InteropServices;

namespace Isolation;

/// <summary>What went through a link since it was made, <c>struct rtnl_link_stats64</c>; <c>ip -s link</c>.</summary>
/// <param name="ReceivedPackets">Packets received.</param>
/// <param name="SentPackets">Packets sent.</param>
/// <param name="ReceivedBytes">Bytes received.</param>
/// <param name="SentBytes">Bytes sent.</param>
/// <param name="ReceiveErrors">Packets that came damaged.</param>
/// <param name="SendErrors">Packets that could not be sent.</param>
/// <param name="ReceivedDropped">Packets that came and were dropped, for want of memory or of a receiver.</param>
/// <param name="SentDropped">Packets that were to be sent and were dropped.</param>
/// <param name="Multicast">Multicast packets received.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct LinkStatistics(
    ulong ReceivedPackets,
    ulong SentPackets,
    ulong ReceivedBytes,
    ulong SentBytes,
    ulong ReceiveErrors,
    ulong SendErrors,
    ulong ReceivedDropped,
    ulong SentDropped,
    ulong Multicast);
