using System;
using System.Collections.Generic;
using System.Globalization;
using System.Threading;
using Isolation.Agent;
using Isolation.Interop;
using Isolation.Plans;
using Isolation.Users;

namespace Isolation.Entry;

/// <summary>Whom a program runs as: ids, supplementary groups, and what its environment says of them.</summary>
/// <param name="Uid">The user; null leaves it.</param>
/// <param name="Gid">The group; null leaves it.</param>
/// <param name="Groups">The supplementary groups.</param>
/// <param name="Environment">HOME, USER, LOGNAME and SHELL of a user that the namespace knows.</param>
internal sealed record Credentials(uint? Uid, uint? Gid, IReadOnlyList<uint> Groups, IReadOnlyList<string> Environment)
{
    /// <summary>Nobody else.</summary>
    public static Credentials Unchanged { get; } = new(null, null, [], []);

    /// <summary>Finds a user and a group by name or id, in the files of the mount namespace that is entered.</summary>
    /// <exception cref="IsolationException"><c>UserNotFound</c>, <c>GroupNotFound</c>.</exception>
    public static Credentials Find(NamespaceTarget target, EntrySettings settings, string? user, string? group, CancellationToken cancellation)
    {
        if (user is null && group is null)
        {
            return Unchanged;
        }

        UserDatabase database;
        try
        {
            database = Databases(target, settings, cancellation);
        }
        catch (Exception exception) when (exception is SyscallException or IsolationException { ErrorId: "UserDatabaseInvalid" } && IsNumber(user) && IsNumber(group))
        {
            // Not reached in this way: numbers will do.
            database = UserDatabase.Parse([], []);
        }

        uint? uid = null;
        uint? gid = null;
        uint[] groups = [];
        List<string> environment = [];
        if (user is not null)
        {
            bool isId = uint.TryParse(user, NumberStyles.None, CultureInfo.InvariantCulture, out uint id);
            UserEntry? entry = isId ? database.User(id) : database.User(user);
            if (entry is null && !isId)
            {
                throw new IsolationException(
                    "UserNotFound", ErrorKind.NotFound, $"There is no user '{user}' in /etc/passwd of {target.Description}. Give a name from there, or a number.");
            }

            uid = entry?.UserId ?? id;
            gid = entry?.GroupId ?? id;
            if (entry is not null)
            {
                groups = database.GroupIdsOf(entry);
                environment = [$"HOME={entry.HomeDirectory}", $"USER={entry.Name}", $"LOGNAME={entry.Name}", $"SHELL={entry.Shell}"];
            }
        }

        if (group is not null)
        {
            bool isId = uint.TryParse(group, NumberStyles.None, CultureInfo.InvariantCulture, out uint id);
            gid = isId ? id : database.Group(group)?.GroupId ?? throw new IsolationException(
                "GroupNotFound", ErrorKind.NotFound, $"There is no group '{group}' in /etc/group of {target.Description}. Give a name from there, or a number.");
        }

        return new Credentials(uid, gid, groups, environment);
    }

    /// <summary>The users and groups that a program inside knows; none where its root has no such files.</summary>
    public static UserDatabase Databases(NamespaceTarget target, EntrySettings settings, CancellationToken cancellation)
    {
        NamespaceType types = target.Types & (NamespaceType.Mount | NamespaceType.User);
        if (!types.HasFlag(NamespaceType.Mount) && settings.Root is null)
        {
            return UserDatabase.Host;
        }

        List<Descriptor> inputs = [];
        NamespaceType before = target.BeforeUser;
        using Descriptor? outer = (types & before) != NamespaceType.None && types.HasFlag(NamespaceType.User) ? target.OpenOuterUser() : null;
        if (outer is not null)
        {
            inputs.Add(outer);
        }

        foreach (NamespaceType type in ProcessPlans.Order(types, before))
        {
            inputs.Add(target[type]);
        }

        using Descriptor? root = settings.Root is not null && target.Process is not null ? target.OpenOfProcess("root", OpenFlags.Path) : null;
        if (root is not null)
        {
            inputs.Add(root);
        }

        EntryOptions entry = new()
        {
            Target = target.Description, Types = types, Before = before, Outer = outer is not null, RootDirectory = root is not null, Root = settings.Root,
            New = settings.New,
        };
        try
        {
            using PlanOutcome outcome = AgentClient.Current.Run(UserPlans.OpenDatabases(entry), inputs, attached: true, cancellation);
            return UserDatabase.Parse(ReadAll(outcome.Descriptors[0], entry, "passwd"), ReadAll(outcome.Descriptors[1], entry, "group"));
        }
        catch (SyscallException exception) when (IsMissing(exception))
        {
            // A small root may have one of them alone.
            return UserDatabase.Parse(ReadIfThere(entry, "passwd", inputs, cancellation), ReadIfThere(entry, "group", inputs, cancellation));
        }
    }

    private static byte[] ReadIfThere(EntryOptions entry, string file, List<Descriptor> inputs, CancellationToken cancellation)
    {
        try
        {
            using PlanOutcome outcome = AgentClient.Current.Run(UserPlans.OpenDatabases(entry, file), inputs, attached: true, cancellation);
            return ReadAll(outcome.Descriptors[0], entry, file);
        }
        catch (SyscallException exception) when (IsMissing(exception))
        {
            return [];
        }
    }

    private static bool IsMissing(SyscallException exception) => exception is { Syscall: "openat", Errno: Errno.ENOENT or Errno.ENOTDIR };

    private static bool IsNumber(string? text) => text is null || uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    private static byte[] ReadAll(Descriptor file, EntryOptions entry, string name)
    {
        // The root may be a stranger's: a device there never ends.
        if (!Sys.Status(file).IsRegular)
        {
            throw new IsolationException(
                "UserDatabaseInvalid", ErrorKind.InvalidArgument, $"/etc/{name} of {entry.Target} is not a file, so no name can be looked up in it. Give -User and -Group as numbers.");
        }

        using System.IO.MemoryStream all = new();
        byte[] buffer = new byte[16 * 1024];
        int count;
        while ((count = Sys.Read(file, buffer)) > 0 && all.Length < 16 * 1024 * 1024)
        {
            all.Write(buffer.AsSpan(0, count));
        }

        return all.ToArray();
    }
}
