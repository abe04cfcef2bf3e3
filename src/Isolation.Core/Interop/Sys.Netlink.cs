using System;
using System.Runtime.InteropServices;
using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace Isolation.Interop;

internal static unsafe partial class Sys
{
    /// <summary><c>NETLINK_ROUTE</c>: links, addresses, routes, neighbours and traffic control, rtnetlink(7).</summary>
    internal const int RouteProtocol = 0;

    // linux/netlink.h and linux/socket.h.
    private const int SOL_NETLINK = 270;
    private const int NETLINK_CAP_ACK = 10;
    private const int NETLINK_EXT_ACK = 11;
    private const int NETLINK_GET_STRICT_CHK = 12;

    /// <summary>A netlink socket in the caller's network namespace, socket(2), netlink(7).</summary>
    public static Errno TryOpenNetlink(int protocol, out Descriptor? netlink)
    {
        int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
        netlink = fd < 0 ? null : new Descriptor(fd);
        return fd < 0 ? (Errno)errno : Errno.None;
    }

    /// <summary>
    /// Has the kernel say in words what it refuses and at which attribute (Linux 4.12), not repeat the request in that (4.3), and refuse what it does not know in a request
    /// for a list (4.20). An older kernel has none of that, and works all the same.
    /// </summary>
    public static void SetNetlinkOptions(Descriptor netlink)
    {
        int on = 1;
        foreach (int option in (ReadOnlySpan<int>)[NETLINK_CAP_ACK, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK])
        {
            _ = setsockopt(netlink.Number, SOL_NETLINK, option, &on, sizeof(int));
        }
    }

    /// <summary>Sends to the kernel, send(2).</summary>
    public static Errno TrySendNetlink(Descriptor netlink, ReadOnlySpan<byte> message)
    {
        fixed (byte* bytes = message)
        {
            while (true)
            {
                if ((long)send(netlink.Number, bytes, (size_t)message.Length, 0) >= 0)
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

    /// <summary>Receives one packet, recv(2): its whole length, also where the buffer is too small, which then has lost the rest; -1 with the error.</summary>
    public static int ReceiveNetlink(Descriptor netlink, Span<byte> buffer, out Errno error)
    {
        fixed (byte* bytes = buffer)
        {
            while (true)
            {
                long length = (long)recv(netlink.Number, bytes, (size_t)buffer.Length, MSG_TRUNC);
                error = length < 0 ? (Errno)errno : Errno.None;
                if (error != Errno.EINTR)
                {
                    return (int)length;
                }
            }
        }
    }
}
