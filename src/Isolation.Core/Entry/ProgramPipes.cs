using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Text;
using Isolation.Interop;

namespace Isolation.Entry;

/// <summary>
/// The pipes to a program that is run in the foreground. One thread, the caller's, waits for all of them with poll(2): lines are handed on as they are
/// written, input is written as the program takes it.
/// </summary>
internal sealed class ProgramPipes : IDisposable
{
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly LineReader _output = new();
    private readonly LineReader _error = new();
    private readonly ConcurrentQueue<byte[]> _pending = new();
    private readonly Descriptor _wake;
    private Descriptor? _inputEnd;
    private Descriptor? _outputEnd;
    private Descriptor? _errorEnd;
    private ReadOnlyMemory<byte> _writing;

    public ProgramPipes()
    {
        (Descriptor inputRead, _inputEnd) = Sys.Pipe();
        (_outputEnd, Descriptor outputWrite) = Sys.Pipe();
        (_errorEnd, Descriptor errorWrite) = Sys.Pipe();
        Sys.SetNonBlocking(_inputEnd);
        Sys.SetNonBlocking(_outputEnd);
        Sys.SetNonBlocking(_errorEnd);
        _wake = Sys.EventCounter();
        ProgramSide = new StandardStreams(inputRead, outputWrite, errorWrite);
    }

    /// <summary>The program's ends, to be disposed once it is started.</summary>
    public StandardStreams ProgramSide { get; }

    /// <summary>Whether there is room for more input: what was given is nearly all written.</summary>
    public bool WantsInput => _pending.IsEmpty && _writing.Length == 0;

    /// <summary>Whether the program's outputs are at their end.</summary>
    public bool IsDrained => _outputEnd is null && _errorEnd is null;

    /// <summary>Whether the program still reads.</summary>
    public bool TakesInput => _inputEnd is not null;

    /// <summary>Gives bytes to the program's standard input.</summary>
    public void Write(byte[] bytes) => _pending.Enqueue(bytes);

    /// <summary>Ends the program's standard input once what was given is written.</summary>
    public void CloseInput()
    {
        _pending.Enqueue([]);
    }

    /// <summary>Wakes a thread that waits in <see cref="Pump"/>; any thread may call it.</summary>
    public void Wake()
    {
        // The pipes may be closed by now, and the number given to something else: what is written to it would land there.
        bool held = false;
        try
        {
            _wake.DangerousAddRef(ref held);
            Sys.Count(_wake);
        }
        catch (ObjectDisposedException)
        {
            // Nobody waits any more.
        }
        finally
        {
            if (held)
            {
                _wake.DangerousRelease();
            }
        }
    }

    /// <summary>Moves what can be moved, waiting for it for a time.</summary>
    /// <param name="milliseconds">How long to wait at the most; -1 for ever.</param>
    /// <param name="output">Takes each line of standard output.</param>
    /// <param name="error">Takes each line of standard error.</param>
    public void Pump(int milliseconds, Action<string> output, Action<string> error)
    {
        TakeNext();
        bool writing = _inputEnd is not null && _writing.Length != 0;
        (bool canRead, bool canReadError, bool canWrite) = Sys.WaitPipes(_outputEnd, _errorEnd, writing ? _inputEnd : null, _wake, milliseconds);
        if (canWrite)
        {
            WriteSome();
        }

        // Standard error first: where a program explains itself and ends, the words come before the end.
        if (canReadError && !Read(ref _errorEnd, _error, error))
        {
            _error.Finish(error);
        }

        if (canRead && !Read(ref _outputEnd, _output, output))
        {
            _output.Finish(output);
        }
    }

    /// <summary>Takes what the program wrote before it ended; whoever inherited the pipe from it may hold it open for longer.</summary>
    public void Drain(Action<string> output, Action<string> error)
    {
        // A pipe holds 1 MiB at most (pipe(7)): what comes after that much is written by somebody else, perhaps without end.
        for (int reads = 0; !IsDrained && reads < 32; reads++)
        {
            (bool canRead, bool canReadError, _) = Sys.WaitPipes(_outputEnd, _errorEnd, null, null, 0);
            if (!canRead && !canReadError)
            {
                break;
            }

            if (canReadError && !Read(ref _errorEnd, _error, error))
            {
                _error.Finish(error);
            }

            if (canRead && !Read(ref _outputEnd, _output, output))
            {
                _output.Finish(output);
            }
        }

        _error.Finish(error);
        _output.Finish(output);
    }

    public void Dispose()
    {
        ProgramSide.Dispose();
        _inputEnd?.Dispose();
        _outputEnd?.Dispose();
        _errorEnd?.Dispose();
        _wake.Dispose();
    }

    private bool Read(ref Descriptor? end, LineReader lines, Action<string> line)
    {
        int count = Sys.ReadPipe(end!, _buffer);
        if (count == 0)
        {
            end!.Dispose();
            end = null;
            return false;
        }

        if (count > 0)
        {
            lines.Add(_buffer.AsSpan(0, count), line);
        }

        return true;
    }

    private void TakeNext()
    {
        while (_writing.Length == 0 && _inputEnd is not null && _pending.TryDequeue(out byte[]? next))
        {
            if (next.Length == 0)
            {
                _inputEnd.Dispose();
                _inputEnd = null;
                return;
            }

            _writing = next;
        }
    }

    private void WriteSome()
    {
        Errno error = Sys.WritePipe(_inputEnd!, _writing.Span, out int count);
        if (error == Errno.EPIPE)
        {
            // The program does not read any more: as in a shell, that is no error of ours.
            _inputEnd!.Dispose();
            _inputEnd = null;
            _writing = default;
            return;
        }

        _writing = _writing[count..];
    }

    /// <summary>Cuts bytes into lines of UTF-8 text.</summary>
    private sealed class LineReader
    {
        private readonly List<byte> _rest = [];

        public void Add(ReadOnlySpan<byte> bytes, Action<string> line)
        {
            while (true)
            {
                int end = bytes.IndexOf((byte)'\n');
                if (end < 0)
                {
                    _rest.AddRange(bytes);
                    return;
                }

                Emit(bytes[..end], line);
                bytes = bytes[(end + 1)..];
            }
        }

        public void Finish(Action<string> line)
        {
            if (_rest.Count != 0)
            {
                Emit([], line);
            }
        }

        private void Emit(ReadOnlySpan<byte> tail, Action<string> line)
        {
            string text;
            if (_rest.Count == 0)
            {
                text = Encoding.UTF8.GetString(tail);
            }
            else
            {
                _rest.AddRange(tail);
                text = Encoding.UTF8.GetString(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_rest));
                _rest.Clear();
            }

            line(text.EndsWith('\r') ? text[..^1] : text);
        }
    }
}
