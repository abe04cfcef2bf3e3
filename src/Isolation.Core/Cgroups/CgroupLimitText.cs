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
        LimitValue<long> limit = Share(Parameter, text, host);
        return limit.Value < Environment.SystemPageSize
            ? throw Invalid(Parameter, text, $"it is less than one page of {Environment.SystemPageSize} bytes, so no process could live; 'max' takes the limit away")
            : limit;
    }

    /// <summary>Any other number of bytes of memory, in the same forms, which may be 0.</summary>
    public static LimitValue<long> Share(string parameter, string text, CgroupHost host)
    {
        if (!text.TrimEnd().EndsWith('%'))
        {
            return Bytes(parameter, text, "268435456, 256MB, '256M', '50%' of the host's memory, or 'max'");
        }

        decimal percent = Number(text.TrimEnd()[..^1]) ?? throw NotANumber(parameter, text, "'50%' of the host's memory");
        if (percent is <= 0 or > 100)
        {
            throw Invalid(parameter, text, "a share of the host's memory is more than 0% and at most 100%");
        }

        long total = host.TotalMemory ?? throw Invalid(parameter, text, "the host's memory cannot be read from /proc/meminfo; give a number of bytes");
        return new LimitValue<long>((long)Math.Floor(total * percent / 100));
    }

    /// <summary>A number of bytes, with K, M, G, T, P, E or KB, KiB, ... (powers of 1024), or <c>max</c>.</summary>
    public static LimitValue<long> Bytes(string parameter, string text, string example = "10485760, 10MB, '10M', or 'max'")
    {
        if (IsMax(text))
        {
            return LimitValue<long>.Unlimited;
        }

        decimal bytes = Math.Floor(Size(text) ?? throw NotANumber(parameter, text, example));
        return bytes < 0 ? throw Invalid(parameter, text, "a size is not negative; 'max' takes the limit away")
            : bytes > long.MaxValue ? throw Invalid(parameter, text, $"the kernel counts up to {long.MaxValue} bytes; 'max' takes the limit away")
            : new LimitValue<long>((long)bytes);
    }

    /// <summary>A rate: a size or a number a second, at least 1, or <c>max</c>.</summary>
    public static LimitValue<long> Rate(string parameter, string text)
    {
        LimitValue<long> rate = Bytes(parameter, text);
        return rate.Value == 0 ? throw Invalid(parameter, text, "nothing could be read or written any more, and the kernel does not take it; 'max' takes the limit away") : rate;
    }

    /// <summary>A whole number in a range, or <c>max</c>.</summary>
    public static LimitValue<long> Count(string parameter, string text, long least, long most)
    {
        if (IsMax(text))
        {
            return LimitValue<long>.Unlimited;
        }

        return new LimitValue<long>(Whole(parameter, text, least, most));
    }

    /// <summary>A whole number in a range.</summary>
    public static long Whole(string parameter, string text, long least, long most)
    {
        decimal? number = Number(text);
        return number is decimal value && value == Math.Truncate(value) && value >= least && value <= most
            ? (long)value
            : throw Invalid(parameter, text, $"it is not a whole number from {least} to {most}");
    }

    /// <summary>Per cent of a processor's power, 0 to 100, or <c>max</c>.</summary>
    public static LimitValue<double> Utilization(string parameter, string text)
    {
        if (IsMax(text))
        {
            return LimitValue<double>.Unlimited;
        }

        decimal? percent = Number(text.TrimEnd().TrimEnd('%'));
        return percent is >= 0 and <= 100 ? new LimitValue<double>((double)percent) : throw Invalid(parameter, text, "it is not a share of a processor's power from 0 to 100 per cent");
    }

    /// <summary>A time in microseconds: a number of them, or one with <c>us</c>, <c>ms</c> or <c>s</c>.</summary>
    public static long Time(string parameter, string text, long least, long most)
    {
        ReadOnlySpan<char> digits = text.AsSpan().Trim();
        decimal unit = 1;
        foreach ((string suffix, decimal factor) in (ReadOnlySpan<(string, decimal)>)[("us", 1), ("µs", 1), ("ms", 1000), ("s", 1_000_000)])
        {
            if (digits.EndsWith(suffix, StringComparison.OrdinalIgnoreCase))
            {
                digits = digits[..^suffix.Length];
                unit = factor;
                break;
            }
        }

        decimal? number = Number(digits.ToString());
        return number is not (decimal value and >= -1 and <= long.MaxValue / 1_000_000) ? throw NotANumber(parameter, text, "50000 microseconds, '50ms', '0.05s', or a [timespan]")
            : value * unit < least || value * unit > most ? throw Invalid(parameter, text, $"it is not from {least} to {most} microseconds")
            : (long)(value * unit);
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
    public static int Weight(string parameter, string text)
    {
        decimal weight = Number(text) ?? throw NotANumber(parameter, text, "a whole number from 1 to 10000; the kernel's default is 100");
        if (weight is < 1 or > 10_000 || weight != Math.Truncate(weight))
        {
            throw Invalid(parameter, text, "a weight is a whole number from 1 to 10000; the kernel's default is 100");
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
        CpuList list = List(Parameter, text, "processors");

        if (host.OnlineCpus is { IsEmpty: false } online && list.Except(online) is { IsEmpty: false } missing)
        {
            throw Invalid(Parameter, text, $"this host has no processor {missing}; it has {online}");
        }

        return list;
    }

    /// <summary>A list of memory nodes, or <c>max</c> for all that the parent has.</summary>
    public static CpuList Nodes(string text) => List("MemoryNode", text, "memory nodes");

    /// <summary>A class of traffic control: <c>10:1</c> with hexadecimal halves as tc(8) has them, or a number.</summary>
    public static uint NetworkClass(string text)
    {
        const string Parameter = "NetworkClass";
        string[] halves = text.Trim().Split(':');
        if (halves.Length == 2
            && ushort.TryParse(halves[0], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort major)
            && ushort.TryParse(halves[1].Length == 0 ? "0" : halves[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort minor))
        {
            return ((uint)major << 16) | minor;
        }

        return text.Trim().StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            && uint.TryParse(text.AsSpan().Trim()[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint hexadecimal)
                ? hexadecimal
                : uint.TryParse(text.AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out uint number)
                    ? number
                    : throw NotANumber(Parameter, text, "'10:1' as tc has it, with hexadecimal halves, '0x100001' or 1048577");
    }

    /// <summary>The name of a size of huge pages as the kernel has it, of <c>2MB</c>, <c>2M</c> or 2097152.</summary>
    public static string HugePageSize(string parameter, string text)
    {
        decimal? size = Size(text);
        return size switch
        {
            >= 1 << 30 when size % (1 << 30) == 0 => $"{size / (1 << 30):0}GB",
            >= 1 << 20 when size % (1 << 20) == 0 => $"{size / (1 << 20):0}MB",
            >= 1 << 10 when size % (1 << 10) == 0 => $"{size / (1 << 10):0}KB",
            _ => throw NotANumber(parameter, text, "a size of huge pages such as '2MB' or '1GB'"),
        };
    }

    private static CpuList List(string parameter, string text, string what) =>
        IsMax(text) ? CpuList.Empty
        : CpuList.TryParse(text, out CpuList? list) && !list!.IsEmpty ? list
        : throw Invalid(parameter, text, $"it is not a list of {what} such as '0-3,5'; 'max' takes the limit away");

    /// <summary>Whether a text asks for no limit.</summary>
    public static bool IsMax(string text) =>
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
