using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using Isolation.Entry;
using Isolation.Interop;
using Isolation.Users;

namespace Isolation;

/// <summary>What a new set is to be.</summary>
internal sealed record NamespaceSetOptions
{
    /// <summary>Its name; null for a set that ends with this process.</summary>
    public string? Name { get; init; }

    public required NamespaceType Types { get; init; }

    /// <summary>The parameter that says the kinds, for errors.</summary>
    public string TypeParameter { get; init; } = "-Type";

    public string? HostName { get; init; }

    public string? DomainName { get; init; }

    public bool MapRootUser { get; init; }

    /// <summary>The folder, as a full path, that becomes the root of the new mount namespace; null leaves the root.</summary>
    public string? Root { get; init; }

    /// <summary>The ids of the new user namespace, where they are more than <see cref="MapRootUser"/> says.</summary>
    public IdMapOptions Map { get; init; } = new();

    /// <summary>How far the monotonic clock goes ahead of the host's.</summary>
    public TimeSpan? MonotonicOffset { get; init; }

    /// <summary>How far the boot-time clock goes ahead of the host's.</summary>
    public TimeSpan? BootTimeOffset { get; init; }

    /// <summary>
    /// How the mounts of the new mount namespace pass mounts on: <see cref="MountPropagation.None"/> leaves them as they are, null makes them private.
    /// </summary>
    public MountPropagation? Propagation { get; init; }

    public bool AsPid1 { get; init; }

    /// <summary>The set in which it is made; null for the caller's own namespaces.</summary>
    public string? Parent { get; init; }

    /// <summary>Opens namespaces that it is made in as well.</summary>
    public IReadOnlyList<Func<NamespaceTarget>> Join { get; init; } = [];

    /// <summary>It ends with this process, though it has a name.</summary>
    public bool KillChild { get; init; }

    /// <summary>The user and group to whom its user namespace belongs; null for the caller.</summary>
    public (uint Uid, uint Gid)? Owner { get; init; }

    /// <summary>Whether it ends with this process.</summary>
    public bool EndsWithOwner => Name is null || KillChild;

    /// <summary>All that is asked for of the ids.</summary>
    public IdMapOptions IdMap => Map with { Root = MapRootUser };

    /// <summary>Refuses what cannot be meant, before anything is made.</summary>
    /// <exception cref="IsolationException"><c>NamespaceNameInvalid</c>, <c>NamespaceTypeInvalid</c>, <c>NamespaceOptionInvalid</c>.</exception>
    public void Check()
    {
        if (Name is not null)
        {
            NamespaceName.Check(Name);
        }

        if ((Types & NamespaceTypes.Every) == NamespaceType.None || (Types & ~NamespaceTypes.Every) != NamespaceType.None)
        {
            throw new IsolationException(
                "NamespaceTypeInvalid", ErrorKind.InvalidArgument, $"'{Types}' is no kind of namespace. Give one or more of {string.Join(", ", NamespaceTypes.All)}.");
        }

        CheckHostName(HostName, "-HostName");
        CheckHostName(DomainName, "-DomainName");
        if (AsPid1 && !Types.HasFlag(NamespaceType.Pid))
        {
            throw Invalid($"-AsPid1 makes the first program PID 1 of a new pid namespace, and none is asked for. Add Pid to {TypeParameter}.");
        }

        if (MapRootUser && !Types.HasFlag(NamespaceType.User))
        {
            throw Invalid($"-MapRootUser maps a user of a new user namespace, and none is asked for. Add User to {TypeParameter}.");
        }

        if ((Map.HasMap || Map.SetGroups is not null) && !Types.HasFlag(NamespaceType.User))
        {
            throw Invalid($"-UserMap, -GroupMap, -MapCurrentUser, -MapAuto and -SetGroups are for a new user namespace, and none is asked for. Add User to {TypeParameter}.");
        }

        if (Owner is not null && !Types.HasFlag(NamespaceType.User))
        {
            throw Invalid($"-Owner is for a new user namespace, and none is asked for. Add User to {TypeParameter}.");
        }

        if (Propagation is not null && !Types.HasFlag(NamespaceType.Mount))
        {
            throw Invalid($"-Propagation is for a new mount namespace, and none is asked for. Add Mount to {TypeParameter}.");
        }

        if (Propagation == MountPropagation.None && Root is not null)
        {
            throw Invalid("-Propagation Unchanged leaves the host's mounts shared, and the kernel lets nobody change the root among such. Choose another with -Root.");
        }

        CheckRoot();
        IdMap.Check();
        CheckOffset(MonotonicOffset, "-MonotonicOffset", "monotonic clock", static () => Sys.MonotonicTime());
        CheckOffset(BootTimeOffset, "-BootTimeOffset", "time since the boot", static () => Sys.TimeSinceBoot());
    }

    // KTIME_SEC_MAX / 2, time_namespaces(7): some 146 years.
    private static readonly TimeSpan s_longestOffset = TimeSpan.FromSeconds(4_611_686_018);

    private void CheckOffset(TimeSpan? offset, string parameter, string clock, Func<TimeSpan> read)
    {
        if (offset is not TimeSpan span)
        {
            return;
        }

        if (!Types.HasFlag(NamespaceType.Time))
        {
            throw Invalid($"{parameter} is for a new time namespace, and none is asked for. Add Time to {TypeParameter}.");
        }

        // Within another time namespace the clock that is read is not the host's, to which the offset is added; the kernel checks it there.
        TimeSpan now = InitialNamespaces.HasTime ? read() : s_longestOffset;
        if (span < -now)
        {
            throw Invalid($"{parameter} {span:c} would set the clock below zero, which no clock can be: the {clock} of this host is at {now:c}. Choose an offset above -{now:c}.");
        }

        if (span > s_longestOffset)
        {
            throw Invalid($"{parameter} {span:c} would set the clock beyond {s_longestOffset:c}, 146 years, the kernel's limit. Choose a smaller one.");
        }
    }

    private void CheckRoot()
    {
        if (Root is null)
        {
            return;
        }

        if (!Types.HasFlag(NamespaceType.Mount))
        {
            throw Invalid($"-Root is for a new mount namespace, and none is asked for: the host's own root would change. Add Mount to {TypeParameter}.");
        }

        if (Parent is not null || Join.Count != 0)
        {
            // The folder lies in the namespace that is entered first, where the kernel looks for it.
            return;
        }

        if (!Directory.Exists(Root) || Path.GetFullPath(Root) == "/")
        {
            throw Invalid($"-Root {Root} is {(File.Exists(Root) ? "a file" : Directory.Exists(Root) ? "the root already" : "not there")}. Give a folder that holds what is to be seen inside.");
        }

        if (Types.HasFlag(NamespaceType.Pid) && !Directory.Exists(Path.Combine(Root, "proc")))
        {
            throw Invalid($"-Root {Root} has no folder proc, on which a set with a pid namespace mounts its own. Make it: New-Item -ItemType Directory {Path.Combine(Root, "proc")}");
        }
    }

    private void CheckHostName(string? name, string parameter)
    {
        if (name is null)
        {
            return;
        }

        if (!Types.HasFlag(NamespaceType.Uts))
        {
            throw Invalid($"{parameter} is for a new uts namespace, and none is asked for: the host's own name would change. Add Uts to {TypeParameter}.");
        }

        CheckName(name, parameter);
    }

    /// <summary>Refuses a host name or domain name that the kernel does not take.</summary>
    /// <exception cref="IsolationException"><c>NamespaceOptionInvalid</c>.</exception>
    public static void CheckName(string name, string parameter)
    {
        // __NEW_UTS_LEN, uname(2).
        if (name.Length == 0 || Encoding.UTF8.GetByteCount(name) > 64 || name.AsSpan().IndexOfAny('\0', '\n', '/') >= 0)
        {
            throw Invalid($"{parameter} '{name.ReplaceLineEndings(" ")}' is not a name of 1 to 64 bytes without '/' and line ends, sethostname(2).");
        }
    }

    private static IsolationException Invalid(string message) => new("NamespaceOptionInvalid", ErrorKind.InvalidArgument, message);
}
