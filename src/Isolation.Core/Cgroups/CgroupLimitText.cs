using System;
using System.Globalization;

namespace Isolation.Cgroups;

/// <summary>
/// Limits as people write them, checked against the host: sizes (<c>256M</c>, <c>50%</c>), processors (<c>1.5</c>, <c>150%</c>), counts, lists, and
/// <c>max</c> for none.
/// </summary>
internal static class CgroupLimitText
{
    /// <summary>A memory limit: bytes, a number with K, M, G, T, P, E or KB, KiB, ... (powers of 1024), a share of the host's memory, or <c>max</c>.</summary>
    public static LimitValue<long> Memory(string text, CgroupHost host)
    {
        const string Parameter = "MemoryMax";
        if (IsMax(text))
        {
            return LimitValue<long>.Unlimited;
        }

        decimal bytes;
        if (text.TrimEnd().EndsWith('%'))
        {
            decimal percent = Number(text.TrimEnd()[..^1]) ?? throw NotANumber(Parameter, text, "'50%' of the host's memory");
            if (percent is <= 0 or > 100)
            {
                throw Invalid(Parameter, text, "a share of the host's memory is more than 0% and at most 100%");
            }

            long total = host.TotalMemory ?? throw Invalid(Parameter, text, "the host's memory cannot be read from /proc/meminfo; give a number of bytes");
            bytes = Math.Floor(total * percent / 100);
        }
        else
        {
            bytes = Math.Floor(Size(text) ?? throw NotANumber(Parameter, text, "268435456, 256MB, '256M', '50%' of the host's memory, or 'max'"));
        }

        if (bytes < 0)
        {
            throw Invalid(Parameter, text, "a size is not negative; 'max' takes the limit away");
        }

        if (bytes < Environment.SystemPageSize)
        {
            throw Invalid(Parameter, text, $"it is less than one page of {Environment.SystemPageSize} bytes, so no process could live; 'max' takes the limit away");
        }

        if (bytes > long.MaxValue)
        {
            throw Invalid(Parameter, text, $"the kernel counts up to {long.MaxValue} bytes; 'max' takes the limit away");
        }

        return new LimitValue<long>((long)bytes);
    }

    /// <summary>A processor limit: processors, per cent of one processor, or <c>max</c>.</summary>
    public static LimitValue<double> Cpu(string text, CgroupHost host)
    {
        const string Parameter = "CpuMax";
        if (IsMax(text))
        {
            return LimitValue<double>.Unlimited;
        }

        string trimmed = text.Trim();
        decimal cores = trimmed.EndsWith('%')
            ? (Number(trimmed[..^1]) ?? throw NotANumber(Parameter, text, "'150%' of one processor")) / 100
            : Number(trimmed) ?? throw NotANumber(Parameter, text, "1.5 processors, '150%', or 'max'");
        if (cores < 0)
        {
            throw Invalid(Parameter, text, "a number of processors is not negative; 'max' takes the limit away");
        }

        if (cores < (decimal)CgroupConversion.LeastQuota / CgroupConversion.DefaultPeriod)
        {
            throw Invalid(Parameter, text, "the kernel's least is 0.01, a hundredth of one processor; 'max' takes the limit away");
        }

        if (host.OnlineCpus is { IsEmpty: false } online && cores > online.Count)
        {
            throw Invalid(Parameter, text, $"this host has {Processors(online.Count)}; give at most {online.Count}, or 'max' for no limit");
        }

        return new LimitValue<double>((double)cores);
    }

    /// <summary>A weight, 1 to 10000.</summary>
    public static int Weight(string text)
    {
        const string Parameter = "CpuWeight";
        decimal weight = Number(text) ?? throw NotANumber(Parameter, text, "a whole number from 1 to 10000; the kernel's default is 100");
        if (weight is < 1 or > 10_000 || weight != Math.Truncate(weight))
        {
            throw Invalid(Parameter, text, "a weight is a whole number from 1 to 10000; the kernel's default is 100");
        }

        return (int)weight;
    }

    /// <summary>A number of tasks, or <c>max</c>.</summary>
    public static LimitValue<long> Pids(string text)
    {
        const string Parameter = "PidsMax";
        if (IsMax(text))
        {
            return LimitValue<long>.Unlimited;
        }

        decimal count = Number(text) ?? throw NotANumber(Parameter, text, "a number of processes and threads, or 'max'");
        if (count < 0 || count != Math.Truncate(count))
        {
            throw Invalid(Parameter, text, "a number of processes is whole and not negative; 'max' takes the limit away");
        }

        if (count > CgroupConversion.MostPids)
        {
            throw Invalid(Parameter, text, $"the kernel takes at most {CgroupConversion.MostPids}; 'max' takes the limit away");
        }

        return new LimitValue<long>((long)count);
    }

    /// <summary>A list of processors, or <c>max</c> for all that the parent has (the empty list).</summary>
    public static CpuList Cpus(string text, CgroupHost host)
    {
        const string Parameter = "CpuSet";
        if (IsMax(text))
        {
            return CpuList.Empty;
        }

        if (!CpuList.TryParse(text, out CpuList? list) || list!.IsEmpty)
        {
            throw Invalid(Parameter, text, "it is not a list of processors such as '0-3,5'; 'max' takes the limit away");
        }

        if (host.OnlineCpus is { IsEmpty: false } online && list.Except(online) is { IsEmpty: false } missing)
        {
            throw Invalid(Parameter, text, $"this host has no processor {missing}; it has {online}");
        }

        return list;
    }

    private static bool IsMax(string text) =>
        text.AsSpan().Trim().Equals("max", StringComparison.OrdinalIgnoreCase)
        || text.AsSpan().Trim().Equals("unlimited", StringComparison.OrdinalIgnoreCase)
        || text.AsSpan().Trim().Equals("infinity", StringComparison.OrdinalIgnoreCase);

    private static decimal? Number(string text)
    {
        const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        ReadOnlySpan<char> trimmed = text.AsSpan().Trim();
        if (decimal.TryParse(trimmed, Style, CultureInfo.InvariantCulture, out decimal number))
        {
            return number;
        }

        // A number that is too great for a decimal is a number all the same, and is refused as too great.
        return !double.TryParse(trimmed, Style, CultureInfo.InvariantCulture, out double great) || double.IsNaN(great) ? null
            : great < 0 ? decimal.MinValue
            : decimal.MaxValue;
    }

    private static decimal? Size(string text)
    {
        ReadOnlySpan<char> digits = text.AsSpan().Trim();
        if (digits.EndsWith("iB", StringComparison.OrdinalIgnoreCase))
        {
            digits = digits[..^2];
        }
        else if (digits.EndsWith("B", StringComparison.OrdinalIgnoreCase))
        {
            digits = digits[..^1];
        }

        int power = digits.IsEmpty ? 0 : "KMGTPE".IndexOf(char.ToUpperInvariant(digits[^1]), StringComparison.Ordinal) + 1;
        if (power > 0)
        {
            digits = digits[..^1];
        }

        if (Number(digits.ToString()) is not decimal number)
        {
            return null;
        }

        try
        {
            return number * (1L << (10 * power));
        }
        catch (OverflowException)
        {
            return number < 0 ? decimal.MinValue : decimal.MaxValue;
        }
    }

    private static string Processors(int count) => count == 1 ? "1 processor" : $"{count} processors";

    private static IsolationException NotANumber(string parameter, string text, string example) =>
        Invalid(parameter, text, $"it is not of the form {example}");

    /// <summary>The refusal of a value.</summary>
    internal static IsolationException Invalid(string parameter, string text, string cause) =>
        new("CgroupLimitInvalid", ErrorKind.InvalidArgument, $"{parameter} cannot be '{text}': {cause}.");
}
