using System;
using System.Globalization;

namespace Isolation.Arguments;

/// <summary>
/// How much goes over a link in a second, as tc(8) has it: bits as a number, or with a unit of bits (<c>10mbit</c>) or of bytes (<c>10mbps</c>, <c>10MB/s</c>);
/// <c>max</c> for no limit.
/// </summary>
public sealed class RateArgument
{
    // What tc(8) takes: k is 1000 and ki 1024.
    private static readonly (string Prefix, double Factor)[] s_prefixes =
        [("ki", 1024), ("mi", 1024d * 1024), ("gi", 1024d * 1024 * 1024), ("ti", 1024d * 1024 * 1024 * 1024), ("k", 1e3), ("m", 1e6), ("g", 1e9), ("t", 1e12), ("", 1)];

    // Enough for any link that there is.
    private const double Most = 1e15;

    /// <summary>Bits a second.</summary>
    /// <param name="bits">Bits a second.</param>
    public RateArgument(long bits) => Bits = Check(bits, bits.ToString(CultureInfo.InvariantCulture));

    /// <summary>Bits a second.</summary>
    /// <param name="bits">Bits a second.</param>
    public RateArgument(int bits) : this((long)bits)
    {
    }

    /// <summary>Bits a second.</summary>
    /// <param name="bits">Bits a second.</param>
    public RateArgument(double bits) => Bits = Check(bits, bits.ToString(CultureInfo.InvariantCulture));

    /// <summary>A number with or without a unit, or <c>max</c>.</summary>
    /// <param name="text">The text.</param>
    public RateArgument(string text)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(text);
        string clean = text.Trim();
        if (clean.Equals("max", StringComparison.OrdinalIgnoreCase) || clean.Equals("unlimited", StringComparison.OrdinalIgnoreCase))
        {
            return;
        }

        (string number, double factor) = Split(clean);
        Bits = double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value)
            ? Check(value * factor, text)
            : throw new ArgumentException($"'{text}' is no rate. Give bits a second, such as 10mbit or 1.5gbit, or bytes a second, such as 10MB/s or 10mbps, or max.", nameof(text));
    }

    /// <summary>Bits a second; 0 for no limit.</summary>
    public long Bits { get; }

    /// <inheritdoc/>
    public override string ToString() => Bits == 0 ? "max" : $"{Bits.ToString(CultureInfo.InvariantCulture)}bit";

    private static (string Number, double Factor) Split(string text)
    {
        // A small b with a stroke might mean either, and is refused.
        (int unit, int size) = text.EndsWith("B/s", StringComparison.Ordinal) ? (3, 8)
            : text.EndsWith("bit/s", StringComparison.OrdinalIgnoreCase) ? (5, 1)
            : text.EndsWith("bit", StringComparison.OrdinalIgnoreCase) ? (3, 1)
            : text.EndsWith("bps", StringComparison.OrdinalIgnoreCase) ? (3, 8)
            : (0, 1);
        string rest = text[..^unit].TrimEnd();
        foreach ((string prefix, double factor) in s_prefixes)
        {
            if (rest.EndsWith(prefix, StringComparison.OrdinalIgnoreCase))
            {
                return (rest[..^prefix.Length].TrimEnd(), factor * size);
            }
        }

        return (rest, size);
    }

    private static long Check(double bits, string text) => bits is >= 8 and <= Most
        ? (long)bits
        : throw new ArgumentException($"The rate '{text}' is not from 8 bits to {Most:0} bits a second. For no limit say max.", nameof(bits));
}
