using System;
using System.Runtime.InteropServices;
using Tmds.Linux;

namespace Isolation.Interop;

/// <summary>How a child ended, waitid(2).</summary>
/// <param name="Code">The exit code, 0 to 255; null where a signal ended it.</param>
/// <param name="Signal">The signal that ended it; null where it exited.</param>
internal readonly record struct ExitStatus(int? Code, int? Signal)
{
    /// <summary>The exit code as a shell shows it: 128 + n for signal n.</summary>
    public int ShellCode => Code ?? 128 + Signal.GetValueOrDefault();
}

internal static unsafe partial class Sys
{
    internal const int SIGHUP = 1;
    internal const int SIGINT = 2;
    internal const int SIGKILL = 9;
    internal const int SIGTERM = 15;
    internal const int SIGCHLD = 17;

    private const int P_ALL = 0;
    private const int P_PID = 1;
    private const int P_PIDFD = 3;
    private const int WNOHANG = 1;
    private const int WEXITED = 4;
    private const int WNOWAIT = 0x1000000;
    private const int CLD_EXITED = 1;

    /// <summary>The pidfd of a process, pidfd_open(2) (Linux 5.3). Null where the process is gone or the kernel has no pidfds.</summary>
    public static Descriptor? OpenPidfd(int pid, out Errno error)
    {
        nint fd = syscall(SyscallNumbers.pidfd_open, pid, 0, 0, 0, 0, 0);
        error = fd < 0 ? (Errno)Marshal.GetLastPInvokeError() : Errno.None;
        return fd < 0 ? null : new Descriptor((int)fd);
    }

    /// <summary>
    /// Equivalent to pidfd_send_signal(2) (Linux 5.1): the signal reaches the process that was opened, never one that took its pid. Without a pidfd, and
    /// where the kernel or a filter has no such call, it goes by the pid, of which the caller has just seen that it is still that process.
    /// </summary>
    public static Errno Signal(Descriptor? pidfd, int pid, int signal)
    {
        if (pidfd is null)
        {
            return Signal(pid, signal);
        }

        nint rc = syscall(SyscallNumbers.pidfd_send_signal, pidfd.Number, signal, 0, 0, 0, 0);
        Errno error = rc == 0 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();
        return error == Errno.ENOSYS ? Signal(pid, signal) : error;
    }

    /// <summary>Equivalent to kill(2); a negative pid means the process group.</summary>
    public static Errno Signal(int pid, int signal) => LibC.kill(pid, signal) == 0 ? Errno.None : (Errno)LibC.errno;

    /// <summary>Waits for one child by its pidfd, or by its pid where there is none; null where <paramref name="block"/> is false and it still runs.</summary>
    public static ExitStatus? WaitChild(Descriptor? pidfd, int pid, bool block)
    {
        // waitid(2) is only ever asked for this one child: waiting for any would take .NET's own children from it. P_PIDFD came with Linux 5.4; until a
        // child is waited for, nothing else has its pid.
        byte* info = stackalloc byte[128];
        new Span<byte>(info, 128).Clear();
        int rc;
        do
        {
            rc = pidfd is null ? -1 : waitid(P_PIDFD, (uint)pidfd.Number, info, WEXITED | (block ? 0 : WNOHANG));
            if (pidfd is null || (rc != 0 && Marshal.GetLastPInvokeError() == (int)Errno.EINVAL))
            {
                rc = waitid(P_PID, (uint)pid, info, WEXITED | (block ? 0 : WNOHANG));
            }
        }
        while (rc != 0 && Marshal.GetLastPInvokeError() == (int)Errno.EINTR);
        if (rc != 0)
        {
            throw SyscallException.Last("waitid", $"wait for process {pid}");
        }

        return ParseSigInfo(info);
    }

    /// <summary>
    /// A child of this process that has ended and is still to be reaped with <see cref="WaitChild"/>; 0 where there is none. For the runtime's own
    /// processes alone, never for PowerShell's.
    /// </summary>
    internal static int PeekEnded(out ExitStatus status)
    {
        byte* info = stackalloc byte[128];
        new Span<byte>(info, 128).Clear();
        status = default;
        if (waitid(P_ALL, 0, info, WEXITED | WNOHANG | WNOWAIT) != 0)
        {
            return 0;
        }

        status = ParseSigInfo(info).GetValueOrDefault();
        return *(int*)(info + 16);
    }

    // siginfo_t of a child: si_signo, si_errno, si_code, then (8-byte aligned) si_pid, si_uid, si_status.
    private static ExitStatus? ParseSigInfo(byte* info)
    {
        int pid = *(int*)(info + 16);
        if (pid == 0)
        {
            return null;
        }

        int code = *(int*)(info + 8);
        int status = *(int*)(info + 24);
        return code == CLD_EXITED ? new ExitStatus(status, null) : new ExitStatus(null, status & 0x7f);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int waitid(int idtype, uint id, byte* info, int options);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, nint a, nint b, nint c, nint d, nint e, nint f);
}
