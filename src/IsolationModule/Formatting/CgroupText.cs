using System.Globalization;

namespace Isolation.Formatting;

/// <summary>Limits as the format views show them.</summary>
public static class CgroupText
{
    /// <summary>What stands for no limit.</summary>
    public const string Unlimited = "unlimited";

    private const string Units = "KMGTPE";

    /// <summary>A size in the largest unit (of 1024) that leaves a number of 1 or more, such as <c>256M</c>; <c>-MemoryMax</c> takes the same form.</summary>
    /// <param name="bytes">Bytes; null for no limit.</param>
    public static string Bytes(long? bytes)
    {
        if (bytes is not long number)
        {
            return Unlimited;
        }

        double size = number;
        int unit = -1;
        while (size >= 1024 && unit < Units.Length - 1)
        {
            size /= 1024;
            unit++;
        }

        string text = size.ToString("0.##", CultureInfo.InvariantCulture);
        return unit < 0 ? text : text + Units[unit];
    }

    /// <summary>Memory that is not taken back, as a size.</summary>
    /// <param name="bytes">Bytes; <see cref="long.MaxValue"/> for all.</param>
    public static string Protection(long? bytes) => bytes == long.MaxValue ? "max" : Bytes(bytes ?? 0);

    /// <summary>A size of a table: what is set, or in brackets what a cgroup above allows.</summary>
    /// <param name="own">Bytes; null for no limit.</param>
    /// <param name="effective">Bytes; null for no limit.</param>
    public static string Bytes(long? own, long? effective) => own is null && effective is not null ? $"({Bytes(effective)})" : Bytes(own);

    /// <summary>A number.</summary>
    /// <param name="value">The number; null for no limit.</param>
    public static string Number(double? value) => value?.ToString("0.###", CultureInfo.InvariantCulture) ?? Unlimited;

    /// <summary>A number of a table: what is set, or in brackets what a cgroup above allows.</summary>
    /// <param name="own">The number; null for no limit.</param>
    /// <param name="effective">The number; null for no limit.</param>
    public static string Number(double? own, double? effective) => own is null && effective is not null ? $"({Number(effective)})" : Number(own);

    /// <summary>A text of a table: what is set, or in brackets what comes from a cgroup above.</summary>
    /// <param name="own">The text; null for none.</param>
    /// <param name="effective">The text; null for none.</param>
    public static string Text(object? own, object? effective) =>
        own is not null ? string.Format(CultureInfo.InvariantCulture, "{0}", own)
        : effective is not null ? string.Format(CultureInfo.InvariantCulture, "({0})", effective)
        : "";
}
