using System;
using System.Collections.Generic;
using System.Globalization;

namespace Isolation.Users;

/// <summary>A line of <c>/etc/subuid</c> or <c>/etc/subgid</c>, subuid(5): ids that a user may map into user namespaces.</summary>
/// <param name="Owner">The user's name, or the digits of its id.</param>
/// <param name="Start">The first id.</param>
/// <param name="Count">How many there are.</param>
internal sealed record SubordinateIdRange(string Owner, long Start, long Count)
{
    /// <summary>The first id that useradd(8) gives, <c>SUB_UID_MIN</c> of login.defs(5).</summary>
    public const long Lowest = 100_000;

    /// <summary>Parses the text of such a file. Lines that are damaged are left out.</summary>
    public static IReadOnlyList<SubordinateIdRange> Parse(string text)
    {
        List<SubordinateIdRange> ranges = [];
        foreach (string line in text.Split('\n'))
        {
            string[] fields = line.Trim().Split(':');
            if (fields.Length == 3
                && fields[0].Length > 0
                && fields[0][0] != '#'
                && TryParse(fields[1], out long start)
                && TryParse(fields[2], out long count)
                && count > 0)
            {
                ranges.Add(new SubordinateIdRange(fields[0], start, count));
            }
        }

        return ranges;
    }

    /// <summary>The service that ranges come from instead, by the text of nsswitch.conf(5), such as <c>sss</c>; null for the two files.</summary>
    public static string? Service(string nameServices)
    {
        foreach (string line in nameServices.Split('\n'))
        {
            if (line.StartsWith("subid:", StringComparison.Ordinal) && line["subid:".Length..].Trim() is not ("" or "files") and string service)
            {
                return service;
            }
        }

        return null;
    }

    /// <summary>The ranges of a user, under the name or the id.</summary>
    public static IEnumerable<SubordinateIdRange> Of(IReadOnlyList<SubordinateIdRange> ranges, string name, uint id)
    {
        string digits = id.ToString(CultureInfo.InvariantCulture);
        foreach (SubordinateIdRange range in ranges)
        {
            if (range.Owner == name || range.Owner == digits)
            {
                yield return range;
            }
        }
    }

    /// <summary>The first id above all ranges, for a new one.</summary>
    public static long FirstFree(IReadOnlyList<SubordinateIdRange> ranges)
    {
        long free = Lowest;
        foreach (SubordinateIdRange range in ranges)
        {
            free = Math.Max(free, range.Start + range.Count);
        }

        return free;
    }

    private static bool TryParse(string field, out long value) =>
        long.TryParse(field, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value <= uint.MaxValue;
}
