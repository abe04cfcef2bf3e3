using System;
using System.Runtime.InteropServices;
using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace Isolation.Interop;

internal static unsafe partial class Sys
{
    // linux/sockios.h: the network namespace of a socket.
    private const int SIOCGSKNS = 0x894C;

    private const ushort RTM_GETNSID = 90;
    private const ushort RTM_NEWNSID = 88;
    private const ushort NETNSA_NSID = 1;
    private const ushort NETNSA_FD = 3;

    /// <summary>A copy of another process's descriptor, pidfd_getfd(2) (Linux 5.6). Null where the caller may not trace that process.</summary>
    public static Descriptor? CopyDescriptor(Descriptor pidfd, int number, out Errno error)
    {
        nint fd = syscall(SyscallNumbers.pidfd_getfd, pidfd.Number, number, 0, 0, 0, 0);
        error = fd < 0 ? (Errno)Marshal.GetLastPInvokeError() : Errno.None;
        return fd < 0 ? null : new Descriptor((int)fd);
    }

    /// <summary>Whether the kernel, and a filter that may be on this process, has pidfd_getfd(2): asked with a descriptor that there is not.</summary>
    public static bool CanCopyDescriptors =>
        syscall(SyscallNumbers.pidfd_getfd, -1, 0, 0, 0, 0, 0) < 0 && (Errno)Marshal.GetLastPInvokeError() == Errno.EBADF;

    /// <summary>The network namespace of a socket, ioctl <c>SIOCGSKNS</c>. Null where the caller does not administer it (<c>CAP_NET_ADMIN</c>).</summary>
    public static Descriptor? NamespaceOfSocket(Descriptor socket, out Errno error)
    {
        int fd = ioctl(socket.Number, SIOCGSKNS);
        error = fd < 0 ? (Errno)errno : Errno.None;
        return fd < 0 ? null : new Descriptor(fd);
    }

    /// <summary>A route netlink socket in the caller's network namespace; null where the host has none.</summary>
    public static Descriptor? OpenRouteSocket()
    {
        int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
        return fd < 0 ? null : new Descriptor(fd);
    }

    /// <summary>
    /// The id of a network namespace in the one of the route socket, rtnetlink <c>RTM_GETNSID</c>; null where none is assigned.
    /// Equivalent to <c>ip netns list-id</c>.
    /// </summary>
    public static int? NetNsId(Descriptor routeSocket, Descriptor ns)
    {
        // struct nlmsghdr (16), struct rtgenmsg (1, padded to 4), one attribute of 4 + 4.
        Span<byte> message = stackalloc byte[28];
        message.Clear();
        MemoryMarshal.Write(message, 28u);
        MemoryMarshal.Write(message[4..], RTM_GETNSID);
        MemoryMarshal.Write(message[6..], (ushort)1);
        MemoryMarshal.Write(message[20..], (ushort)8);
        MemoryMarshal.Write(message[22..], NETNSA_FD);
        MemoryMarshal.Write(message[24..], ns.Number);
        Span<byte> answer = stackalloc byte[256];
        nint length;
        fixed (byte* request = message, reply = answer)
        {
            if ((long)send(routeSocket.Number, request, (size_t)message.Length, 0) != message.Length)
            {
                return null;
            }

            length = (nint)(long)recv(routeSocket.Number, reply, (size_t)answer.Length, 0);
        }

        if (length < 28 || MemoryMarshal.Read<ushort>(answer[4..]) != RTM_NEWNSID)
        {
            return null;
        }

        for (int at = 20; at + 8 <= length;)
        {
            ushort size = MemoryMarshal.Read<ushort>(answer[at..]);
            if (MemoryMarshal.Read<ushort>(answer[(at + 2)..]) == NETNSA_NSID)
            {
                int id = MemoryMarshal.Read<int>(answer[(at + 4)..]);
                return id < 0 ? null : id;
            }

            if (size < 4)
            {
                break;
            }

            at += (size + 3) & ~3;
        }

        return null;
    }
}
