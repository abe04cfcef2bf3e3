using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Net;
using Isolation.ContainerNetworks;
using Isolation.Processes;
using Xunit;

namespace Isolation.Tests.ContainerNetworks;

public sealed class PacketRulesTests
{
    private static readonly Dictionary<string, string> s_none = [];

    [Fact]
    public void The_rules_are_one_transaction_over_one_table()
    {
        ContainerNetworkRecord open = RecordTests.Full with { Name = "wan", Bridge = "iso-wan", IsInternal = false };
        string text = PacketRules.Text([RecordTests.Full, open], []);
        Assert.StartsWith("add table inet isolation\ndelete table inet isolation\ntable inet isolation {\n", text, StringComparison.Ordinal);
        Assert.Contains("set bridges { type ifname; elements = { \"iso-lan\", \"iso-wan\" }; }", text, StringComparison.Ordinal);
        Assert.Contains("set internal { type ifname; elements = { \"iso-lan\" }; }", text, StringComparison.Ordinal);
        Assert.Contains("set sources4 { type ipv4_addr; flags interval; elements = { 10.0.0.0/24 }; }", text, StringComparison.Ordinal);
        Assert.Contains("set sources6 { type ipv6_addr; flags interval; elements = { fd00:5::/64 }; }", text, StringComparison.Ordinal);
        Assert.Equal(text.Count(static one => one == '{'), text.Count(static one => one == '}'));
    }

    [Fact]
    public void Frames_of_a_network_are_let_in_from_its_peers_alone()
    {
        ContainerNetworkRecord six = RecordTests.Full with { Name = "six", Vxlan = RecordTests.Full.Vxlan! with { Vni = 7, Local = IPAddress.IPv6Loopback, Peers = [] } };
        string text = PacketRules.Text([RecordTests.Full, six], []);
        Assert.Contains("udp dport 4790 @th,96,24 16777215 ip saddr != { 192.0.2.2, 192.0.2.3 } drop\n", text, StringComparison.Ordinal);
        Assert.Contains("udp dport 4790 @th,96,24 7 drop\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("chain tunnels", PacketRules.Text([RecordTests.Full with { Vxlan = null }], []), StringComparison.Ordinal);
    }

    [Fact]
    public void Networks_without_a_bridge_have_no_rules() => Assert.Equal(PacketRules.Text([], []), PacketRules.Text([RecordTests.Full with { Driver = "macvlan" }], []));

    [Fact]
    public void Ports_are_elements_of_maps_one_for_each_and_without_any_there_is_nothing_of_them()
    {
        ContainerNetworkRecord open = RecordTests.Full with { IsInternal = false, Vxlan = null };
        PortRecord all = new() { Protocol = "tcp", HostPort = new PortRange(8080), Port = new PortRange(80) };
        PortRecord some = all with { Protocol = "udp", HostAddress = IPAddress.Parse("203.0.113.1"), HostPort = new PortRange(9000, 9001), Port = new PortRange(53, 54) };
        PortRecord six = all with { HostAddress = IPAddress.IPv6Any, HostPort = new PortRange(81), Port = new PortRange(81) };
        IReadOnlyList<IPAddress> addresses = RecordTests.Member.Addresses;
        string text = PacketRules.Text([open], [new OpenPort(addresses, all), new OpenPort(addresses, some), new OpenPort(addresses, six)]);
        Assert.Contains("map ports4 { type inet_proto . inet_service : ipv4_addr . inet_service; elements = { tcp . 8080 : 10.0.0.2 . 80 }; }", text, StringComparison.Ordinal);
        Assert.Contains("elements = { tcp . 8080 : fd00:5::2 . 80, tcp . 81 : fd00:5::2 . 81 }; }", text, StringComparison.Ordinal);
        Assert.Contains("elements = { 203.0.113.1 . udp . 9000 : 10.0.0.2 . 53, 203.0.113.1 . udp . 9001 : 10.0.0.2 . 54 }; }", text, StringComparison.Ordinal);
        Assert.Contains("set own4 { type ipv4_addr . ifname; flags interval; elements = { 10.0.0.0/24 . \"iso-lan\" }; }", text, StringComparison.Ordinal);
        Assert.Equal(text.Count(static one => one == '{'), text.Count(static one => one == '}'));
        string none = PacketRules.Text([open], []);
        foreach (string word in (string[])["dnat ip", "prerouting", "own4", "127.0.0.0/8", "hook input"])
        {
            Assert.Contains(word, text, StringComparison.Ordinal);
            Assert.DoesNotContain(word, none, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Without_networks_the_table_goes() => Assert.Equal("add table inet isolation\ndelete table inet isolation\n", PacketRules.Text([], []));

    [Fact]
    public void What_nft_says_is_told_and_that_there_is_none()
    {
        Nft refusing = new(_ => new CommandResult(1, "", "Error: Could not process rule: Operation not permitted\n"));
        IsolationException refused = Assert.Throws<IsolationException>(() => PacketRules.Apply([], [], null, refusing));
        Assert.Equal("PacketRulesRefused", refused.ErrorId);
        Assert.Contains("Operation not permitted", refused.Message, StringComparison.Ordinal);
        Nft missing = new(static _ => null);
        Assert.Equal("NftMissing", Assert.Throws<IsolationException>(() => PacketRules.Apply([], [], null, missing)).ErrorId);
        Assert.Equal(["nft", "/usr/sbin/nft"], missing.Programs);
        Nft elsewhere = new(static program => program == "nft" ? null : new CommandResult(0, "", ""));
        PacketRules.Apply([], [], null, elsewhere);
        Assert.Equal(PacketRules.Text([], []), elsewhere.Input);
    }

    [Fact]
    public void A_program_gets_its_input_and_is_ended_in_time_where_it_does_not_read()
    {
        string large = new('x', 1 << 20);
        Assert.Equal(large, HostCommands.Instance.Run("cat", [], s_none, TimeSpan.FromSeconds(60), large)?.Output);
        Assert.Equal(0, HostCommands.Instance.Run("true", [], s_none, TimeSpan.FromSeconds(60), large)?.ExitCode);
        Stopwatch waited = Stopwatch.StartNew();
        Assert.Equal(-1, HostCommands.Instance.Run("sleep", ["300"], s_none, TimeSpan.FromSeconds(1), large)?.ExitCode);
        Assert.True(waited.Elapsed < TimeSpan.FromSeconds(60));
    }

    private sealed class Nft(Func<string, CommandResult?> answer) : ICommands
    {
        public List<string> Programs { get; } = [];

        public string? Input { get; private set; }

        public CommandResult? Run(string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment, TimeSpan timeout, string? input = null)
        {
            Programs.Add(program);
            Input = input;
            return answer(program);
        }

        public string? Variable(string name) => null;
    }
}
