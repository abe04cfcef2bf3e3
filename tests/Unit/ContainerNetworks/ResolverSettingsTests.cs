using System.Net;
using Isolation.ContainerNetworks;
using Xunit;

namespace Isolation.Tests.ContainerNetworks;

public sealed class ResolverSettingsTests
{
    [Fact]
    public void A_file_is_read_as_a_resolver_reads_it()
    {
        ResolverSettings settings = ResolverSettings.Parse(
            "# a comment\nnameserver 192.0.2.1\n\tnameserver\tfe80::1%2 # more\nnameserver nonsense\ndomain one.example\nsearch two.example three.example\r\noptions ndots:2\noptions rotate\nsortlist 192.0.2.0\nnameserver");
        Assert.Equal([IPAddress.Parse("192.0.2.1"), IPAddress.Parse("fe80::1%2")], settings.Servers);
        Assert.Equal(["two.example", "three.example"], settings.Search);
        Assert.Equal(["ndots:2", "rotate"], settings.Options);
    }

    [Fact]
    public void What_is_written_is_read_again()
    {
        ResolverSettings settings = new() { Servers = [IPAddress.Parse("192.0.2.1"), IPAddress.Parse("fd00::1")], Search = ["a.example", "b.example"], Options = ["ndots:2"] };
        Assert.Equal(settings.ToText(), ResolverSettings.Parse(settings.ToText()).ToText());
    }

    [Fact]
    public void Several_networks_give_no_server_twice_and_no_more_than_are_asked()
    {
        ResolverSettings one = new() { Servers = [IPAddress.Parse("192.0.2.1"), IPAddress.Parse("192.0.2.2")] };
        ResolverSettings two = new() { Servers = [IPAddress.Parse("192.0.2.2"), IPAddress.Parse("192.0.2.3"), IPAddress.Parse("192.0.2.4")], Options = ["rotate"] };
        Assert.Equal("nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\noptions rotate\n", one.And(two).ToText());
    }

    [Fact]
    public void What_is_not_asked_for_is_the_hosts()
    {
        ResolverSettings asked = new() { Search = ["corp.example"] };
        ResolverSettings host = new() { Servers = [IPAddress.Parse("192.0.2.1")], Search = ["here.example"] };
        Assert.Equal("nameserver 192.0.2.1\nsearch corp.example\n", asked.Or(host).ToText());
        Assert.True(ResolverSettings.None.Or(ResolverSettings.None).IsNone);
    }

    [Theory]
    [InlineData("a b")]
    [InlineData("a\nnameserver 192.0.2.66")]
    public void A_record_that_would_write_another_line_is_damaged(string domain)
    {
        ContainerNetworkRecord record = RecordTests.Full with { Resolver = new ResolverSettings { Search = [domain] } };
        IsolationException refusal = Assert.Throws<IsolationException>(() => ContainerNetworkRecord.Parse(record.ToJson(), "/x/network.json"));
        Assert.Equal("ContainerNetworkRecordDamaged", refusal.ErrorId);
    }
}
