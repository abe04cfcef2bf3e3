using System;
using System.Collections.Generic;
using System.Net;
using System.Text;
using Isolation.ContainerNetworks;
using Isolation.State;
using Xunit;

namespace Isolation.Tests.ContainerNetworks;

public sealed class RecordTests
{
    private const string Path = "/run/isolation/networks/lan/network.json";

    internal static readonly ContainerNetworkRecord Full = new()
    {
        Name = "lan",
        Phase = RecordPhase.Removing,
        Created = new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero),
        Owner = new RecordedProcess(10, ulong.MaxValue),
        HostNetwork = 4026531840,
        Bridge = "iso-lan",
        Parent = "eth0",
        ParentIndex = 2,
        Mode = "vepa",
        Vxlan = new VxlanRecord { Tunnel = "isv0123", Vni = 0xffffff, Port = 4790, Local = IPAddress.Parse("192.0.2.1"), Peers = [IPAddress.Parse("192.0.2.2"), IPAddress.Parse("192.0.2.3")] },
        Mtu = 1400,
        IsInternal = true,
        Resolver = new ResolverSettings { Servers = [IPAddress.Parse("192.0.2.53")], Search = ["corp.example"], Options = ["ndots:2"] },
        Pools =
        [
            AddressPool.Create("lan", Subnet.Parse("10.0.0.0/24")!.Value, IPAddress.Parse("10.0.0.9"), Subnet.Parse("10.0.0.128/25")!.Value),
            AddressPool.Create("lan", Subnet.Parse("fd00:5::/64")!.Value, null, null),
        ],
    };

    internal static readonly MemberRecord Member = new()
    {
        Set = "web",
        NetworkId = 4026532185,
        Phase = RecordPhase.Ready,
        Owner = new RecordedProcess(1, 2),
        Link = "eth0",
        LinkIndex = 3,
        HostLink = "isv0123456789ab",
        MacAddress = "0a:04:0a:00:00:02",
        Addresses = [IPAddress.Parse("10.0.0.2"), IPAddress.Parse("fd00:5::2")],
        Aliases = ["db", "db.example"],
        Ports =
        [
            new PortRecord { Protocol = "tcp", HostPort = new PortRange(8080), Port = new PortRange(80), Phase = RecordPhase.Ready },
            new PortRecord { Protocol = "udp", HostAddress = IPAddress.Parse("127.0.0.1"), HostPort = new PortRange(9000, 9009), Port = new PortRange(53, 62), Phase = RecordPhase.Removing, Owner = new RecordedProcess(5, 6) },
        ],
    };

    [Fact]
    public void A_network_comes_back()
    {
        ContainerNetworkRecord back = ContainerNetworkRecord.Parse(Full.ToJson(), Path);
        Assert.Equal(Full.Pools, back.Pools);
        Assert.Equal(Full.Resolver.ToText(), back.Resolver.ToText());
        Assert.Equal(Full.Vxlan!.Peers, back.Vxlan!.Peers);
        Assert.Equal(Full, back with { Pools = Full.Pools, Resolver = Full.Resolver, Vxlan = back.Vxlan with { Peers = Full.Vxlan.Peers } });
    }

    [Fact]
    public void Members_come_back_in_their_order()
    {
        MemberRecord other = Member with { Set = "db", Owner = null, Aliases = [], Phase = RecordPhase.Creating, HostLink = null, LinkIndex = 0 };
        List<MemberRecord> back = MemberRecord.Parse(MemberRecord.ToJson([Member, other]), Path);
        Assert.Equal(2, back.Count);
        foreach ((MemberRecord expected, MemberRecord found) in (IEnumerable<(MemberRecord, MemberRecord)>)[(Member, back[0]), (other, back[1])])
        {
            Assert.Equal(expected.Addresses, found.Addresses);
            Assert.Equal(expected.Aliases, found.Aliases);
            Assert.Equal(expected.Ports, found.Ports);
            Assert.Equal(expected, found with { Addresses = expected.Addresses, Aliases = expected.Aliases, Ports = expected.Ports });
        }
    }

    [Fact]
    public void What_is_cut_off_anywhere_or_of_another_form_is_damaged()
    {
        byte[] network = Full.ToJson();
        byte[] members = MemberRecord.ToJson([Member]);
        for (int length = 0; length < network.Length; length++)
        {
            Assert.Equal("ContainerNetworkRecordDamaged", Assert.Throws<IsolationException>(() => ContainerNetworkRecord.Parse(network[..length], Path)).ErrorId);
        }

        for (int length = 0; length < members.Length; length++)
        {
            Assert.Equal("ContainerNetworkRecordDamaged", Assert.Throws<IsolationException>(() => MemberRecord.Parse(members[..length], Path)).ErrorId);
        }

        string text = Encoding.UTF8.GetString(network);
        foreach ((string old, string changed) in (IEnumerable<(string, string)>)[
            ("\"iso-lan\"", "\"a bridge\""), ("\"iso-lan\"", "null"), ("\"10.0.0.0/24\"", "\"10.0.0.1/24\""), ("\"10.0.0.9\"", "\"ten\""), ("\"10.0.0.9\"", "null"),
            ("1400", "\"1400\""), ("\"bridge\",", "\"overlay\","), ("\"eth0\"", "\"a link\""), ("\"isv0123\"", "\"/\""), ("\"192.0.2.3\"", "\"three\""), ("4790", "479000"), ("\"Removing\"", "\"Gone\""), ("\"pools\"", "\"wells\"")])
        {
            Assert.Contains(old, text, StringComparison.Ordinal);
            byte[] json = Encoding.UTF8.GetBytes(text.Replace(old, changed, StringComparison.Ordinal));
            Assert.Equal("ContainerNetworkRecordDamaged", Assert.Throws<IsolationException>(() => ContainerNetworkRecord.Parse(json, Path)).ErrorId);
        }

        text = Encoding.UTF8.GetString(members);
        foreach ((string old, string changed) in (IEnumerable<(string, string)>)[
            ("\"tcp\"", "\"tcp . 1 : 1.1.1.1\""), ("\"8080\"", "8080"), ("\"8080\"", "\"0\""), ("\"9000-9009\"", "\"9000-9008\""), ("\"9000-9009\"", "\"9009-9000\""), ("\"127.0.0.1\"", "\"here\"")])
        {
            Assert.Contains(old, text, StringComparison.Ordinal);
            byte[] json = Encoding.UTF8.GetBytes(text.Replace(old, changed, StringComparison.Ordinal));
            Assert.Equal("ContainerNetworkRecordDamaged", Assert.Throws<IsolationException>(() => MemberRecord.Parse(json, Path)).ErrorId);
        }

        byte[] path = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(members).Replace("\"web\"", "\"../web\"", StringComparison.Ordinal));
        Assert.Equal("ContainerNetworkRecordDamaged", Assert.Throws<IsolationException>(() => MemberRecord.Parse(path, Path)).ErrorId);
    }

    [Fact]
    public void A_newer_layout_is_left_to_a_newer_module()
    {
        byte[] json = Encoding.UTF8.GetBytes("{\"schema\": 2, \"other\": []}");
        Assert.Equal("ContainerNetworkRecordTooNew", Assert.Throws<IsolationException>(() => ContainerNetworkRecord.Parse(json, Path)).ErrorId);
        Assert.Equal("ContainerNetworkRecordTooNew", Assert.Throws<IsolationException>(() => MemberRecord.Parse(json, Path)).ErrorId);
    }

    [Fact]
    public void Names_are_lines_of_hosts() =>
        Assert.Equal("10.0.0.2\tweb db db.example\nfd00:5::2\tweb db db.example\n10.0.0.2\tdb\n", MemberNames.Text([Member, Member with { Set = "db", Aliases = [], Addresses = [Member.Addresses[0]] }]));
}
