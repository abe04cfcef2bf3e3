using System;
using System.Collections.Generic;
using Isolation.Processes;

namespace Isolation.Cgroups;

/// <summary>One limit as it is asked for: a value, or none at all (the kernel's <c>max</c>).</summary>
/// <param name="Value">The value; null for no limit.</param>
internal readonly record struct LimitValue<T>(T? Value)
    where T : struct
{
    /// <summary>No limit.</summary>
    public static LimitValue<T> Unlimited => new(null);

    public bool IsUnlimited => Value is null;
}

/// <summary>One limit of a device, of a size of huge pages or of another thing that has a name of its own.</summary>
/// <param name="Parameter">The limit, as users name it.</param>
/// <param name="Key">What the kernel's file calls the thing, such as <c>254:0</c>.</param>
/// <param name="Value">The limit.</param>
internal readonly record struct KeyedLimit(string Parameter, string Key, LimitValue<long> Value);

/// <summary>A limit of a thing that the kernel describes with words of its own.</summary>
/// <param name="Key">The thing, or for <see cref="CgroupLimitRequest.Unified"/> the file.</param>
/// <param name="Text">The words.</param>
internal readonly record struct KeyedText(string Key, string Text);

/// <summary>The limits that one call sets; a null or empty property is left as it is. The values are checked and in the kernel's units.</summary>
internal sealed record CgroupLimitRequest
{
    /// <summary>Bytes that are never taken back.</summary>
    public LimitValue<long>? MemoryMin { get; init; }

    /// <summary>Bytes that are taken back last.</summary>
    public LimitValue<long>? MemoryLow { get; init; }

    /// <summary>Bytes above which processes are slowed down.</summary>
    public LimitValue<long>? MemoryHigh { get; init; }

    /// <summary>Bytes.</summary>
    public LimitValue<long>? MemoryMax { get; init; }

    /// <summary>Bytes of swap.</summary>
    public LimitValue<long>? MemorySwapMax { get; init; }

    /// <summary>Bytes of compressed swap in memory.</summary>
    public LimitValue<long>? MemoryZSwapMax { get; init; }

    /// <summary>Whether compressed swap is written to the disk.</summary>
    public bool? MemoryZSwapWriteback { get; init; }

    /// <summary>Whether all are killed with one, where memory runs out.</summary>
    public bool? MemoryOomGroup { get; init; }

    /// <summary>Whether any is killed where memory runs out; version 1.</summary>
    public bool? MemoryOomKill { get; init; }

    /// <summary>0 to 200; version 1.</summary>
    public int? MemorySwappiness { get; init; }

    /// <summary>Processors, 0.01 and more.</summary>
    public LimitValue<double>? CpuMax { get; init; }

    /// <summary>Microseconds, 1000 to 1000000.</summary>
    public long? CpuPeriod { get; init; }

    /// <summary>Microseconds.</summary>
    public long? CpuBurst { get; init; }

    /// <summary>1 to 10000.</summary>
    public int? CpuWeight { get; init; }

    /// <summary>The same on the scale of version 1, 2 to 262144.</summary>
    public long? CpuShares { get; init; }

    /// <summary>Whether it gets what nobody else wants alone.</summary>
    public bool? CpuIdle { get; init; }

    /// <summary>Per cent of a processor's power, 0 to 100.</summary>
    public LimitValue<double>? CpuUtilizationMin { get; init; }

    /// <summary>Per cent of a processor's power, 0 to 100.</summary>
    public LimitValue<double>? CpuUtilizationMax { get; init; }

    /// <summary>Microseconds, or -1 for no limit; version 1.</summary>
    public long? CpuRealtimeRuntime { get; init; }

    /// <summary>Microseconds; version 1.</summary>
    public long? CpuRealtimePeriod { get; init; }

    /// <summary>Processors; the empty set stands for all that the parent has.</summary>
    public CpuList? CpuSet { get; init; }

    /// <summary>Memory nodes; the empty set stands for all that the parent has.</summary>
    public CpuList? MemoryNode { get; init; }

    /// <summary>Whether its processors are its own.</summary>
    public CpuSetPartition? CpuSetPartition { get; init; }

    /// <summary>Tasks.</summary>
    public LimitValue<long>? PidsMax { get; init; }

    /// <summary>1 to 10000.</summary>
    public int? IoWeight { get; init; }

    /// <summary>The same on the scale of version 1, 10 to 1000.</summary>
    public long? BlkioWeight { get; init; }

    /// <summary>Weights by device, 1 to 10000; none for the cgroup's own weight.</summary>
    public IReadOnlyList<KeyedLimit> IoDeviceWeight { get; init; } = [];

    /// <summary>Bytes or operations a second by device, under the names of <see cref="IoRates"/>.</summary>
    public IReadOnlyList<KeyedLimit> IoRate { get; init; } = [];

    /// <summary>Microseconds by device.</summary>
    public IReadOnlyList<KeyedLimit> IoLatency { get; init; } = [];

    /// <summary>Bytes by size of page, such as <c>2MB</c>; of what is used, and of what is reserved.</summary>
    public IReadOnlyList<KeyedLimit> HugePages { get; init; } = [];

    /// <summary>Handles and objects by device, as <c>rdma.max</c> takes them.</summary>
    public IReadOnlyList<KeyedText> Rdma { get; init; } = [];

    /// <summary>Numbers by resource.</summary>
    public IReadOnlyList<KeyedLimit> Misc { get; init; } = [];

    /// <summary>The class that traffic control sees, major and minor in two halves; version 1.</summary>
    public uint? NetworkClass { get; init; }

    /// <summary>Priorities by link; version 1.</summary>
    public IReadOnlyList<KeyedLimit> NetworkPriority { get; init; } = [];

    /// <summary>The devices that may be used, none for an empty list; null to leave it as it is.</summary>
    public IReadOnlyList<DeviceRule>? Devices { get; init; }

    /// <summary>The nice value of its processes, -20 to 19.</summary>
    public int? Nice { get; init; }

    /// <summary>The priority of its processes' input and output.</summary>
    public IoPriority? IoPriority { get; init; }

    /// <summary>Values for files of version 2, as they are.</summary>
    public IReadOnlyList<KeyedText> Unified { get; init; } = [];

    public bool IsEmpty => !HasLimits && Nice is null && IoPriority is null;

    /// <summary>Whether it asks for anything that a cgroup has, and not each of its processes.</summary>
    public bool HasLimits => Controllers.Count != 0 || Unified.Count != 0 || Devices is not null;

    /// <summary>The controllers that these limits need; devices are one in version 1 alone, and are not among them.</summary>
    public IReadOnlyList<string> Controllers
    {
        get
        {
            List<string> controllers = [];
            Need(CgroupControllers.Memory, MemoryMin ?? MemoryLow ?? MemoryHigh ?? MemoryMax ?? MemorySwapMax ?? MemoryZSwapMax, MemoryZSwapWriteback ?? MemoryOomGroup ?? MemoryOomKill, MemorySwappiness);
            Need(CgroupControllers.Cpu, CpuMax ?? CpuUtilizationMin ?? CpuUtilizationMax, CpuPeriod ?? CpuBurst ?? CpuWeight ?? CpuShares ?? CpuRealtimeRuntime ?? CpuRealtimePeriod, CpuIdle);
            Need(CgroupControllers.Pids, PidsMax);
            Need(CgroupControllers.CpuSet, CpuSet ?? MemoryNode, CpuSetPartition);
            Need(CgroupControllers.Io, IoWeight, BlkioWeight, Some(IoDeviceWeight), Some(IoRate), Some(IoLatency));
            Need(CgroupControllers.HugePages, Some(HugePages));
            Need(CgroupControllers.Rdma, Some(Rdma));
            Need(CgroupControllers.Misc, Some(Misc));
            Need(CgroupControllers.NetworkClass, NetworkClass);
            Need(CgroupControllers.NetworkPriority, Some(NetworkPriority));
            foreach (KeyedText one in Unified)
            {
                string controller = UnifiedWrites.ControllerOf(one.Key);
                if (controller != UnifiedWrites.Core && !controllers.Contains(controller))
                {
                    controllers.Add(controller);
                }
            }

            return controllers;

            void Need(string controller, params ReadOnlySpan<object?> values)
            {
                foreach (object? value in values)
                {
                    if (value is not null)
                    {
                        controllers.Add(controller);
                        return;
                    }
                }
            }

            static object? Some<T>(IReadOnlyList<T> list) => list.Count > 0 ? list : null;
        }
    }
}
