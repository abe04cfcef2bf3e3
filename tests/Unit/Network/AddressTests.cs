using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Text.Json;
using Isolation.Interop;
using Isolation.Network;
using Xunit;

namespace Isolation.Tests.Network;

/// <summary>Addresses, routes and neighbours of a network namespace of the test's own, read back by <c>ip -j</c> and <c>bridge -j</c>.</summary>
public sealed class AddressTests : IDisposable
{
    private readonly TestNetwork? _network = TestNetwork.Make();
    private readonly int _link;

    public AddressTests()
    {
        if (_network is null)
        {
            return;
        }

        _network.Socket.Request(LinkRequests.Create(new LinkSettings { Name = "one", Up = true }, new VethKind(new LinkSettings { Name = "two" })), "make one");
        _network.Socket.Request(LinkRequests.Change(_network.Get("two").Index, new LinkSettings { Up = true }), "switch two on");
        _link = _network.Get("one").Index;
    }

    [Fact]
    public void Addresses_are_what_ip_says()
    {
        if (_network is null)
        {
            return;
        }

        foreach ((string address, int length) in ((string, int)[])[("192.0.2.5", 24), ("192.0.2.200", 31), ("198.51.100.7", 32), ("2001:db8::5", 64)])
        {
            _network.Socket.Request(AddressMessages.Add(_link, IPAddress.Parse(address), length), $"give one {address}");
        }

        List<NetworkAddress> ours = [];
        TestNetwork.Settled(() =>
        {
            ours = _network.Socket.List(AddressMessages.List(), "list addresses", AddressMessages.Read);
            int count = 0;
            foreach (JsonElement link in _network.Read("ip -j address"))
            {
                foreach (JsonElement theirs in link.GetProperty("addr_info").EnumerateArray())
                {
                    NetworkAddress own = ours.Single(one => one.LinkIndex == link.GetProperty("ifindex").GetInt32() && one.IPAddress.ToString() == theirs.GetProperty("local").GetString());
                    Assert.Equal(theirs.GetProperty("prefixlen").GetInt32(), own.PrefixLength);
                    Assert.Equal(theirs.GetProperty("scope").GetString(), own.Scope);
                    Assert.Equal(Text(theirs, "broadcast"), own.Broadcast?.ToString());
                    Assert.Null(own.ValidLifetime);
                    Assert.False(own.IsDynamic);
                    count++;
                }
            }

            Assert.Equal(count, ours.Count);
        });
        Assert.False(ours.Single(one => one.ToString() == "2001:db8::5/64").IsTentative);

        SyscallException refusal = Assert.Throws<SyscallException>(() => _network.Socket.Request(AddressMessages.Add(_link, IPAddress.Parse("192.0.2.5"), 24), "give one 192.0.2.5"));
        Assert.Equal(Errno.EEXIST, refusal.Errno);
        _network.Socket.Request(AddressMessages.Remove(_link, IPAddress.Parse("192.0.2.5"), 24), "take it");
        Assert.DoesNotContain(_network.Socket.List(AddressMessages.List(), "list addresses", AddressMessages.Read), one => one.ToString() == "192.0.2.5/24");
    }

    [Fact]
    public void Routes_are_what_ip_says()
    {
        if (_network is null)
        {
            return;
        }

        _network.Socket.Request(AddressMessages.Add(_link, IPAddress.Parse("192.0.2.5"), 24), "give one an address");
        _network.Socket.Request(AddressMessages.Add(_link, IPAddress.Parse("2001:db8::5"), 64), "give one an address");
        _network.Socket.Request(RouteMessages.Add(new RouteTarget(null, 0, IsSix: false), IPAddress.Parse("192.0.2.1"), 0), "set a default");
        _network.Socket.Request(RouteMessages.Add(new RouteTarget(null, 0, IsSix: true), IPAddress.Parse("2001:db8::1"), _link), "set a default");
        _network.Socket.Request(RouteMessages.Add(new RouteTarget(IPAddress.Parse("198.51.100.0"), 24, IsSix: false), null, _link, metric: 7, table: 1000), "set a route");
        _network.Socket.Request(RouteMessages.Add(new RouteTarget(IPAddress.Parse("203.0.113.0"), 24, IsSix: false), null, 0, type: 6), "set a black hole");

        List<NetworkRoute> ours = [];
        TestNetwork.Settled(() =>
        {
            ours = [.. _network.Socket.List(RouteMessages.List(isSix: false), "list routes", RouteMessages.Read), .. _network.Socket.List(RouteMessages.List(isSix: true), "list routes", RouteMessages.Read)];
            List<JsonElement> theirs = [.. _network.Read("ip -j -d -4 route show table all"), .. _network.Read("ip -j -d -6 route show table all")];
            Assert.Equal(theirs.ConvertAll(Key).Order(), ours.ConvertAll(Key).Order());
        });

        NetworkRoute black = ours.Single(one => one.Type == "blackhole");
        _network.Socket.Request(RouteMessages.Remove(black.Target, black.Gateway, black.LinkIndex ?? 0, black.Metric, black.TableNumber), "take it");
        NetworkRoute far = ours.Single(one => one.Metric == 7);
        _network.Socket.Request(RouteMessages.Remove(far.Target, far.Gateway, far.LinkIndex ?? 0, far.Metric, far.TableNumber), "take it");
        Assert.Empty(_network.Read("ip -j route show table 1000"));
        Assert.Equal(Errno.ESRCH, _network.Socket.TryRequest(RouteMessages.Remove(far.Target, null, _link, 7, 1000), "take it")!.Errno);

        SyscallException refusal = Assert.Throws<SyscallException>(
            () => _network.Socket.Request(RouteMessages.Add(new RouteTarget(IPAddress.Parse("10.0.0.0"), 8, IsSix: false), IPAddress.Parse("172.16.0.1"), 0), "set a route"));
        Assert.Contains("The kernel says: Nexthop has invalid gateway.", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Neighbours_and_forwarding_tables_are_what_ip_and_bridge_say()
    {
        if (_network is null)
        {
            return;
        }

        byte[] mac = [2, 0, 0, 0, 0, 7];
        _network.Socket.Request(AddressMessages.Add(_link, IPAddress.Parse("192.0.2.5"), 24), "give one an address");
        _network.Socket.Request(NeighbourMessages.Add(_link, IPAddress.Parse("192.0.2.9"), mac, replace: false), "set a neighbour");
        NetworkNeighbour own = _network.Socket.List(NeighbourMessages.List(), "list neighbours", NeighbourMessages.Read).Single(one => one.IPAddress?.ToString() == "192.0.2.9");
        Assert.Equal(("02:00:00:00:00:07", "permanent", _link), (own.MacAddress, own.State, own.LinkIndex));
        JsonElement theirs = _network.Read("ip -j neigh show nud all").Single(one => one.GetProperty("dst").GetString() == "192.0.2.9");
        Assert.Equal(("02:00:00:00:00:07", "PERMANENT"), (theirs.GetProperty("lladdr").GetString(), theirs.GetProperty("state")[0].GetString()));
        _network.Socket.Request(NeighbourMessages.Remove(_link, IPAddress.Parse("192.0.2.9")), "take it");
        Assert.DoesNotContain(_network.Read("ip -j neigh show nud permanent"), one => one.GetProperty("dst").GetString() == "192.0.2.9");

        _network.Socket.Request(LinkRequests.Create(new LinkSettings { Name = "vx", Up = true }, new VxlanKind(42, 0, IPAddress.Parse("192.0.2.5"), null, 4789, false, true)), "make vx");
        int vxlan = _network.Get("vx").Index;
        _network.Socket.Request(NeighbourMessages.AddForwarding(vxlan, new byte[6], IPAddress.Parse("192.0.2.20")), "add a host");
        _network.Socket.Request(NeighbourMessages.AddForwarding(vxlan, new byte[6], IPAddress.Parse("192.0.2.21")), "add a host");
        _network.Socket.Request(NeighbourMessages.AddForwarding(vxlan, mac, IPAddress.Parse("192.0.2.21")), "add a member");
        List<string> lines = [.. _network.Socket.List(NeighbourMessages.ListForwarding(), "list lines", NeighbourMessages.Read).Where(one => one.LinkIndex == vxlan).Select(one => $"{one.MacAddress} {one.Host}").Order()];
        Assert.Equal(["00:00:00:00:00:00 192.0.2.20", "00:00:00:00:00:00 192.0.2.21", "02:00:00:00:00:07 192.0.2.21"], lines);
        Assert.Equal(lines, _network.Read("bridge -j fdb show dev vx").Select(one => $"{one.GetProperty("mac").GetString()} {one.GetProperty("dst").GetString()}").Order());
        _network.Socket.Request(NeighbourMessages.RemoveForwarding(vxlan, new byte[6], IPAddress.Parse("192.0.2.20")), "take a host");
        Assert.Equal(2, _network.Read("bridge -j fdb show dev vx").Count);
    }

    public void Dispose() => _network?.Dispose();

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out JsonElement value) ? value.ToString() : null;

    private static string Key(NetworkRoute route) => $"{route.Type} {route.Destination} {route.Gateway} {route.Table} {route.Protocol} {(route.Target.IsSix ? "" : route.Scope)} {route.Metric} {route.Source}";

    // ip(8) leaves out what is usual.
    private static string Key(JsonElement route)
    {
        string destination = Text(route, "dst")!;
        bool isSix = destination.Contains(':', StringComparison.Ordinal) || Text(route, "gateway")?.Contains(':', StringComparison.Ordinal) == true || Text(route, "pref") is not null;
        return $"{Text(route, "type") ?? "unicast"} {destination} {Text(route, "gateway")} {Text(route, "table") ?? "main"} {Text(route, "protocol")} {(isSix ? "" : Text(route, "scope"))} {Text(route, "metric") ?? "0"} {Text(route, "prefsrc")}";
    }
}
