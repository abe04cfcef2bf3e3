using System;
using System.IO;
using System.Runtime.InteropServices;

namespace Isolation.Interop;

/// <summary>A system call that the kernel refused: which call, with which error number, and what was tried with it.</summary>
public sealed class SyscallException : IOException
{
    /// <summary>Describes a refused call.</summary>
    /// <param name="syscall">The call as its man page names it, such as <c>mount</c>.</param>
    /// <param name="errno">The kernel's error number.</param>
    /// <param name="attempt">What was tried, verb and object, such as <c>mount proc on /proc</c>.</param>
    /// <param name="hint">The cause or the next step where one is known; null otherwise.</param>
    public SyscallException(string syscall, Errno errno, string attempt, string? hint = null)
        : base(Compose(syscall, errno, attempt, hint))
    {
        Syscall = syscall;
        Errno = errno;
        Attempt = attempt;
        Hint = hint;
    }

    /// <summary>The call as its man page names it.</summary>
    public string Syscall { get; }

    /// <summary>The kernel's error number.</summary>
    public Errno Errno { get; }

    /// <summary>What was tried, verb and object.</summary>
    public string Attempt { get; }

    /// <summary>The cause or the next step, where one is known.</summary>
    public string? Hint { get; }

    /// <summary>The exception for the call that just failed on this thread. The error number is read at once, before anything else can change it.</summary>
    internal static SyscallException Last(string syscall, string attempt, string? hint = null) =>
        new(syscall, (Errno)Marshal.GetLastPInvokeError(), attempt, hint);

    private static string Compose(string syscall, Errno errno, string attempt, string? hint)
    {
        string text = $"Cannot {attempt}: {syscall}: {errno.Describe()} ({errno.Name()}).";
        return KernelText.PlainLines(hint is null ? text : $"{text} {hint}");
    }
}
