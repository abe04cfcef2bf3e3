using System;
using Isolation.Interop;

namespace Isolation.Processes;

/// <summary>The text of <c>/proc/PID/cmdline</c>, proc_pid_cmdline(5).</summary>
internal static class CommandLine
{
    /// <summary>
    /// The arguments as one line with a blank between them. Control characters become <c>?</c>, as ps(1) prints them: any process can name itself so
    /// as to rewrite the terminal of who looks at it.
    /// </summary>
    public static string Format(ReadOnlySpan<byte> arguments) => KernelText.Plain(Bytes.Text(arguments.TrimEnd((byte)0)).Replace('\0', ' '));
}
