using System;
using System.Globalization;

namespace Isolation.Cgroups;

/// <summary>The values of limits in the units of each version's files, and the published conversions between the versions.</summary>
internal static class CgroupConversion
{
    /// <summary>The period of the processor limit, in microseconds: the kernel's default.</summary>
    public const long DefaultPeriod = 100_000;

    /// <summary>The least quota that the kernel takes, in microseconds (kernel/sched/core.c, <c>min_cfs_quota_period</c>).</summary>
    public const long LeastQuota = 1_000;

    /// <summary>The most tasks that <c>pids.max</c> takes as a number (<c>PID_MAX_LIMIT</c> of a 64-bit kernel).</summary>
    public const long MostPids = 4 * 1024 * 1024;

    /// <summary>Version 1's word for no memory limit: the greatest multiple of 4096 in a signed 64-bit number. Larger pages give a smaller one.</summary>
    private const long UnlimitedMemory = 0x7FFFFFFFFFFFF000;

    /// <summary>
    /// <c>cpu.shares</c> (2 to 262144) as <c>cpu.weight</c> (1 to 10000) by the formula of the OCI runtimes, which maps the least, the default (1024 to
    /// 100) and the greatest onto each other: ceil(10^((l² + 125 l) / 612 - 7/34)), l = log2(shares).
    /// </summary>
    public static int SharesToWeight(long shares)
    {
        if (shares <= 2)
        {
            return 1;
        }

        if (shares >= 262_144)
        {
            return 10_000;
        }

        double l = Math.Log2(shares);
        double weight = Math.Pow(10, (((l * l) + (125 * l)) / 612.0) - (7.0 / 34.0));

        // 1024 must give 100, whatever the last bit of the power is.
        return (int)Math.Clamp(Math.Ceiling(weight - 1e-9), 1, 10_000);
    }

    /// <summary>The inverse of <see cref="SharesToWeight"/>: the greatest number of shares that reads back as this weight.</summary>
    public static long WeightToShares(int weight)
    {
        if (weight <= 1)
        {
            return 2;
        }

        double l = (-125 + Math.Sqrt((125.0 * 125.0) + (4 * 612 * (Math.Log10(weight) + (7.0 / 34.0))))) / 2;
        return (long)Math.Clamp(Math.Floor(Math.Pow(2, l) + 1e-6), 2, 262_144);
    }

    /// <summary>A weight on the scale of <c>blkio.weight</c> (10 to 1000) as <c>io.weight</c>, by the formula of the OCI runtimes: 1 + (w - 10) * 9999 / 990.</summary>
    public static int BlkioToIoWeight(long weight) => (int)Math.Clamp(1 + ((weight - 10) * 9999 / 990), 1, 10_000);

    /// <summary>The quota, in microseconds, that gives so many processors in a period.</summary>
    public static long Quota(double cores, long period = DefaultPeriod) => (long)Math.Round(cores * period, MidpointRounding.AwayFromZero);

    /// <summary>Processors of a quota and a period; null for no limit.</summary>
    public static double? Cores(long quota, long period) => quota < 0 || period <= 0 ? null : Math.Round((double)quota / period, 6);

    /// <summary>Processors of the text of <c>cpu.max</c>, <c>max 100000</c> or <c>50000 100000</c>; null for no limit or another text.</summary>
    public static double? ParseCpuMax(string text)
    {
        string[] words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words.Length == 2 && ParseNumber(words[0]) is long quota && ParseNumber(words[1]) is long period ? Cores(quota, period) : null;
    }

    /// <summary>Bytes of version 2's <c>memory.max</c> or version 1's <c>memory.limit_in_bytes</c>; null for no limit.</summary>
    public static long? ParseMemory(string text) => ParseNumber(text) is long bytes && bytes >= 0 && !IsUnlimitedMemory(bytes) ? bytes : null;

    /// <summary>Whether a number of bytes is version 1's word for no limit, for pages of 4 to 64 KiB.</summary>
    public static bool IsUnlimitedMemory(long bytes) => bytes >= UnlimitedMemory - 0xF000;

    /// <summary>A decimal number, which may be negative; null for anything else, such as <c>max</c>.</summary>
    public static long? ParseNumber(string text) =>
        long.TryParse(text.AsSpan().Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? number : null;
}
