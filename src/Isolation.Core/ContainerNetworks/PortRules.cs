using System.Collections.Generic;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Isolation.ContainerNetworks;

/// <summary>A member's port for which there are to be rules.</summary>
internal sealed record OpenPort(IReadOnlyList<IPAddress> Addresses, PortRecord Port);

/// <summary>
/// The part of the packet rules that leads the host's ports to members. Where a packet goes is looked up in maps, and so it takes as long with a thousand ports as with one.
/// </summary>
internal sealed class PortRules
{
    private readonly List<string> _all4 = [];
    private readonly List<string> _all6 = [];
    private readonly List<string> _one4 = [];
    private readonly List<string> _one6 = [];
    private readonly List<string> _own4 = [];
    private readonly List<string> _own6 = [];

    public PortRules(IReadOnlyList<ContainerNetworkRecord> networks, IReadOnlyList<OpenPort> ports)
    {
        foreach (OpenPort port in ports)
        {
            foreach (IPAddress target in PortEndpoint.Targets(port.Addresses, port.Port.HostAddress))
            {
                Add(port.Port, target);
            }
        }

        foreach (ContainerNetworkRecord network in networks)
        {
            foreach (AddressPool pool in network.Pools)
            {
                (pool.Subnet.IsSix ? _own6 : _own4).Add($"{pool.Subnet} . \"{network.Bridge}\"");
            }
        }
    }

    private bool IsEmpty => _all4.Count + _all6.Count + _one4.Count + _one6.Count == 0;

    /// <summary>Maps and chains of their own.</summary>
    public void AppendTo(StringBuilder text)
    {
        if (IsEmpty)
        {
            return;
        }

        Collection(text, "map", "ports4", "inet_proto . inet_service : ipv4_addr . inet_service", "", _all4);
        Collection(text, "map", "ports6", "inet_proto . inet_service : ipv6_addr . inet_service", "", _all6);
        Collection(text, "map", "addressports4", "ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service", "", _one4);
        Collection(text, "map", "addressports6", "ipv6_addr . inet_proto . inet_service : ipv6_addr . inet_service", "", _one6);
        Collection(text, "set", "own4", "ipv4_addr . ifname", "flags interval; ", _own4);
        Collection(text, "set", "own6", "ipv6_addr . ifname", "flags interval; ", _own6);

        // What another host sends to 127.0.0.1 must not get through as if it came from here: routing, which drops it, comes after this. What a member sends there is dropped on
        // its way in, for route_localnet, without which no answer gets back to 127.0.0.1, lets it pass. To ::1 there is no such way; it is left alone, and refused at once.
        text.Append("""
            	chain ports {
            		dnat ip to ip daddr . meta l4proto . th dport map @addressports4
            		dnat ip to meta l4proto . th dport map @ports4
            		dnat ip6 to ip6 daddr . meta l4proto . th dport map @addressports6
            		dnat ip6 to meta l4proto . th dport map @ports6
            	}
            	chain prerouting {
            		type nat hook prerouting priority dstnat; policy accept;
            		ip daddr 127.0.0.0/8 return
            		fib daddr type local jump ports
            	}
            	chain output {
            		type nat hook output priority -100; policy accept;
            		ip6 daddr ::1 return
            		fib daddr type local jump ports
            	}
            	chain input {
            		type filter hook input priority filter; policy accept;
            		iifname @bridges ip daddr 127.0.0.0/8 ct state new,invalid drop
            	}

            """);
    }

    /// <summary>
    /// Which packets get an address of the host as their sender too, so that the answer comes back to where the receiver is translated back: those from a member to a member of its own network, and those
    /// from 127.0.0.1.
    /// </summary>
    public void AppendMasqueradesTo(StringBuilder text)
    {
        if (!IsEmpty)
        {
            text.Append("""
                		ip saddr 127.0.0.0/8 oifname @bridges masquerade
                		ct status dnat ip saddr . oifname @own4 masquerade
                		ct status dnat ip6 saddr . oifname @own6 masquerade

                """);
        }
    }

    /// <summary>A set or a map, as it is written in a table.</summary>
    public static void Collection(StringBuilder text, string kind, string name, string type, string flags, List<string> elements)
    {
        text.Append('\t').Append(kind).Append(' ').Append(name).Append(" { type ").Append(type).Append("; ").Append(flags);
        if (elements.Count != 0)
        {
            text.Append("elements = { ").AppendJoin(", ", elements).Append(" }; ");
        }

        text.Append("}\n");
    }

    private void Add(PortRecord port, IPAddress target)
    {
        bool isSix = target.AddressFamily == AddressFamily.InterNetworkV6;
        bool isAll = PortRecord.IsAll(port.HostAddress);
        List<string> elements = isAll ? (isSix ? _all6 : _all4) : isSix ? _one6 : _one4;
        string address = isAll ? "" : $"{port.HostAddress} . ";
        for (int i = 0; i < port.HostPort.Count; i++)
        {
            elements.Add(string.Create(CultureInfo.InvariantCulture, $"{address}{port.Protocol} . {port.HostPort.First + i} : {target} . {port.Port.First + i}"));
        }
    }
}
