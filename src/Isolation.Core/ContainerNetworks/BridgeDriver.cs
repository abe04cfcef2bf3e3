using System;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Isolation.Network;

namespace Isolation.ContainerNetworks;

/// <summary>The driver <c>bridge</c>: a bridge of this host, with an address of each subnet on it that is the members' gateway.</summary>
internal static class BridgeDriver
{
    private const string Prefix = "iso-";

    /// <summary>The name of a network's bridge: with the network's own as far as that has room, and some digits where it has not, or another link has the name.</summary>
    public static string ChooseName(string network, NetworkNamespace host)
    {
        string name = Prefix + network;
        if (name.Length <= LinkName.MostBytes && host.FindLink(name) is null)
        {
            return name;
        }

        const int digits = 4;
        string stem = Prefix + network[..Math.Min(network.Length, LinkName.MostBytes - Prefix.Length - digits - 1)];
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(network));
        for (int number = (hash[0] << 8) | hash[1]; ; number++)
        {
            name = string.Create(CultureInfo.InvariantCulture, $"{stem}-{number & 0xffff:x4}");
            if (host.FindLink(name) is null)
            {
                return name;
            }
        }
    }

    /// <summary>Makes the bridge, with its addresses, and switches it on.</summary>
    public static void Make(ContainerNetworkRecord record, NetworkNamespace host)
    {
        // With an address of its own: by itself a bridge takes the least of its ports', and changes it as they come and go.
        NetworkLink bridge = host.CreateLink(
            new LinkSettings { Name = record.Bridge, Mtu = record.Mtu, MacAddress = AddressPool.MacFor(record.Pools[0].Gateway) },
            new BridgeKind(VlanFiltering: null, SpanningTree: null));
        foreach (AddressPool pool in record.Pools)
        {
            host.AddAddress(bridge, pool.Gateway, pool.Subnet.Length);
        }

        host.ChangeLink(bridge, new LinkSettings { Up = true });
    }

    /// <summary>Removes the bridge; its ports stay. One that is gone, or of another kind by now, is passed over.</summary>
    public static void Remove(ContainerNetworkRecord record, NetworkNamespace host)
    {
        if (host.FindLink(record.Bridge) is { Kind: "bridge" } bridge)
        {
            host.RemoveLink(bridge);
        }
    }
}
