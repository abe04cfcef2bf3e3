using System;
using System.Collections.Generic;
using System.Diagnostics;

namespace Isolation;

/// <summary>
/// What one control group and those below it use: the same properties in both versions. Null means that the kernel does not count it for this cgroup:
/// the controller is not on for it, or the version or the kernel has no such counter.
/// </summary>
public sealed class CgroupUsage
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

    /// <summary>When this was read.</summary>
    public DateTimeOffset Time { get; init; }

    /// <summary>Processor time used since the cgroup was made: <c>usage_usec</c> of <c>cpu.stat</c>, in version 1 <c>cpuacct.usage</c>.</summary>
    public TimeSpan? CpuTime { get; init; }

    /// <summary>That in user mode: <c>user_usec</c>, in version 1 <c>user</c> of <c>cpuacct.stat</c>, which counts hundredths of a second.</summary>
    public TimeSpan? CpuUserTime { get; init; }

    /// <summary>That in the kernel: <c>system_usec</c>, in version 1 <c>system</c> of <c>cpuacct.stat</c>, which counts hundredths of a second.</summary>
    public TimeSpan? CpuSystemTime { get; init; }

    /// <summary>Periods in which it ran while it had a processor limit of its own: <c>nr_periods</c> of <c>cpu.stat</c>.</summary>
    public long? CpuPeriods { get; init; }

    /// <summary>Those in which the limit stopped it: <c>nr_throttled</c>.</summary>
    public long? CpuThrottledPeriods { get; init; }

    /// <summary>How long the limit stopped it, summed over processors: <c>throttled_usec</c>, in version 1 <c>throttled_time</c>.</summary>
    public TimeSpan? CpuThrottledTime { get; init; }

    /// <summary>Memory in use, in bytes: <c>memory.current</c>, in version 1 <c>memory.usage_in_bytes</c>.</summary>
    public long? MemoryCurrent { get; init; }

    /// <summary>The most that was in use, in bytes: <c>memory.peak</c> (since Linux 5.19), in version 1 <c>memory.max_usage_in_bytes</c>.</summary>
    public long? MemoryPeak { get; init; }

    /// <summary>The least memory limit from here to the root, in bytes; null for none.</summary>
    public long? EffectiveMemoryMax { get; init; }

    /// <summary>
    /// Swap in use, in bytes: <c>memory.swap.current</c>, in version 1 <c>memory.memsw.usage_in_bytes</c> less <c>memory.usage_in_bytes</c>.
    /// </summary>
    public long? MemorySwapCurrent { get; init; }

    /// <summary>The most swap that was in use, in bytes: <c>memory.swap.peak</c>, since Linux 6.5. Null in version 1.</summary>
    public long? MemorySwapPeak { get; init; }

    /// <summary>Compressed swap in memory, in bytes: <c>memory.zswap.current</c>, since Linux 5.19. Null in version 1.</summary>
    public long? MemoryZSwapCurrent { get; init; }

    /// <summary>
    /// Every line of <c>memory.stat</c>; in version 1 those that count the cgroups below too (<c>total_</c>), under the names of version 2 where they mean
    /// the same. Bytes, and for events their number.
    /// </summary>
    public IReadOnlyDictionary<string, long>? MemoryStat { get; init; }

    /// <summary>How often memory ran short.</summary>
    public CgroupMemoryEvents? MemoryEvents { get; init; }

    /// <summary>
    /// Input and output by disk: <c>io.stat</c>, in version 1 <c>blkio.throttle.io_service_bytes</c> and <c>blkio.throttle.io_serviced</c>. Since Linux 6.10
    /// version 1 counts only for disks on which some cgroup has a rate.
    /// </summary>
    public IReadOnlyList<CgroupIoUsage>? Io { get; init; }

    /// <summary>Bytes read, of all disks. A disk that lies on another, such as a loop device, is counted with it.</summary>
    public long? IoReadBytes => Sum(static disk => disk.ReadBytes);

    /// <summary>Bytes written, of all disks.</summary>
    public long? IoWriteBytes => Sum(static disk => disk.WriteBytes);

    /// <summary>Reads, of all disks.</summary>
    public long? IoReadOperations => Sum(static disk => disk.ReadOperations);

    /// <summary>Writes, of all disks.</summary>
    public long? IoWriteOperations => Sum(static disk => disk.WriteOperations);

    /// <summary>Tasks (processes and threads): <c>pids.current</c>.</summary>
    public long? PidsCurrent { get; init; }

    /// <summary>The most that there were: <c>pids.peak</c>, since Linux 6.1.</summary>
    public long? PidsPeak { get; init; }

    /// <summary>How often a task was refused for the limit: <c>max</c> of <c>pids.events</c>.</summary>
    public long? PidsRefused { get; init; }

    /// <summary>The least task limit from here to the root; null for none.</summary>
    public long? EffectivePidsMax { get; init; }

    /// <summary>Huge pages by their size.</summary>
    public IReadOnlyList<HugePageUsage>? HugePage { get; init; }

    /// <summary>How long its processes waited for processors, memory and disks. Null where the cgroup has no folder of version 2, or the kernel has no PSI.</summary>
    public IReadOnlyList<CgroupPressure>? Pressure { get; init; }

    /// <summary>The time over which the rates were measured; null where there is no earlier reading.</summary>
    public TimeSpan? Interval { get; internal set; }

    /// <summary>Processor time used in that time, in per cent of one processor; 150 is one and a half.</summary>
    public double? CpuPercent { get; internal set; }

    /// <summary>Bytes read a second, of all disks.</summary>
    public double? IoReadBytesPerSecond { get; internal set; }

    /// <summary>Bytes written a second, of all disks.</summary>
    public double? IoWriteBytesPerSecond { get; internal set; }

    /// <summary>Reads a second, of all disks.</summary>
    public double? IoReadOperationsPerSecond { get; internal set; }

    /// <summary>Writes a second, of all disks.</summary>
    public double? IoWriteOperationsPerSecond { get; internal set; }

    /// <summary>When this was read, by the clock that nobody sets.</summary>
    internal long Timestamp { get; init; }

    /// <summary>Computes the rates since an earlier reading. A counter that fell, since the cgroup was made anew, has none.</summary>
    internal void SetRates(CgroupUsage before)
    {
        TimeSpan interval = Stopwatch.GetElapsedTime(before.Timestamp, Timestamp);
        if (interval <= TimeSpan.Zero)
        {
            return;
        }

        Interval = interval;
        double seconds = interval.TotalSeconds;
        CpuPercent = PerSecond(before.CpuTime?.Ticks, CpuTime?.Ticks) is double ticks ? ticks / TimeSpan.TicksPerSecond * 100 : null;
        foreach (CgroupIoUsage disk in Io ?? [])
        {
            // A disk that was not listed had done nothing.
            CgroupIoUsage former = new() { Device = disk.Device };
            foreach (CgroupIoUsage other in before.Io ?? [])
            {
                former = other.Device == disk.Device ? other : former;
            }

            disk.ReadBytesPerSecond = PerSecond(former.ReadBytes, disk.ReadBytes);
            disk.WriteBytesPerSecond = PerSecond(former.WriteBytes, disk.WriteBytes);
            disk.ReadOperationsPerSecond = PerSecond(former.ReadOperations, disk.ReadOperations);
            disk.WriteOperationsPerSecond = PerSecond(former.WriteOperations, disk.WriteOperations);
        }

        IoReadBytesPerSecond = PerSecond(before.IoReadBytes, IoReadBytes);
        IoWriteBytesPerSecond = PerSecond(before.IoWriteBytes, IoWriteBytes);
        IoReadOperationsPerSecond = PerSecond(before.IoReadOperations, IoReadOperations);
        IoWriteOperationsPerSecond = PerSecond(before.IoWriteOperations, IoWriteOperations);

        double? PerSecond(long? former, long? now) => now - former is long more and >= 0 ? more / seconds : null;
    }

    /// <inheritdoc/>
    public override string ToString() => Namespace ?? Cgroup;

    private long? Sum(Func<CgroupIoUsage, long> select)
    {
        if (Io is null)
        {
            return null;
        }

        long sum = 0;
        foreach (CgroupIoUsage disk in Io)
        {
            sum += select(disk);
        }

        return sum;
    }
}
