using System.Collections.Generic;

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

/// <summary>The limits that one call sets; a null property is left as it is. The values are checked and in the kernel's units.</summary>
internal sealed record CgroupLimitRequest
{
    /// <summary>Bytes.</summary>
    public LimitValue<long>? MemoryMax { get; init; }

    /// <summary>Processors, 0.01 and more.</summary>
    public LimitValue<double>? CpuMax { get; init; }

    /// <summary>1 to 10000.</summary>
    public int? CpuWeight { get; init; }

    /// <summary>Tasks.</summary>
    public LimitValue<long>? PidsMax { get; init; }

    /// <summary>Processors; the empty set stands for all that the parent has.</summary>
    public CpuList? CpuSet { get; init; }

    public bool IsEmpty => MemoryMax is null && CpuMax is null && CpuWeight is null && PidsMax is null && CpuSet is null;

    /// <summary>The controllers that these limits need.</summary>
    public IReadOnlyList<string> Controllers
    {
        get
        {
            List<string> controllers = [];
            if (MemoryMax is not null)
            {
                controllers.Add(CgroupControllers.Memory);
            }

            if (CpuMax is not null || CpuWeight is not null)
            {
                controllers.Add(CgroupControllers.Cpu);
            }

            if (PidsMax is not null)
            {
                controllers.Add(CgroupControllers.Pids);
            }

            if (CpuSet is not null)
            {
                controllers.Add(CgroupControllers.CpuSet);
            }

            return controllers;
        }
    }
}

/// <summary>The kernel's names of the controllers that limits are set through, cgroups(7).</summary>
internal static class CgroupControllers
{
    public const string Memory = "memory";
    public const string Cpu = "cpu";
    public const string Pids = "pids";
    public const string CpuSet = "cpuset";
    public const string Freezer = "freezer";

    /// <summary>Those of all limits.</summary>
    public static readonly string[] OfLimits = [Memory, Cpu, Pids, CpuSet];
}
