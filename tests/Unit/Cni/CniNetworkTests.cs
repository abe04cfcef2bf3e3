using System;
using System.Collections.Generic;
using System.Net;
using System.Text;
using Isolation.Cni;
using Isolation.ContainerNetworks;
using Xunit;

namespace Isolation.Tests.Cni;

public sealed class CniNetworkTests
{
    private const string Ipam = """{ "type": "host-local", "ranges": [[{ "subnet": "10.9.0.0/24" }]], "routes": [{ "dst": "0.0.0.0/0" }] }""";

    [Fact]
    public void A_list_is_read_whole()
    {
        ContainerNetworkOptions options = Read("""
            {
              "cniVersion": "1.0.0", "name": "dbnet", "disableCheck": true,
              "plugins": [
                { "type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": true, "hairpinMode": true, "promiscMode": false, "mtu": 1400,
                  "ipam": { "type": "host-local",
                    "ranges": [[{ "subnet": "10.9.0.0/16", "rangeStart": "10.9.1.64", "rangeEnd": "10.9.1.127", "gateway": "10.9.0.254" }], [{ "subnet": "fd00:9::/64" }]],
                    "routes": [{ "dst": "0.0.0.0/0" }, { "dst": "::/0" }] },
                  "dns": { "nameservers": ["192.0.2.53"], "domain": "corp.example", "search": ["x.example"], "options": ["ndots:2"] } },
                { "type": "portmap", "capabilities": { "portMappings": true }, "snat": true },
                { "type": "bandwidth", "ingressRate": 8000000, "ingressBurst": 800000, "egressRate": 4000000, "egressBurst": 800000 }
              ]
            }
            """);
        Assert.Equal(("dbnet", "bridge", false, 1400), (options.Name, options.Driver, options.IsInternal, options.Mtu));
        Assert.Equal(["10.9.0.0/16", "fd00:9::/64"], options.Subnet);
        Assert.Equal(["10.9.1.64/26"], options.Range);
        Assert.Equal([IPAddress.Parse("10.9.0.254")], options.Gateway);
        Assert.Equal("nameserver 192.0.2.53\nsearch corp.example x.example\noptions ndots:2\n", options.Resolver.ToText());
        Assert.Equal(new MemberRate(4000000, 8000000, 100000), options.Rate);
        options.Check();
    }

    [Theory]
    [InlineData("macvlan", "private")]
    [InlineData("ipvlan", "l2")]
    public void A_single_plugin_is_a_network_on_a_parent(string type, string mode)
    {
        ContainerNetworkOptions options = Read(
            $$"""{ "cniVersion": "0.3.1", "name": "office", "type": "{{type}}", "master": "eth1", "mode": "{{mode}}", "ipam": { "type": "host-local", "subnet": "192.0.2.0/24", "gateway": "192.0.2.1", "routes": [{ "dst": "0.0.0.0/0" }] } }""");
        Assert.Equal((type, "eth1", mode), (options.Driver, options.Parent, options.Options["mode"]));
        options.Check();
    }

    [Fact]
    public void A_bridge_that_is_no_gateway_is_internal_and_a_burst_without_end_none()
    {
        ContainerNetworkOptions options = Read("""
            { "name": "a", "plugins": [ { "type": "bridge", "ipam": { "type": "host-local", "subnet": "10.9.0.0/24" } }, { "type": "bandwidth", "egressRate": 1000, "egressBurst": 2147483647 } ] }
            """);
        Assert.True(options.IsInternal);
        Assert.Equal(new MemberRate(1000, null, null), options.Rate);
    }

    [Theory]
    [InlineData("10.9.0.1", "10.9.0.254", "10.9.0.0/24")]
    [InlineData(null, "10.9.0.127", "10.9.0.0/25")]
    [InlineData("10.9.0.128", null, "10.9.0.128/25")]
    [InlineData("10.9.0.7", "10.9.0.7", "10.9.0.7/32")]
    public void A_range_that_is_a_subnet_is_taken(string? start, string? end, string expected) => Assert.Equal([expected], Read(Ranged(start, end)).Range);

    [Theory]
    [InlineData("{", "CniSyntaxInvalid", "line 1")]
    [InlineData("[]", "CniFieldInvalid", "the configuration is not an object")]
    [InlineData("{ \"plugins\": [] }", "CniFieldInvalid", "plugins")]
    [InlineData("{ \"name\": \"a\", \"name\": \"b\", \"plugins\": [] }", "CniFieldInvalid", "name is there twice")]
    [InlineData("{ \"plugins\": {} , \"name\": \"a\" }", "CniFieldInvalid", "plugins is not a list")]
    [InlineData("{ \"name\": 5, \"type\": \"bridge\" }", "CniFieldInvalid", "name is not a text")]
    [InlineData("{ \"type\": \"bridge\" }", "CniFieldInvalid", "name is missing")]
    [InlineData("{ \"cniVersion\": \"9.0.0\", \"name\": \"a\", \"plugins\": [] }", "CniFieldUnsupported", "'9.0.0'")]
    [InlineData("{ \"name\": \"a\", \"type\": \"ptp\" }", "CniPluginUnsupported", "'ptp'")]
    [InlineData("{ \"name\": \"a\", \"plugins\": [{ \"type\": \"portmap\" }] }", "CniPluginUnsupported", "comes first")]
    [InlineData("{ \"name\": \"a\", \"type\": \"bridge\" }", "CniFieldUnsupported", "ipam")]
    [InlineData("{ \"name\": \"a\", \"type\": \"bridge\", \"ipam\": { \"type\": \"dhcp\" } }", "CniPluginUnsupported", "'dhcp'")]
    [InlineData("{ \"name\": \"a\", \"type\": \"bridge\", \"ipam\": { \"type\": \"host-local\" } }", "CniFieldUnsupported", "ipam.ranges")]
    public void What_is_no_configuration_of_ours_is_refused(string json, string errorId, string says) => Refused(json, errorId, says);

    [Theory]
    [InlineData("\"vlan\": 7", "vlan")]
    [InlineData("\"promiscMode\": true", "promiscMode")]
    [InlineData("\"macspoofchk\": true", "macspoofchk")]
    [InlineData("\"args\": { \"a\": 1 }", "args")]
    [InlineData("\"mtu\": 5", "mtu")]
    [InlineData("\"mtu\": \"big\"", "mtu")]
    [InlineData("\"isGateway\": false", "isGateway")]
    [InlineData("\"ipMasq\": false", "ipMasq")]
    [InlineData("\"capabilities\": { \"aliases\": true }", "capabilities.aliases")]
    [InlineData("\"dns\": { \"nameservers\": [\"x\"] }", "dns.nameservers")]
    [InlineData("\"dns\": { \"nameserver\": [] }", "dns.nameserver")]
    public void A_field_that_cannot_be_had_is_named(string field, string place)
    {
        Dictionary<string, string> fields = new() { ["isGateway"] = "\"isGateway\": true", ["ipMasq"] = "\"ipMasq\": true" };
        fields[place.Split('.')[0]] = field;
        IsolationException refusal = Refuse($$"""{ "name": "a", "plugins": [ { "type": "bridge", {{string.Join(", ", fields.Values)}}, "ipam": {{Ipam}} } ] }""");
        Assert.StartsWith("CniField", refusal.ErrorId, StringComparison.Ordinal);
        Assert.Contains($"plugins[0].{place} ", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10.9.0.10", "10.9.0.20", "CniFieldUnsupported", "10.9.0.10 to 10.9.0.20 is none")]
    [InlineData("10.9.0.20", "10.9.0.10", "CniFieldUnsupported", "is none")]
    [InlineData("10.8.0.10", null, "CniFieldInvalid", "rangeStart is not an address of 10.9.0.0/24")]
    [InlineData("fd00::1", null, "CniFieldInvalid", "rangeStart is not an address of 10.9.0.0/24")]
    [InlineData("x", null, "CniFieldInvalid", "not an IP address")]
    public void A_range_that_is_no_subnet_is_refused(string? start, string? end, string errorId, string says) => Refused(Ranged(start, end), errorId, says);

    [Theory]
    [InlineData("""{ "type": "bandwidth", "ingressRate": 8, "ingressBurst": 8, "egressRate": 8, "egressBurst": 16 }""", "egressBurst")]
    [InlineData("""{ "type": "bandwidth", "shaping": true }""", "shaping")]
    [InlineData("""{ "type": "portmap", "snat": false }""", "snat")]
    [InlineData("""{ "type": "tuning" }""", "'tuning'")]
    [InlineData("""{ "type": "bridge" }""", "'bridge'")]
    public void A_plugin_after_it_is_refused_by_name(string plugin, string says) =>
        Assert.Contains(says, Refuse($$"""{ "name": "a", "plugins": [ { "type": "bridge", "isGateway": true, "ipMasq": true, "ipam": {{Ipam}} }, {{plugin}} ] }""").Message, StringComparison.Ordinal);

    [Fact]
    public void Whatever_bytes_there_are_there_is_an_answer_or_an_error_of_ours()
    {
        byte[] whole = Encoding.UTF8.GetBytes(Ranged("10.9.0.64", "10.9.0.127"));
        Random random = new(20261123);
        for (int round = 0; round < 5000; round++)
        {
            byte[] bytes = [.. whole[..random.Next(1, whole.Length + 1)]];
            for (int i = random.Next(4); i > 0; i--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(32, 127);
            }

            try
            {
                CniNetwork.Parse(bytes, "/x/a.conflist", null).Check();
            }
            catch (IsolationException)
            {
                // One of ours, with an id and a message.
            }
        }
    }

    private static string Ranged(string? start, string? end) =>
        $$"""{ "name": "a", "type": "bridge", "isDefaultGateway": true, "ipMasq": true, "ipam": { "type": "host-local", "subnet": "10.9.0.0/24"{{(start is null ? "" : $", \"rangeStart\": \"{start}\"")}}{{(end is null ? "" : $", \"rangeEnd\": \"{end}\"")}} } }""";

    private static ContainerNetworkOptions Read(string json) => CniNetwork.Parse(Encoding.UTF8.GetBytes(json), "/x/a.conflist", null);

    private static IsolationException Refuse(string json) => Assert.Throws<IsolationException>(() => Read(json));

    private static void Refused(string json, string errorId, string says)
    {
        IsolationException refusal = Refuse(json);
        Assert.Equal(errorId, refusal.ErrorId);
        Assert.Contains(says, refusal.Message, StringComparison.Ordinal);
    }
}
