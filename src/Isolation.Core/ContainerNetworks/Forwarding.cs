using System;
using System.IO;

namespace Isolation.ContainerNetworks;

/// <summary>Whether the host passes packets on between its links, ip-sysctl.rst of the kernel.</summary>
internal static class Forwarding
{
    private const string Four = "/proc/sys/net/ipv4/ip_forward";
    private const string Six = "/proc/sys/net/ipv6/conf/all/forwarding";

    /// <summary>Switches it on where it is off, and tells so: it concerns every link of the host.</summary>
    /// <param name="isSix">For IPv6.</param>
    /// <param name="network">The network that needs it, for errors and the warning.</param>
    /// <param name="warn">Is told.</param>
    /// <exception cref="IsolationException"><c>ForwardingUnavailable</c>.</exception>
    public static void Ensure(bool isSix, string network, Action<string> warn)
    {
        string path = isSix ? Six : Four;
        try
        {
            if (File.ReadAllText(path).Trim() != "0")
            {
                return;
            }

            File.WriteAllText(path, "1");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IsolationException(
                "ForwardingUnavailable",
                ErrorKind.Unavailable,
                $"Network '{network}' needs forwarding of {(isSix ? "IPv6" : "IPv4")}, and {path} is off and cannot be written: {exception.Message} In a container it is the host's to switch on. Or make the network with -Internal.",
                exception);
        }

        warn(isSix
            ? $"Forwarding of IPv6 was off and is on now ({path}), for network '{network}': this host passes packets on between all of its links, and those with accept_ra=1 take no more router advertisements. It stays on when the network is removed."
            : $"Forwarding of IPv4 was off and is on now ({path}), for network '{network}': this host passes packets on between all of its links. It stays on when the network is removed.");
    }
}
