using System.Collections.Generic;

namespace Isolation.Users;

/// <summary>Who may write an id map, user_namespaces(7).</summary>
internal enum IdMapWriter
{
    /// <summary>The process in the new namespace itself: one line, with its own id.</summary>
    Self,
    /// <summary>A process in the namespace around it that has CAP_SETUID or CAP_SETGID there.</summary>
    Parent,
    /// <summary>newuidmap(1) or newgidmap(1), which has that capability and asks <c>/etc/subuid</c> or <c>/etc/subgid</c>.</summary>
    Program,
}

/// <summary>One of the two id maps of a new user namespace.</summary>
/// <param name="Lines">Its lines.</param>
/// <param name="Writer">Who writes it.</param>
internal sealed record PlannedIdMap(IReadOnlyList<IdMap> Lines, IdMapWriter Writer)
{
    /// <summary>Whether an id of the user namespace around has one inside.</summary>
    public bool Has(uint outside)
    {
        foreach (IdMap line in Lines)
        {
            if (outside >= line.Outside && outside < line.Outside + line.Count)
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>The maps of a new user namespace.</summary>
/// <param name="Users">The user ids; null for none.</param>
/// <param name="Groups">The group ids; null for none.</param>
/// <param name="DenySetGroups">Whether setgroups(2) is denied inside for ever.</param>
internal sealed record PlannedIdMaps(PlannedIdMap? Users, PlannedIdMap? Groups, bool DenySetGroups)
{
    /// <summary>Whether the new namespace's process must wait for somebody else to write them.</summary>
    public bool AreAwaited => Users is { Writer: not IdMapWriter.Self } || Groups is { Writer: not IdMapWriter.Self };
}
