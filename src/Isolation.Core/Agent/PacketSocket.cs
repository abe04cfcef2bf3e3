using System;
using System.Collections.Generic;
using Isolation.Interop;

namespace Isolation.Agent;

/// <summary>
/// Packets with descriptors over a <c>SOCK_SEQPACKET</c> socket. A packet over 64 KiB travels as a sealed file in memory: its first byte says which.
/// </summary>
internal sealed class PacketSocket : IDisposable
{
    private const int InlineLimit = 64 * 1024;

    // More than any environment and argument list that execve(2) takes (a quarter of the stack limit, 6 MiB at most), in base64.
    private const int MemoryLimit = 32 * 1024 * 1024;

    private const byte Inline = 0;
    private const byte InMemory = 1;

    private readonly Descriptor _socket;
    private readonly byte[] _buffer = new byte[InlineLimit + 1];

    public PacketSocket(Descriptor socket) => _socket = socket;

    public int Number => _socket.Number;

    /// <summary>Sends a packet; the error number is the result, <see cref="Errno.EPIPE"/> where the other side is gone.</summary>
    public Errno Send(ReadOnlySpan<byte> content, ReadOnlySpan<int> descriptors)
    {
        if (content.Length <= InlineLimit)
        {
            byte[] packet = new byte[content.Length + 1];
            packet[0] = Inline;
            content.CopyTo(packet.AsSpan(1));
            return Sys.TrySend(_socket.Number, packet, descriptors);
        }

        using Descriptor memory = Sys.SealedMemory("isolation-packet", content);
        int[] all = [memory.Number, .. descriptors];
        return Sys.TrySend(_socket.Number, [InMemory], all);
    }

    /// <summary>Receives a packet; null at the end of the connection, and where <paramref name="block"/> is false and there is none.</summary>
    public byte[]? Receive(List<Descriptor> descriptors, bool block, out Errno error)
    {
        int length = Sys.Receive(_socket.Number, _buffer, descriptors, block, out error);
        if (length <= 0)
        {
            return null;
        }

        if (_buffer[0] == Inline)
        {
            return _buffer.AsSpan(1, length - 1).ToArray();
        }

        using Descriptor memory = descriptors[0];
        descriptors.RemoveAt(0);
        return Sys.ReadMemory(memory, MemoryLimit);
    }

    public void Dispose() => _socket.Dispose();
}
