using System.Collections.Generic;

namespace Isolation.Users;

/// <summary>What ids a new user namespace is to have, as it is asked for.</summary>
internal sealed record IdMapOptions
{
    /// <summary>The user ids, line by line; null where the switches say them.</summary>
    public IReadOnlyList<IdMap>? Users { get; init; }

    /// <summary>The group ids, line by line; null for the lines of the users.</summary>
    public IReadOnlyList<IdMap>? Groups { get; init; }

    /// <summary>The caller is root inside.</summary>
    public bool Root { get; init; }

    /// <summary>The caller has the same ids inside.</summary>
    public bool CurrentUser { get; init; }

    /// <summary>The other ids inside, from 0, are those of <c>/etc/subuid</c> and <c>/etc/subgid</c>.</summary>
    public bool Auto { get; init; }

    /// <summary>Whether setgroups(2) is allowed inside; null for what the kernel gives.</summary>
    public bool? SetGroups { get; init; }

    /// <summary>Whether anything is mapped.</summary>
    public bool HasMap => Users is not null || Groups is not null || Root || CurrentUser || Auto;

    /// <summary>Whether others' ids are mapped, or it takes a right: not where the caller's own are all.</summary>
    public bool IsBeyondOwn => Users is not null || Groups is not null || Auto || SetGroups == true;

    /// <summary>Refuses what no caller can mean.</summary>
    /// <exception cref="IsolationException"><c>NamespaceOptionInvalid</c>, <c>IdMapInvalid</c>.</exception>
    public void Check()
    {
        if (Root && CurrentUser)
        {
            throw Invalid("-MapRootUser and -MapCurrentUser give the caller two ids inside, and there can be one. Leave one of them out.");
        }

        if ((Users ?? Groups) is not null && (Root || CurrentUser || Auto))
        {
            throw Invalid("-UserMap and -GroupMap say the whole map, and so do -MapRootUser, -MapCurrentUser and -MapAuto. Give the one or the other.");
        }

        if (Users is not null)
        {
            IdMapList.Check(Users, "-UserMap");
        }

        if (Groups is not null)
        {
            IdMapList.Check(Groups, "-GroupMap");
        }
    }

    private static IsolationException Invalid(string message) => new("NamespaceOptionInvalid", ErrorKind.InvalidArgument, message);
}
