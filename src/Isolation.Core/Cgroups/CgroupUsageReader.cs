using System;
using System.Collections.Generic;
using System.Diagnostics;
using Isolation.Interop;

namespace Isolation.Cgroups;

/// <summary>Reads what a cgroup uses, from whichever version counts it.</summary>
internal sealed class CgroupUsageReader(CgroupHost host, Func<CgroupHierarchy, string?> pathIn)
{
    /// <summary>All that is counted, of a cgroup that is otherwise described already.</summary>
    public CgroupUsage Read(CgroupUsage of)
    {
        long timestamp = Stopwatch.GetTimestamp();
        (TimeSpan? time, TimeSpan? user, TimeSpan? system) = CpuTimes();
        ControllerFolder? cpu = Folder(CgroupControllers.Cpu);
        Dictionary<string, long> throttling = cpu is null ? [] : Counters(cpu, "cpu.stat");
        ControllerFolder? memory = Folder(CgroupControllers.Memory);
        ControllerFolder? pids = Folder(CgroupControllers.Pids);
        CgroupLimitReader limits = new(host, pathIn);
        long? current = Number(memory, "memory.usage_in_bytes", "memory.current");
        return new CgroupUsage
        {
            Namespace = of.Namespace,
            ProcessId = of.ProcessId,
            Cgroup = of.Cgroup,
            Path = of.Path,
            Version = of.Version,
            Time = DateTimeOffset.Now,
            Timestamp = timestamp,
            CpuTime = time,
            CpuUserTime = user,
            CpuSystemTime = system,
            CpuPeriods = Of(throttling, "nr_periods"),
            CpuThrottledPeriods = Of(throttling, "nr_throttled"),
            CpuThrottledTime = Of(throttling, "throttled_usec") is long microseconds ? CgroupCounters.Microseconds(microseconds)
                : Of(throttling, "throttled_time") is long nanoseconds ? CgroupCounters.Nanoseconds(nanoseconds)
                : null,
            MemoryCurrent = current,
            MemoryPeak = Number(memory, "memory.max_usage_in_bytes", "memory.peak"),
            EffectiveMemoryMax = limits.MemoryMax().Effective,
            MemorySwapCurrent = memory is { IsFirst: true }
                ? Number(memory, "memory.memsw.usage_in_bytes", null) is long sum && current is long part ? Math.Max(0, sum - part) : null
                : Number(memory, null, "memory.swap.current"),
            MemorySwapPeak = Number(memory, null, "memory.swap.peak"),
            MemoryZSwapCurrent = Number(memory, null, "memory.zswap.current"),
            MemoryStat = memory is not null && memory.TryRead("memory.stat", out string stat) ? CgroupCounters.ParseMemoryStat(stat, memory.IsFirst) : null,
            MemoryEvents = memory is null ? null : MemoryEvents(memory),
            Io = Folder(CgroupControllers.Io) is ControllerFolder io ? Disks(io) : null,
            PidsCurrent = Number(pids, "pids.current", "pids.current"),
            PidsPeak = Number(pids, "pids.peak", "pids.peak"),
            PidsRefused = pids is null ? null : Of(Counters(pids, "pids.events"), "max"),
            EffectivePidsMax = limits.PidsMax().Effective,
            HugePage = HugePages(),
            Pressure = Pressure(of) is [_, ..] pressure ? pressure : null,
        };
    }

    /// <summary>How often memory ran short; null where there is no file that says so.</summary>
    public static CgroupMemoryEvents? MemoryEvents(ControllerFolder memory)
    {
        if (!memory.IsFirst)
        {
            return memory.TryRead("memory.events", out string text) && CgroupCounters.Parse(text) is var events
                ? new CgroupMemoryEvents(Of(events, "low"), Of(events, "high"), Of(events, "max"), Of(events, "oom"), Of(events, "oom_kill"), Of(events, "oom_group_kill"))
                : null;
        }

        // Version 2 counts those of the cgroups below too; version 1 does not.
        (long? failures, long? kills) = (null, null);
        foreach (ControllerFolder folder in memory.AndBelow())
        {
            failures = Add(failures, Number(folder, "memory.failcnt", null));
            kills = Add(kills, Of(Counters(folder, "memory.oom_control"), "oom_kill"));
        }

        return failures is null && kills is null ? null : new CgroupMemoryEvents(null, null, failures, null, kills, null);
    }

    private IReadOnlyList<CgroupPressure> Pressure(CgroupUsage of) =>
        of.Cgroup == "/" ? CgroupPressureReader.Read(host, null, of.Cgroup, null)
        : host.Unified is CgroupHierarchy unified && pathIn(unified) is string path ? CgroupPressureReader.Read(host, unified.DirectoryOf(path), of.Cgroup, of.Namespace)
        : [];

    private static long? Add(long? sum, long? more) => more is long number ? (sum ?? 0) + number : sum;

    // Where cpuacct of version 1 does not have the cgroup, version 2 does, which counts this without a controller.
    private (TimeSpan? Time, TimeSpan? User, TimeSpan? System) CpuTimes()
    {
        ControllerFolder? first = host.HierarchyOf("cpuacct") is { Version: CgroupVersion.V1 } ? Folder("cpuacct") : null;
        if (host.Unified is CgroupHierarchy unified && pathIn(unified) is string path && (first is null || !first.Has("cpuacct.usage")))
        {
            Dictionary<string, long> second = Counters(new ControllerFolder(CgroupControllers.Cpu, unified, unified.DirectoryOf(path), host.Files), "cpu.stat");
            return (Microseconds("usage_usec"), Microseconds("user_usec"), Microseconds("system_usec"));

            TimeSpan? Microseconds(string name) => Of(second, name) is long value ? CgroupCounters.Microseconds(value) : null;
        }

        if (first is null)
        {
            return (null, null, null);
        }

        Dictionary<string, long> split = Counters(first, "cpuacct.stat");
        return (
            Number(first, "cpuacct.usage", null) is long nanoseconds ? CgroupCounters.Nanoseconds(nanoseconds) : null,
            Of(split, "user") is long user ? CgroupCounters.ClockTicks(user) : null,
            Of(split, "system") is long system ? CgroupCounters.ClockTicks(system) : null);
    }

    private List<CgroupIoUsage>? Disks(ControllerFolder folder)
    {
        List<CgroupIoUsage>? disks = null;
        if (!folder.IsFirst)
        {
            disks = folder.TryRead("io.stat", out string text) ? CgroupCounters.ParseIo(text) : null;
        }
        else if (TryReadFirst(folder, "io_service_bytes", out string bytes) && TryReadFirst(folder, "io_serviced", out string operations))
        {
            disks = CgroupCounters.ParseFirstIo(bytes, operations);
        }

        foreach (CgroupIoUsage disk in disks ?? [])
        {
            disk.Name = IoLimitReader.NameOf(disk.Device, host);
        }

        return disks;
    }

    // The file that counts the cgroups below too is there since Linux 5.0.
    private static bool TryReadFirst(ControllerFolder folder, string name, out string text) =>
        folder.TryRead($"blkio.throttle.{name}_recursive", out text) || folder.TryRead("blkio.throttle." + name, out text);

    private List<HugePageUsage>? HugePages()
    {
        if (Folder(CgroupControllers.HugePages) is not ControllerFolder folder)
        {
            return null;
        }

        List<HugePageUsage> sizes = [];
        foreach (string size in folder.KeysOf("hugetlb.", folder.IsFirst ? ".usage_in_bytes" : ".current"))
        {
            sizes.Add(new HugePageUsage(
                size,
                Number(folder, $"hugetlb.{size}.usage_in_bytes", $"hugetlb.{size}.current"),
                Number(folder, $"hugetlb.{size}.max_usage_in_bytes", null),
                Number(folder, $"hugetlb.{size}.rsvd.usage_in_bytes", $"hugetlb.{size}.rsvd.current"),
                folder.IsFirst ? Number(folder, $"hugetlb.{size}.failcnt", null) : Of(Counters(folder, $"hugetlb.{size}.events"), "max")));
        }

        return sizes.Count > 0 ? sizes : null;
    }

    private ControllerFolder? Folder(string controller) => host.HierarchyOf(controller) is CgroupHierarchy hierarchy && pathIn(hierarchy) is string path
        ? new ControllerFolder(controller, hierarchy, hierarchy.DirectoryOf(path), host.Files)
        : null;

    private static long? Number(ControllerFolder? folder, string? firstFile, string? file) =>
        folder is not null && (folder.IsFirst ? firstFile : file) is string name && folder.TryRead(name, out string text) && CgroupCounters.TryNumber(text, out long value) ? value : null;

    private static Dictionary<string, long> Counters(ControllerFolder folder, string file) => folder.TryRead(file, out string text) ? CgroupCounters.Parse(text) : [];

    private static long? Of(Dictionary<string, long> counters, string name) => counters.TryGetValue(name, out long value) ? value : null;
}
