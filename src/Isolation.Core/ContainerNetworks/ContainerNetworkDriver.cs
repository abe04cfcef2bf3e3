using System;
using System.Collections.Generic;
using System.Net;
using Isolation.Network;

namespace Isolation.ContainerNetworks;

/// <summary>What a network is made of, and how its members are connected to it. All else, such as addresses, names and records, is the same for every driver.</summary>
internal abstract class ContainerNetworkDriver
{
    /// <summary>Those that there are.</summary>
    public static IReadOnlyList<ContainerNetworkDriver> All { get; } = [new BridgeDriver(), new MacvlanDriver(), new IpvlanDriver(), new VxlanDriver()];

    /// <summary>The name, as <c>-Driver</c> has it.</summary>
    public abstract string Name { get; }

    /// <summary>What it does, in a line.</summary>
    public abstract string Summary { get; }

    /// <summary>Whether a bridge of this host is the members' gateway, with packet rules and forwarding.</summary>
    public abstract bool HasBridge { get; }

    /// <summary>Whether other hosts have the same subnet, and the range is this host's share of it, outside of which it gives no address.</summary>
    public virtual bool IsSharedOut => false;

    /// <summary>The driver of a name; null where there is none.</summary>
    public static ContainerNetworkDriver? Find(string name)
    {
        foreach (ContainerNetworkDriver driver in All)
        {
            if (driver.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return driver;
            }
        }

        return null;
    }

    /// <summary>The driver of a name.</summary>
    /// <exception cref="IsolationException"><c>ContainerNetworkDriverUnknown</c>.</exception>
    public static ContainerNetworkDriver Of(string name)
    {
        List<string> names = [];
        foreach (ContainerNetworkDriver driver in All)
        {
            names.Add(driver.Name);
        }

        return Find(name) ?? throw new IsolationException(
            "ContainerNetworkDriverUnknown", ErrorKind.NotSupported, $"There is no driver '{name.ReplaceLineEndings(" ")}' for container networks. Those that there are: {string.Join(", ", names)}.");
    }

    /// <summary>Refuses what cannot be meant, whatever the host has.</summary>
    /// <exception cref="IsolationException"><c>ContainerNetworkOptionUnknown</c>, <c>ContainerNetworkOptionInvalid</c> and others.</exception>
    public abstract void Check(ContainerNetworkOptions options);

    /// <summary>The gateway where none is given; null for none.</summary>
    public virtual IPAddress? ChooseGateway(Subnet subnet, Subnet? range) => null;

    /// <summary>The record of a network with what this driver has of its own; it has no pools yet.</summary>
    /// <param name="record">What every network has.</param>
    /// <param name="options">What is asked for.</param>
    /// <param name="host">The network namespace of the host.</param>
    /// <param name="others">The other networks in it.</param>
    public abstract ContainerNetworkRecord Describe(ContainerNetworkRecord record, ContainerNetworkOptions options, NetworkNamespace host, IReadOnlyList<ContainerNetworkRecord> others);

    /// <summary>The link whose network the members are to be in themselves, so that its routes may overlap with their subnet; null for none.</summary>
    public virtual string? SharedLink(ContainerNetworkRecord record) => null;

    /// <summary>Makes what the network is made of on the host; where that fails, <see cref="Remove"/> is called.</summary>
    public abstract void Make(ContainerNetworkRecord record, NetworkNamespace host);

    /// <summary>Removes it. What is gone, or of another kind by now, is passed over.</summary>
    public abstract void Remove(ContainerNetworkRecord record, NetworkNamespace host);

    /// <summary>Why nobody can be connected, and what to do; null where all is well.</summary>
    public abstract string? Fault(ContainerNetworkRecord record, NetworkNamespace host);

    /// <summary>Brings what the kernel has in line with a record that was changed; done twice it does no harm.</summary>
    public virtual void Settle(ContainerNetworkRecord record, NetworkNamespace host)
    {
    }

    /// <summary>Addresses that no member can have though none has them, and whose they are.</summary>
    public virtual IReadOnlyDictionary<IPAddress, string> Reserved(ContainerNetworkRecord record, NetworkNamespace host) => new Dictionary<IPAddress, string>();

    /// <summary>What a member has besides its addresses: names of links, and a hardware address.</summary>
    /// <param name="record">The network.</param>
    /// <param name="member">The member with its addresses.</param>
    /// <param name="request">What it asks for.</param>
    /// <param name="members">The others.</param>
    /// <param name="host">The network namespace of the host.</param>
    public abstract MemberRecord Describe(ContainerNetworkRecord record, MemberRecord member, MemberRequest request, IReadOnlyList<MemberRecord> members, NetworkNamespace host);

    /// <summary>Makes a member's link, born in its set, and gives the member with what is known of it then.</summary>
    public abstract MemberRecord Connect(ContainerNetworkRecord record, MemberRecord member, NetworkNamespace host, NetworkNamespace inside);

    /// <summary>Refuses what leads to other hosts.</summary>
    protected void RefuseTunnel(ContainerNetworkOptions options)
    {
        Refuse(options, "Local", options.Local is not null, "it has no tunnel to other hosts, as one of the driver vxlan has");
        Refuse(options, "Peer", options.Peers.Count != 0, "it is on this host alone; one of the driver vxlan is on several");
    }

    /// <summary>Refuses a rate, for members that have no end of their link on the host.</summary>
    protected void RefuseRate(ContainerNetworkOptions options) =>
        Refuse(options, options.Rate.Send is null ? "Receive" : "Send", !options.Rate.IsNone, "its members have no link on this host that a rate could be set at. Set-NetworkRate sets it in each of them");

    /// <summary>Refuses a parameter that another driver has.</summary>
    protected void Refuse(ContainerNetworkOptions options, string parameter, bool isGiven, string reason)
    {
        if (isGiven)
        {
            throw new IsolationException(
                "ContainerNetworkOptionInvalid", ErrorKind.InvalidArgument, $"-{parameter} is nothing that network '{options.Name}' of the driver {Name} has: {reason}. Leave it out.");
        }
    }
}
