using System;
using System.Globalization;

namespace Isolation.Arguments;

/// <summary>
/// A length of time as users write it: seconds as a number, a number with a unit (<c>150ms</c>, <c>2s</c>, <c>1m</c>), or a time span. PowerShell by itself takes
/// a number for ten-millionths of a second.
/// </summary>
public sealed class DurationArgument
{
    // The longer endings first.
    private static readonly (string Unit, double Seconds)[] s_units = [("ms", 1e-3), ("us", 1e-6), ("µs", 1e-6), ("s", 1), ("m", 60), ("h", 3600), ("d", 86400)];

    /// <summary>A time span.</summary>
    /// <param name="time">The time span.</param>
    public DurationArgument(TimeSpan time) => Time = time;

    /// <summary>Seconds.</summary>
    /// <param name="seconds">Seconds.</param>
    public DurationArgument(double seconds) => Time = FromSeconds(seconds);

    /// <summary>Seconds.</summary>
    /// <param name="seconds">Seconds.</param>
    public DurationArgument(int seconds) : this((double)seconds)
    {
    }

    /// <summary>Seconds.</summary>
    /// <param name="seconds">Seconds.</param>
    public DurationArgument(long seconds) : this((double)seconds)
    {
    }

    /// <summary>A number with or without a unit, or a time span such as <c>00:00:02</c>.</summary>
    /// <param name="text">The text.</param>
    public DurationArgument(string text)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(text);
        string clean = text.Trim();
        if (clean.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParse(clean, CultureInfo.InvariantCulture, out TimeSpan time))
        {
            Time = time;
            return;
        }

        (string number, double factor) = (clean, 1);
        foreach ((string unit, double seconds) in s_units)
        {
            if (clean.EndsWith(unit, StringComparison.OrdinalIgnoreCase))
            {
                (number, factor) = (clean[..^unit.Length].TrimEnd(), seconds);
                break;
            }
        }

        Time = double.TryParse(number, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out double value)
            ? FromSeconds(value * factor)
            : throw new ArgumentException($"'{text}' is no length of time. Give seconds, a number with a unit such as 150ms, 2s or 1m, or a time span such as 00:00:02.", nameof(text));
    }

    /// <summary>The length of time.</summary>
    public TimeSpan Time { get; }

    /// <inheritdoc/>
    public override string ToString() => Time.ToString("c", CultureInfo.InvariantCulture);

    private static TimeSpan FromSeconds(double seconds) => Math.Abs(seconds) < TimeSpan.MaxValue.TotalSeconds
        ? TimeSpan.FromTicks((long)Math.Round(seconds * TimeSpan.TicksPerSecond))
        : throw new ArgumentException($"{seconds} seconds are too long.", nameof(seconds));
}
