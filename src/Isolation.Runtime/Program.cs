using System;
using Isolation.Runtime;

// No Console here: it would start a thread for signals, and the agent has one managed thread.
return args switch
{
    ["agent", ..] => Agent.Run(),
    ["--version"] or ["-v"] => Say(1, $"isolation-runtime version {Agent.Version}\n", 0),
    ["--help"] or ["-h"] => Say(1, Usage(), 0),
    _ => Say(2, Usage(), 64),
};

static string Usage() => """
    Usage: isolation-runtime --version | --help | agent

    The launcher of the Isolation PowerShell module. "agent" is started by the module,
    with a socket as descriptor 3; it is of no use on its own.

    """;

static unsafe int Say(int fd, string text, int code)
{
    byte[] bytes = System.Text.Encoding.UTF8.GetBytes(text);
    fixed (byte* start = bytes)
    {
        _ = Native.syscall(Isolation.Interop.SyscallNumbers.write, fd, (nint)start, bytes.Length, 0, 0, 0);
    }

    return code;
}
