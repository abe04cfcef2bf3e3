using System.Linq;
using System.Net;
using Isolation.ContainerNetworks;
using Xunit;

namespace Isolation.Tests.ContainerNetworks;

public sealed class SubnetTests
{
    [Theory]
    [InlineData("172.30.5.0/24", "172.30.5.1", "172.30.5.254")]
    [InlineData("0.0.0.0/0", "0.0.0.1", "255.255.255.254")]
    [InlineData("10.1.0.0/30", "10.1.0.1", "10.1.0.2")]
    [InlineData("10.1.0.0/31", "10.1.0.0", "10.1.0.1")]
    [InlineData("10.1.0.7/32", "10.1.0.7", "10.1.0.7")]
    [InlineData("fd00:5::/64", "fd00:5::1", "fd00:5::ffff:ffff:ffff:ffff")]
    [InlineData("::/0", "::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")]
    public void A_subnet_is_read_and_written_and_has_its_hosts(string text, string first, string last)
    {
        Subnet subnet = Subnet.Parse(text)!.Value;
        Assert.Equal(text, subnet.ToString());
        Assert.Equal(IPNetwork.Parse(text), subnet.Network);
        Assert.Equal($"{first} to {last}", AddressPool.Hosts(subnet));
        Assert.True(subnet.Contains(IPAddress.Parse(first)));
        Assert.True(subnet.Contains(IPAddress.Parse(last)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("172.30.5.0")]
    [InlineData("172.30.5.1/24")]
    [InlineData("172.30.5.0/33")]
    [InlineData("172.30.5.0/-1")]
    [InlineData("172.30.5.0/ 24")]
    [InlineData("172.30/16")]
    [InlineData("fd00:5::/129")]
    [InlineData("fd00:5::1/64")]
    [InlineData("fe80::%lo/64")]
    [InlineData("172.30.5.0/24/24")]
    public void Anything_else_is_none(string text) => Assert.Null(Subnet.Parse(text));

    [Theory]
    [InlineData("172.30.0.0/16", "172.30.255.0/24", true)]
    [InlineData("172.30.0.0/24", "172.30.1.0/24", false)]
    [InlineData("10.0.0.0/8", "10.0.0.0/8", true)]
    [InlineData("fd00::/8", "fd12:3456::/64", true)]
    [InlineData("0.0.0.0/0", "::/0", false)]
    public void Two_overlap_where_an_address_is_in_both(string one, string other, bool overlap)
    {
        Assert.Equal(overlap, Subnet.Parse(one)!.Value.Overlaps(Subnet.Parse(other)!.Value));
        Assert.Equal(overlap, Subnet.Parse(other)!.Value.Overlaps(Subnet.Parse(one)!.Value));
    }

    [Fact]
    public void The_lowest_free_address_of_the_range_is_given_and_never_the_gateway()
    {
        AddressPool pool = AddressPool.Create("lan", Subnet.Parse("10.0.0.0/29")!.Value, IPAddress.Parse("10.0.0.2"), null);
        System.Collections.Generic.HashSet<IPAddress> taken = [];
        while (pool.Free(taken) is IPAddress free)
        {
            taken.Add(free);
        }

        Assert.Equal(["10.0.0.1", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"], taken.Select(static address => address.ToString()));
        taken.Remove(IPAddress.Parse("10.0.0.4"));
        Assert.Equal("10.0.0.4", pool.Free(taken)?.ToString());

        AddressPool part = AddressPool.Create("lan", Subnet.Parse("10.0.0.0/24")!.Value, null, Subnet.Parse("10.0.0.254/31")!.Value);
        Assert.Equal("10.0.0.254", part.Free(taken)?.ToString());
        taken.Add(IPAddress.Parse("10.0.0.254"));
        Assert.Null(part.Free(taken));
    }

    [Fact]
    public void Hardware_addresses_go_with_addresses_and_are_of_one_link()
    {
        Assert.Equal([0x0a, 0x04, 172, 30, 0, 2], AddressPool.MacFor(IPAddress.Parse("172.30.0.2")));
        Assert.Equal([0x0a, 0x06, 0, 0, 0, 2], AddressPool.MacFor(IPAddress.Parse("fd00::2")));
    }

    [Fact]
    public void The_first_free_subnet_is_chosen_in_the_order_of_the_pools()
    {
        SubnetChoice choice = new([(Subnet.Parse("172.30.0.0/23")!.Value, "network 'a'"), (Subnet.Parse("172.30.2.128/25")!.Value, "a route")]);
        Assert.Equal("172.30.3.0/24", choice.Choose("lan").ToString());
        SubnetChoice second = new([(Subnet.Parse("172.16.0.0/12")!.Value, "a route")]);
        Assert.Equal("10.230.0.0/24", second.Choose("lan").ToString());
        SubnetChoice last = new([(Subnet.Parse("172.16.0.0/12")!.Value, "a route"), (Subnet.Parse("10.0.0.0/8")!.Value, "a route"), (Subnet.Parse("192.168.240.0/21")!.Value, "a route")]);
        Assert.Equal("192.168.248.0/24", last.Choose("lan").ToString());
        SubnetChoice none = new([(Subnet.Parse("0.0.0.0/0")!.Value, "a route")]);
        Assert.Equal("ContainerSubnetsExhausted", Assert.Throws<IsolationException>(() => none.Choose("lan")).ErrorId);
        Assert.StartsWith("fd", none.ChooseSix().ToString(), System.StringComparison.Ordinal);
    }
}
