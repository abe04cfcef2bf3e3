using System;
using System.Collections.Generic;
using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Security.Cryptography;
using Isolation.Network;

namespace Isolation.ContainerNetworks;

/// <summary>The pair of links between a set and a network's bridge.</summary>
internal static class MemberLink
{
    private const string Prefix = "isv";

    /// <summary>A name for the end at the bridge, which nothing else has.</summary>
    public static string ChooseHostName() => Prefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6));

    /// <summary>The first of eth0, eth1... that is free in a set.</summary>
    public static string ChooseName(NetworkNamespace inside)
    {
        HashSet<string> names = [];
        foreach (NetworkLink link in inside.Links())
        {
            names.Add(link.Name);
        }

        for (int number = 0; ; number++)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"eth{number}");
            if (!names.Contains(name))
            {
                return name;
            }
        }
    }

    /// <summary>Makes the pair with one end born in the set, and gives that its addresses.</summary>
    public static void Make(ContainerNetworkRecord network, MemberRecord member, NetworkNamespace host, NetworkNamespace inside)
    {
        NetworkLink bridge = host.GetLink(network.Bridge);
        host.CreateLink(
            new LinkSettings { Name = member.HostLink, Master = bridge.Index, Mtu = network.Mtu, Up = true },
            new VethKind(new LinkSettings
            {
                Name = member.Link,
                Mtu = network.Mtu,
                MacAddress = PhysicalAddress.Parse(member.MacAddress).GetAddressBytes(),
                Namespace = inside.Descriptor.Number,
            }));
        NetworkLink link = inside.GetLink(member.Link);
        inside.ChangeLink(link, new LinkSettings { Up = true });
        foreach (IPAddress address in member.Addresses)
        {
            inside.AddAddress(link, address, Length(network, address));
        }
    }

    /// <summary>Gives a set a default route over a network, of each family that it has none of.</summary>
    public static void AddDefaultRoute(ContainerNetworkRecord network, MemberRecord member, NetworkNamespace inside)
    {
        if (network.IsInternal || inside.FindLink(member.Link) is not NetworkLink link)
        {
            return;
        }

        IReadOnlyList<NetworkRoute> routes = inside.Routes();
        foreach (AddressPool pool in network.Pools)
        {
            bool six = pool.Subnet.IsSix;
            bool has = false;
            foreach (NetworkRoute route in routes)
            {
                has |= route.Target.Length == 0 && route.Target.IsSix == six && route.TableNumber == RouteNumbers.MainTable;
            }

            if (!has)
            {
                const string what = "default";
                inside.AddRoute(new RouteTarget(null, 0, six), pool.Gateway, link.Index, 0, RouteNumbers.MainTable, null, RouteNumbers.ParseType("unicast"), what);
            }
        }
    }

    /// <summary>Removes the pair, if it is still there. That takes the kernel about 20 ms: it waits until nobody looks at the links any more.</summary>
    public static void Remove(MemberRecord member, NetworkNamespace host)
    {
        if (host.FindLink(member.HostLink) is NetworkLink link)
        {
            host.RemoveLink(link);
        }
    }

    private static int Length(ContainerNetworkRecord network, IPAddress address)
    {
        foreach (AddressPool pool in network.Pools)
        {
            if (pool.Subnet.Contains(address))
            {
                return pool.Subnet.Length;
            }
        }

        return address.GetAddressBytes().Length * 8;
    }
}
