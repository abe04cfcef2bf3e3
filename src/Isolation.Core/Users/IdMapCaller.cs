using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using Isolation.Host;
using Isolation.Interop;

namespace Isolation.Users;

/// <summary>Who makes a user namespace, and what ids there are for its maps.</summary>
internal sealed record IdMapCaller
{
    // capabilities(7).
    private const int CAP_SETGID = 6;
    private const int CAP_SETUID = 7;

    /// <summary>The name, for errors and <c>/etc/subuid</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The user id.</summary>
    public required uint Uid { get; init; }

    /// <summary>The group id.</summary>
    public required uint Gid { get; init; }

    /// <summary>Whether any user of the namespace around may be mapped: CAP_SETUID.</summary>
    public bool MayMapUsers { get; init; }

    /// <summary>Whether any group of the namespace around may be mapped: CAP_SETGID.</summary>
    public bool MayMapGroups { get; init; }

    /// <summary>The users that there are in the namespace around, its own map.</summary>
    public IReadOnlyList<IdMap> Users { get; init; } = [];

    /// <summary>The groups that there are in the namespace around, its own map.</summary>
    public IReadOnlyList<IdMap> Groups { get; init; } = [];

    /// <summary>The lines of <c>/etc/subuid</c>; null where the ranges come from elsewhere, which is not asked.</summary>
    public IReadOnlyList<SubordinateIdRange>? SubordinateUsers { get; init; }

    /// <summary>The lines of <c>/etc/subgid</c>; null where the ranges come from elsewhere, which is not asked.</summary>
    public IReadOnlyList<SubordinateIdRange>? SubordinateGroups { get; init; }

    /// <summary>What is around, for errors: <c>this user namespace</c>, <c>set 'web'</c>.</summary>
    public string Around { get; init; } = "this user namespace";

    /// <summary>This process, where no more than its own ids are mapped: nothing is read.</summary>
    public static IdMapCaller Own => new() { Name = "", Uid = Sys.EffectiveUserId, Gid = Sys.EffectiveGroupId };

    /// <summary>This process.</summary>
    public static IdMapCaller Current
    {
        get
        {
            using HostView view = new();
            bool elsewhere = SubordinateIdRange.Service(Read("/etc/nsswitch.conf")) is not null;
            return new IdMapCaller
            {
                Name = view.UserName,
                Uid = Sys.EffectiveUserId,
                Gid = Sys.EffectiveGroupId,
                MayMapUsers = view.Caller.Has(CAP_SETUID),
                MayMapGroups = view.Caller.Has(CAP_SETGID),
                Users = ParseMap(Read("/proc/self/uid_map")),
                Groups = ParseMap(Read("/proc/self/gid_map")),
                SubordinateUsers = elsewhere ? null : SubordinateIdRange.Parse(Read("/etc/subuid")),
                SubordinateGroups = elsewhere ? null : SubordinateIdRange.Parse(Read("/etc/subgid")),
            };
        }
    }

    /// <summary>Root of another user namespace, in which a new one is made; <see cref="SubordinateUsers"/> are all that there are in it.</summary>
    /// <param name="users">Its <c>uid_map</c>, as it is seen there.</param>
    /// <param name="groups">Its <c>gid_map</c>, as it is seen there.</param>
    /// <param name="around">What it is of, for errors.</param>
    public static IdMapCaller Inside(string users, string groups, string around)
    {
        IReadOnlyList<IdMap> userMap = ParseMap(users);
        IReadOnlyList<IdMap> groupMap = ParseMap(groups);
        return new IdMapCaller
        {
            Name = "root",
            Uid = OwnId(userMap, Sys.EffectiveUserId),
            Gid = OwnId(groupMap, Sys.EffectiveGroupId),
            MayMapUsers = true,
            MayMapGroups = true,
            Users = userMap,
            Groups = groupMap,
            SubordinateUsers = Ranges(userMap),
            SubordinateGroups = Ranges(groupMap),
            Around = around,
        };
    }

    // Root where there is one, since that is who enters it; otherwise who the caller is there.
    private static uint OwnId(IReadOnlyList<IdMap> map, uint outside)
    {
        uint own = outside;
        foreach (IdMap line in map)
        {
            if (line.Inside == 0)
            {
                return 0;
            }

            own = outside >= line.Outside && outside < line.Outside + line.Count ? (uint)(line.Inside + outside - line.Outside) : own;
        }

        return own;
    }

    private static List<SubordinateIdRange> Ranges(IReadOnlyList<IdMap> map)
    {
        List<SubordinateIdRange> ranges = [];
        foreach (IdMap line in map)
        {
            ranges.Add(new SubordinateIdRange("root", line.Inside, line.Count));
        }

        return ranges;
    }

    /// <summary>The map as <c>/proc/PID/uid_map</c> shows it. Lines that are damaged are left out.</summary>
    public static IReadOnlyList<IdMap> ParseMap(string text)
    {
        List<IdMap> map = [];
        foreach (string line in text.Split('\n'))
        {
            string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (fields.Length == 3 && TryParse(fields[0], out long inside) && TryParse(fields[1], out long outside) && TryParse(fields[2], out long count)
                && count > 0 && inside <= IdMap.IdCount - count && outside <= IdMap.IdCount - count)
            {
                map.Add(new IdMap(inside, outside, count));
            }
        }

        return map;
    }

    private static bool TryParse(string field, out long value) =>
        long.TryParse(field, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value <= uint.MaxValue;

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
