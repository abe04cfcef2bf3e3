using System;
using System.Runtime.InteropServices;
using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace Isolation.Interop;

/// <summary>
/// Calls relative to an open folder, on paths as bytes with a NUL at their end: /proc is read with tens of thousands of them, and the names in it
/// need not be UTF-8.
/// </summary>
internal static unsafe partial class Sys
{
    /// <summary>openat(2) with <c>O_CLOEXEC</c>; null where the kernel refuses.</summary>
    public static Descriptor? OpenAt(Descriptor folder, ReadOnlySpan<byte> path, OpenFlags flags, out Errno error)
    {
        fixed (byte* name = path)
        {
            int fd;
            do
            {
                fd = openat(folder.Number, name, (int)(flags | OpenFlags.CloseOnExec), 0);
                error = fd < 0 ? (Errno)Marshal.GetLastPInvokeError() : Errno.None;
            }
            while (error is Errno.EINTR);
            return fd < 0 ? null : new Descriptor(fd);
        }
    }

    /// <summary>readlinkat(2); the length of what was put into the buffer, 0 where the kernel refuses.</summary>
    public static int ReadLinkAt(Descriptor folder, ReadOnlySpan<byte> path, Span<byte> target, out Errno error)
    {
        fixed (byte* name = path, buffer = target)
        {
            nint length = readlinkat(folder.Number, name, buffer, (nuint)target.Length);
            error = length < 0 ? (Errno)Marshal.GetLastPInvokeError() : Errno.None;
            return length < 0 ? 0 : (int)length;
        }
    }

    /// <summary>fstatat(2), following links; null where there is no such file or it may not be seen.</summary>
    public static FileStatus? StatusAt(Descriptor folder, ReadOnlySpan<byte> path, out uint links)
    {
        stat buffer;
        fixed (byte* name = path)
        {
            bool done = LibC.fstatat(folder.Number, name, &buffer, 0) == 0;
            links = done ? (uint)(ulong)buffer.st_nlink : 0;
            return done ? FromStat(buffer) : null;
        }
    }

    /// <summary>getdents64(2); the number of bytes put into the buffer, 0 at the end of the folder and where the kernel refuses.</summary>
    public static int ReadEntries(Descriptor folder, Span<byte> buffer)
    {
        fixed (byte* bytes = buffer)
        {
            nint count = syscall(SyscallNumbers.getdents64, folder.Number, (nint)bytes, buffer.Length, 0, 0, 0);
            return count < 0 ? 0 : (int)count;
        }
    }

    /// <summary>Goes back to the start of an open folder, lseek(2).</summary>
    public static void RewindFolder(Descriptor folder)
    {
        const int SEEK_SET = 0;
        _ = lseek(folder.Number, 0, SEEK_SET);
    }

    /// <summary>read(2) once; -1 where the kernel refuses, as it does when the process behind a file of /proc has ended.</summary>
    public static int ReadSome(Descriptor descriptor, Span<byte> buffer)
    {
        fixed (byte* bytes = buffer)
        {
            nint count;
            do
            {
                count = (nint)(long)LibC.read(descriptor.Number, bytes, (size_t)buffer.Length);
            }
            while (count < 0 && LibC.errno == LibC.EINTR);
            return (int)count;
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int openat(int folder, byte* path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint readlinkat(int folder, byte* path, byte* buffer, nuint size);
}
