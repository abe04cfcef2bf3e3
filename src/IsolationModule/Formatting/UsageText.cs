using System;
using System.Globalization;

namespace Isolation.Formatting;

/// <summary>What control groups use, as the format views show it. What is not counted is shown as nothing.</summary>
public static class UsageText
{
    /// <summary>A size, such as <c>1.5M</c>.</summary>
    /// <param name="bytes">Bytes; null where they are not counted.</param>
    public static string Size(long? bytes) => bytes is null ? "" : CgroupText.Bytes(bytes);

    /// <summary>A size a second.</summary>
    /// <param name="bytesPerSecond">Bytes a second; null where they are not counted.</param>
    public static string Rate(double? bytesPerSecond) => bytesPerSecond is double rate ? CgroupText.Bytes((long)Math.Round(rate)) : "";

    /// <summary>Per cent, with one digit after the point.</summary>
    /// <param name="percent">Per cent; null where it was not measured.</param>
    public static string Percent(double? percent) => percent?.ToString("0.0", CultureInfo.InvariantCulture) ?? "";

    /// <summary>A share of time, with the two digits after the point that the kernel gives.</summary>
    /// <param name="percent">Per cent; null where it is not measured.</param>
    public static string Share(double? percent) => percent?.ToString("0.00", CultureInfo.InvariantCulture) ?? "";

    /// <summary>Processor time: seconds up to a minute, then <c>h:mm:ss</c>.</summary>
    /// <param name="time">The time; null where it is not counted.</param>
    public static string Time(TimeSpan? time) => time is not TimeSpan span ? ""
        : span < TimeSpan.FromMinutes(1) ? span.TotalSeconds.ToString("0.00", CultureInfo.InvariantCulture) + "s"
        : string.Create(CultureInfo.InvariantCulture, $"{(long)span.TotalHours}:{span:mm\\:ss}");
}
