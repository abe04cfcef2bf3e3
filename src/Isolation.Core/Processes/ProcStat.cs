using System;
using Isolation.Interop;

namespace Isolation.Processes;

/// <summary>The fields of <c>/proc/PID/stat</c> that are used here, proc_pid_stat(5).</summary>
internal readonly record struct ProcStat
{
    /// <summary>Field 1: the pid.</summary>
    public int Pid { get; private init; }

    /// <summary>Field 2: the name of the program, at most 15 bytes of it; any byte but NUL may be in it.</summary>
    public string Name { get; private init; }

    /// <summary>Field 3: the state, such as <c>S</c> (sleeping) or <c>Z</c> (ended, not waited for).</summary>
    public char State { get; private init; }

    /// <summary>Field 4: the parent's pid; 0 where it is outside the reader's pid namespace.</summary>
    public int ParentId { get; private init; }

    /// <summary>Field 5: the process group.</summary>
    public int ProcessGroupId { get; private init; }

    /// <summary>Field 6: the session.</summary>
    public int SessionId { get; private init; }

    /// <summary>Field 9: the kernel's flags.</summary>
    public uint Flags { get; private init; }

    /// <summary>Field 19: the nice value, -20 to 19.</summary>
    public int Nice { get; private init; }

    /// <summary>Field 20: the number of threads.</summary>
    public int ThreadCount { get; private init; }

    /// <summary>Field 22: when it started, in clock ticks (1/100 s) since the boot.</summary>
    public ulong StartTicks { get; private init; }

    /// <summary>Whether it is a thread of the kernel (<c>PF_KTHREAD</c>).</summary>
    public bool IsKernelThread => (Flags & 0x00200000) != 0;

    /// <summary>Parses the text of the file.</summary>
    /// <exception cref="IsolationException"><c>ProcFileInvalid</c>: it is not such a text, or is cut short.</exception>
    public static ProcStat Parse(ReadOnlySpan<byte> text) =>
        TryParse(text, out ProcStat stat)
            ? stat
            : throw new IsolationException("ProcFileInvalid", ErrorKind.InvalidData, $"'{CommandLine.Format(text)}' is not the content of a /proc/PID/stat.");

    /// <summary>Parses the text of the file; false where it is not such a text, or is cut short.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out ProcStat stat)
    {
        stat = default;
        // The name may hold blanks, parentheses and line ends; after its own closing parenthesis there is none.
        int open = text.IndexOf((byte)'(');
        int close = text.LastIndexOf((byte)')');
        if (open < 2 || close < open || !Bytes.TryParseNumber(text[..(open - 1)], out ulong pid))
        {
            return false;
        }

        ReadOnlySpan<byte> rest = text[(close + 1)..].Trim(" \n"u8);
        ReadOnlySpan<byte> state = Bytes.Cut(ref rest, (byte)' ');
        if (state.Length != 1)
        {
            return false;
        }

        Span<long> fields = stackalloc long[19];
        for (int i = 0; i < fields.Length; i++)
        {
            if (!Bytes.TryParseSigned(Bytes.Cut(ref rest, (byte)' '), out fields[i]))
            {
                return false;
            }
        }

        // fields[0] is the file's field 4.
        stat = new ProcStat
        {
            Pid = (int)pid,
            Name = Bytes.Text(text[(open + 1)..close]),
            State = (char)state[0],
            ParentId = (int)fields[0],
            ProcessGroupId = (int)fields[1],
            SessionId = (int)fields[2],
            Flags = (uint)fields[5],
            Nice = (int)fields[15],
            ThreadCount = (int)fields[16],
            StartTicks = (ulong)fields[18],
        };
        return true;
    }
}
