using System;
using System.Collections.Generic;
using System.Net;
using Isolation.ContainerNetworks;
using Isolation.State;

namespace Isolation;

/// <summary>How a container network stands.</summary>
public enum ContainerNetworkState
{
    /// <summary>Sets can be connected.</summary>
    Ready,
    /// <summary>A process is making it.</summary>
    Creating,
    /// <summary>A process is removing it.</summary>
    Removing,
    /// <summary>Its bridge or its parent is gone, or is in another network namespace than the caller's, and it can only be removed; or its parent is down.</summary>
    Broken,
}

/// <summary>A network that sets are connected to, made by <c>New-ContainerNetwork</c>.</summary>
public sealed class ContainerNetwork
{
    internal ContainerNetwork(ContainerNetworkRecord record, ContainerNetworkState state, IReadOnlyList<MemberRecord> members)
    {
        Name = record.Name;
        Driver = record.Driver;
        State = state;
        Subnet = Each(record, static pool => pool.Subnet.Network);
        Gateway = [.. Array.FindAll(Each(record, static pool => pool.Gateway), static gateway => gateway is not null)!];
        Range = Each(record, static pool => pool.Range.Network);
        IsInternal = record.IsInternal;
        Mtu = record.Mtu;
        Send = record.Rate.Send;
        Receive = record.Rate.Receive;
        Burst = record.Rate.Burst;
        DnsServer = [.. record.Resolver.Servers];
        DnsSearch = [.. record.Resolver.Search];
        DnsOption = [.. record.Resolver.Options];
        Bridge = ContainerNetworkDriver.Of(record.Driver).HasBridge ? record.Bridge : null;
        Parent = record.Parent;
        Mode = record.Mode;
        Vni = record.Vxlan?.Vni;
        Port = record.Vxlan?.Port;
        Local = record.Vxlan?.Local;
        Peer = [.. record.Vxlan?.Peers ?? []];
        Created = record.Created.LocalDateTime;
        Members = [.. Of(record, members)];
    }

    /// <summary>The name.</summary>
    public string Name { get; }

    /// <summary>What it is made of: <c>bridge</c>, <c>macvlan</c>, <c>ipvlan</c> or <c>vxlan</c>.</summary>
    public string Driver { get; }

    /// <summary>How it stands.</summary>
    public ContainerNetworkState State { get; }

    /// <summary>Its subnets, that of IPv4 before that of IPv6.</summary>
    public IPNetwork[] Subnet { get; }

    /// <summary>The members' gateway in each subnet: the bridge's address, or that of another host; none where there is no way out.</summary>
    public IPAddress[] Gateway { get; }

    /// <summary>The part of each subnet from which addresses are given.</summary>
    public IPNetwork[] Range { get; }

    /// <summary>Whether nothing leaves it, nor comes in.</summary>
    public bool IsInternal { get; }

    /// <summary>The most bytes of a packet.</summary>
    public int Mtu { get; }

    /// <summary>Bits a second that each member may send; null for no limit.</summary>
    public long? Send { get; }

    /// <summary>Bits a second that each member may receive; null for no limit.</summary>
    public long? Receive { get; }

    /// <summary>Bytes that may follow one another at once in either direction; null for what the rate makes of it.</summary>
    public long? Burst { get; }

    /// <summary>The name servers that its members ask; none where they ask the host's.</summary>
    public IPAddress[] DnsServer { get; }

    /// <summary>The domains in which its members look up a name without a dot; none where they are the host's.</summary>
    public string[] DnsSearch { get; }

    /// <summary>Options of its members' resolver, resolv.conf(5); none where they are the host's.</summary>
    public string[] DnsOption { get; }

    /// <summary>The name of its bridge, a link of the host; null where it has none.</summary>
    public string? Bridge { get; }

    /// <summary>The name of the link of the host that it lies on; null for none.</summary>
    public string? Parent { get; }

    /// <summary>The mode of its members' links on the parent, such as <c>private</c> or <c>l3</c>; null where they have none.</summary>
    public string? Mode { get; }

    /// <summary>The network identifier of one across hosts, the same on each; null for another.</summary>
    public uint? Vni { get; }

    /// <summary>The UDP port of one across hosts; null for another.</summary>
    public int? Port { get; }

    /// <summary>The address under which the other hosts know this one; null where there are none.</summary>
    public IPAddress? Local { get; }

    /// <summary>The addresses of the other hosts.</summary>
    public IPAddress[] Peer { get; }

    /// <summary>The sets that are connected, in the order in which they were.</summary>
    public ContainerNetworkMember[] Members { get; }

    /// <summary>When it was made, local time.</summary>
    public DateTime Created { get; }

    /// <inheritdoc/>
    public override string ToString() => Name;

    private static T[] Each<T>(ContainerNetworkRecord record, Func<AddressPool, T> part)
    {
        List<T> parts = [];
        foreach (AddressPool pool in record.Pools)
        {
            parts.Add(part(pool));
        }

        return [.. parts];
    }

    private static IEnumerable<ContainerNetworkMember> Of(ContainerNetworkRecord record, IReadOnlyList<MemberRecord> members)
    {
        foreach (MemberRecord member in members)
        {
            if (member.Phase == RecordPhase.Ready)
            {
                yield return new ContainerNetworkMember(record.Name, member);
            }
        }
    }
}
