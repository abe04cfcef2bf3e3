using System;
using System.Runtime.InteropServices;
using System.Text;
using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace Isolation.Interop;

/// <summary>Flags of open(2), with the values of x64 and arm64 where they are the same; the last two are x64's, for plans alone: <see cref="OpenFlagValues.Native"/>.</summary>
[Flags]
internal enum OpenFlags
{
    ReadOnly = 0,
    WriteOnly = 1,
    ReadWrite = 2,
    Create = 0x40,
    Exclusive = 0x80,
    Truncate = 0x200,
    Append = 0x400,
    NonBlock = 0x800,
    CloseOnExec = 0x80000,
    Path = 0x200000,
    Directory = 0x10000,
    NoFollow = 0x20000,
}

/// <summary>Flags of open(2) as this architecture has them.</summary>
internal static class OpenFlagValues
{
    /// <summary>The kernel's number: arm64 has others for <c>O_DIRECTORY</c> and <c>O_NOFOLLOW</c> (<c>asm/fcntl.h</c>).</summary>
    public static long Native(this OpenFlags flags)
    {
        const OpenFlags Different = OpenFlags.Directory | OpenFlags.NoFollow;
        return RuntimeInformation.ProcessArchitecture != Architecture.Arm64
            ? (long)flags
            : (long)(flags & ~Different) | (flags.HasFlag(OpenFlags.Directory) ? 0x4000L : 0) | (flags.HasFlag(OpenFlags.NoFollow) ? 0x8000L : 0);
    }
}

/// <summary>What fstat(2) says of a file, as far as it is used here.</summary>
/// <param name="Device">The device's number; for a namespace's file that of nsfs.</param>
/// <param name="Inode">The inode's number; for a namespace's file the namespace's id.</param>
/// <param name="Mode">Type and permission bits.</param>
/// <param name="Uid">The owner.</param>
/// <param name="Gid">The group.</param>
/// <param name="Modified">When its content was last changed, in seconds since 1970.</param>
internal readonly record struct FileStatus(ulong Device, ulong Inode, uint Mode, uint Uid, uint Gid, long Modified)
{
    public bool IsDirectory => (Mode & 0xF000) == 0x4000;

    public bool IsRegular => (Mode & 0xF000) == 0x8000;

    public bool IsLink => (Mode & 0xF000) == 0xA000;

    public bool IsFifo => (Mode & 0xF000) == 0x1000;

    public bool IsCharacterDevice => (Mode & 0xF000) == 0x2000;

    public bool IsBlockDevice => (Mode & 0xF000) == 0x6000;

    /// <summary>For a device's file the number of the device that it stands for.</summary>
    public ulong Special { get; init; }

    /// <summary>How many names it has. On /proc, /sys and the like a folder has two, and one more for each folder in it.</summary>
    public ulong Links { get; init; }

    /// <summary>What <see cref="Modified"/> lacks of the whole time, 0 to 999,999,999.</summary>
    public uint ModifiedNanoseconds { get; init; }
}

/// <summary>System calls as methods: a file a group; each throws <see cref="SyscallException"/> where the kernel refuses.</summary>
internal static unsafe partial class Sys
{
    /// <summary>Equivalent to open(2) with <c>O_CLOEXEC</c>.</summary>
    public static Descriptor Open(string path, OpenFlags flags, uint mode = 0) =>
        TryOpen(path, flags, out Descriptor? descriptor, mode) is Errno.None
            ? descriptor!
            : throw SyscallException.Last("open", $"open {path}");

    /// <summary>open(2) with <c>O_CLOEXEC</c>, for callers that expect a refusal; the error number is the result.</summary>
    public static Errno TryOpen(string path, OpenFlags flags, out Descriptor? descriptor, uint mode = 0)
    {
        // O_NOFOLLOW and O_DIRECTORY differ between x64 and arm64, the flags of OpenFlags do not.
        fixed (byte* bytes = CString(path))
        {
            int fd;
            do
            {
                fd = open(bytes, (int)(flags | OpenFlags.CloseOnExec), (mode_t)(ushort)mode);
            }
            while (fd < 0 && errno == EINTR);

            descriptor = fd < 0 ? null : new Descriptor(fd);
            return fd < 0 ? (Errno)errno : Errno.None;
        }
    }

    /// <summary>Equivalent to fcntl(2) <c>F_DUPFD_CLOEXEC</c>; the error number is the result.</summary>
    public static Errno TryDuplicate(Descriptor descriptor, out Descriptor? copy)
    {
        int fd = fcntl(descriptor.Number, F_DUPFD_CLOEXEC, 3);
        copy = fd < 0 ? null : new Descriptor(fd);
        return fd < 0 ? (Errno)errno : Errno.None;
    }

    /// <summary>Whether an error number tells of this process or the host, which have no descriptors or memory left, and not of what was asked for.</summary>
    public static bool IsExhausted(Errno error) => error is Errno.EMFILE or Errno.ENFILE or Errno.ENOMEM;

    /// <summary>Equivalent to fstat(2).</summary>
    public static FileStatus Status(Descriptor descriptor)
    {
        stat buffer;
        return fstat(descriptor.Number, &buffer) == 0
            ? FromStat(buffer)
            : throw SyscallException.Last("fstat", $"examine descriptor {descriptor.Number}");
    }

    /// <summary>
    /// Device and inode as the kernel has them in memory, statx(2) <c>AT_STATX_DONT_SYNC</c>: fstat(2) would wait for the answer of the file system, which
    /// may be a program of another user.
    /// </summary>
    public static bool TryCachedStatus(Descriptor descriptor, out ulong device, out ulong inode)
    {
        const int EmptyPath = 0x1000;
        const int DontSync = 0x4000;
        const int InodeWanted = 0x100;

        // struct statx is 256 bytes long; the inode is at 32, the device's two numbers at 136 and 140.
        byte* buffer = stackalloc byte[256];
        byte path = 0;
        bool done = syscall(SyscallNumbers.statx, descriptor.Number, (nint)(&path), EmptyPath | DontSync, InodeWanted, (nint)buffer, 0) == 0;
        inode = done ? *(ulong*)(buffer + 32) : 0;
        device = done ? DeviceNumber(*(uint*)(buffer + 136), *(uint*)(buffer + 140)) : 0;
        return done;
    }

    /// <summary>The two numbers of a device as one, makedev(3).</summary>
    public static ulong DeviceNumber(ulong major, ulong minor) => (minor & 0xFF) | ((major & 0xFFF) << 8) | ((minor & ~0xFFUL) << 12) | ((major & ~0xFFFUL) << 32);

    /// <summary>stat(2) or, where <paramref name="followLink"/> is false, lstat(2); false where there is no such file or it may not be seen.</summary>
    public static bool TryStatus(string path, out FileStatus status, bool followLink = true)
    {
        stat buffer;
        fixed (byte* bytes = CString(path))
        {
            int rc = followLink ? LibC.stat(bytes, &buffer) : lstat(bytes, &buffer);
            status = rc == 0 ? FromStat(buffer) : default;
            return rc == 0;
        }
    }

    /// <summary>read(2) until the buffer is full or the file ends.</summary>
    public static int Read(Descriptor descriptor, Span<byte> buffer)
    {
        fixed (byte* bytes = buffer)
        {
            while (true)
            {
                long count = read(descriptor.Number, bytes, (size_t)buffer.Length);
                if (count >= 0)
                {
                    return (int)count;
                }

                if (errno != EINTR)
                {
                    throw SyscallException.Last("read", $"read descriptor {descriptor.Number}");
                }
            }
        }
    }

    /// <summary>The text of a file that is open, to its end.</summary>
    public static string ReadText(Descriptor descriptor)
    {
        byte[] buffer = new byte[16 * 1024];
        StringBuilder text = new();
        int count;
        while ((count = Read(descriptor, buffer)) > 0)
        {
            text.Append(Encoding.UTF8.GetString(buffer, 0, count));
        }

        return text.ToString();
    }

    /// <summary>One read(2); 0 at the end, and where there is nothing to read now.</summary>
    public static int TryRead(Descriptor descriptor, Span<byte> buffer)
    {
        fixed (byte* bytes = buffer)
        {
            return (int)Math.Max(0, (long)read(descriptor.Number, bytes, (size_t)buffer.Length));
        }
    }

    /// <summary>Sets <c>FD_CLOEXEC</c> on a descriptor that was inherited, fcntl(2).</summary>
    public static void CloseOnExec(int descriptor) => _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC);

    /// <summary>One write(2) of a whole value. Files of /proc and of control groups take a value in one call or not at all.</summary>
    public static Errno TryWrite(Descriptor descriptor, ReadOnlySpan<byte> value)
    {
        fixed (byte* bytes = value)
        {
            while (true)
            {
                long count = write(descriptor.Number, bytes, (size_t)value.Length);
                if (count >= 0)
                {
                    return Errno.None;
                }

                if (errno != EINTR)
                {
                    return (Errno)errno;
                }
            }
        }
    }

    /// <summary>Cuts a file to a length in bytes, ftruncate(2).</summary>
    public static Errno TryTruncate(Descriptor descriptor, int length) => ftruncate(descriptor.Number, length) == 0 ? Errno.None : (Errno)errno;

    /// <summary>Closes a bare descriptor number; only <see cref="Descriptor"/> calls it.</summary>
    internal static int close(int fd) => LibC.close(fd);

    /// <summary>A path or name as the kernel takes it: the bytes that <see cref="KernelText"/> makes of it, with a NUL at their end.</summary>
    internal static byte[] CString(string text) => KernelText.Encode(text, extra: 1);

    private static FileStatus FromStat(in stat buffer) =>
        new((ulong)buffer.st_dev, (ulong)buffer.st_ino, (uint)buffer.st_mode, (uint)buffer.st_uid, (uint)buffer.st_gid, (long)buffer.st_mtim.tv_sec)
        {
            Special = (ulong)buffer.st_rdev,
            Links = (ulong)buffer.st_nlink,
            ModifiedNanoseconds = (uint)buffer.st_mtim.tv_nsec,
        };
}
