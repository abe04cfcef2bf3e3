using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;

namespace Isolation.ContainerNetworks;

/// <summary>The addresses of one family that a network gives to its members.</summary>
/// <param name="Subnet">The network's subnet.</param>
/// <param name="Gateway">The address of the way out in it, a bridge's own or another host's; null for none.</param>
/// <param name="Range">The part from which addresses are given by themselves.</param>
internal sealed record AddressPool(Subnet Subnet, IPAddress? Gateway, Subnet Range)
{
    /// <summary>A pool as it was asked for.</summary>
    /// <param name="network">The network's name, for errors.</param>
    /// <param name="subnet">The subnet.</param>
    /// <param name="gateway">The gateway; null for none.</param>
    /// <param name="range">The part from which addresses are given; null for all.</param>
    /// <exception cref="IsolationException"><c>ContainerSubnetInvalid</c>, <c>ContainerGatewayInvalid</c>, <c>ContainerRangeInvalid</c>.</exception>
    public static AddressPool Create(string network, Subnet subnet, IPAddress? gateway, Subnet? range)
    {
        if (subnet.LastHost == subnet.FirstHost || subnet.Bits - subnet.Length < 2)
        {
            throw new IsolationException(
                "ContainerSubnetInvalid", ErrorKind.InvalidArgument, $"The subnet {subnet} of network '{network}' has no room for a gateway and a member. Give a larger one, /{subnet.Bits - 2} at least.");
        }

        IPAddress first = Subnet.ToAddress(subnet.First, subnet.IsSix);
        if (subnet.IsSix ? first.IsIPv6LinkLocal || first.IsIPv6Multicast || subnet.First <= UInt128.One : first.GetAddressBytes()[0] is 0 or 127 or >= 224)
        {
            throw new IsolationException(
                "ContainerSubnetInvalid", ErrorKind.InvalidArgument, $"The subnet {subnet} of network '{network}' is not for hosts: such addresses mean the host itself, one link, or many receivers. Take one of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or fd00::/8.");
        }

        AddressPool pool = new(subnet, gateway, range ?? subnet);
        if (gateway is not null && !pool.IsForHosts(gateway))
        {
            throw new IsolationException(
                "ContainerGatewayInvalid", ErrorKind.InvalidArgument, $"The gateway {pool.Gateway} of network '{network}' is no address of a host in its subnet {subnet}: those are {Hosts(subnet)}.");
        }

        return subnet.Contains(pool.Range)
            ? pool
            : throw new IsolationException("ContainerRangeInvalid", ErrorKind.InvalidArgument, $"The range {pool.Range} of network '{network}' is not within its subnet {subnet}.");
    }

    /// <summary>The lowest address that nobody has; null where all are given.</summary>
    public IPAddress? Free(IReadOnlySet<IPAddress> taken)
    {
        UInt128 last = UInt128.Min(Range.Last, Subnet.LastHost);
        for (UInt128 number = UInt128.Max(Range.First, Subnet.FirstHost); number <= last; number++)
        {
            IPAddress address = Subnet.ToAddress(number, Subnet.IsSix);
            if (!address.Equals(Gateway) && !taken.Contains(address))
            {
                return address;
            }
        }

        return null;
    }

    /// <summary>Whether a member may have an address: it lies in the subnet, and means one host.</summary>
    public bool IsForHosts(IPAddress address)
    {
        UInt128 number = Subnet.ToNumber(address);
        return Subnet.Contains(address) && number >= Subnet.FirstHost && number <= Subnet.LastHost;
    }

    /// <summary>A hardware address that goes with an address: whoever gets that one later has this one too, and neighbours remember nothing wrong.</summary>
    public static byte[] MacFor(IPAddress address)
    {
        byte[] bytes = address.GetAddressBytes();

        // Locally administered, IEEE 802; the second byte keeps those of the two families apart.
        return [0x0a, (byte)(address.AddressFamily == AddressFamily.InterNetworkV6 ? 0x06 : 0x04), .. bytes.AsSpan(bytes.Length - 4)];
    }

    /// <summary>The first and the last address of hosts, for errors.</summary>
    public static string Hosts(Subnet subnet) => $"{Subnet.ToAddress(subnet.FirstHost, subnet.IsSix)} to {Subnet.ToAddress(subnet.LastHost, subnet.IsSix)}";
}
