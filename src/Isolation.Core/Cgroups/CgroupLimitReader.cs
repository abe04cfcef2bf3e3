using System;
using System.Collections.Generic;
using System.Globalization;
using Isolation.Interop;

namespace Isolation.Cgroups;

/// <summary>Reads limits back: what is set in a cgroup, and what holds when all cgroups above it are counted in.</summary>
internal sealed class CgroupLimitReader(CgroupHost host, Func<CgroupHierarchy, string?> pathIn)
{
    /// <summary>All limits, of a cgroup that is otherwise described already.</summary>
    public CgroupLimit Read(CgroupLimit of)
    {
        (long? memory, long? effectiveMemory) = MemoryMax();
        (long? high, long? effectiveHigh) = Tightest(CgroupControllers.Memory, null, "memory.high", CgroupConversion.ParseMemory);
        (long? swap, long? effectiveSwap) = Tightest(CgroupControllers.Memory, Swap);
        (double? cpu, double? effectiveCpu) = Tightest(CgroupControllers.Cpu, Cores);
        (int? weight, int? effectiveWeight) = Weight();
        (long? pids, long? effectivePids) = PidsMax();
        (string? cpus, string? effectiveCpus) = List("cpuset.cpus", "cpuset.effective_cpus", "cpuset.cpus.effective");
        (string? nodes, string? effectiveNodes) = List("cpuset.mems", "cpuset.effective_mems", "cpuset.mems.effective");
        return new CgroupLimit
        {
            Namespace = of.Namespace,
            ProcessId = of.ProcessId,
            Cgroup = of.Cgroup,
            Path = of.Path,
            Version = of.Version,
            MemoryMin = Protection(null, "memory.min"),
            MemoryLow = Protection("memory.soft_limit_in_bytes", "memory.low"),
            MemoryHigh = high,
            EffectiveMemoryHigh = effectiveHigh,
            MemoryMax = memory,
            EffectiveMemoryMax = effectiveMemory,
            MemorySwapMax = swap,
            EffectiveMemorySwapMax = effectiveSwap,
            MemoryZSwapMax = Own(CgroupControllers.Memory, null, "memory.zswap.max") is string zswap ? CgroupConversion.ParseMemory(zswap) : null,
            MemoryZSwapWriteback = Switch(CgroupControllers.Memory, null, "memory.zswap.writeback"),
            MemoryOomGroup = Switch(CgroupControllers.Memory, null, "memory.oom.group"),
            MemoryOomKill = Own(CgroupControllers.Memory, "memory.oom_control", null) is string control ? !control.Contains("oom_kill_disable 1", StringComparison.Ordinal) : null,
            MemorySwappiness = (int?)Number(CgroupControllers.Memory, "memory.swappiness", null),
            CpuMax = cpu,
            EffectiveCpuMax = effectiveCpu,
            CpuPeriod = Time(Own(CgroupControllers.Cpu, "cpu.cfs_period_us", "cpu.max")?.Split(' ')[^1]),
            CpuBurst = Time(Own(CgroupControllers.Cpu, "cpu.cfs_burst_us", "cpu.max.burst")),
            CpuWeight = weight,
            EffectiveCpuWeight = effectiveWeight,
            CpuIdle = Switch(CgroupControllers.Cpu, "cpu.idle", "cpu.idle"),
            CpuUtilizationMin = Percent("cpu.uclamp.min"),
            CpuUtilizationMax = Percent("cpu.uclamp.max"),
            CpuRealtimeRuntime = Time(Own(CgroupControllers.Cpu, "cpu.rt_runtime_us", null)),
            CpuRealtimePeriod = Time(Own(CgroupControllers.Cpu, "cpu.rt_period_us", null)),
            CpuSet = cpus,
            EffectiveCpuSet = effectiveCpus,
            MemoryNode = nodes,
            EffectiveMemoryNode = effectiveNodes,
            CpuSetPartition = Enum.TryParse(Own(CgroupControllers.CpuSet, null, "cpuset.cpus.partition")?.Split(' ')[0], ignoreCase: true, out CpuSetPartition partition) ? partition : null,
            PidsMax = pids,
            EffectivePidsMax = effectivePids,
            IoWeight = IoLimitReader.Weight(Folder(CgroupControllers.Io)),
            Io = IoLimitReader.Devices(Folder(CgroupControllers.Io), host),
            HugePage = HugePages(),
            Rdma = Lines(CgroupControllers.Rdma, "rdma.max", static text => text),
            Misc = Lines(CgroupControllers.Misc, "misc.max", CgroupConversion.ParseNumber),
            DeviceAllow = Devices(),
            NetworkClass = Own(CgroupControllers.NetworkClass, "net_cls.classid", null) is string number
                && uint.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out uint value) && value != 0 ? $"{value >> 16:x}:{value & 0xFFFF:x}" : null,
            NetworkPriority = Priorities(),
        };
    }

    /// <summary>The memory limit, in bytes.</summary>
    public (long? Own, long? Effective) MemoryMax() => Tightest(CgroupControllers.Memory, "memory.limit_in_bytes", "memory.max", CgroupConversion.ParseMemory);

    /// <summary>The task limit.</summary>
    public (long? Own, long? Effective) PidsMax() => Tightest(CgroupControllers.Pids, "pids.max", "pids.max", CgroupConversion.ParseNumber);

    private IReadOnlyList<DeviceRule>? Devices() =>
        host.HierarchyOf(CgroupControllers.Devices) is not null ? Folder(CgroupControllers.Devices) is ControllerFolder folder ? DeviceWrites.Read(folder) : null
        : host.Unified is CgroupHierarchy unified && pathIn(unified) is string path ? host.Files.Devices(unified.DirectoryOf(path))
        : null;

    private (int? Own, int? Effective) Weight() => Nearest(
        CgroupControllers.Cpu,
        folder =>
            folder.IsFirst ? Parse(folder, "cpu.shares", CgroupConversion.ParseNumber) is long number ? CgroupConversion.SharesToWeight(number) : null
            : Parse(folder, "cpu.weight", CgroupConversion.ParseNumber) is long value ? (int)value
            : (int?)null);

    // What is set, and what the kernel uses.
    private (string? Own, string? Effective) List(string file, string firstEffective, string effectiveFile)
    {
        string? own = null;
        string? effective = null;
        foreach ((ControllerFolder folder, bool isOwn) in Chain(CgroupControllers.CpuSet))
        {
            if (isOwn)
            {
                own = NotEmpty(folder, file);
            }

            effective = NotEmpty(folder, folder.IsFirst ? firstEffective : effectiveFile);
            if (effective is not null)
            {
                break;
            }
        }

        return (own, effective);
    }

    private static double? Cores(ControllerFolder folder)
    {
        if (!folder.IsFirst)
        {
            return folder.TryRead("cpu.max", out string text) ? CgroupConversion.ParseCpuMax(text) : null;
        }

        return Parse(folder, "cpu.cfs_quota_us", CgroupConversion.ParseNumber) is long quota && Parse(folder, "cpu.cfs_period_us", CgroupConversion.ParseNumber) is long period
            ? CgroupConversion.Cores(quota, period)
            : null;
    }

    private static long? Swap(ControllerFolder folder)
    {
        if (!folder.IsFirst)
        {
            return Parse(folder, "memory.swap.max", CgroupConversion.ParseMemory);
        }

        return Parse(folder, "memory.memsw.limit_in_bytes", CgroupConversion.ParseMemory) is long sum && Parse(folder, "memory.limit_in_bytes", CgroupConversion.ParseMemory) is long memory
            ? sum - memory
            : null;
    }

    // For what protects, max is the greatest number and not none.
    private long? Protection(string? firstFile, string file) => Own(CgroupControllers.Memory, firstFile, file) is not string text ? null
        : CgroupConversion.ParseMemory(text) ?? (Folder(CgroupControllers.Memory)!.IsFirst ? null : long.MaxValue);

    private bool? Switch(string controller, string? firstFile, string? file) => Number(controller, firstFile, file) is long number ? number != 0 : null;

    private long? Number(string controller, string? firstFile, string? file) => Own(controller, firstFile, file) is string text ? CgroupConversion.ParseNumber(text) : null;

    private double? Percent(string file) =>
        double.TryParse(Own(CgroupControllers.Cpu, file, file), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double percent) ? percent : null;

    private static TimeSpan? Time(string? text) => text is not null && CgroupConversion.ParseNumber(text) is long time and >= 0 ? TimeSpan.FromMicroseconds(time) : null;

    private List<HugePageLimit> HugePages()
    {
        List<HugePageLimit> limits = [];
        if (Folder(CgroupControllers.HugePages) is ControllerFolder folder)
        {
            string last = folder.IsFirst ? "limit_in_bytes" : "max";
            foreach (string size in folder.KeysOf("hugetlb.", "." + last))
            {
                long? max = Parse(folder, $"hugetlb.{size}.{last}", CgroupConversion.ParseMemory);
                long? reservation = Parse(folder, $"hugetlb.{size}.rsvd.{last}", CgroupConversion.ParseMemory);
                if (max is not null || reservation is not null)
                {
                    limits.Add(new HugePageLimit(size, max, reservation));
                }
            }
        }

        return limits;
    }

    private Dictionary<string, T> Lines<T>(string controller, string file, Func<string, T> parse)
    {
        Dictionary<string, T> lines = new(StringComparer.Ordinal);
        foreach (string line in (Own(controller, file, file) ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            int space = line.IndexOf(' ', StringComparison.Ordinal);
            if (space > 0)
            {
                lines[line[..space]] = parse(line[(space + 1)..]);
            }
        }

        return lines;
    }

    private Dictionary<string, long> Priorities()
    {
        Dictionary<string, long> priorities = new(StringComparer.Ordinal);
        foreach ((string link, long? priority) in Lines(CgroupControllers.NetworkPriority, "net_prio.ifpriomap", CgroupConversion.ParseNumber))
        {
            if (priority is > 0)
            {
                priorities[link] = priority.Value;
            }
        }

        return priorities;
    }

    private (long? Own, long? Effective) Tightest(string controller, string? firstFile, string file, Func<string, long?> parse) =>
        Tightest(controller, folder => (folder.IsFirst ? firstFile : file) is string name ? Parse(folder, name, parse) : null);

    private (T? Own, T? Effective) Tightest<T>(string controller, Func<ControllerFolder, T?> read)
        where T : struct, IComparable<T>
    {
        T? own = null;
        T? effective = null;
        foreach ((ControllerFolder folder, bool isOwn) in Chain(controller))
        {
            T? value = read(folder);
            if (isOwn)
            {
                own = value;
            }

            if (value is T number && (effective is not T least || number.CompareTo(least) < 0))
            {
                effective = number;
            }
        }

        return (own, effective);
    }

    private (int? Own, int? Effective) Nearest(string controller, Func<ControllerFolder, int?> read)
    {
        int? own = null;
        foreach ((ControllerFolder folder, bool isOwn) in Chain(controller))
        {
            int? value = read(folder);
            if (isOwn)
            {
                own = value;
            }

            if (value is not null)
            {
                return (own, value);
            }
        }

        return (own, null);
    }

    // The cgroup's folder for a controller, then each one above, up to what is mounted.
    private IEnumerable<(ControllerFolder Folder, bool IsOwn)> Chain(string controller)
    {
        if (host.HierarchyOf(controller) is not CgroupHierarchy hierarchy || pathIn(hierarchy) is not string path)
        {
            yield break;
        }

        for (string? at = path; at is not null; at = CgroupPlacement.Parent(at))
        {
            yield return (new ControllerFolder(controller, hierarchy, hierarchy.DirectoryOf(at), host.Files), at == path);
        }
    }

    private ControllerFolder? Folder(string controller) =>
        host.HierarchyOf(controller) is CgroupHierarchy hierarchy && pathIn(hierarchy) is string path ? new ControllerFolder(controller, hierarchy, hierarchy.DirectoryOf(path), host.Files) : null;

    private string? Own(string controller, string? firstFile, string? file) =>
        Folder(controller) is ControllerFolder folder && (folder.IsFirst ? firstFile : file) is string name && folder.TryRead(name, out string text) ? text : null;

    private static T? Parse<T>(ControllerFolder folder, string file, Func<string, T?> parse)
        where T : struct => folder.TryRead(file, out string text) ? parse(text) : null;

    private static string? NotEmpty(ControllerFolder folder, string file) => folder.TryRead(file, out string text) && !string.IsNullOrWhiteSpace(text) ? text.Trim() : null;
}
