using System.Globalization;

namespace Isolation.Formatting;

/// <summary>Rates as the format views show them.</summary>
public static class RateText
{
    private const string Prefixes = "kmgt";

    /// <summary>A rate in the largest unit (of 1000) that leaves a number of 1 or more, such as <c>10mbit</c>; <c>-Send</c> takes the same form.</summary>
    /// <param name="bits">Bits a second; null for no limit.</param>
    public static string Bits(long? bits)
    {
        if (bits is not long number)
        {
            return CgroupText.Unlimited;
        }

        double size = number;
        int unit = -1;
        while (size >= 1000 && unit < Prefixes.Length - 1)
        {
            size /= 1000;
            unit++;
        }

        return $"{size.ToString("0.###", CultureInfo.InvariantCulture)}{(unit < 0 ? "" : Prefixes[unit])}bit";
    }

    /// <summary>A time in milliseconds; nothing for none.</summary>
    /// <param name="time">The time.</param>
    public static string Milliseconds(System.TimeSpan time) => time == default ? "" : $"{time.TotalMilliseconds.ToString("0.###", CultureInfo.InvariantCulture)}ms";

    /// <summary>A share of packets; nothing for none.</summary>
    /// <param name="value">Per cent.</param>
    public static string PerCent(double value) => value == 0 ? "" : $"{value.ToString("0.####", CultureInfo.InvariantCulture)}%";
}
