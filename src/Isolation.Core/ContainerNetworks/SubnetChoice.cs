using System;
using System.Collections.Generic;
using System.Security.Cryptography;

namespace Isolation.ContainerNetworks;

/// <summary>Subnets that are taken, and those that are chosen for networks that ask for none.</summary>
/// <param name="taken">What has each subnet, for errors: <c>network 'lan'</c>, <c>a route of this host over eth0</c>.</param>
internal sealed class SubnetChoice(IReadOnlyList<(Subnet Subnet, string Owner)> taken)
{
    /// <summary>The bits of a chosen subnet of IPv4.</summary>
    public const int Length = 24;

    /// <summary>Where subnets are chosen of IPv4, in this order. Docker takes its own of 172.17.0.0/12 and 192.168.0.0/16 from the low end.</summary>
    public static IReadOnlyList<Subnet> Pools { get; } = [Parse("172.30.0.0/16"), Parse("10.230.0.0/16"), Parse("192.168.240.0/20")];

    /// <summary>Refuses a subnet of which something else has a part.</summary>
    /// <exception cref="IsolationException"><c>ContainerSubnetOverlap</c>.</exception>
    public void Check(Subnet subnet, string network)
    {
        if (OwnerOf(subnet) is (Subnet other, string owner))
        {
            throw new IsolationException(
                "ContainerSubnetOverlap",
                ErrorKind.AlreadyExists,
                $"The subnet {subnet} for network '{network}' overlaps with {other} of {owner}. Give another, or none for one that is free.");
        }
    }

    /// <summary>A subnet of IPv4 that nothing else has.</summary>
    /// <exception cref="IsolationException"><c>ContainerSubnetsExhausted</c>.</exception>
    public Subnet Choose(string network)
    {
        foreach (Subnet pool in Pools)
        {
            for (UInt128 first = pool.First; first < pool.Last; first += UInt128.One << (32 - Length))
            {
                Subnet subnet = new(first, Length, IsSix: false);
                if (OwnerOf(subnet) is null)
                {
                    return subnet;
                }
            }
        }

        throw new IsolationException(
            "ContainerSubnetsExhausted",
            ErrorKind.LimitsExceeded,
            $"There is no free subnet for network '{network}': all of {string.Join(", ", Pools)} overlap with networks or routes of this host. Give -Subnet, or remove networks that are not needed.");
    }

    /// <summary>A subnet of IPv6 that nothing else has, nor is likely to have elsewhere: 40 random bits, RFC 4193.</summary>
    public Subnet ChooseSix()
    {
        while (true)
        {
            byte[] bytes = new byte[16];
            bytes[0] = 0xfd;
            RandomNumberGenerator.Fill(bytes.AsSpan(1, 5));
            Subnet subnet = Subnet.Of(new System.Net.IPAddress(bytes), 64);
            if (OwnerOf(subnet) is null)
            {
                return subnet;
            }
        }
    }

    private (Subnet Subnet, string Owner)? OwnerOf(Subnet subnet)
    {
        foreach ((Subnet Subnet, string Owner) one in taken)
        {
            if (one.Subnet.Overlaps(subnet))
            {
                return one;
            }
        }

        return null;
    }

    private static Subnet Parse(string text) => Subnet.Parse(text)!.Value;
}
