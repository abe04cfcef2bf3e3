using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using Isolation.Interop;

namespace Isolation.Entry;

/// <summary>
/// The pipes to a program that is run in the foreground. One thread, the caller's, waits for all of them with poll(2): output is handed on as it is
/// written, input is written as the program takes it.
/// </summary>
internal sealed class ProgramPipes : IDisposable
{
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly IOutputSink _output;
    private readonly IOutputSink _error;
    private readonly ConcurrentQueue<byte[]> _pending = new();
    private readonly Waker _wake = new();
    private Descriptor? _inputEnd;
    private Descriptor? _outputEnd;
    private Descriptor? _errorEnd;
    private ReadOnlyMemory<byte> _writing;

    /// <summary>Makes the pipes.</summary>
    /// <param name="output">Takes standard output.</param>
    /// <param name="error">Takes standard error.</param>
    public ProgramPipes(IOutputSink output, IOutputSink error)
    {
        _output = output;
        _error = error;
        (Descriptor inputRead, _inputEnd) = Sys.Pipe();
        (_outputEnd, Descriptor outputWrite) = Sys.Pipe();
        (_errorEnd, Descriptor errorWrite) = Sys.Pipe();
        Sys.SetNonBlocking(_inputEnd);
        Sys.SetNonBlocking(_outputEnd);
        Sys.SetNonBlocking(_errorEnd);
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
    public void Wake() => _wake.Wake();

    /// <summary>Moves what can be moved, waiting for it for a time.</summary>
    /// <param name="milliseconds">How long to wait at the most; -1 for ever.</param>
    public void Pump(int milliseconds)
    {
        TakeNext();
        bool writing = _inputEnd is not null && _writing.Length != 0;
        (bool canRead, bool canReadError, bool canWrite) = Sys.WaitPipes(_outputEnd, _errorEnd, writing ? _inputEnd : null, _wake.Counter, milliseconds);
        if (canWrite)
        {
            WriteSome();
        }

        // Standard error first: where a program explains itself and ends, the words come before the end.
        if (canReadError)
        {
            Read(ref _errorEnd, _error);
        }

        if (canRead)
        {
            Read(ref _outputEnd, _output);
        }
    }

    /// <summary>Takes what the program wrote before it ended; whoever inherited the pipe from it may hold it open for longer.</summary>
    public void Drain()
    {
        // A pipe holds 1 MiB at most (pipe(7)): what comes after that much is written by somebody else, perhaps without end.
        for (int reads = 0; !IsDrained && reads < 32; reads++)
        {
            (bool canRead, bool canReadError, _) = Sys.WaitPipes(_outputEnd, _errorEnd, null, null, 0);
            if (!canRead && !canReadError)
            {
                break;
            }

            if (canReadError)
            {
                Read(ref _errorEnd, _error);
            }

            if (canRead)
            {
                Read(ref _outputEnd, _output);
            }
        }

        _error.Finish();
        _output.Finish();
    }

    public void Dispose()
    {
        ProgramSide.Dispose();
        _inputEnd?.Dispose();
        _outputEnd?.Dispose();
        _errorEnd?.Dispose();
        _wake.Dispose();
    }

    private void Read(ref Descriptor? end, IOutputSink sink)
    {
        int count = Sys.ReadPipe(end!, _buffer);
        if (count == 0)
        {
            end!.Dispose();
            end = null;
            sink.Finish();
        }
        else if (count > 0)
        {
            sink.Add(_buffer.AsSpan(0, count));
        }
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
}
