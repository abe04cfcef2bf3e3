using System.Runtime.InteropServices;

namespace Isolation.Runtime;

/// <summary>
/// The imports that a forked child may use. They go straight to the C library without a transition of the collector: in the child there is no
/// other thread, and nothing may be allocated, looked up or waited for between fork and exec.
/// </summary>
internal static unsafe partial class Native
{
    [LibraryImport("libc")]
    [SuppressGCTransition]
    public static partial nint syscall(nint number, nint a, nint b, nint c, nint d, nint e, nint f);

    [LibraryImport("libc", EntryPoint = "__errno_location")]
    [SuppressGCTransition]
    public static partial int* ErrnoLocation();

    [LibraryImport("libc")]
    public static partial int epoll_create1(int flags);

    [LibraryImport("libc")]
    public static partial int epoll_ctl(int epoll, int operation, int fd, EpollEvent* e);

    [LibraryImport("libc")]
    public static partial int epoll_wait(int epoll, EpollEvent* events, int count, int timeout);

    [LibraryImport("libc")]
    public static partial int signalfd(int fd, ulong* mask, int flags);

    [LibraryImport("libc")]
    public static partial int prctl(int option, nint a, nint b, nint c, nint d);
}

/// <summary><c>struct epoll_event</c>, epoll_ctl(2): packed on x64, aligned on the others.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
internal struct EpollEvent
{
    [FieldOffset(0)]
    public uint Events;

    [FieldOffset(4)]
    public int PackedData;

    [FieldOffset(8)]
    public int AlignedData;
}
