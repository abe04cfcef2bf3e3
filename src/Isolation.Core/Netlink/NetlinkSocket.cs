using System;
using System.Collections.Generic;
using Isolation.Interop;

namespace Isolation.Netlink;

/// <summary>
/// A conversation with the kernel over netlink(7), in the network namespace in which the socket was made: requests that it acknowledges, and lists. Not for more than one
/// thread at a time.
/// </summary>
internal sealed class NetlinkSocket : IDisposable
{
    // The kernel makes its packets as large as the reader's buffer, up to this.
    private const int BufferSize = 32 * 1024;

    // A list that changed while it was read is read again, at most so often: on a busy host it always changes.
    private const int Rounds = 10;

    private readonly Descriptor _socket;
    private readonly byte[] _buffer = new byte[BufferSize];
    private uint _sequence;

    /// <summary>Takes over a socket, which may be of another network namespace.</summary>
    public NetlinkSocket(Descriptor socket)
    {
        _socket = socket;
        Sys.SetNetlinkOptions(socket);
    }

    /// <summary>What is done with a message.</summary>
    public delegate void Handler(NetlinkMessage message);

    /// <summary>A socket for links, addresses, routes, neighbours and traffic control in this thread's network namespace, rtnetlink(7).</summary>
    /// <exception cref="SyscallException">The kernel refused it.</exception>
    public static NetlinkSocket OpenRoute()
    {
        Errno error = Sys.TryOpenNetlink(Sys.RouteProtocol, out Descriptor? socket);
        return error == Errno.None ? new NetlinkSocket(socket!) : throw new SyscallException("socket", error, "open a netlink socket");
    }

    /// <summary>Sends a request and waits until the kernel says how it went.</summary>
    /// <param name="request">The request.</param>
    /// <param name="attempt">What is tried with it, verb and object, for the error.</param>
    /// <param name="answer">Is given what the kernel sends besides, such as the link that was asked for; null where nothing is expected.</param>
    /// <exception cref="SyscallException">The kernel refused it; its own words are in the message.</exception>
    public void Request(NetlinkWriter request, string attempt, Handler? answer = null)
    {
        NetlinkError? refusal = TryRequest(request, attempt, answer);
        if (refusal is not null)
        {
            throw refusal.ToException(attempt);
        }
    }

    /// <summary>The same, with the refusal as the result; null where it went well.</summary>
    public NetlinkError? TryRequest(NetlinkWriter request, string attempt, Handler? answer = null)
    {
        uint sequence = Send(request, attempt);
        NetlinkError? refusal = null;
        bool ends = false;
        while (!ends)
        {
            Receive(attempt, sequence, message =>
            {
                if (message.Type == NetlinkMessage.Error)
                {
                    refusal = NetlinkError.Read(message);
                    ends = true;
                }
                else
                {
                    answer?.Invoke(message);

                    // Who asks for one thing without an acknowledgement gets that thing or an error.
                    ends |= !request.Flags.HasFlag(NetlinkFlags.Ack);
                }
            });
        }

        return refusal;
    }

    /// <summary>Asks for a list, again where it changed meanwhile.</summary>
    /// <param name="request">The request, with <see cref="NetlinkFlags.Dump"/>.</param>
    /// <param name="attempt">What is tried with it, verb and object, for the error.</param>
    /// <param name="read">Makes an item of a message; null for one that is none.</param>
    /// <exception cref="SyscallException">The kernel refused it.</exception>
    /// <exception cref="IsolationException"><c>NetlinkListUnstable</c>: it changed each time that it was read.</exception>
    public List<T> List<T>(NetlinkWriter request, string attempt, Reader<T> read)
        where T : class
    {
        for (int round = 0; round < Rounds; round++)
        {
            List<T> items = [];
            if (TryList(request, attempt, items, read))
            {
                return items;
            }
        }

        throw new IsolationException("NetlinkListUnstable", ErrorKind.Busy, $"Cannot {attempt}: the list changed {Rounds} times while it was read. Try again when fewer things come and go.");
    }

    /// <summary>Makes an item of a message; null for one that is none.</summary>
    public delegate T? Reader<T>(NetlinkMessage message)
        where T : class;

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private bool TryList<T>(NetlinkWriter request, string attempt, List<T> items, Reader<T> read)
        where T : class
    {
        uint sequence = Send(request, attempt);
        bool ends = false;
        bool isWhole = true;
        NetlinkError? refusal = null;
        while (!ends)
        {
            Receive(attempt, sequence, message =>
            {
                isWhole &= !message.Flags.HasFlag(NetlinkFlags.Interrupted);
                switch (message.Type)
                {
                    case NetlinkMessage.Error:
                        refusal = NetlinkError.Read(message);
                        ends = true;
                        break;
                    case NetlinkMessage.Done:
                        // What went wrong in the middle comes with the end.
                        int result = message.Header<int>();
                        refusal = result < 0 ? new NetlinkError((Errno)(-result), null, 0) : null;
                        ends = true;
                        break;
                    default:
                        if (read(message) is T item)
                        {
                            items.Add(item);
                        }

                        break;
                }
            });
        }

        return refusal is null ? isWhole : refusal.Errno == Errno.EINTR ? false : throw refusal.ToException(attempt);
    }

    private uint Send(NetlinkWriter request, string attempt)
    {
        uint sequence = ++_sequence;
        Errno error = Sys.TrySendNetlink(_socket, request.Finish(sequence));
        return error == Errno.None ? sequence : throw new SyscallException("send", error, attempt);
    }

    // What answers an earlier request, which was given up, is passed over.
    private void Receive(string attempt, uint sequence, Handler handle)
    {
        int length = Sys.ReceiveNetlink(_socket, _buffer, out Errno error);
        if (length < 0)
        {
            throw new SyscallException("recv", error, attempt);
        }

        if (length > _buffer.Length)
        {
            throw new SyscallException("recv", Errno.EMSGSIZE, attempt);
        }

        foreach (NetlinkMessage message in new NetlinkMessages(_buffer.AsSpan(0, length)))
        {
            if (message.Sequence == sequence)
            {
                handle(message);
            }
        }
    }
}
