using System;
using System.Collections.Generic;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using Isolation.Network;
using Isolation.State;

namespace Isolation.ContainerNetworks;

/// <summary>The link of a set to a network.</summary>
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

    /// <summary>Switches a link on that was born in a set, and gives it its addresses.</summary>
    public static NetworkLink SwitchOn(ContainerNetworkRecord network, MemberRecord member, NetworkNamespace inside)
    {
        NetworkLink link = inside.GetLink(member.Link);
        inside.ChangeLink(link, new LinkSettings { Up = true });
        foreach (IPAddress address in member.Addresses)
        {
            inside.AddAddress(link, address, Length(network, address));
        }

        return link;
    }

    /// <summary>The end of a member's pair at the bridge; null where it is gone, or the member has none.</summary>
    public static NetworkLink? AtBridge(MemberRecord member, NetworkNamespace host) => member.HostLink is string name ? host.FindLink(name) : null;

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
            // In ipvlan's l3 no host is a neighbour: all goes by the link itself.
            bool six = pool.Subnet.IsSix;
            bool has = pool.Gateway is null && network.Mode is not ("l3" or "l3s");
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

    /// <summary>Removes it, if it is still there. That takes the kernel about 20 ms: it waits until nobody looks at the links any more.</summary>
    public static void Remove(StateFolder state, MemberRecord member, NetworkNamespace host)
    {
        if (member.HostLink is not null)
        {
            if (host.FindLink(member.HostLink) is NetworkLink link)
            {
                host.RemoveLink(link);
            }

            return;
        }

        // Without an end on the host it is to be found in the set alone, by its number: within, its name may have been given to another.
        using NetworkNamespace? inside = MemberNamespace.Open(state, member);
        foreach (NetworkLink link in inside?.Links() ?? [])
        {
            if (link.Kind is "macvlan" or "ipvlan" && (member.LinkIndex == 0 ? link.Name == member.Link : link.Index == member.LinkIndex))
            {
                inside!.RemoveLink(link);
            }
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
