using System;
using System.Collections.Generic;
using System.Text;

namespace Isolation.Users;

/// <summary>What holds for a whole id map, user_namespaces(7) "Defining user and group ID mappings".</summary>
internal static class IdMapList
{
    /// <summary>The most lines that a map has, since Linux 4.15.</summary>
    public const int MaxLines = 340;

    // It is written at once, and the kernel takes less than a page.
    private const int MaxBytes = 4095;

    /// <summary>The map as it is written to <c>uid_map</c> or <c>gid_map</c>.</summary>
    public static string Text(IReadOnlyList<IdMap> map)
    {
        StringBuilder text = new();
        foreach (IdMap line in map)
        {
            text.Append(line.Line).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>Refuses a map that no kernel takes. The messages name the lines, counted from 1.</summary>
    /// <param name="map">The map.</param>
    /// <param name="parameter">The parameter that it comes from.</param>
    /// <exception cref="IsolationException"><c>IdMapInvalid</c>.</exception>
    public static void Check(IReadOnlyList<IdMap> map, string parameter)
    {
        if (map.Count > MaxLines)
        {
            throw Invalid($"{parameter} has {map.Count} lines, and the kernel takes {MaxLines}: line {MaxLines + 1} ({map[MaxLines]}) is one too many. Join ranges that follow one another.");
        }

        int bytes = 0;
        for (int i = 0; i < map.Count; i++)
        {
            bytes += map[i].Line.Length + 1;
            if (bytes > MaxBytes)
            {
                throw Invalid($"{parameter} is too long with line {i + 1} ({map[i]}): {bytes} bytes, and the kernel takes {MaxBytes}. Join ranges that follow one another.");
            }
        }

        CheckOverlap(map, parameter, "inside", static line => line.Inside);
        CheckOverlap(map, parameter, "outside", static line => line.Outside);
    }

    /// <summary>The ids of one side that a list of ranges has, cut off a new map from the front: for maps that are made of what there is.</summary>
    /// <param name="inside">The ranges inside, in order.</param>
    /// <param name="outside">The ranges outside, in order.</param>
    public static List<IdMap> Pair(IEnumerable<(long Start, long Count)> inside, IEnumerable<(long Start, long Count)> outside)
    {
        List<IdMap> map = [];
        using IEnumerator<(long Start, long Count)> to = outside.GetEnumerator();
        (long Start, long Count) left = default;
        foreach ((long start, long count) in inside)
        {
            for (long at = start; at < start + count;)
            {
                if (left.Count == 0)
                {
                    if (!to.MoveNext())
                    {
                        return map;
                    }

                    left = to.Current;
                }

                long taken = Math.Min(left.Count, start + count - at);
                map.Add(new IdMap(at, left.Start, taken));
                at += taken;
                left = (left.Start + taken, left.Count - taken);
            }
        }

        return map;
    }

    private static void CheckOverlap(IReadOnlyList<IdMap> map, string parameter, string side, Func<IdMap, long> first)
    {
        int[] order = new int[map.Count];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        Array.Sort(order, (a, b) => first(map[a]).CompareTo(first(map[b])));
        for (int i = 1; i < order.Length; i++)
        {
            (int one, int other) = (Math.Min(order[i - 1], order[i]), Math.Max(order[i - 1], order[i]));
            long start = first(map[order[i]]);
            if (start < first(map[order[i - 1]]) + map[order[i - 1]].Count)
            {
                throw Invalid($"{parameter}: line {other + 1} ({map[other]}) and line {one + 1} ({map[one]}) both map the id {start} {side}. An id has one line.");
            }
        }
    }

    private static IsolationException Invalid(string message) => new("IdMapInvalid", ErrorKind.InvalidArgument, message);
}
