using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Text.Json;
using Isolation.Interop;
using Isolation.Netlink;
using Isolation.Network;
using Xunit;

namespace Isolation.Tests.Network;

/// <summary>Links of a network namespace of the test's own, made over rtnetlink and read back by <c>ip -j</c>.</summary>
public sealed class LinkTests : IDisposable
{
    private readonly TestNetwork? _network = TestNetwork.Make();

    [Fact]
    public void A_veth_pair_a_bridge_and_a_vxlan_are_what_ip_says()
    {
        if (_network is null)
        {
            return;
        }

        _network.Socket.Request(LinkRequests.Create(new LinkSettings { Name = "br0", Up = true, MacAddress = [2, 0, 0, 0, 0, 1] }, new BridgeKind(null, SpanningTree: false)), "make br0");
        int bridge = _network.Get("br0").Index;
        _network.Socket.Request(
            LinkRequests.Create(
                new LinkSettings { Name = "one", Up = true, Master = bridge, Mtu = 1400, Alias = "a note" }, new VethKind(new LinkSettings { Name = "two", Mtu = 1400 })),
            "make one");
        _network.Socket.Request(LinkRequests.Create(new LinkSettings { Name = "vx" }, new VxlanKind(42, 0, IPAddress.Parse("192.0.2.1"), null, 4789, Learning: false, Proxy: true)), "make vx");
        _network.Socket.Request(LinkRequests.Create(new LinkSettings { Name = "mac0" }, new MacvlanKind(_network.Get("two").Index, 4)), "make mac0");

        TestNetwork.Settled(() =>
        {
            List<NetworkLink> ours = _network.Links;
            List<JsonElement> theirs = [.. _network.Read("ip -j -d -s link")];
            Assert.Equal(theirs.Count, ours.Count);
            foreach (JsonElement link in theirs)
            {
                NetworkLink own = ours.Single(one => one.Index == link.GetProperty("ifindex").GetInt32());
                Assert.Equal(link.GetProperty("ifname").GetString(), own.Name);
                Assert.Equal(link.GetProperty("mtu").GetInt32(), own.Mtu);
                Assert.Equal(link.GetProperty("operstate").GetString(), own.State.ToString().ToUpperInvariant());
                Assert.Equal(link.GetProperty("flags").EnumerateArray().Any(flag => flag.GetString() == "UP"), own.IsUp);
                Assert.Equal(link.GetProperty("address").GetString(), own.MacAddress);
                Assert.Equal(link.GetProperty("qdisc").GetString(), own.QueueDiscipline);
                Assert.Equal(Text(link, "ifalias"), own.Alias);
                Assert.Equal(Text(link, "master"), own.MasterIndex is int master ? ours.Single(one => one.Index == master).Name : null);
                Assert.Equal(Text(link, "link"), own.PeerIndex is int peer ? ours.Single(one => one.Index == peer).Name : null);
                Assert.Equal(link.TryGetProperty("linkinfo", out JsonElement info) ? info.GetProperty("info_kind").GetString() : own.Name == "lo" ? "loopback" : "device", own.Kind);
            }
        });

        Assert.Equal((42u, 4789), (_network.Get("vx").Vni!.Value, _network.Get("vx").Port!.Value));
        Assert.Equal("bridge", _network.Get("mac0").Mode);
        Assert.False(_network.Get("br0").SpanningTree);
    }

    [Fact]
    public void A_link_is_renamed_moved_and_removed_with_its_other_end()
    {
        if (_network is null)
        {
            return;
        }

        _network.Socket.Request(LinkRequests.Create(new LinkSettings { Name = "one" }, new VethKind(new LinkSettings { Name = "two" })), "make one");
        _network.Socket.Request(LinkRequests.Change(_network.Get("one").Index, new LinkSettings { Name = "first", Mtu = 1280, Group = 7, MacAddress = [2, 0, 0, 0, 0, 9] }), "change one");
        NetworkLink first = _network.Get("first");
        Assert.Equal((1280, 7u, "02:00:00:00:00:09", "veth"), (first.Mtu, first.Group, first.MacAddress, first.Kind));
        _network.Socket.Request(LinkRequests.Remove(first.Index), "remove first");
        Assert.Equal(["lo"], _network.Links.ConvertAll(link => link.Name));
    }

    [Fact]
    public void A_refusal_has_the_kernels_own_words()
    {
        if (_network is null)
        {
            return;
        }

        SyscallException refusal = Assert.Throws<SyscallException>(
            () => _network.Socket.Request(LinkRequests.Create(new LinkSettings { Name = "x" }, new PlainKind("nosuchkind")), "make the link x"));
        Assert.Equal(Errno.EOPNOTSUPP, refusal.Errno);
        Assert.Equal("Cannot make the link x: rtnetlink: Operation not supported (EOPNOTSUPP). The kernel says: Unknown device type.", refusal.Message);
        Assert.Equal(Errno.ENODEV, _network.Socket.TryRequest(LinkRequests.Get("nosuch"), "look at the link nosuch")!.Errno);

        // The next request is answered as if nothing had been.
        Assert.Equal("lo", _network.Get("lo").Name);
    }

    public void Dispose() => _network?.Dispose();

    private static string? Text(JsonElement link, string name) => link.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;
}
