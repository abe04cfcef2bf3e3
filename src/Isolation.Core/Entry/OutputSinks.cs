using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Text;

namespace Isolation.Entry;

/// <summary>What becomes of a stream that a program writes.</summary>
internal interface IOutputSink
{
    /// <summary>Takes what was read; the bytes are the caller's and change after the call.</summary>
    public void Add(ReadOnlySpan<byte> bytes);

    /// <summary>The stream is at its end. It may be said more than once.</summary>
    public void Finish();
}

/// <summary>Cuts a stream into lines of UTF-8 text.</summary>
internal sealed class LineSink(Action<string> line) : IOutputSink
{
    private readonly List<byte> _rest = [];

    public void Add(ReadOnlySpan<byte> bytes)
    {
        while (true)
        {
            int end = bytes.IndexOf((byte)'\n');
            if (end < 0)
            {
                _rest.AddRange(bytes);
                return;
            }

            Emit(bytes[..end]);
            bytes = bytes[(end + 1)..];
        }
    }

    public void Finish()
    {
        if (_rest.Count != 0)
        {
            Emit([]);
        }
    }

    private void Emit(ReadOnlySpan<byte> tail)
    {
        string text;
        if (_rest.Count == 0)
        {
            text = Encoding.UTF8.GetString(tail);
        }
        else
        {
            _rest.AddRange(tail);
            text = Encoding.UTF8.GetString(CollectionsMarshal.AsSpan(_rest));
            _rest.Clear();
        }

        line(text.EndsWith('\r') ? text[..^1] : text);
    }
}

/// <summary>Hands a stream on as it is, in arrays as large as what was read at once.</summary>
internal sealed class ByteSink(Action<byte[]> chunk) : IOutputSink
{
    public void Add(ReadOnlySpan<byte> bytes) => chunk(bytes.ToArray());

    public void Finish()
    {
    }
}
