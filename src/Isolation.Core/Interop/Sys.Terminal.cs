using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static Tmds.Linux.LibC;

namespace Isolation.Interop;

/// <summary>The modes of a terminal, ioctl_tty(2) <c>TCGETS</c>: the kernel's own structure, which x64 and arm64 share.</summary>
internal struct TerminalModes : IEquatable<TerminalModes>
{
    private const uint BRKINT = 0x2, IGNBRK = 0x1, PARMRK = 0x8, ISTRIP = 0x20, INLCR = 0x40, IGNCR = 0x80, ICRNL = 0x100, IXON = 0x400;
    private const uint OPOST = 0x1, ONLCR = 0x4;
    private const uint ISIG = 0x1, ICANON = 0x2, ECHO = 0x8, ECHONL = 0x40, IEXTEN = 0x8000;
    private const uint CSIZE = 0x30, PARENB = 0x100, CS8 = 0x30;
    private const int VTIME = 5, VMIN = 6;

    private uint _input;
    private uint _output;
    private uint _control;
    private uint _local;
    private byte _line;
    private ControlCharacters _characters;

    /// <summary>The modes that <see cref="ToBytes"/> gave.</summary>
    public static TerminalModes FromBytes(ReadOnlySpan<byte> bytes) => MemoryMarshal.Read<TerminalModes>(bytes);

    /// <summary>The structure as it lies in memory.</summary>
    public readonly byte[] ToBytes() => MemoryMarshal.AsBytes(new ReadOnlySpan<TerminalModes>(in this)).ToArray();

    /// <summary>Every byte passes as it is, in both directions, and none makes a signal; cfmakeraw(3).</summary>
    public readonly TerminalModes Raw()
    {
        TerminalModes raw = this;
        raw._input &= ~(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
        raw._output &= ~OPOST;
        raw._local &= ~(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
        raw._control = (raw._control & ~(CSIZE | PARENB)) | CS8;
        raw._characters[VMIN] = 1;
        raw._characters[VTIME] = 0;
        return raw;
    }

    /// <summary>What a program expects to find: lines, echo and signals, with the user's own control characters. PowerShell may have them off while it reads keys.</summary>
    public readonly TerminalModes Cooked()
    {
        TerminalModes cooked = this;
        cooked._input |= ICRNL | IXON;
        cooked._output |= OPOST | ONLCR;
        cooked._local |= ECHO | ICANON | ISIG | IEXTEN;
        cooked._characters[VMIN] = 1;
        cooked._characters[VTIME] = 0;
        return cooked;
    }

    /// <inheritdoc/>
    public readonly bool Equals(TerminalModes other) =>
        (_input, _output, _control, _local, _line) == (other._input, other._output, other._control, other._local, other._line)
        && ((ReadOnlySpan<byte>)_characters).SequenceEqual(other._characters);

    /// <inheritdoc/>
    public override readonly bool Equals(object? obj) => obj is TerminalModes other && Equals(other);

    /// <inheritdoc/>
    public override readonly int GetHashCode() => HashCode.Combine(_input, _output, _control, _local);

    // NCCS of the kernel, not of the C library, which has 32.
    [InlineArray(19)]
    private struct ControlCharacters
    {
        private byte _first;
    }
}

internal static unsafe partial class Sys
{
    // asm-generic/ioctls.h, the same on x64 and arm64.
    private const int TCGETS = 0x5401;
    private const int TCSETS = 0x5402;
    private const int TIOCGWINSZ = 0x5413;
    private const int TIOCSWINSZ = 0x5414;
    private const int TIOCSPTLCK = 0x40045431;
    private const int TIOCGPTPEER = 0x5441;

    /// <summary>A copy of a standard descriptor of this process, and its modes; null where it is no terminal, isatty(3).</summary>
    public static Descriptor? Terminal(int number, out TerminalModes modes)
    {
        fixed (TerminalModes* start = &modes)
        {
            if (ioctl(number, TCGETS, start) != 0)
            {
                modes = default;
                return null;
            }
        }

        int copy = fcntl(number, F_DUPFD_CLOEXEC, 3);
        return copy < 0 ? throw SyscallException.Last("fcntl", $"copy descriptor {number}") : new Descriptor(copy);
    }

    /// <summary>A new pair of terminals, pty(7): what is written to one is what the other one's program types or sees. Equivalent to openpty(3).</summary>
    /// <returns>The controlling side, whose reads and writes return at once, and the program's side.</returns>
    public static (Descriptor Controller, Descriptor Program) PseudoTerminal()
    {
        Errno error = TryOpen("/dev/ptmx", OpenFlags.ReadWrite | OpenFlags.NonBlock | (OpenFlags)O_NOCTTY, out Descriptor? controller);
        if (error != Errno.None)
        {
            throw new SyscallException(
                "open", error, "open a new terminal (/dev/ptmx)", error is Errno.ENOSPC ? "All are in use: /proc/sys/kernel/pty/max, or max= of the mount of /dev/pts." : "The host needs a devpts file system on /dev/pts, pts(4).");
        }

        int unlocked = 0;
        _ = ioctl(controller!.Number, TIOCSPTLCK, &unlocked);

        // By descriptor and not by name: the name may be another terminal's in this mount namespace.
        int peer = ioctl(controller.Number, TIOCGPTPEER, (int)(OpenFlags.ReadWrite | OpenFlags.CloseOnExec) | O_NOCTTY);
        if (peer < 0)
        {
            SyscallException refused = SyscallException.Last("ioctl", "open the program's side of a new terminal (TIOCGPTPEER)");
            controller.Dispose();
            throw refused;
        }

        return (controller, new Descriptor(peer));
    }

    /// <summary>A terminal's modes, tcgetattr(3); all zero where it is gone.</summary>
    public static TerminalModes Modes(Descriptor terminal)
    {
        TerminalModes modes = default;
        _ = ioctl(terminal.Number, TCGETS, &modes);
        return modes;
    }

    /// <summary>Sets a terminal's modes at once, tcsetattr(3); the terminal may be gone.</summary>
    public static void SetModes(Descriptor terminal, TerminalModes modes) => _ = ioctl(terminal.Number, TCSETS, &modes);

    /// <summary>The size of a terminal's window, <c>struct winsize</c> as one number to be compared and passed on; 0 where it has none.</summary>
    public static ulong WindowSize(Descriptor terminal)
    {
        ulong size = 0;
        _ = ioctl(terminal.Number, TIOCGWINSZ, &size);
        return size;
    }

    /// <summary>Sets the size of a terminal's window; where it changes, the program in the foreground gets SIGWINCH.</summary>
    public static void SetWindowSize(Descriptor terminal, ulong size) => _ = ioctl(terminal.Number, TIOCSWINSZ, &size);
}
