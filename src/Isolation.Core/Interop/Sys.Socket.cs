using System;
using System.Collections.Generic;
using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace Isolation.Interop;

internal static unsafe partial class Sys
{
    /// <summary>The most descriptors that one message carries (<c>SCM_MAX_FD</c>, unix(7)).</summary>
    internal const int MaxPassedDescriptors = 253;

    /// <summary>Equivalent to socketpair(2) of <c>AF_UNIX</c>, <c>SOCK_SEQPACKET</c>, closed on exec.</summary>
    public static (Descriptor Near, Descriptor Far) PacketSocketPair()
    {
        int* pair = stackalloc int[2];
        return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0
            ? (new Descriptor(pair[0]), new Descriptor(pair[1]))
            : throw SyscallException.Last("socketpair", "make a socket pair");
    }

    /// <summary>Sends one message with descriptors, sendmsg(2); the error number is the result.</summary>
    public static Errno TrySend(int socket, ReadOnlySpan<byte> message, ReadOnlySpan<int> descriptors)
    {
        int controlLength = descriptors.Length == 0 ? 0 : 16 + (((descriptors.Length * 4) + 7) & ~7);
        byte* control = stackalloc byte[controlLength + 1];
        fixed (byte* bytes = message)
        {
            iovec vector = default;
            vector.iov_base = bytes;
            vector.iov_len = (size_t)message.Length;
            msghdr header = default;
            header.msg_iov = &vector;
            header.msg_iovlen = 1;
            if (controlLength != 0)
            {
                // cmsghdr: length (8 bytes), level, type, then the numbers.
                *(long*)control = 16 + (descriptors.Length * 4);
                *(int*)(control + 8) = SOL_SOCKET;
                *(int*)(control + 12) = SCM_RIGHTS;
                descriptors.CopyTo(new Span<int>(control + 16, descriptors.Length));
                header.msg_control = control;
                header.msg_controllen = controlLength;
            }

            while (true)
            {
                if (sendmsg(socket, &header, MSG_NOSIGNAL) >= 0)
                {
                    return Errno.None;
                }

                if (errno != EINTR)
                {
                    return (Errno)errno;
                }
            }
        }
    }

    /// <summary>
    /// Receives one message with its descriptors, recvmsg(2). Returns the message's length, 0 at the end of the connection, -1 with
    /// <paramref name="error"/> where there is none. A message that was cut off is an error, never passed on. Where this process had no numbers left
    /// for all of the descriptors, the message comes with <paramref name="error"/> EMFILE and those that there was room for, in their order.
    /// </summary>
    public static int Receive(int socket, Span<byte> buffer, List<Descriptor> descriptors, bool block, out Errno error) =>
        Receive(socket, buffer, descriptors, block, out error, out _);

    /// <summary>The same; after <see cref="PassCredentials"/> with the sender's pid as this process sees it, otherwise 0.</summary>
    public static int Receive(int socket, Span<byte> buffer, List<Descriptor> descriptors, bool block, out Errno error, out int sender)
    {
        sender = 0;

        // Room for the descriptors and, where it is asked for, struct ucred.
        const int controlSize = 16 + (MaxPassedDescriptors * 4) + 8 + 32;
        byte* control = stackalloc byte[controlSize];
        fixed (byte* bytes = buffer)
        {
            iovec vector = default;
            vector.iov_base = bytes;
            vector.iov_len = (size_t)buffer.Length;
            msghdr header = default;
            header.msg_iov = &vector;
            header.msg_iovlen = 1;
            header.msg_control = control;
            header.msg_controllen = controlSize;
            long length;
            do
            {
                length = recvmsg(socket, &header, MSG_CMSG_CLOEXEC | (block ? 0 : MSG_DONTWAIT));
            }
            while (length < 0 && errno == EINTR);
            if (length < 0)
            {
                error = (Errno)errno;
                return -1;
            }

            CollectDescriptors(control, (int)header.msg_controllen, descriptors, out sender);
            if ((header.msg_flags & MSG_TRUNC) != 0)
            {
                DisposeAll(descriptors);
                error = Errno.EMSGSIZE;
                return -1;
            }

            // There is room for as many as a message carries, so what is cut off has met RLIMIT_NOFILE, recvmsg(2).
            error = (header.msg_flags & MSG_CTRUNC) != 0 ? Errno.EMFILE : Errno.None;
            return (int)length;
        }
    }

    /// <summary>Closes descriptors that came with a message and forgets them.</summary>
    public static void DisposeAll(List<Descriptor> descriptors)
    {
        foreach (Descriptor descriptor in descriptors)
        {
            descriptor.Dispose();
        }

        descriptors.Clear();
    }

    /// <summary>Ends a connection both ways, shutdown(2): whoever waits on it wakes up.</summary>
    public static void ShutDown(int socket) => _ = shutdown(socket, SHUT_RDWR);

    /// <summary>Waits until a descriptor can be read or has ended, poll(2); false when the time is over.</summary>
    public static bool WaitReadable(int descriptor, int milliseconds)
    {
        pollfd entry = default;
        entry.fd = descriptor;
        entry.events = POLLIN;
        int rc;
        do
        {
            rc = poll(&entry, 1, milliseconds);
        }
        while (rc < 0 && errno == EINTR);
        return rc > 0;
    }

    /// <summary>Has the kernel add the sender to each message, <c>SO_PASSCRED</c>, unix(7): its pid is translated to the receiver's pid namespace.</summary>
    public static void PassCredentials(int socket)
    {
        int on = 1;
        if (setsockopt(socket, SOL_SOCKET, SO_PASSCRED, &on, 4) != 0)
        {
            throw SyscallException.Last("setsockopt", "learn who sends on a socket");
        }
    }

    private static void CollectDescriptors(byte* control, int length, List<Descriptor> descriptors, out int sender)
    {
        const int SCM_CREDENTIALS = 2;
        sender = 0;
        for (int at = 0; at + 16 <= length;)
        {
            long size = *(long*)(control + at);
            if (size < 16)
            {
                return;
            }

            if (*(int*)(control + at + 8) == SOL_SOCKET && *(int*)(control + at + 12) == SCM_RIGHTS)
            {
                for (int offset = 16; offset + 4 <= size; offset += 4)
                {
                    descriptors.Add(new Descriptor(*(int*)(control + at + offset)));
                }
            }

            if (*(int*)(control + at + 8) == SOL_SOCKET && *(int*)(control + at + 12) == SCM_CREDENTIALS)
            {
                sender = *(int*)(control + at + 16);
            }

            at += (int)((size + 7) & ~7);
        }
    }
}
