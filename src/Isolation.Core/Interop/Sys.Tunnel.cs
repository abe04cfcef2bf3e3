using System;
using System.Text;
using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace Isolation.Interop;

internal static unsafe partial class Sys
{
    /// <summary>The file through which links are made whose other end is a program.</summary>
    internal const string TunnelDevice = "/dev/net/tun";

    /// <summary>
    /// Makes a link of an opened <see cref="TunnelDevice"/>, which stays when the file is closed. Equivalent to <c>ip tuntap add dev NAME mode tap</c>.
    /// </summary>
    /// <param name="tunnel">The file.</param>
    /// <param name="name">The link's name, at most 15 bytes.</param>
    /// <param name="isTap">Whether it carries Ethernet, and not IP packets.</param>
    /// <returns><c>EBUSY</c> or <c>EEXIST</c>: the name is taken. <c>EPERM</c>: no CAP_NET_ADMIN.</returns>
    public static Errno TryMakeTunnel(Descriptor tunnel, string name, bool isTap)
    {
        // linux/if_tun.h. Without IFF_TUN_EXCL a link that is there already would be taken.
        const int TUNSETIFF = 0x400454CA, TUNSETPERSIST = 0x400454CB;
        const short IFF_TUN = 1, IFF_TAP = 2, IFF_NO_PI = 0x1000, IFF_TUN_EXCL = unchecked((short)0x8000);

        // struct ifreq: the name, 16 bytes, and the flags, at 16.
        byte* request = stackalloc byte[40];
        new Span<byte>(request, 40).Clear();
        Encoding.UTF8.GetBytes(name, new Span<byte>(request, 15));
        *(short*)(request + 16) = (short)((isTap ? IFF_TAP : IFF_TUN) | IFF_NO_PI | IFF_TUN_EXCL);
        return ioctl(tunnel.Number, TUNSETIFF, request) == 0 && ioctl(tunnel.Number, TUNSETPERSIST, (void*)1) == 0 ? Errno.None : (Errno)errno;
    }
}
