using System;
using System.Globalization;
using Isolation.Interop;
using Isolation.Plans;
using Isolation.Users;

namespace Isolation.Entry;

/// <summary>The user namespace that owns a namespace, ioctl_ns(2): it is there that capabilities over it count.</summary>
internal static class NamespaceOwner
{
    /// <summary>A user, and after a colon a group, by name or id; without one the user's own.</summary>
    /// <exception cref="IsolationException"><c>UserNotFound</c>, <c>GroupNotFound</c>.</exception>
    public static (uint Uid, uint Gid) Parse(string text)
    {
        UserDatabase users = UserDatabase.Host;
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        string user = colon < 0 ? text : text[..colon];
        bool isId = TryParse(user, out uint uid);
        UserEntry? entry = isId ? users.User(uid) : users.User(user) ?? throw new IsolationException(
            "UserNotFound", ErrorKind.NotFound, $"There is no user '{user}' in /etc/passwd. Give a name from there, or a number.");
        uid = entry?.UserId ?? uid;
        if (colon < 0)
        {
            return (uid, entry?.GroupId ?? uid);
        }

        string group = text[(colon + 1)..];
        return (uid, TryParse(group, out uint gid) ? gid : users.Group(group)?.GroupId ?? throw new IsolationException(
            "GroupNotFound", ErrorKind.NotFound, $"There is no group '{group}' in /etc/group. Give a name from there, or a number."));
    }

    /// <summary>The outermost of the user namespaces around one that lie within the caller's own; null where it lies in that at once. The caller closes it.</summary>
    /// <param name="user">The user namespace.</param>
    /// <param name="own">The id of the caller's own.</param>
    /// <exception cref="SyscallException">There is no descriptor left to find out with.</exception>
    public static Descriptor? OutermostAround(Descriptor user, ulong own)
    {
        Descriptor? outermost = null;
        Descriptor? at = Sys.ParentOfNamespace(user, out Errno error);
        while (at is not null && Sys.Status(at).Inode != own)
        {
            outermost?.Dispose();
            outermost = at;
            at = Sys.ParentOfNamespace(outermost, out error);
        }

        at?.Dispose();
        if (Sys.IsExhausted(error))
        {
            outermost?.Dispose();
            throw Exhausted(error);
        }

        return outermost;
    }

    /// <summary>Whether a namespace is owned by a user namespace or by one inside that.</summary>
    /// <param name="ns">The namespace.</param>
    /// <param name="user">The id of the user namespace.</param>
    /// <exception cref="SyscallException">There is no descriptor left to find out with.</exception>
    public static bool IsWithin(Descriptor ns, ulong user)
    {
        Descriptor? at = Sys.OwnerOfNamespace(ns, out Errno error);
        while (at is not null)
        {
            using Descriptor owner = at;
            if (Sys.Status(owner).Inode == user)
            {
                return true;
            }

            // None above the caller's own, which is as far as the kernel shows them.
            at = Sys.ParentOfNamespace(owner, out error);
        }

        // Otherwise a namespace whose owner cannot be asked for would be entered in the wrong order, and be refused for want of rights.
        return Sys.IsExhausted(error) ? throw Exhausted(error) : false;
    }

    /// <summary>The user namespace that owns a namespace; null where the caller is not told. The caller closes it.</summary>
    /// <exception cref="SyscallException">There is no descriptor left to find out with.</exception>
    public static Descriptor? Of(Descriptor ns)
    {
        Descriptor? owner = Sys.OwnerOfNamespace(ns, out Errno error);
        return owner is null && Sys.IsExhausted(error) ? throw Exhausted(error) : owner;
    }

    /// <summary>Who owns a namespace that the caller may not enter, which capability that takes, and what to do.</summary>
    /// <param name="ns">The namespace.</param>
    /// <param name="type">Its kind.</param>
    /// <param name="entered">The user namespace that is entered with it; null for none.</param>
    /// <exception cref="SyscallException">There is no descriptor left to find out with.</exception>
    public static string Describe(Descriptor ns, NamespaceType type, Descriptor? entered)
    {
        if (type == NamespaceType.User)
        {
            return $"{Whose("It was made by", ns)}: entering it needs CAP_SYS_ADMIN in it, which its maker has, and root outside of it. Run as that user, or as root.";
        }

        using Descriptor? owner = Of(ns);
        if (owner is null)
        {
            return "It is owned by a user namespace outside of the one of this PowerShell, and entering it needs CAP_SYS_ADMIN there. Run outside, as root.";
        }

        ulong id = Sys.Status(owner).Inode;
        string text = $"It is owned by user namespace {id}, {Whose("made by", owner)}: entering it needs CAP_SYS_ADMIN there, and in the user namespace from which it is entered.";
        if (entered is not null && Sys.Status(entered).Inode is ulong other && other != id)
        {
            return $"{text} The user namespace that is entered with it, {other}, is another one and gives no rights over it. Run as root, or enter it with its own user namespace.";
        }

        return entered is null && id != OwnId() && Sys.OwnerUidOfNamespace(owner) == Sys.EffectiveUserId
            ? $"{text} Its user has that inside of its user namespace: enter that too, with -JoinOwner."
            : $"{text} Run as root.";
    }

    // The highest number is nobody's: to setresuid(2) it means no change.
    private static bool TryParse(string text, out uint id) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out id) && id != uint.MaxValue;

    private static SyscallException Exhausted(Errno error) => new("ioctl", error, "find the owner of a namespace", PlanHints.ForFork(error));

    private static ulong OwnId() => Sys.TryStatus("/proc/self/ns/user", out FileStatus own) ? own.Inode : 0;

    private static string Whose(string verb, Descriptor user) =>
        Sys.OwnerUidOfNamespace(user) is uint uid ? $"{verb} user {UserDatabase.Host.UserName(uid)}" : $"{verb} a user who is not known here";
}
