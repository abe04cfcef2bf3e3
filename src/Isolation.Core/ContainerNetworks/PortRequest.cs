using System;
using System.Net;
using System.Net.Sockets;

namespace Isolation.ContainerNetworks;

/// <summary>A port, or several, that are to be published.</summary>
/// <param name="Protocol">Of TCP or UDP; see <see cref="PortRecord"/>.</param>
/// <param name="HostAddress">The host's address; null for all.</param>
/// <param name="HostPort">The host's ports; null for some that are free.</param>
/// <param name="Port">The set's.</param>
internal sealed record PortRequest(string Protocol, IPAddress? HostAddress, PortRange? HostPort, PortRange Port)
{
    /// <summary>For <c>-WhatIf</c>: the form of docker.</summary>
    public override string ToString()
    {
        string address = HostAddress is null ? "" : HostAddress.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{HostAddress}]:" : $"{HostAddress}:";
        return $"{address}{HostPort}:{Port}/{Protocol}";
    }

    /// <summary>What is asked for with numbers.</summary>
    /// <exception cref="IsolationException"><c>ContainerPortInvalid</c>.</exception>
    public static PortRequest Of(string protocol, IPAddress? address, PortRange? hostPort, PortRange? port)
    {
        PortRange inside = port ?? hostPort ?? throw Invalid("No port was given. Add -HostPort, -ContainerPort or both.");
        return hostPort is null || hostPort.Count == inside.Count
            ? new PortRequest(protocol, Plain(address), hostPort, inside)
            : throw Invalid($"The ports {hostPort} of the host and {inside} of the set are not as many. Give ranges of one length.");
    }

    /// <summary>Reads the form of <c>docker run --publish</c>: <c>[address:][hostport:]port[/protocol]</c>, an address of IPv6 in brackets.</summary>
    /// <param name="text">The text.</param>
    /// <param name="protocol">The protocol where it names none; null for tcp.</param>
    /// <param name="address">The address where it names none.</param>
    /// <exception cref="IsolationException"><c>ContainerPortInvalid</c>.</exception>
    public static PortRequest Parse(string text, string? protocol, IPAddress? address)
    {
        string rest = text.Trim();
        int slash = rest.LastIndexOf('/');
        if (slash >= 0)
        {
            string named = rest[(slash + 1)..].ToLowerInvariant();
            protocol = named is PortRecord.Tcp or PortRecord.Udp && (protocol is null || protocol == named) ? named : throw Malformed(text, named is PortRecord.Tcp or PortRecord.Udp
                ? $"it says {named}, and -Protocol {protocol}"
                : $"the protocol '{named}' is neither tcp nor udp");
            rest = rest[..slash];
        }

        if (TakeAddress(text, ref rest) is IPAddress given)
        {
            address = address is null || address.Equals(given) ? given : throw Malformed(text, $"it says {given}, and -HostAddress {address}");
        }

        string[] ports = rest.Split(':');
        if (ports.Length > 2)
        {
            throw Malformed(text, $"'{rest}' has more than two ports; an address of IPv6 is in brackets");
        }

        PortRange port = Range(text, ports[^1]);

        // One port alone is both; nothing before the colon is one that is free.
        PortRange? host = ports.Length == 1 ? port : ports[0].Length == 0 ? null : Range(text, ports[0]);
        return host is null || host.Count == port.Count
            ? new PortRequest(protocol ?? PortRecord.Tcp, Plain(address), host, port)
            : throw Malformed(text, $"{host} and {port} are not as many ports");
    }

    // With a colon after it, which is taken too.
    private static IPAddress? TakeAddress(string text, ref string rest)
    {
        if (rest.StartsWith('['))
        {
            int end = rest.IndexOf("]:", StringComparison.Ordinal);
            string six = end < 0 ? "" : rest[1..end];
            rest = end < 0 ? rest : rest[(end + 2)..];
            return Subnet.TryParseAddress(six, out IPAddress? address) && address!.AddressFamily == AddressFamily.InterNetworkV6 ? address : throw Malformed(text, "what is in brackets is no address of IPv6 with a port after it");
        }

        int colon = rest.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0 || !rest[..colon].Contains('.', StringComparison.Ordinal))
        {
            return null;
        }

        string four = rest[..colon];
        rest = rest[(colon + 1)..];
        return Subnet.TryParseAddress(four, out IPAddress? found) ? found : throw Malformed(text, $"'{four}' is no address");
    }

    private static IPAddress? Plain(IPAddress? address) => address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;

    private static PortRange Range(string text, string ports) => PortRange.Parse(ports)
        ?? throw Malformed(text, $"'{ports}' is no port and no range of ports: they are 1 to 65535, {PortRange.MostPorts} at most in one range");

    private static IsolationException Malformed(string text, string why) => Invalid(
        $"'{text.ReplaceLineEndings(" ")}' is no port to publish: {why}. Give such as 8080:80, 127.0.0.1:8080:80, [2001:db8::1]:8080:80/tcp or 8000-8010:80-90/udp.");

    private static IsolationException Invalid(string message) => new("ContainerPortInvalid", ErrorKind.InvalidArgument, message);
}
