using System;
using System.Globalization;

namespace Isolation;

/// <summary>
/// A line of a user namespace's id map, user_namespaces(7): a range of user or group ids inside, and the ids of the namespace around it that they are.
/// </summary>
public sealed record IdMap
{
    /// <summary>The highest number of ids: 4294967295 itself is no id but stands for none.</summary>
    public const long IdCount = uint.MaxValue;

    /// <summary>Makes a line.</summary>
    /// <param name="inside">The first id inside, 0 to 4294967294.</param>
    /// <param name="outside">The first id outside, 0 to 4294967294.</param>
    /// <param name="count">How many ids there are, 1 or more; no range goes beyond 4294967294.</param>
    /// <exception cref="IsolationException"><c>IdMapInvalid</c>: there is no such range.</exception>
    public IdMap(long inside, long outside, long count)
    {
        Inside = inside;
        Outside = outside;
        Count = count;
        if (count < 1)
        {
            throw Invalid($"it maps {count} ids. Give a count of 1 or more.");
        }

        CheckRange(inside, "inside");
        CheckRange(outside, "outside");
    }

    /// <summary>The first id inside.</summary>
    public long Inside { get; }

    /// <summary>The first id outside, as the namespace around this one has it.</summary>
    public long Outside { get; }

    /// <summary>How many ids the range has.</summary>
    public long Count { get; }

    /// <summary>Reads <c>INSIDE:OUTSIDE:COUNT</c>, as unshare(1) takes it; without a count one id.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="IsolationException"><c>IdMapInvalid</c>: it is none, or there is no such range.</exception>
    public static IdMap Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] fields = text.Split(':');
        long count = 1;
        return fields.Length is 2 or 3
            && TryParse(fields[0], out long inside)
            && TryParse(fields[1], out long outside)
            && (fields.Length == 2 || TryParse(fields[2], out count))
            ? new IdMap(inside, outside, count)
            : throw new IsolationException(
                "IdMapInvalid", ErrorKind.InvalidArgument, $"'{text.ReplaceLineEndings(" ")}' is no id map. Give INSIDE:OUTSIDE:COUNT, such as 0:100000:65536, or use New-IdMap.");
    }

    /// <summary>The line as <see cref="Parse"/> takes it.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Inside}:{Outside}:{Count}");

    /// <summary>The line as the kernel takes it, without its end.</summary>
    internal string Line => string.Create(CultureInfo.InvariantCulture, $"{Inside} {Outside} {Count}");

    private void CheckRange(long first, string side)
    {
        if (first < 0 || first > IdCount - Count)
        {
            throw Invalid($"the ids {side}, {first} to {(decimal)first + Count - 1}, are not all within 0 to {IdCount - 1}. Choose others, or a smaller count.");
        }
    }

    private IsolationException Invalid(string why) => new("IdMapInvalid", ErrorKind.InvalidArgument, $"The id map {this} cannot be: {why}");

    // Digits alone; a number that is far too long is refused as a number, and not as no map.
    private static bool TryParse(string field, out long value)
    {
        bool digits = decimal.TryParse(field, NumberStyles.None, CultureInfo.InvariantCulture, out decimal number);
        value = (long)Math.Min(number, long.MaxValue);
        return digits;
    }
}
