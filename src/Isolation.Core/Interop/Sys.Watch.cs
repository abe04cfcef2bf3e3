using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Text;

namespace Isolation.Interop;

/// <summary>A change that inotify(7) tells of.</summary>
/// <param name="Watch">The number of the watch; -1 where changes were lost because there were too many.</param>
/// <param name="Name">The name in the folder that is watched; empty for a file that is watched itself.</param>
internal readonly record struct FileChange(int Watch, string Name);

internal static unsafe partial class Sys
{
    /// <summary><c>EPOLLIN</c>.</summary>
    public const uint PollRead = 1;

    /// <summary><c>EPOLLPRI</c>.</summary>
    public const uint PollPriority = 2;

    /// <summary><c>EPOLLERR</c>.</summary>
    public const uint PollError = 8;

    /// <summary><c>IN_MODIFY</c>.</summary>
    public const uint WatchChange = 2;

    /// <summary><c>IN_DELETE</c>, of what is in a folder.</summary>
    public const uint WatchRemoval = 0x200;

    private const int CloseOnExecFlag = 0x80000;
    private const int NonBlockFlag = 0x800;

    // struct epoll_event: packed on x64, aligned on the others.
    private static readonly bool s_packed = RuntimeInformation.ProcessArchitecture == Architecture.X64;

    private static int EpollEventSize => s_packed ? 12 : 16;

    private static int EpollDataOffset => s_packed ? 4 : 8;

    /// <summary>Equivalent to epoll_create1(2).</summary>
    public static Descriptor CreateEpoll() => epoll_create1(CloseOnExecFlag) is int fd and >= 0 ? new Descriptor(fd) : throw Refused("epoll_create1", "wait for events");

    /// <summary>Adds a descriptor to those that are waited for, epoll_ctl(2).</summary>
    public static void AddToEpoll(Descriptor epoll, Descriptor file, uint events, int id)
    {
        byte* entry = stackalloc byte[16];
        *(uint*)entry = events;
        *(ulong*)(entry + EpollDataOffset) = (uint)id;
        if (epoll_ctl(epoll.Number, 1, file.Number, entry) != 0)
        {
            throw Refused("epoll_ctl", "wait for events");
        }
    }

    /// <summary>Takes a descriptor away from those that are waited for.</summary>
    public static void RemoveFromEpoll(Descriptor epoll, Descriptor file)
    {
        byte* entry = stackalloc byte[16];
        _ = epoll_ctl(epoll.Number, 2, file.Number, entry);
    }

    /// <summary>Waits until something happens, epoll_wait(2): the events of each descriptor by the id with which it was added.</summary>
    /// <param name="epoll">What is waited for.</param>
    /// <param name="milliseconds">How long at most; -1 for ever.</param>
    public static List<(int Id, uint Events)> WaitEpoll(Descriptor epoll, int milliseconds)
    {
        const int Most = 64;
        byte* entries = stackalloc byte[Most * 16];
        int count = epoll_wait(epoll.Number, entries, Most, milliseconds);
        List<(int, uint)> found = [];
        for (int i = 0; i < count; i++)
        {
            byte* entry = entries + (i * EpollEventSize);
            found.Add(((int)*(ulong*)(entry + EpollDataOffset), *(uint*)entry));
        }

        return found;
    }

    /// <summary>Equivalent to inotify_init1(2).</summary>
    public static Descriptor CreateInotify() => inotify_init1(CloseOnExecFlag | NonBlockFlag) is int fd and >= 0 ? new Descriptor(fd) : throw Refused("inotify_init1", "watch files");

    /// <summary>Equivalent to inotify_add_watch(2); the same file has the same number.</summary>
    public static Errno TryWatch(Descriptor inotify, string path, uint events, out int watch)
    {
        fixed (byte* bytes = CString(path))
        {
            watch = inotify_add_watch(inotify.Number, bytes, events);
            return watch >= 0 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();
        }
    }

    /// <summary>Equivalent to inotify_rm_watch(2); nothing happens where the file is gone.</summary>
    public static void Unwatch(Descriptor inotify, int watch) => _ = inotify_rm_watch(inotify.Number, watch);

    /// <summary>The changes that have come together.</summary>
    public static List<FileChange> ReadChanges(Descriptor inotify)
    {
        // struct inotify_event: watch, mask, cookie, length of the name, name.
        const int Head = 16;
        List<FileChange> changes = [];
        byte[] buffer = new byte[64 * 1024];
        int length;
        while ((length = TryRead(inotify, buffer)) > 0)
        {
            for (int at = 0; at + Head <= length;)
            {
                int name = BitConverter.ToInt32(buffer, at + 12);
                changes.Add(new FileChange(BitConverter.ToInt32(buffer, at), Encoding.UTF8.GetString(buffer, at + Head, name).TrimEnd('\0')));
                at += Head + name;
            }
        }

        return changes;
    }

    private static SyscallException Refused(string call, string what) => new(call, (Errno)Marshal.GetLastPInvokeError(), what);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_ctl(int epoll, int operation, int fd, byte* entry);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_wait(int epoll, byte* entries, int count, int timeout);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int inotify_init1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int inotify_add_watch(int inotify, byte* path, uint mask);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int inotify_rm_watch(int inotify, int watch);
}
