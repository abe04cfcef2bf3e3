using System;
using System.Runtime.InteropServices;
using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace Isolation.Interop;

/// <summary>Flags of mount(2), with the kernel's values (<c>linux/mount.h</c>).</summary>
[Flags]
internal enum MountFlags : uint
{
    None = 0,
    ReadOnly = 0x1,
    NoSuid = 0x2,
    NoDev = 0x4,
    NoExec = 0x8,
    Synchronous = 0x10,
    Remount = 0x20,
    DirectorySynchronous = 0x80,
    NoSymlinkFollow = 0x100,
    NoAccessTime = 0x400,
    NoDirectoryAccessTime = 0x800,
    Bind = 0x1000,
    Move = 0x2000,
    Recursive = 0x4000,
    Unbindable = 0x20000,
    Private = 0x40000,
    Slave = 0x80000,
    Shared = 0x100000,
    RelativeAccessTime = 0x200000,
    StrictAccessTime = 0x1000000,
    LazyTime = 0x2000000,
}

internal static unsafe partial class Sys
{
    /// <summary><c>MNT_DETACH</c>, umount2(2): out of the tree now, gone when no longer used.</summary>
    internal const int DetachMount = 2;

    /// <summary><c>MNT_FORCE</c>, umount2(2): what is under way is given up, where the file system can do that (NFS, FUSE, 9p).</summary>
    internal const int ForceUnmount = 1;

    /// <summary><c>UMOUNT_NOFOLLOW</c>, umount2(2): a link at the end of the path is not followed.</summary>
    internal const int NoFollowMount = 8;

    /// <summary>Equivalent to mount(2).</summary>
    public static void Mount(string source, string target, string? type, MountFlags flags, string? data = null)
    {
        fixed (byte* from = CString(source), to = CString(target), kind = type is null ? null : CString(type), options = data is null ? null : CString(data))
        {
            if (mount(from, to, kind, (uint)flags, options) != 0)
            {
                throw SyscallException.Last("mount", $"mount {source} on {target}");
            }
        }
    }

    /// <summary>Equivalent to umount2(2) with <c>MNT_DETACH|UMOUNT_NOFOLLOW</c>; <c>EINVAL</c> means that nothing is mounted there.</summary>
    public static Errno TryUnmount(string target)
    {
        fixed (byte* path = CString(target))
        {
            return umount2(path, DetachMount | NoFollowMount) == 0 ? Errno.None : (Errno)errno;
        }
    }

    /// <summary>Unmounts what a descriptor is the root of, wherever that is by now; <c>EINVAL</c> where it is no root of a mount of the caller's namespace.</summary>
    public static Errno TryUnmount(Descriptor root)
    {
        fixed (byte* path = CString(root.ProcPath))
        {
            return umount2(path, DetachMount) == 0 ? Errno.None : (Errno)errno;
        }
    }
}
