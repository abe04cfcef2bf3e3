using System.Net;
using Isolation.ContainerNetworks;

namespace Isolation;

/// <summary>A namespace set in a container network.</summary>
public sealed class ContainerNetworkMember
{
    internal ContainerNetworkMember(string network, MemberRecord record)
    {
        Network = network;
        Namespace = record.Set;
        Link = record.Link;
        HostLink = record.HostLink;
        IPAddress = [.. record.Addresses];
        MacAddress = record.MacAddress;
        Alias = [.. record.Aliases];
        Ports = [.. ContainerPortPublisher.Published(network, record)];
    }

    /// <summary>The network.</summary>
    public string Network { get; }

    /// <summary>The set.</summary>
    public string Namespace { get; }

    /// <summary>The name of its link to the network, such as <c>eth0</c>.</summary>
    public string Link { get; }

    /// <summary>The name of the link's other end, at the bridge; null where there is no bridge.</summary>
    public string? HostLink { get; }

    /// <summary>Its address in each of the network's subnets. Not called Address: of several members PowerShell would take that for a method of arrays.</summary>
    public IPAddress[] IPAddress { get; }

    /// <summary>Its hardware address.</summary>
    public string MacAddress { get; }

    /// <summary>The names by which other members find it besides the set's own.</summary>
    public string[] Alias { get; }

    /// <summary>The host's ports that lead to it.</summary>
    public ContainerPort[] Ports { get; }

    /// <inheritdoc/>
    public override string ToString() => Namespace;
}
