using System;
using System.Collections.Generic;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Isolation.Processes;

namespace Isolation.ContainerNetworks;

/// <summary>
/// The table of packet rules that all networks share, in nftables' own words. It is put in place whole, in one transaction of the kernel's, and no other table
/// is looked at. A member's connection changes nothing in it: the rules go by bridges and subnets, and by the members whose ports are published.
/// </summary>
internal static class PacketRules
{
    /// <summary>The table, as <c>nft list table</c> takes it.</summary>
    public const string Table = "inet isolation";

    private const string Program = "nft";

    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(30);

    /// <summary>The rules for networks that have bridges; without any, those that remove the table.</summary>
    /// <param name="all">The networks.</param>
    /// <param name="ports">The ports that are published.</param>
    public static string Text(IEnumerable<ContainerNetworkRecord> all, IReadOnlyList<OpenPort> ports)
    {
        List<ContainerNetworkRecord> networks = [.. all];
        networks.RemoveAll(static network => !ContainerNetworkDriver.Of(network.Driver).HasBridge);

        // Added first, for a table that is not there cannot be deleted.
        StringBuilder text = new();
        text.Append("add table ").Append(Table).Append("\ndelete table ").Append(Table).Append('\n');
        if (networks.Count == 0)
        {
            return text.ToString();
        }

        List<string> bridges = [];
        List<string> within = [];
        List<string> closed = [];
        List<string> four = [];
        List<string> six = [];
        foreach (ContainerNetworkRecord network in networks)
        {
            string bridge = $"\"{network.Bridge}\"";
            bridges.Add(bridge);
            within.Add($"{bridge} . {bridge}");
            if (network.IsInternal)
            {
                closed.Add(bridge);
                continue;
            }

            foreach (AddressPool pool in network.Pools)
            {
                (pool.Subnet.IsSix ? six : four).Add(pool.Subnet.ToString());
            }
        }

        text.Append("table ").Append(Table).Append(" {\n");
        PortRules.Collection(text, "set", "bridges", "ifname", "", bridges);
        PortRules.Collection(text, "set", "within", "ifname . ifname", "", within);
        PortRules.Collection(text, "set", "internal", "ifname", "", closed);
        PortRules.Collection(text, "set", "sources4", "ipv4_addr", "flags interval; ", four);
        PortRules.Collection(text, "set", "sources6", "ipv6_addr", "flags interval; ", six);

        Tunnels(text, networks);
        PortRules published = new(networks, ports);
        published.AppendTo(text);

        // What stays on one bridge passes here where bridge-nf-call-iptables is on. What comes from outside, or from another bridge, is for a published port or the answer of one, and
        // from outside an answer.
        text.Append("""
            	chain forward {
            		type filter hook forward priority filter; policy accept;
            		iifname . oifname @within accept
            		iifname @internal drop
            		oifname @internal drop
            		oifname @bridges ct status dnat accept
            		iifname @bridges oifname @bridges drop
            		oifname @bridges ct state established,related accept
            		oifname @bridges drop
            	}
            	chain postrouting {
            		type nat hook postrouting priority srcnat; policy accept;

            """);
        published.AppendMasqueradesTo(text);
        text.Append("""
            		ip saddr @sources4 oifname != @bridges masquerade
            		ip6 saddr @sources6 oifname != @bridges masquerade
            	}
            }

            """);
        return text.ToString();
    }

    /// <summary>Puts the rules in place, instead of those that were there.</summary>
    /// <param name="networks">The networks that there are.</param>
    /// <param name="ports">The ports that are published.</param>
    /// <param name="explain">Is told the rules; null where nobody is.</param>
    /// <param name="commands">Runs nft(8).</param>
    /// <exception cref="IsolationException"><c>NftMissing</c>, <c>PacketRulesRefused</c>.</exception>
    public static void Apply(IReadOnlyList<ContainerNetworkRecord> networks, IReadOnlyList<OpenPort> ports, Action<string>? explain, ICommands commands)
    {
        string text = Text(networks, ports);
        explain?.Invoke($"# nft -f -\n{text}");
        Dictionary<string, string> environment = [];
        CommandResult result = commands.Run(Program, ["-f", "-"], environment, s_timeout, text)

            // Not in the PATH of everybody who is root.
            ?? commands.Run("/usr/sbin/" + Program, ["-f", "-"], environment, s_timeout, text)
            ?? throw new IsolationException(
                "NftMissing",
                ErrorKind.Unavailable,
                "Container networks need the program nft for their packet rules, and it is neither in PATH nor in /usr/sbin. It is in Debian's package nftables: apt-get install nftables");
        if (result.ExitCode != 0)
        {
            throw new IsolationException(
                "PacketRulesRefused",
                ErrorKind.Unavailable,
                $"nft did not put the packet rules of container networks in place (table {Table}): {result.Error.Trim()} It takes CAP_NET_ADMIN and a kernel with nf_tables, connection tracking and masquerading: Test-IsolationHost shows what there is.");
        }
    }

    // Frames of a network's VNI come from its peers, and from nobody else: who can send UDP here is no member for that. The VNI is in bytes 5 to 7 after the UDP header, RFC 7348.
    private static void Tunnels(StringBuilder text, List<ContainerNetworkRecord> networks)
    {
        StringBuilder rules = new();
        foreach (ContainerNetworkRecord network in networks)
        {
            if (network.Vxlan is VxlanRecord vxlan)
            {
                string family = vxlan.Local.AddressFamily == AddressFamily.InterNetworkV6 ? "ip6" : "ip";
                string others = vxlan.Peers.Count == 0 ? "" : $" {family} saddr != {{ {string.Join(", ", vxlan.Peers)} }}";
                rules.Append(CultureInfo.InvariantCulture, $"\t\tudp dport {vxlan.Port} @th,96,24 {vxlan.Vni}{others} drop\n");
            }
        }

        if (rules.Length != 0)
        {
            text.Append("\tchain tunnels {\n\t\ttype filter hook input priority filter; policy accept;\n").Append(rules).Append("\t}\n");
        }
    }
}
