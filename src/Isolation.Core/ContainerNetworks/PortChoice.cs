using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using Isolation.Network;

namespace Isolation.ContainerNetworks;

/// <summary>Which ports of the host are free, and who has the others. What listens on the host would get nothing any more: the rules come first.</summary>
/// <param name="hostAddresses">The addresses of the host.</param>
internal sealed class PortChoice(IReadOnlyList<NetworkAddress> hostAddresses)
{
    // RFC 6335: those that nobody is given by name.
    private const int FirstFree = 49152;

    private readonly List<(string Network, MemberRecord Member, PortRecord Port)> _published = [];
    private readonly Dictionary<string, List<PortListener>> _listeners = [];

    /// <summary>Notes a port that is published.</summary>
    public void Add(string network, MemberRecord member, PortRecord port) => _published.Add((network, member, port));

    /// <summary>The port as it is published, with one of the host chosen where none is asked for.</summary>
    /// <exception cref="IsolationException"><c>ContainerPortTaken</c>, <c>ContainerPortAddressInvalid</c>, <c>ContainerPortsExhausted</c>.</exception>
    public PortRecord Take(PortRequest request, string network, MemberRecord member)
    {
        CheckAddress(request.HostAddress, network, member);
        List<PortEndpoint> endpoints = [.. PortEndpoint.Of(request.HostAddress, member.Addresses)];
        PortRange host = request.HostPort ?? Choose(request, endpoints, member);
        if (OwnerOf(request.Protocol, host, endpoints) is Func<string> owner)
        {
            throw new IsolationException(
                "ContainerPortTaken",
                ErrorKind.AlreadyExists,
                $"Cannot publish port {Text(request.HostAddress, host)}/{request.Protocol} for set '{member.Set}': {owner()}. Take another port, or another -HostAddress.");
        }

        PortRecord port = new() { Protocol = request.Protocol, HostAddress = request.HostAddress, HostPort = host, Port = request.Port };
        Add(network, member, port);
        return port;
    }

    private void CheckAddress(IPAddress? address, string network, MemberRecord member)
    {
        if (address is null)
        {
            return;
        }

        bool isSix = address.AddressFamily == AddressFamily.InterNetworkV6;
        string? why = !PortEndpoint.Targets(member.Addresses, address).Any() ? $"it is of {(isSix ? "IPv6" : "IPv4")}, of which set '{member.Set}' has no address in network '{network}'"
            : address.Equals(IPAddress.IPv6Loopback) ? "the kernel lets nothing that comes from ::1 leave the host, and so no rule can lead it to a set. Publish at 127.0.0.1, or for all addresses and connect to another one"
            : PortRecord.IsAll(address) || (!isSix && IPAddress.IsLoopback(address)) || IsOfHost(address) ? null
            : $"it is not this host's. Those are {string.Join(", ", Usable(isSix))}";
        if (why is not null)
        {
            throw new IsolationException("ContainerPortAddressInvalid", ErrorKind.InvalidArgument, $"Cannot publish a port of set '{member.Set}' at {address}: {why}.");
        }
    }

    // Not those that say which link they are on only together with its name.
    private bool IsOfHost(IPAddress address)
    {
        foreach (NetworkAddress one in hostAddresses)
        {
            if (one.IPAddress.Equals(address) && !address.IsIPv6LinkLocal)
            {
                return true;
            }
        }

        return false;
    }

    private IEnumerable<IPAddress> Usable(bool isSix)
    {
        foreach (NetworkAddress one in hostAddresses)
        {
            if (PortRecord.IsOf(one.IPAddress, isSix) && !one.IPAddress.IsIPv6LinkLocal && !one.IPAddress.Equals(IPAddress.IPv6Loopback))
            {
                yield return one.IPAddress;
            }
        }
    }

    private PortRange Choose(PortRequest request, List<PortEndpoint> endpoints, MemberRecord member)
    {
        for (int first = FirstFree; first + request.Port.Count - 1 <= ushort.MaxValue; first++)
        {
            PortRange range = new(first, first + request.Port.Count - 1);
            if (OwnerOf(request.Protocol, range, endpoints) is null)
            {
                return range;
            }
        }

        throw new IsolationException(
            "ContainerPortsExhausted",
            ErrorKind.LimitsExceeded,
            $"There are no {request.Port.Count} ports in a row from {FirstFree} on that are free for set '{member.Set}'. Give -HostPort, or take away some that are published: Get-ContainerPort lists them.");
    }

    // Who it is, in words that take a look at every process.
    private Func<string>? OwnerOf(string protocol, PortRange range, List<PortEndpoint> endpoints)
    {
        foreach ((string network, MemberRecord member, PortRecord port) in _published)
        {
            if (port.Protocol == protocol && port.HostPort.Overlaps(range) && Overlaps(PortEndpoint.Of(port.HostAddress, member.Addresses), endpoints))
            {
                return () => $"{Text(port.HostAddress, port.HostPort)} is published for set '{member.Set}' in network '{network}'";
            }
        }

        if (!_listeners.TryGetValue(protocol, out List<PortListener>? listeners))
        {
            _listeners.Add(protocol, listeners = PortListener.All(protocol));
        }

        foreach (PortListener listener in listeners)
        {
            if (listener.Port >= range.First && listener.Port <= range.Last && Overlaps(listener.Endpoints, endpoints))
            {
                return () => listener.Describe(protocol);
            }
        }

        return null;
    }

    private static bool Overlaps(IEnumerable<PortEndpoint> some, List<PortEndpoint> others)
    {
        foreach (PortEndpoint one in some)
        {
            foreach (PortEndpoint other in others)
            {
                if (one.Overlaps(other))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static string Text(IPAddress? address, PortRange ports) =>
        address is null ? ports.ToString() : address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]:{ports}" : $"{address}:{ports}";
}
