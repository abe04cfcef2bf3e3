using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using Isolation.ContainerNetworks;
using Isolation.Network;
using Isolation.State;
using Xunit;

namespace Isolation.Tests.ContainerNetworks;

public sealed class PortTests
{
    [Theory]
    [InlineData("8080:80", ":8080:80/tcp")]
    [InlineData("80", ":80:80/tcp")]
    [InlineData(":80", "::80/tcp")]
    [InlineData("8080:80/UDP", ":8080:80/udp")]
    [InlineData(" 8000-8010:80-90/tcp ", ":8000-8010:80-90/tcp")]
    [InlineData("127.0.0.1:8080:80", "127.0.0.1:8080:80/tcp")]
    [InlineData("127.0.0.1::80", "127.0.0.1::80/tcp")]
    [InlineData("127.0.0.1:80", "127.0.0.1:80:80/tcp")]
    [InlineData("[2001:db8::1]:8080:80/tcp", "2001:db8::1:8080:80/tcp")]
    [InlineData("[::ffff:127.0.0.1]:1:65535", "127.0.0.1:1:65535/tcp")]
    public void A_text_of_docker_is_read(string text, string expected)
    {
        PortRequest request = PortRequest.Parse(text, null, null);
        Assert.Equal(expected, $"{request.HostAddress}:{request.HostPort}:{request.Port}/{request.Protocol}");
        if (request.HostPort is not null)
        {
            Assert.Equal(request, PortRequest.Parse(request.ToString().TrimStart(':'), null, null));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData(":")]
    [InlineData("0:80")]
    [InlineData("65536")]
    [InlineData("+80")]
    [InlineData("80:")]
    [InlineData("a:80")]
    [InlineData("80/sctp")]
    [InlineData("80/")]
    [InlineData("1:2:3")]
    [InlineData("10.1:80:80")]
    [InlineData("2001:db8::1:80:80")]
    [InlineData("[2001:db8::1]")]
    [InlineData("[127.0.0.1]:80")]
    [InlineData("[fe80::1%eth0]:80")]
    [InlineData("8000-8010:80-91")]
    [InlineData("8010-8000")]
    [InlineData("1-2-3")]
    [InlineData("1-4097")]
    [InlineData("80\n:80")]
    public void Anything_else_is_refused(string text) =>
        Assert.Equal("ContainerPortInvalid", Assert.Throws<IsolationException>(() => PortRequest.Parse(text, null, null)).ErrorId);

    [Fact]
    public void What_the_text_says_and_what_is_given_besides_must_agree()
    {
        IPAddress address = IPAddress.Parse("10.0.0.1");
        Assert.Equal(new PortRequest("udp", address, new PortRange(80), new PortRange(80)), PortRequest.Parse("80", "udp", address));
        Assert.Throws<IsolationException>(() => PortRequest.Parse("80/tcp", "udp", null));
        Assert.Throws<IsolationException>(() => PortRequest.Parse("10.0.0.2:80:80", null, address));
        Assert.Equal(new PortRange(80), PortRequest.Of("tcp", null, new PortRange(80), null).Port);
        Assert.Null(PortRequest.Of("tcp", null, null, new PortRange(80)).HostPort);
        Assert.Throws<IsolationException>(() => PortRequest.Of("tcp", null, null, null));
        Assert.Throws<IsolationException>(() => PortRequest.Of("tcp", null, new PortRange(1, 2), new PortRange(1, 3)));
    }

    [Fact]
    public void A_part_of_a_range_is_taken_and_the_rest_keeps_its_ports()
    {
        PortRecord port = new() { Protocol = "tcp", HostPort = new PortRange(8000, 8009), Port = new PortRange(80, 89) };
        Assert.Equal("8003-8009 83-89", Say(port.Part(new PortRange(8003, 9000))!));
        Assert.Equal(["8000-8002 80-82", "8005-8009 85-89"], port.Without(new PortRange(8003, 8004)).Select(Say));
        Assert.Equal(["8001-8009 81-89"], port.Without(new PortRange(7000, 8000)).Select(Say));
        Assert.Empty(port.Without(new PortRange(7000, 9000)));
        Assert.Equal([port], port.Without(new PortRange(1, 7999)));
        Assert.Null(port.Part(new PortRange(1, 7999)));

        static string Say(PortRecord one) => $"{one.HostPort} {one.Port}";
    }

    [Fact]
    public void Listeners_are_read_and_connections_passed_over()
    {
        string[] tcp =
        [
            "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
            "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1 0000000000000000 100 0 0 10 0",
            "   1: 0100007F:1F90 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 4243 1 0000000000000000 20 4 30 10 -1",
            "   2: 0100",
        ];
        string[] tcp6 = ["   0: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 7 1",
            "   1: B80D0120000000000000000001000000:0016 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 8 1",
            "   2: 0000000000000000FFFF00000100007F:0016 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 9 1"];
        Assert.Equal([new PortListener(IPAddress.Loopback, 8080, 4242)], PortListener.Parse(tcp, "tcp"));
        Assert.Empty(PortListener.Parse(tcp, "udp"));
        Assert.Equal(["::", "2001:db8::1", "::ffff:127.0.0.1"], PortListener.Parse(tcp6, "tcp").Select(static one => one.Address.ToString()));
        Assert.Equal(2, PortListener.Parse(tcp6, "tcp").First().Endpoints.Count);
        Assert.Equal([new PortEndpoint(false, IPAddress.Loopback)], PortListener.Parse(tcp6, "tcp").Last().Endpoints);
    }

    [Theory]
    [InlineData(null, null, true)]
    [InlineData("0.0.0.0", "127.0.0.1", true)]
    [InlineData("10.0.0.1", "127.0.0.1", false)]
    [InlineData("0.0.0.0", "::", false)]
    [InlineData(null, "::", true)]
    public void Two_are_one_where_an_address_is_in_both(string? one, string? other, bool taken)
    {
        List<NetworkAddress> addresses = [new() { IPAddress = IPAddress.Parse("10.0.0.1") }];
        PortChoice choice = new(addresses);
        Take(one);
        if (taken)
        {
            IsolationException refused = Assert.Throws<IsolationException>(() => Take(other));
            Assert.Equal("ContainerPortTaken", refused.ErrorId);
            Assert.Contains("for set 'web' in network 'lan'", refused.Message, StringComparison.Ordinal);
        }
        else
        {
            Take(other);
        }

        // A port that no test listens on: what does is the host's.
        void Take(string? address) => choice.Take(
            new PortRequest("tcp", address is null ? null : IPAddress.Parse(address), new PortRange(4), new PortRange(80)), "lan", RecordTests.Member with { Ports = [] });
    }

    [Theory]
    [InlineData("10.0.0.9")]
    [InlineData("::1")]
    [InlineData("fe80::1")]
    [InlineData("255.255.255.255")]
    public void An_address_that_is_not_the_hosts_is_refused(string address)
    {
        PortChoice choice = new([new() { IPAddress = IPAddress.Parse("10.0.0.1") }, new() { IPAddress = IPAddress.IPv6Loopback }, new() { IPAddress = IPAddress.Parse("fe80::1") }]);
        PortRequest request = new("tcp", IPAddress.Parse(address), new PortRange(4), new PortRange(80));
        Assert.Equal("ContainerPortAddressInvalid", Assert.Throws<IsolationException>(() => choice.Take(request, "lan", RecordTests.Member)).ErrorId);
    }

    [Fact]
    public void Ports_that_nobody_has_are_chosen_where_none_are_asked_for()
    {
        PortChoice choice = new([]);
        PortRequest request = new("udp", null, null, new PortRange(80, 82));
        PortRange first = choice.Take(request, "lan", RecordTests.Member).HostPort;
        PortRange second = choice.Take(request, "lan", RecordTests.Member).HostPort;
        Assert.True(first.First >= 49152 && first.Count == 3 && !second.Overlaps(first));
    }
}
