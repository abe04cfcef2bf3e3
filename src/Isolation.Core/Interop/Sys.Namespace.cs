using System.Runtime.InteropServices;
using static Tmds.Linux.LibC;

namespace Isolation.Interop;

internal static unsafe partial class Sys
{
    // ioctl_ns(2), linux/nsfs.h: _IO(0xb7, n), the same on every architecture.
    private const int NS_GET_USERNS = 0xb701;
    private const int NS_GET_PARENT = 0xb702;
    private const int NS_GET_NSTYPE = 0xb703;
    private const int NS_GET_OWNER_UID = 0xb704;

    /// <summary>
    /// The user namespace that owns a namespace, ioctl_ns(2) <c>NS_GET_USERNS</c>. Null where it lies outside what the caller may see (<c>EPERM</c>).
    /// </summary>
    public static Descriptor? OwnerOfNamespace(Descriptor ns, out Errno error) => NamespaceRelative(ns, NS_GET_USERNS, out error);

    /// <summary>
    /// The parent of a pid or user namespace, ioctl_ns(2) <c>NS_GET_PARENT</c>. Null for other kinds (<c>EINVAL</c>) and where it lies outside what
    /// the caller may see (<c>EPERM</c>).
    /// </summary>
    public static Descriptor? ParentOfNamespace(Descriptor ns, out Errno error) => NamespaceRelative(ns, NS_GET_PARENT, out error);

    /// <summary>The kind of namespace that a descriptor refers to, ioctl_ns(2) <c>NS_GET_NSTYPE</c>; none where it is no namespace.</summary>
    public static NamespaceType TypeOfNamespace(Descriptor ns)
    {
        int type = ioctl(ns.Number, NS_GET_NSTYPE);
        return type < 0 ? NamespaceType.None : (NamespaceType)type;
    }

    /// <summary>The user who made a user namespace, ioctl_ns(2) <c>NS_GET_OWNER_UID</c>; null for other kinds.</summary>
    public static uint? OwnerUidOfNamespace(Descriptor ns)
    {
        uint uid;
        return ioctl(ns.Number, NS_GET_OWNER_UID, &uid) == 0 ? uid : null;
    }

    /// <summary>Whether a path is a namespace's file: one that answers <c>NS_GET_NSTYPE</c>.</summary>
    public static bool IsNamespaceFile(string path)
    {
        if (TryOpen(path, OpenFlags.ReadOnly | OpenFlags.NonBlock, out Descriptor? file) != Errno.None)
        {
            return false;
        }

        using (file)
        {
            return TypeOfNamespace(file!) != NamespaceType.None;
        }
    }

    private static Descriptor? NamespaceRelative(Descriptor ns, int request, out Errno error)
    {
        int fd = ioctl(ns.Number, request);
        error = fd < 0 ? (Errno)errno : Errno.None;
        return fd < 0 ? null : new Descriptor(fd);
    }
}
