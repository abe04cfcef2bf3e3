using System;
using System.Collections.Generic;

namespace Isolation;

/// <summary>
/// The limits of one control group: what is set in it, and what holds for it when the cgroups above are counted in (the tightest wins). Null means
/// unlimited.
/// </summary>
public sealed class CgroupLimit
{
    /// <summary>The namespace set that the cgroup belongs to; null for any other cgroup.</summary>
    public string? Namespace { get; init; }

    /// <summary>The process whose cgroup this is, where it was asked for by process; null otherwise.</summary>
    public int? ProcessId { get; init; }

    /// <summary>The cgroup's path in its hierarchies, such as <c>/isolation/web</c>.</summary>
    public string Cgroup { get; init; } = "/";

    /// <summary>Its folders, one in each hierarchy in which it exists; empty while it has not been made.</summary>
    public string[] Path { get; init; } = [];

    /// <summary>Which versions of cgroups these folders are of; none while it has not been made.</summary>
    public CgroupVersion Version { get; init; }

    /// <summary>
    /// Memory that is never taken back from it, in bytes: <c>memory.min</c>. <see cref="long.MaxValue"/> for all; null in version 1, which has no such thing.
    /// </summary>
    public long? MemoryMin { get; init; }

    /// <summary>
    /// Memory that is taken back from it last, in bytes: <c>memory.low</c>, in version 1 <c>memory.soft_limit_in_bytes</c>. <see cref="long.MaxValue"/> for all.
    /// </summary>
    public long? MemoryLow { get; init; }

    /// <summary>Memory above which its processes are slowed down and memory is taken back, in bytes: <c>memory.high</c>.</summary>
    public long? MemoryHigh { get; init; }

    /// <summary>The least of these from here to the root, in bytes.</summary>
    public long? EffectiveMemoryHigh { get; init; }

    /// <summary>The most memory it may use, in bytes: <c>memory.max</c>, in version 1 <c>memory.limit_in_bytes</c>.</summary>
    public long? MemoryMax { get; init; }

    /// <summary>The least memory limit from here to the root, in bytes.</summary>
    public long? EffectiveMemoryMax { get; init; }

    /// <summary>
    /// The most swap it may use, in bytes: <c>memory.swap.max</c>, in version 1 <c>memory.memsw.limit_in_bytes</c> less <c>memory.limit_in_bytes</c>.
    /// </summary>
    public long? MemorySwapMax { get; init; }

    /// <summary>The least swap limit from here to the root, in bytes.</summary>
    public long? EffectiveMemorySwapMax { get; init; }

    /// <summary>The most compressed swap in memory that it may use, in bytes: <c>memory.zswap.max</c>, since Linux 5.19.</summary>
    public long? MemoryZSwapMax { get; init; }

    /// <summary>Whether compressed swap is written to the disk where it is too much: <c>memory.zswap.writeback</c>, since Linux 6.8. Null where there is no such file.</summary>
    public bool? MemoryZSwapWriteback { get; init; }

    /// <summary>Whether all of its processes are killed where one must be for want of memory: <c>memory.oom.group</c>. Null in version 1.</summary>
    public bool? MemoryOomGroup { get; init; }

    /// <summary>Whether a process is killed where memory runs out, or all wait: <c>memory.oom_control</c> of version 1. Null in version 2, which kills.</summary>
    public bool? MemoryOomKill { get; init; }

    /// <summary>How soon its memory is swapped out against files being dropped, 0 to 200: <c>memory.swappiness</c> of version 1. Null in version 2.</summary>
    public int? MemorySwappiness { get; init; }

    /// <summary>The most processor time it may use, in processors (1.5 is one and a half): <c>cpu.max</c>, in version 1 <c>cpu.cfs_quota_us</c>.</summary>
    public double? CpuMax { get; init; }

    /// <summary>The least processor limit from here to the root, in processors.</summary>
    public double? EffectiveCpuMax { get; init; }

    /// <summary>The time over which processor time is counted: <c>cpu.max</c>, in version 1 <c>cpu.cfs_period_us</c>.</summary>
    public TimeSpan? CpuPeriod { get; init; }

    /// <summary>Processor time left over that may be used later: <c>cpu.max.burst</c>, in version 1 <c>cpu.cfs_burst_us</c>; since Linux 5.14.</summary>
    public TimeSpan? CpuBurst { get; init; }

    /// <summary>
    /// Its share of processor time against its siblings', 1 to 10000: <c>cpu.weight</c>, in version 1 converted from <c>cpu.shares</c>. Null where the
    /// cpu controller is not on for it.
    /// </summary>
    public int? CpuWeight { get; init; }

    /// <summary>The weight with which its processes compete: its own, or that of the nearest cgroup above for which the cpu controller is on.</summary>
    public int? EffectiveCpuWeight { get; init; }

    /// <summary>Whether it gets only the processor time that nobody else wants: <c>cpu.idle</c>, since Linux 5.15.</summary>
    public bool? CpuIdle { get; init; }

    /// <summary>The share of a processor's power, in per cent, that the scheduler gives its processes at least: <c>cpu.uclamp.min</c>. Null where there is no such file.</summary>
    public double? CpuUtilizationMin { get; init; }

    /// <summary>The share of a processor's power, in per cent, that the scheduler gives its processes at most: <c>cpu.uclamp.max</c>. Null for no limit.</summary>
    public double? CpuUtilizationMax { get; init; }

    /// <summary>The time that its real-time processes may run in each period: <c>cpu.rt_runtime_us</c> of version 1.</summary>
    public TimeSpan? CpuRealtimeRuntime { get; init; }

    /// <summary>That period: <c>cpu.rt_period_us</c> of version 1.</summary>
    public TimeSpan? CpuRealtimePeriod { get; init; }

    /// <summary>
    /// The processors it is bound to, such as <c>0-3,5</c>: <c>cpuset.cpus</c>. A cgroup of version 1 always has a list, made with a copy of its parent's.
    /// </summary>
    public string? CpuSet { get; init; }

    /// <summary>The processors its processes can run on: <c>cpuset.cpus.effective</c>, in version 1 <c>cpuset.effective_cpus</c>.</summary>
    public string? EffectiveCpuSet { get; init; }

    /// <summary>The memory nodes it is bound to: <c>cpuset.mems</c>.</summary>
    public string? MemoryNode { get; init; }

    /// <summary>The memory nodes its memory can come from: <c>cpuset.mems.effective</c>, in version 1 <c>cpuset.effective_mems</c>.</summary>
    public string? EffectiveMemoryNode { get; init; }

    /// <summary>Whether its processors are its own: <c>cpuset.cpus.partition</c>. Null in version 1, and where the controller is not on for it.</summary>
    public CpuSetPartition? CpuSetPartition { get; init; }

    /// <summary>The most tasks (processes and threads) it may hold: <c>pids.max</c>.</summary>
    public long? PidsMax { get; init; }

    /// <summary>The least task limit from here to the root.</summary>
    public long? EffectivePidsMax { get; init; }

    /// <summary>
    /// Its share of the disks' time against its siblings', 1 to 10000: <c>io.weight</c>, or converted from <c>io.bfq.weight</c>, in version 1 from
    /// <c>blkio.bfq.weight</c> or <c>blkio.weight</c>. Null where the kernel has none of these.
    /// </summary>
    public int? IoWeight { get; init; }

    /// <summary>Rates and weights by disk; only disks that have some.</summary>
    public IReadOnlyList<IoLimit> Io { get; init; } = [];

    /// <summary>Limits of huge pages by their size; only sizes that have one.</summary>
    public IReadOnlyList<HugePageLimit> HugePage { get; init; } = [];

    /// <summary>Limits of RDMA devices, <c>rdma.max</c>: the handles and objects of each device, as the kernel writes them.</summary>
    public IReadOnlyDictionary<string, string> Rdma { get; init; } = new Dictionary<string, string>();

    /// <summary>Limits of other resources, <c>misc.max</c>, by name; null for none. Since Linux 5.13.</summary>
    public IReadOnlyDictionary<string, long?> Misc { get; init; } = new Dictionary<string, long?>();

    /// <summary>
    /// The devices that it may use: <c>devices.list</c> of version 1, where a new cgroup has that of the one above; in version 2 what was set here and counts still. Null
    /// where it has no list of this module's, and for who may not know, bpf(2).
    /// </summary>
    public IReadOnlyList<DeviceRule>? DeviceAllow { get; init; }

    /// <summary>The class that traffic control sees on its packets, such as <c>10:1</c>: <c>net_cls.classid</c> of version 1. Null for none.</summary>
    public string? NetworkClass { get; init; }

    /// <summary>The priority of its packets by link: <c>net_prio.ifpriomap</c> of version 1; only links that have one.</summary>
    public IReadOnlyDictionary<string, long> NetworkPriority { get; init; } = new Dictionary<string, long>();

    /// <inheritdoc/>
    public override string ToString() => Namespace ?? Cgroup;
}
