using System.Runtime.InteropServices;

namespace Isolation.Interop;

internal static unsafe partial class Sys
{
    private const int PRIO_PROCESS = 0;
    private const int IOPRIO_WHO_PROCESS = 1;

    /// <summary>The nice value of a thread, -20 to 19, getpriority(2).</summary>
    public static Errno TryGetNice(int thread, out int nice)
    {
        // The kernel gives 20 - nice, so that it is never below zero.
        nint rc = syscall(SyscallNumbers.getpriority, PRIO_PROCESS, thread, 0, 0, 0, 0);
        nice = rc < 0 ? 0 : 20 - (int)rc;
        return rc < 0 ? (Errno)Marshal.GetLastPInvokeError() : Errno.None;
    }

    /// <summary>Equivalent to <c>renice</c> of one thread, setpriority(2).</summary>
    public static Errno TrySetNice(int thread, int nice) =>
        syscall(SyscallNumbers.setpriority, PRIO_PROCESS, thread, nice, 0, 0, 0) < 0 ? (Errno)Marshal.GetLastPInvokeError() : Errno.None;

    /// <summary>The class (bits 13 and up) and level of a thread's input and output, ioprio_get(2).</summary>
    public static Errno TryGetIoPriority(int thread, out int priority)
    {
        nint rc = syscall(SyscallNumbers.ioprio_get, IOPRIO_WHO_PROCESS, thread, 0, 0, 0, 0);
        priority = rc < 0 ? 0 : (int)rc;
        return rc < 0 ? (Errno)Marshal.GetLastPInvokeError() : Errno.None;
    }

    /// <summary>Equivalent to <c>ionice</c> of one thread, ioprio_set(2).</summary>
    public static Errno TrySetIoPriority(int thread, int priority) =>
        syscall(SyscallNumbers.ioprio_set, IOPRIO_WHO_PROCESS, thread, priority, 0, 0, 0) < 0 ? (Errno)Marshal.GetLastPInvokeError() : Errno.None;
}
