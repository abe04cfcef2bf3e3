using System;
using System.Collections.Generic;
using Isolation.Interop;

namespace Isolation.Cgroups;

/// <summary>Reads limits back: what is set in a cgroup, and what holds when all cgroups above it are counted in.</summary>
internal sealed class CgroupLimitReader(CgroupHost host, Func<CgroupHierarchy, string?> pathIn)
{
    /// <summary>Bytes.</summary>
    public (long? Own, long? Effective) Memory() => Tightest(
        CgroupControllers.Memory,
        (directory, first) => Read(directory, first ? "memory.limit_in_bytes" : "memory.max") is string text ? CgroupConversion.ParseMemory(text) : null);

    /// <summary>Processors.</summary>
    public (double? Own, double? Effective) Cpu() => Tightest(CgroupControllers.Cpu, Cores);

    /// <summary>Tasks.</summary>
    public (long? Own, long? Effective) Pids() => Tightest(
        CgroupControllers.Pids, (directory, _) => Read(directory, "pids.max") is string text ? CgroupConversion.ParseNumber(text) : null);

    /// <summary>The weight, and that of the nearest cgroup which has one.</summary>
    public (int? Own, int? Effective) Weight() => Nearest(
        CgroupControllers.Cpu,
        (directory, first) =>
            first ? Read(directory, "cpu.shares") is string shares && CgroupConversion.ParseNumber(shares) is long number ? CgroupConversion.SharesToWeight(number) : null
            : Read(directory, "cpu.weight") is string weight && CgroupConversion.ParseNumber(weight) is long value ? (int)value
            : (int?)null);

    /// <summary>The list of processors that is set, and the one that the kernel uses.</summary>
    public (string? Own, string? Effective) Cpus()
    {
        string? own = null;
        string? effective = null;
        foreach ((string directory, bool first, bool isOwn) in Chain(CgroupControllers.CpuSet))
        {
            if (isOwn)
            {
                own = NotEmpty(Read(directory, "cpuset.cpus"));
            }

            effective = NotEmpty(Read(directory, first ? "cpuset.effective_cpus" : "cpuset.cpus.effective"));
            if (effective is not null)
            {
                break;
            }
        }

        return (own, effective);
    }

    private double? Cores(string directory, bool first)
    {
        if (!first)
        {
            return Read(directory, "cpu.max") is string text ? CgroupConversion.ParseCpuMax(text) : null;
        }

        return Read(directory, "cpu.cfs_quota_us") is string quotaText
            && CgroupConversion.ParseNumber(quotaText) is long quota
            && Read(directory, "cpu.cfs_period_us") is string periodText
            && CgroupConversion.ParseNumber(periodText) is long period
            ? CgroupConversion.Cores(quota, period)
            : null;
    }

    private (T? Own, T? Effective) Tightest<T>(string controller, Func<string, bool, T?> read)
        where T : struct, IComparable<T>
    {
        T? own = null;
        T? effective = null;
        foreach ((string directory, bool first, bool isOwn) in Chain(controller))
        {
            T? value = read(directory, first);
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

    private (int? Own, int? Effective) Nearest(string controller, Func<string, bool, int?> read)
    {
        int? own = null;
        foreach ((string directory, bool first, bool isOwn) in Chain(controller))
        {
            int? value = read(directory, first);
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
    private IEnumerable<(string Directory, bool First, bool IsOwn)> Chain(string controller)
    {
        if (host.HierarchyOf(controller) is not CgroupHierarchy hierarchy || pathIn(hierarchy) is not string path)
        {
            yield break;
        }

        for (string? at = path; at is not null; at = CgroupPlacement.Parent(at))
        {
            yield return (hierarchy.DirectoryOf(at), hierarchy.Version == CgroupVersion.V1, at == path);
        }
    }

    private string? Read(string directory, string file) => host.Files.TryRead(directory + "/" + file, out string text) == Errno.None ? text : null;

    private static string? NotEmpty(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
