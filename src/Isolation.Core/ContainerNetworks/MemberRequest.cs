using System;
using System.Collections.Generic;
using System.Net;
using System.Net.NetworkInformation;

namespace Isolation.ContainerNetworks;

/// <summary>What a set asks for where it is connected.</summary>
internal sealed record MemberRequest
{
    /// <summary>At most one address of each of the network's subnets; those that are not given are chosen.</summary>
    public IReadOnlyList<IPAddress> Addresses { get; init; } = [];

    /// <summary>The hardware address, such as <c>02:42:ac:11:00:02</c>; null for one that goes with the address.</summary>
    public string? MacAddress { get; init; }

    /// <summary>The names by which other members find it besides the set's own.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>The addresses that it gets.</summary>
    /// <param name="network">The network.</param>
    /// <param name="set">The set's name.</param>
    /// <param name="members">The members that there are.</param>
    /// <param name="reserved">Addresses that no member can have, and whose they are.</param>
    /// <exception cref="IsolationException"><c>ContainerAddressInvalid</c>, <c>ContainerAddressTaken</c>, <c>ContainerAddressesExhausted</c>.</exception>
    public IReadOnlyList<IPAddress> Take(ContainerNetworkRecord network, string set, IReadOnlyList<MemberRecord> members, IReadOnlyDictionary<IPAddress, string> reserved)
    {
        Dictionary<IPAddress, string> owners = new(reserved);
        foreach (MemberRecord member in members)
        {
            foreach (IPAddress address in member.Addresses)
            {
                owners[address] = $"set '{member.Set}'";
            }
        }

        HashSet<IPAddress> taken = [.. owners.Keys];
        List<IPAddress> given = [];
        HashSet<IPAddress> used = [];
        foreach (AddressPool pool in network.Pools)
        {
            IPAddress? asked = null;
            foreach (IPAddress address in Addresses)
            {
                if (asked is null && pool.Subnet.Contains(address))
                {
                    asked = address;
                    used.Add(address);
                }
            }

            given.Add(asked is null ? Choose(pool, network, taken) : Check(asked, pool, network, set, owners));
        }

        foreach (IPAddress address in Addresses)
        {
            if (!used.Contains(address))
            {
                throw new IsolationException(
                    "ContainerAddressInvalid",
                    ErrorKind.InvalidArgument,
                    $"Set '{set}' cannot have the address {address} in network '{network.Name}': it is in none of its subnets, or the second in one ({Subnets(network)}).");
            }
        }

        return given;
    }

    /// <summary>The hardware address that it gets.</summary>
    /// <exception cref="IsolationException"><c>MacAddressInvalid</c>, <c>ContainerMacAddressTaken</c>.</exception>
    public string TakeMac(ContainerNetworkRecord network, IPAddress address, IReadOnlyList<MemberRecord> members)
    {
        byte[] bytes = AddressPool.MacFor(address);
        if (MacAddress is not null)
        {
            // The lowest bit of the first byte says that it is one of many receivers.
            bytes = PhysicalAddress.TryParse(MacAddress.Trim(), out PhysicalAddress? parsed) && parsed.GetAddressBytes() is { Length: 6 } six && (six[0] & 1) == 0
                ? six
                : throw new IsolationException(
                    "MacAddressInvalid", ErrorKind.InvalidArgument, $"'{MacAddress}' is no hardware address of one link: six bytes in hexadecimal with colons between, the first of them even, such as 02:42:ac:11:00:02.");
        }

        string text = Convert.ToHexStringLower(bytes);
        for (int i = 10; i > 0; i -= 2)
        {
            text = text.Insert(i, ":");
        }

        foreach (MemberRecord member in members)
        {
            if (member.MacAddress == text)
            {
                throw new IsolationException(
                    "ContainerMacAddressTaken", ErrorKind.AlreadyExists, $"Set '{member.Set}' has the hardware address {text} in network '{network.Name}' already. Give another -MacAddress.");
            }
        }

        return text;
    }

    /// <summary>Refuses names that cannot be looked up, or that another member has.</summary>
    /// <exception cref="IsolationException"><c>ContainerAliasInvalid</c>, <c>ContainerAliasTaken</c>.</exception>
    public void CheckAliases(ContainerNetworkRecord network, string set, IReadOnlyList<MemberRecord> members)
    {
        foreach (string alias in Aliases)
        {
            if (Uri.CheckHostName(alias) != UriHostNameType.Dns || alias.Equals("localhost", StringComparison.OrdinalIgnoreCase))
            {
                throw new IsolationException(
                    "ContainerAliasInvalid", ErrorKind.InvalidArgument, $"'{alias}' cannot be a name of set '{set}' in network '{network.Name}': a host name has letters, digits, '-' and dots between its parts, such as db or db.example.");
            }
        }

        foreach (MemberRecord member in members)
        {
            foreach (string name in (IEnumerable<string>)[set, .. Aliases])
            {
                if (IsOf(member, name))
                {
                    throw new IsolationException(
                        "ContainerAliasTaken", ErrorKind.AlreadyExists, $"Set '{member.Set}' is found as '{name}' in network '{network.Name}' already. Give set '{set}' another -Alias, or disconnect that one.");
                }
            }
        }
    }

    private static bool IsOf(MemberRecord member, string name)
    {
        bool found = member.Set.Equals(name, StringComparison.OrdinalIgnoreCase);
        foreach (string alias in member.Aliases)
        {
            found |= alias.Equals(name, StringComparison.OrdinalIgnoreCase);
        }

        return found;
    }

    private static IPAddress Choose(AddressPool pool, ContainerNetworkRecord network, HashSet<IPAddress> taken) => pool.Free(taken) ?? throw new IsolationException(
        "ContainerAddressesExhausted",
        ErrorKind.LimitsExceeded,
        $"Network '{network.Name}' has no address left to give: all of {pool.Range} are taken, by members, the gateway or this host. Disconnect members, or make a network with a larger -Subnet or -IPRange.");

    private static IPAddress Check(IPAddress address, AddressPool pool, ContainerNetworkRecord network, string set, Dictionary<IPAddress, string> owners)
    {
        if (!pool.IsForHosts(address))
        {
            throw new IsolationException(
                "ContainerAddressInvalid",
                ErrorKind.InvalidArgument,
                $"Set '{set}' cannot have the address {address} in network '{network.Name}': it is no host's. Those of hosts are {AddressPool.Hosts(pool.Subnet)}.");
        }

        if (ContainerNetworkDriver.Of(network.Driver).IsSharedOut && !pool.Range.Contains(address))
        {
            throw new IsolationException(
                "ContainerAddressInvalid",
                ErrorKind.InvalidArgument,
                $"Set '{set}' cannot have the address {address} in network '{network.Name}': it is not of this host's share, {pool.Range}, and another host may give it.");
        }

        string? owner = address.Equals(pool.Gateway) ? "the network's gateway" : owners.GetValueOrDefault(address);
        return owner is null ? address : throw new IsolationException(
            "ContainerAddressTaken", ErrorKind.AlreadyExists, $"Set '{set}' cannot have the address {address} in network '{network.Name}': {owner} has it. Give another, or none for one that is free.");
    }

    private static string Subnets(ContainerNetworkRecord network)
    {
        List<string> subnets = [];
        foreach (AddressPool pool in network.Pools)
        {
            subnets.Add(pool.Subnet.ToString());
        }

        return string.Join(", ", subnets);
    }
}
