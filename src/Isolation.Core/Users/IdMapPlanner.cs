using System;
using System.Collections.Generic;
using System.Globalization;

namespace Isolation.Users;

/// <summary>
/// Turns what is asked for into the two maps of a new user namespace, and says who writes them. What the caller may not map is refused here, by line,
/// since the kernel says EPERM or EINVAL for the whole.
/// </summary>
internal static class IdMapPlanner
{
    /// <summary>Plans the maps; null where nothing is mapped and setgroups(2) is left alone.</summary>
    /// <exception cref="IsolationException"><c>NamespaceOptionInvalid</c>, <c>IdMapInvalid</c>, <c>IdMapNotAllowed</c>, <c>SubordinateIdsMissing</c>.</exception>
    public static PlannedIdMaps? Plan(IdMapOptions options, IdMapCaller caller)
    {
        options.Check();
        if (!options.HasMap)
        {
            return options.SetGroups == false ? new PlannedIdMaps(null, null, DenySetGroups: true) : null;
        }

        Side users = new("user", options.Users is null ? "" : "-UserMap", caller.Uid, caller.MayMapUsers, caller.Users, "/etc/subuid", "--add-subuids", caller.SubordinateUsers);
        Side groups = new(
            "group",
            options.Groups is not null ? "-GroupMap" : options.Users is not null ? "-UserMap, which says the groups too where there is no -GroupMap," : "",
            caller.Gid,
            caller.MayMapGroups,
            caller.Groups,
            "/etc/subgid",
            "--add-subgids",
            caller.SubordinateGroups);
        PlannedIdMap? userMap = PlanSide(options, caller, users, options.Users, mayBeSelf: true);
        PlannedIdMap? groupMap = PlanSide(options, caller, groups, options.Groups ?? options.Users, mayBeSelf: options.SetGroups != true);
        if (options.SetGroups == true && groupMap is { Writer: IdMapWriter.Program } && !Array.Exists([.. groupMap.Lines], line => IsSubordinate(groups, caller, line)))
        {
            throw new IsolationException(
                "IdMapNotAllowed",
                ErrorKind.PermissionDenied,
                "-SetGroups Allow needs a group of /etc/subgid in the map, or CAP_SETGID: the kernel lets an ordinary user map the own group only where setgroups(2) is denied, user_namespaces(7). Leave it out, or add -MapAuto.");
        }

        return new PlannedIdMaps(userMap, groupMap, DenySetGroups: options.SetGroups == false || (options.SetGroups is null && groupMap is { Writer: IdMapWriter.Self }));
    }

    private static PlannedIdMap? PlanSide(IdMapOptions options, IdMapCaller caller, Side side, IReadOnlyList<IdMap>? given, bool mayBeSelf)
    {
        bool isAsked = options.Root || options.CurrentUser || options.Auto;
        if (given is null && !isAsked)
        {
            return null;
        }

        IReadOnlyList<IdMap> lines = given ?? FromSwitches(options, caller, side);
        if (given is null)
        {
            IdMapList.Check(lines, $"The map of {side.Kind}s");
        }

        if (mayBeSelf && lines.Count == 1 && lines[0].Count == 1 && lines[0].Outside == side.Own)
        {
            return new PlannedIdMap(lines, IdMapWriter.Self);
        }

        for (int i = 0; i < lines.Count; i++)
        {
            RequireAllowed(caller, side, lines[i], i + 1);
        }

        return new PlannedIdMap(lines, side.MayMap ? IdMapWriter.Parent : IdMapWriter.Program);
    }

    // The caller's own id where a switch says, and the others in order around it.
    private static List<IdMap> FromSwitches(IdMapOptions options, IdMapCaller caller, Side side)
    {
        List<IdMap> lines = [];
        long? own = options.Root ? 0 : options.CurrentUser ? side.Own : null;
        if (own is long id)
        {
            lines.Add(new IdMap(id, side.Own, 1));
        }

        if (options.Auto)
        {
            List<(long, long)> inside = own is long at ? [(0, at), (at + 1, IdMap.IdCount - at - 1)] : [(0, IdMap.IdCount)];
            lines.AddRange(IdMapList.Pair(inside, Subordinates(caller, side, except: own is null ? null : side.Own)));
            lines.Sort(static (one, other) => one.Inside.CompareTo(other.Inside));
        }

        return lines;
    }

    private static List<(long Start, long Count)> Subordinates(IdMapCaller caller, Side side, long? except)
    {
        if (side.Ranges is null)
        {
            throw new IsolationException(
                "SubordinateIdsMissing",
                ErrorKind.NotSupported,
                $"-MapAuto reads {side.File}, and on this host the ranges come from elsewhere (subid in /etc/nsswitch.conf). Look them up with getsubids {caller.Name}, and give them with -UserMap and -GroupMap.");
        }

        List<(long, long)> ranges = [];
        foreach (SubordinateIdRange range in SubordinateIdRange.Of(side.Ranges, caller.Name, caller.Uid))
        {
            // An id has one place inside.
            long before = except is long own && own >= range.Start && own < range.Start + range.Count ? own - range.Start : range.Count;
            Add(range.Start, before);
            Add(range.Start + before + 1, range.Count - before - 1);
        }

        void Add(long start, long count)
        {
            if (count > 0)
            {
                ranges.Add((start, count));
            }
        }

        if (ranges.Count == 0)
        {
            long start = SubordinateIdRange.FirstFree(side.Ranges);
            throw new IsolationException(
                "SubordinateIdsMissing",
                ErrorKind.PermissionDenied,
                string.Create(CultureInfo.InvariantCulture, $"{side.File} has no line for {caller.Name}, so there are no {side.Kind}s to map. As root: usermod {side.Option} {start}-{start + 65535} {caller.Name}"));
        }

        return ranges;
    }

    private static void RequireAllowed(IdMapCaller caller, Side side, IdMap line, int number)
    {
        string what = side.Parameter.Length == 0 ? $"Line {number} ({line}) of the map of {side.Kind}s" : $"{side.Parameter} line {number} ({line})";
        if (side.MayMap)
        {
            // The kernel looks for a range in one line of the map around, and not in two that follow one another.
            foreach (IdMap around in side.Around)
            {
                if (line.Outside >= around.Inside && line.Outside + line.Count <= around.Inside + around.Count)
                {
                    return;
                }
            }

            throw NotAllowed($"{what} maps {side.Kind}s that are not in one line of the map of {caller.Around}, which has {Show(side.Around)}. Choose ids of one of its lines, or split yours at its ends.");
        }

        if (side.Ranges is null || (line.Count == 1 && line.Outside == side.Own) || IsSubordinate(side, caller, line))
        {
            return;
        }

        List<string> ranges = [];
        foreach (SubordinateIdRange range in SubordinateIdRange.Of(side.Ranges, caller.Name, caller.Uid))
        {
            ranges.Add(string.Create(CultureInfo.InvariantCulture, $"{range.Start} to {range.Start + range.Count - 1}"));
        }

        string has = ranges.Count == 0 ? $"has no line for {caller.Name}" : $"gives {caller.Name} {string.Join(", ", ranges)}";
        throw NotAllowed($"{what} maps {side.Kind}s outside that {caller.Name} may not map: {side.File} {has}, and beside those there is {side.Own}, alone. Choose others, or run as root.");
    }

    // All of them, be it in several ranges: newuidmap(1) looks from one range to the next.
    private static bool IsSubordinate(Side side, IdMapCaller caller, IdMap line)
    {
        long at = line.Outside;
        long end = line.Outside + line.Count;
        for (bool found = true; found && at < end;)
        {
            found = false;
            foreach (SubordinateIdRange range in SubordinateIdRange.Of(side.Ranges ?? [], caller.Name, caller.Uid))
            {
                if (at >= range.Start && at < range.Start + range.Count)
                {
                    at = range.Start + range.Count;
                    found = true;
                }
            }
        }

        return at >= end;
    }

    private static string Show(IReadOnlyList<IdMap> map) => map.Count == 0 ? "none" : string.Join(", ", map);

    private static IsolationException NotAllowed(string message) => new("IdMapNotAllowed", ErrorKind.PermissionDenied, message);

    /// <summary>Users or groups.</summary>
    private sealed record Side(
        string Kind, string Parameter, uint Own, bool MayMap, IReadOnlyList<IdMap> Around, string File, string Option, IReadOnlyList<SubordinateIdRange>? Ranges);
}
