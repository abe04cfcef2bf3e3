using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;

namespace Isolation.ContainerNetworks;

/// <summary>Addresses of the host, of one family, at which a port is published or listened on.</summary>
/// <param name="IsSix">Whether it is of IPv6.</param>
/// <param name="Address">The address; null for each.</param>
internal readonly record struct PortEndpoint(bool IsSix, IPAddress? Address)
{
    /// <summary>Whether an address is meant by both.</summary>
    public bool Overlaps(PortEndpoint other) => IsSix == other.IsSix && (Address is null || other.Address is null || Address.Equals(other.Address));

    /// <summary>Those at which a port is published, which leads to addresses of a member.</summary>
    public static IEnumerable<PortEndpoint> Of(IPAddress? hostAddress, IEnumerable<IPAddress> members)
    {
        foreach (IPAddress member in Targets(members, hostAddress))
        {
            yield return new PortEndpoint(member.AddressFamily == AddressFamily.InterNetworkV6, PortRecord.IsAll(hostAddress) ? null : hostAddress);
        }
    }

    /// <summary>The addresses of a member to which an address of the host can lead: those of its family.</summary>
    public static IEnumerable<IPAddress> Targets(IEnumerable<IPAddress> members, IPAddress? hostAddress)
    {
        foreach (IPAddress member in members)
        {
            if (PortRecord.IsOf(hostAddress, member.AddressFamily == AddressFamily.InterNetworkV6))
            {
                yield return member;
            }
        }
    }
}
