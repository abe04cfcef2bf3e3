using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Threading;
using Isolation.Agent;
using Isolation.Interop;

namespace Isolation.Entry;

/// <summary>
/// A terminal of its own for a program in the foreground, with this process' terminal as its screen and keyboard: bytes are passed on as they are, and
/// the window's size follows. One thread, the caller's, does it, with poll(2). Equivalent to what <c>docker exec -it</c> and <c>script</c> do.
/// </summary>
internal sealed class ProgramTerminal : IDisposable
{
    // What leaves a full-screen program's second screen; a program that is killed does not.
    private static readonly byte[] s_secondScreen = "\x1b[?1049h"u8.ToArray();
    private static readonly byte[] s_firstScreen = "\x1b[?1049l"u8.ToArray();

    // What else such a program may have left on: attributes, a hidden cursor, marked pastes, reports of the mouse.
    private static readonly byte[] s_plain = "\x1b[0m\x1b[?25h\x1b[?2004l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l"u8.ToArray();

    private static int s_isTaken;

    private readonly byte[] _shown = new byte[16 * 1024];
    private readonly byte[] _typed = new byte[4 * 1024];
    private readonly Waker _wake = new();
    private readonly Lock _modesLock = new();
    private readonly Descriptor _keyboard;
    private readonly Descriptor _screen;
    private readonly Descriptor _controller;
    private readonly Descriptor _program;
    private readonly TerminalModes _modes;
    private ReadOnlyMemory<byte> _writing;
    private readonly List<PosixSignalRegistration> _signals = [];
    private AgentClient? _agent;
    private ulong _size;
    private int _kept;
    private bool _isRaw;
    private bool _isEnded;
    private bool _onSecondScreen;

    private ProgramTerminal(Descriptor keyboard, Descriptor screen, TerminalModes modes)
    {
        (_controller, _program) = Sys.PseudoTerminal();
        _keyboard = keyboard;
        _screen = screen;
        _modes = modes;
        Sys.SetModes(_program, modes.Cooked());
        FollowSize();
    }

    /// <summary>
    /// The program's standard input, output and error. This process keeps them: a program may close its terminal and open it again, which must not be
    /// taken for the end.
    /// </summary>
    public StandardStreams ProgramSide => new(_program, _program, _program);

    /// <summary>Whether this process has a terminal as keyboard and screen: its standard input and output.</summary>
    public static bool IsThere
    {
        get
        {
            using Descriptor? keyboard = Sys.Terminal(0, out _);
            using Descriptor? screen = Sys.Terminal(1, out _);
            return keyboard is not null && screen is not null;
        }
    }

    /// <summary>A new terminal behind the one of this process.</summary>
    /// <exception cref="IsolationException"><c>TerminalMissing</c>, <c>TerminalBusy</c>.</exception>
    /// <exception cref="SyscallException">The host has no terminal to give.</exception>
    public static ProgramTerminal Open()
    {
        if (Interlocked.Exchange(ref s_isTaken, 1) != 0)
        {
            throw new IsolationException(
                "TerminalBusy", ErrorKind.Busy, "The terminal is taken: another program of this PowerShell runs on it. Wait for its end, or use another terminal.");
        }

        Descriptor? keyboard = null;
        Descriptor? screen = null;
        try
        {
            keyboard = Sys.Terminal(0, out TerminalModes modes);
            screen = Sys.Terminal(1, out _);
            return new ProgramTerminal(
                keyboard ?? throw Missing("input"), screen ?? throw Missing("output"), modes);
        }
        catch
        {
            keyboard?.Dispose();
            screen?.Dispose();
            s_isTaken = 0;
            throw;
        }
    }

    /// <summary>Makes this process' terminal the program's: what is typed goes to it, Ctrl+C and Ctrl+Z too.</summary>
    public void TakeOver()
    {
        // Registered first: a window that is resized before it is looked at again is not missed. On SIGCONT .NET sets modes of its own.
        _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => _wake.Wake()));
        _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGCONT, _ => _wake.Wake()));

        // What ends this process, and then goes on to end it: .NET raises ProcessExit for neither.
        _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => GiveBack(tidy: true)));
        _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGHUP, _ => GiveBack(tidy: true)));

        AppDomain.CurrentDomain.ProcessExit += OnProcessExit;

        // After SIGKILL nobody else is there to do it. PowerShell's own modes of this moment are of no use to who comes next.
        _agent = AgentClient.Running;
        _agent?.KeepModes(_keyboard, _modes.Cooked());
        lock (_modesLock)
        {
            _isRaw = true;
            Sys.SetModes(_keyboard, _modes.Raw());
        }
    }

    /// <summary>Gives the terminal back as it was. Any thread may call it, more than once.</summary>
    /// <param name="tidy">The program could not tidy up: it was killed.</param>
    public void GiveBack(bool tidy)
    {
        lock (_modesLock)
        {
            if (!_isRaw)
            {
                return;
            }

            _isRaw = false;
            AppDomain.CurrentDomain.ProcessExit -= OnProcessExit;
            if (tidy)
            {
                // Where it cannot be shown, there is nobody to see it.
                _ = !_onSecondScreen || TryShow(s_firstScreen);
                _ = TryShow(s_plain);
            }

            Sys.SetModes(_keyboard, _modes);
            _agent?.KeepModes(null, default);
        }
    }

    /// <summary>Wakes a thread that waits in <see cref="Pump"/>; any thread may call it.</summary>
    public void Wake() => _wake.Wake();

    /// <summary>Waits for something to pass on, and passes it on.</summary>
    /// <exception cref="IsolationException"><c>TerminalLost</c>: this process' terminal has gone.</exception>
    public void Pump()
    {
        bool typing = _writing.Length != 0;
        (bool written, bool typed, bool takes) = Sys.WaitPipes(
            _isEnded ? null : _controller, typing || _isEnded ? null : _keyboard, typing && !_isEnded ? _controller : null, _wake.Counter, -1);
        FollowSize();
        StayRaw();
        if (takes)
        {
            WriteTyped();
        }

        if (written)
        {
            PassOn();
        }

        if (typed)
        {
            int count = Sys.ReadPipe(_keyboard, _typed);
            if (count == 0)
            {
                throw Lost();
            }

            _writing = _typed.AsMemory(0, Math.Max(0, count));
            WriteTyped();
        }
    }

    /// <summary>Shows what the program wrote before it ended; others that have its terminal may go on writing.</summary>
    public void Drain()
    {
        for (int reads = 0; !_isEnded && reads < 64; reads++)
        {
            (bool written, _, _) = Sys.WaitPipes(_controller, null, null, null, 0);
            if (!written)
            {
                return;
            }

            PassOn();
        }
    }

    public void Dispose()
    {
        GiveBack(tidy: true);
        foreach (PosixSignalRegistration registration in _signals)
        {
            registration.Dispose();
        }

        // With its controlling side the terminal hangs up: SIGHUP to who has it still.
        _controller.Dispose();
        _program.Dispose();
        _keyboard.Dispose();
        _screen.Dispose();
        _wake.Dispose();
        s_isTaken = 0;
    }

    private static IsolationException Missing(string stream) => new(
        "TerminalMissing",
        ErrorKind.Unavailable,
        $"There is no terminal to run on: standard {stream} of this PowerShell is none. Run it from a terminal (over SSH: ssh -t), or give -FilePath without -Interactive.");

    private static IsolationException Lost() => new(
        "TerminalLost", ErrorKind.Unavailable, "The terminal has gone, and with it the program's. Connect again; Start-NamespaceProcess starts what is to outlive a terminal.");

    private void OnProcessExit(object? sender, EventArgs e) => GiveBack(tidy: true);

    private void FollowSize()
    {
        ulong size = Sys.WindowSize(_screen);
        if (size != _size)
        {
            _size = size;
            Sys.SetWindowSize(_controller, size);
        }
    }

    private void StayRaw()
    {
        lock (_modesLock)
        {
            TerminalModes raw = _modes.Raw();
            if (_isRaw && !Sys.Modes(_keyboard).Equals(raw))
            {
                Sys.SetModes(_keyboard, raw);
            }
        }
    }

    private void WriteTyped()
    {
        Errno error = Sys.WritePipe(_controller, _writing.Span, out int count);
        _writing = error == Errno.None ? _writing[count..] : default;
    }

    // The end of what was read before stays in front, so that a sequence cut in two is found.
    private void PassOn()
    {
        int count = Sys.ReadPipe(_controller, _shown.AsSpan(_kept));
        if (count == 0)
        {
            // The program that led its session has ended, and the kernel has hung the terminal up.
            _isEnded = true;
            return;
        }

        if (count < 0)
        {
            return;
        }

        if (!TryShow(_shown.AsSpan(_kept, count)))
        {
            throw Lost();
        }

        ReadOnlySpan<byte> all = _shown.AsSpan(0, _kept + count);
        int on = all.LastIndexOf(s_secondScreen);
        int off = all.LastIndexOf(s_firstScreen);
        _onSecondScreen = on == off ? _onSecondScreen : on > off;
        _kept = Math.Min(all.Length, s_secondScreen.Length - 1);
        all[^_kept..].CopyTo(_shown);
    }

    private bool TryShow(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (Sys.WritePipe(_screen, bytes, out int count) != Errno.None)
            {
                return false;
            }

            bytes = bytes[count..];
            if (count == 0)
            {
                // Somebody has left it non-blocking.
                Sys.WaitPipes(null, null, _screen, null, -1);
            }
        }

        return true;
    }
}
