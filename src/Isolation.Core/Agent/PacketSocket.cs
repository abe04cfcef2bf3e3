using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using Isolation.Interop;

namespace Isolation.Agent;

/// <summary>
/// Packets with descriptors over a <c>SOCK_SEQPACKET</c> socket. A packet over 64 KiB travels as a sealed file in memory: its first byte says which.
/// The request's number follows, so that it is known also where the rest cannot be received.
/// </summary>
internal sealed class PacketSocket : IDisposable
{
    private const int InlineLimit = 64 * 1024;

    // More than any environment and argument list that execve(2) takes (a quarter of the stack limit, 6 MiB at most), in base64.
    private const int MemoryLimit = 32 * 1024 * 1024;

    private const byte Inline = 0;
    private const byte InMemory = 1;
    private const int HeadSize = 5;

    private readonly Descriptor _socket;
    private readonly byte[] _buffer = new byte[InlineLimit + HeadSize];

    public PacketSocket(Descriptor socket) => _socket = socket;

    public int Number => _socket.Number;

    /// <summary>Sends a packet; the error number is the result, <see cref="Errno.EPIPE"/> where the other side is gone.</summary>
    public Errno Send(int id, ReadOnlySpan<byte> content, ReadOnlySpan<int> descriptors)
    {
        bool inline = content.Length <= InlineLimit;
        byte[] packet = new byte[HeadSize + (inline ? content.Length : 0)];
        packet[0] = inline ? Inline : InMemory;
        BinaryPrimitives.WriteInt32LittleEndian(packet.AsSpan(1), id);
        if (inline)
        {
            content.CopyTo(packet.AsSpan(HeadSize));
            return Sys.TrySend(_socket.Number, packet, descriptors);
        }

        using Descriptor memory = Sys.SealedMemory("isolation-packet", content);
        int[] all = [memory.Number, .. descriptors];
        return Sys.TrySend(_socket.Number, packet, all);
    }

    /// <summary>
    /// Receives a packet. Null at the end of the connection, where <paramref name="block"/> is false and there is none, and with
    /// <paramref name="error"/> EMFILE where this process had no numbers left for its descriptors; none of those is kept then.
    /// </summary>
    /// <param name="descriptors">Takes the descriptors.</param>
    /// <param name="block">Whether to wait for a packet.</param>
    /// <param name="id">The request's number, also with EMFILE.</param>
    /// <param name="error">Why there is none; none at the end of the connection.</param>
    public byte[]? Receive(List<Descriptor> descriptors, bool block, out int id, out Errno error)
    {
        id = 0;
        int length = Sys.Receive(_socket.Number, _buffer, descriptors, block, out error);
        if (length < HeadSize)
        {
            error = length > 0 ? Errno.EPROTO : error;
            return null;
        }

        id = BinaryPrimitives.ReadInt32LittleEndian(_buffer.AsSpan(1));
        if (error != Errno.None)
        {
            Sys.DisposeAll(descriptors);
            return null;
        }

        if (_buffer[0] > InMemory || (_buffer[0] == InMemory && descriptors.Count == 0))
        {
            // Not of this protocol: the other side is some other program.
            Sys.DisposeAll(descriptors);
            error = Errno.EPROTO;
            return null;
        }

        if (_buffer[0] == Inline)
        {
            return _buffer.AsSpan(HeadSize, length - HeadSize).ToArray();
        }

        using Descriptor memory = descriptors[0];
        descriptors.RemoveAt(0);
        return Sys.ReadMemory(memory, MemoryLimit);
    }

    public void Dispose() => _socket.Dispose();
}
