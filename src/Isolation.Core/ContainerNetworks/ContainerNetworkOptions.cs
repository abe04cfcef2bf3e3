using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;

namespace Isolation.ContainerNetworks;

/// <summary>A network to be made.</summary>
internal sealed record ContainerNetworkOptions
{
    /// <summary>The name.</summary>
    public required string Name { get; init; }

    /// <summary>What it is made of.</summary>
    public string Driver { get; init; } = BridgeDriver.DriverName;

    /// <summary>At most one subnet of each family; without any of IPv4 one is chosen, unless there is one of IPv6.</summary>
    public IReadOnlyList<string> Subnet { get; init; } = [];

    /// <summary>The way out in each: where that is a bridge the first address by itself, where it is another host none.</summary>
    public IReadOnlyList<IPAddress> Gateway { get; init; } = [];

    /// <summary>The part of each from which addresses are given.</summary>
    public IReadOnlyList<string> Range { get; init; } = [];

    /// <summary>Nothing leaves it, nor comes in.</summary>
    public bool IsInternal { get; init; }

    /// <summary>It has a subnet of IPv6, chosen where none is given.</summary>
    public bool IPv6 { get; init; }

    /// <summary>The most bytes of a packet; null for what the driver takes by itself.</summary>
    public int? Mtu { get; init; }

    /// <summary>The link of this host that the network lies on; null for none.</summary>
    public string? Parent { get; init; }

    /// <summary>The address of this host from which it reaches others; null for that of the parent, or for a network on this host alone.</summary>
    public IPAddress? Local { get; init; }

    /// <summary>The other hosts.</summary>
    public IReadOnlyList<IPAddress> Peers { get; init; } = [];

    /// <summary>What is asked of the driver alone.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();

    /// <summary>What its members ask where they look up a name, other than the host's servers.</summary>
    public ResolverSettings Resolver { get; init; } = ResolverSettings.None;

    /// <summary>How fast each member may send and receive.</summary>
    public MemberRate Rate { get; init; } = MemberRate.None;

    /// <summary>Refuses what cannot be meant, whatever the host has.</summary>
    /// <exception cref="IsolationException"><c>ContainerNetworkNameInvalid</c>, <c>ContainerNetworkDriverUnknown</c>, <c>ContainerSubnetInvalid</c>, <c>ContainerDnsInvalid</c>, those of <see cref="AddressPool"/> and of the driver.</exception>
    public void Check()
    {
        if (!NamespaceName.IsValid(Name))
        {
            throw new IsolationException(
                "ContainerNetworkNameInvalid",
                ErrorKind.InvalidArgument,
                $"'{Name.ReplaceLineEndings(" ")}' cannot be the name of a container network: it has letters, digits, '.', '_' and '-', {NamespaceName.MaxLength} at most, begins with a letter or a digit, and is no number. Choose a name such as lan-1.");
        }

        ContainerNetworkDriver.Of(Driver).Check(this);
        Resolver.Check(Name);
        Rate.Check(Name);
        _ = Pools(new SubnetChoice([]));
    }

    /// <summary>The pools of addresses, with what is not given chosen.</summary>
    public IReadOnlyList<AddressPool> Pools(SubnetChoice choice)
    {
        Subnet? four = Find(Subnet, isSix: false, "ContainerSubnetInvalid", "subnet");
        Subnet? six = Find(Subnet, isSix: true, "ContainerSubnetInvalid", "subnet");
        List<AddressPool> pools = [];
        if (four is not null || six is null)
        {
            pools.Add(Pool(four, choice, isSix: false));
        }

        if (six is not null || IPv6)
        {
            pools.Add(Pool(six, choice, isSix: true));
            if (Mtu < 1280)
            {
                throw new IsolationException("ContainerMtuInvalid", ErrorKind.InvalidArgument, $"Network '{Name}' cannot have an MTU of {Mtu} with IPv6, which takes 1280 at least, RFC 8200.");
            }
        }

        foreach (IPAddress gateway in Gateway)
        {
            if (!pools.Exists(pool => gateway.Equals(pool.Gateway)))
            {
                throw new IsolationException(
                    "ContainerGatewayInvalid", ErrorKind.InvalidArgument, $"The gateway {gateway} of network '{Name}' is of another family than its subnet, or the second of one. Give a -Subnet for each.");
            }
        }

        if (Range.Count > pools.Count)
        {
            throw new IsolationException("ContainerRangeInvalid", ErrorKind.InvalidArgument, $"Network '{Name}' has no subnet for each of the ranges {string.Join(", ", Range)}. Give a -Subnet for each.");
        }

        return pools;
    }

    private AddressPool Pool(Subnet? given, SubnetChoice choice, bool isSix)
    {
        IPAddress? gateway = null;
        foreach (IPAddress one in Gateway)
        {
            gateway ??= one.AddressFamily == AddressFamily.InterNetworkV6 == isSix ? one : null;
        }

        Subnet? range = Find(Range, isSix, "ContainerRangeInvalid", "range");
        if (given is null && (gateway is not null || range is not null))
        {
            throw new IsolationException(
                gateway is not null ? "ContainerGatewayInvalid" : "ContainerRangeInvalid",
                ErrorKind.InvalidArgument,
                $"Network '{Name}' has {(gateway is not null ? $"the gateway {gateway}" : $"the range {range}")} without a subnet that it lies in. Give -Subnet too.");
        }

        ContainerNetworkDriver driver = ContainerNetworkDriver.Of(Driver);
        if (given is Subnet asked)
        {
            // Whether it can be one comes before whether it is free.
            AddressPool pool = AddressPool.Create(Name, asked, gateway ?? driver.ChooseGateway(asked, range), range);
            choice.Check(asked, Name);
            return pool;
        }

        Subnet chosen = isSix ? choice.ChooseSix() : choice.Choose(Name);
        return AddressPool.Create(Name, chosen, driver.ChooseGateway(chosen, null), null);
    }

    private Subnet? Find(IReadOnlyList<string> texts, bool isSix, string errorId, string what)
    {
        Subnet? found = null;
        foreach (string text in texts)
        {
            Subnet subnet = ContainerNetworks.Subnet.Parse(text) ?? throw new IsolationException(
                errorId, ErrorKind.InvalidArgument, $"'{text}' is no {what} for network '{Name}': give the first address and the bits that are shared, such as 172.30.5.0/24 or fd00:5::/64.");
            if (subnet.IsSix == isSix)
            {
                found = found is null ? subnet : throw new IsolationException(
                    errorId, ErrorKind.InvalidArgument, $"Network '{Name}' cannot have both {found} and {subnet}: one {what} of IPv4 and one of IPv6 are the most.");
            }
        }

        return found;
    }
}
