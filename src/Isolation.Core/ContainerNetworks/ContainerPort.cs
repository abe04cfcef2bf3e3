using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Isolation.ContainerNetworks;

namespace Isolation;

/// <summary>A port of the host, or several in a row, that lead to a set, made by <c>Publish-ContainerPort</c>.</summary>
public sealed class ContainerPort
{
    internal ContainerPort(string network, MemberRecord member, PortRecord port)
    {
        Network = network;
        Namespace = member.Set;
        Protocol = port.Protocol;
        HostAddress = port.HostAddress;
        HostPort = port.HostPort;
        Port = port.Port;
        IPAddress = [.. PortEndpoint.Targets(member.Addresses, port.HostAddress)];
    }

    /// <summary>The network over which it goes.</summary>
    public string Network { get; }

    /// <summary>The set that it leads to.</summary>
    public string Namespace { get; }

    /// <summary><c>tcp</c> or <c>udp</c>.</summary>
    public string Protocol { get; }

    /// <summary>The address of the host; null for all of them.</summary>
    public IPAddress? HostAddress { get; }

    /// <summary>The ports of the host.</summary>
    public PortRange HostPort { get; }

    /// <summary>The set's addresses that it leads to, one of each family. Not called Address: of several ports PowerShell would take that for a method of arrays.</summary>
    public IPAddress[] IPAddress { get; }

    /// <summary>The set's ports, as many.</summary>
    public PortRange Port { get; }

    /// <summary>The form of <c>docker run --publish</c>, which <c>Publish-ContainerPort</c> takes.</summary>
    public override string ToString()
    {
        string address = HostAddress is null ? "" : HostAddress.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{HostAddress}]:" : $"{HostAddress}:";
        return string.Create(CultureInfo.InvariantCulture, $"{address}{HostPort}:{Port}/{Protocol}");
    }
}
