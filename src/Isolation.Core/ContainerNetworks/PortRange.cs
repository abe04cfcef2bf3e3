using System;
using System.Globalization;

namespace Isolation;

/// <summary>A port of TCP or UDP, or several in a row.</summary>
public sealed class PortRange : IEquatable<PortRange>
{
    /// <summary>The most ports that are published in one go: each is an element of the packet rules.</summary>
    internal const int MostPorts = 4096;

    /// <summary>One port.</summary>
    /// <param name="port">The port, 1 to 65535.</param>
    public PortRange(int port) : this(port, port)
    {
    }

    /// <summary>One port or several, as in <c>8000</c> and <c>8000-8010</c>.</summary>
    /// <param name="text">The text.</param>
    public PortRange(string text)
    {
        PortRange range = Parse(text?.Trim() ?? throw new ArgumentNullException(nameof(text)))
            ?? throw new ArgumentException($"'{text}' is no port and no range of ports: give 1 to 65535, such as 8000, or the first and the last, such as 8000-8010, {MostPorts} at most.", nameof(text));
        (First, Last) = (range.First, range.Last);
    }

    internal PortRange(int first, int last)
    {
        if (first is < 1 or > ushort.MaxValue || last < first || last > ushort.MaxValue)
        {
            throw new ArgumentException($"A port is 1 to 65535, and {first} is none.", nameof(first));
        }

        (First, Last) = (first, last);
    }

    /// <summary>The first port.</summary>
    public int First { get; }

    /// <summary>The last port.</summary>
    public int Last { get; }

    /// <summary>How many there are.</summary>
    public int Count => Last - First + 1;

    /// <inheritdoc/>
    public override string ToString() => First == Last ? First.ToString(CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{First}-{Last}");

    /// <inheritdoc/>
    public bool Equals(PortRange? other) => other is not null && First == other.First && Last == other.Last;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is PortRange other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(First, Last);

    /// <summary>Reads one; null for anything else, also where there would be too many.</summary>
    internal static PortRange? Parse(string text)
    {
        string[] ends = text.Split('-');
        return ends.Length <= 2 && Number(ends[0]) is int first && Number(ends[^1]) is int last && last >= first && last - first < MostPorts ? new PortRange(first, last) : null;
    }

    internal bool Overlaps(PortRange other) => First <= other.Last && other.First <= Last;

    private static int? Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number is >= 1 and <= ushort.MaxValue ? number : null;
}
