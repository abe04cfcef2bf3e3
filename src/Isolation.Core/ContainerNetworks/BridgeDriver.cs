using System;
using System.Collections.Generic;
using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Security.Cryptography;
using System.Text;
using Isolation.Interop;
using Isolation.Network;

namespace Isolation.ContainerNetworks;

/// <summary>The driver <c>bridge</c>: a bridge of this host, with an address of each subnet on it that is the members' gateway.</summary>
internal class BridgeDriver : ContainerNetworkDriver
{
    /// <summary>The name.</summary>
    public const string DriverName = "bridge";

    private const int DefaultMtu = 1500;
    private const string Prefix = "iso-";

    /// <inheritdoc/>
    public override string Name => DriverName;

    /// <inheritdoc/>
    public override string Summary => "A bridge of this host, with an address that is the members' gateway";

    /// <inheritdoc/>
    public override bool HasBridge => true;

    /// <summary>A name for what is a network's on the host: with the network's own as far as that has room, and some digits where it has not, or another link has the name.</summary>
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

    /// <inheritdoc/>
    public override void Check(ContainerNetworkOptions options)
    {
        new DriverOptions(options).Only();
        Refuse(options, "Parent", options.Parent is not null, "a bridge lies on no other link");
        RefuseTunnel(options);
    }

    /// <inheritdoc/>
    public override ContainerNetworkRecord Describe(
        ContainerNetworkRecord record, ContainerNetworkOptions options, NetworkNamespace host, IReadOnlyList<ContainerNetworkRecord> others) => record with { Mtu = options.Mtu ?? DefaultMtu };

    /// <inheritdoc/>
    public override IPAddress? ChooseGateway(Subnet subnet, Subnet? range) => Subnet.ToAddress(subnet.FirstHost, subnet.IsSix);

    /// <inheritdoc/>
    public override void Make(ContainerNetworkRecord record, NetworkNamespace host)
    {
        // With an address of its own: by itself a bridge takes the least of its ports', and changes it as they come and go.
        NetworkLink bridge = host.CreateLink(
            new LinkSettings { Name = record.Bridge, Mtu = record.Mtu, MacAddress = AddressPool.MacFor(record.Pools[0].Gateway!) },
            new BridgeKind(VlanFiltering: null, SpanningTree: null));
        foreach (AddressPool pool in record.Pools)
        {
            host.AddAddress(bridge, pool.Gateway!, pool.Subnet.Length);
        }

        host.ChangeLink(bridge, new LinkSettings { Up = true });
    }

    /// <inheritdoc/>
    public override void Remove(ContainerNetworkRecord record, NetworkNamespace host)
    {
        // Its ports stay.
        if (host.FindLink(record.Bridge) is { Kind: "bridge" } bridge)
        {
            host.RemoveLink(bridge);
        }
    }

    /// <inheritdoc/>
    public override string? Fault(ContainerNetworkRecord record, NetworkNamespace host) => host.FindLink(record.Bridge) is { Kind: "bridge" }
        ? null
        : $"its bridge {record.Bridge} is gone. Remove it with: Remove-ContainerNetwork {record.Name} -Force";

    /// <inheritdoc/>
    public override MemberRecord Describe(
        ContainerNetworkRecord record, MemberRecord member, MemberRequest request, IReadOnlyList<MemberRecord> members, NetworkNamespace host) =>
        member with { HostLink = MemberLink.ChooseHostName(), MacAddress = request.TakeMac(record, member.Addresses[0], members) };

    /// <inheritdoc/>
    public override MemberRecord Connect(ContainerNetworkRecord record, MemberRecord member, NetworkNamespace host, NetworkNamespace inside)
    {
        NetworkLink bridge = host.GetLink(record.Bridge);
        try
        {
            host.CreateLink(
                new LinkSettings { Name = member.HostLink, Master = bridge.Index, Mtu = record.Mtu, Up = true },
                new VethKind(new LinkSettings
                {
                    Name = member.Link,
                    Mtu = record.Mtu,
                    MacAddress = PhysicalAddress.Parse(member.MacAddress).GetAddressBytes(),
                    Namespace = inside.Descriptor.Number,
                }));
        }
        catch (SyscallException exception) when (exception.Errno == Errno.EXFULL)
        {
            throw new IsolationException(
                "ContainerNetworkFull", ErrorKind.LimitsExceeded, $"Cannot connect set '{member.Set}' to network '{record.Name}': a bridge has 1023 ports, and all are taken. Make another network.", exception);
        }

        record.Rate.Apply(member, host);
        return member with { LinkIndex = MemberLink.SwitchOn(record, member, inside).Index };
    }
}
