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

    /// <summary>The most memory it may use, in bytes: <c>memory.max</c>, in version 1 <c>memory.limit_in_bytes</c>.</summary>
    public long? MemoryMax { get; init; }

    /// <summary>The least memory limit from here to the root, in bytes.</summary>
    public long? EffectiveMemoryMax { get; init; }

    /// <summary>The most processor time it may use, in processors (1.5 is one and a half): <c>cpu.max</c>, in version 1 <c>cpu.cfs_quota_us</c>.</summary>
    public double? CpuMax { get; init; }

    /// <summary>The least processor limit from here to the root, in processors.</summary>
    public double? EffectiveCpuMax { get; init; }

    /// <summary>
    /// Its share of processor time against its siblings', 1 to 10000: <c>cpu.weight</c>, in version 1 converted from <c>cpu.shares</c>. Null where the
    /// cpu controller is not on for it.
    /// </summary>
    public int? CpuWeight { get; init; }

    /// <summary>The weight with which its processes compete: its own, or that of the nearest cgroup above for which the cpu controller is on.</summary>
    public int? EffectiveCpuWeight { get; init; }

    /// <summary>The most tasks (processes and threads) it may hold: <c>pids.max</c>.</summary>
    public long? PidsMax { get; init; }

    /// <summary>The least task limit from here to the root.</summary>
    public long? EffectivePidsMax { get; init; }

    /// <summary>
    /// The processors it is bound to, such as <c>0-3,5</c>: <c>cpuset.cpus</c>. A cgroup of version 1 always has a list, made with a copy of its parent's.
    /// </summary>
    public string? CpuSet { get; init; }

    /// <summary>The processors its processes can run on: <c>cpuset.cpus.effective</c>, in version 1 <c>cpuset.effective_cpus</c>.</summary>
    public string? EffectiveCpuSet { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Namespace ?? Cgroup;
}
