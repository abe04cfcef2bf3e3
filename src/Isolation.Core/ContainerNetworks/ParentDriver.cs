using System;
using System.Collections.Generic;
using System.Net;
using System.Net.NetworkInformation;
using Isolation.Interop;
using Isolation.Network;

namespace Isolation.ContainerNetworks;

/// <summary>
/// The drivers whose members have a link each on one of the host's, the parent: they are in the parent's own network, beside the host and not behind it. There is no
/// bridge, no address of the host's in it and no packet rule; a gateway is somebody else.
/// </summary>
internal abstract class ParentDriver : ContainerNetworkDriver
{
    private const string ModeOption = "mode";

    /// <inheritdoc/>
    public override bool HasBridge => false;

    /// <summary>The modes, the usual one first.</summary>
    protected abstract IReadOnlyList<string> Modes { get; }

    /// <inheritdoc/>
    public override void Check(ContainerNetworkOptions options)
    {
        DriverOptions own = new(options);
        own.Only(ModeOption);
        _ = own.Choice(ModeOption, Modes);
        Refuse(options, "Internal", options.IsInternal, "its members are on the network of its parent themselves, where no rule of this host's holds; take a parent that leads nowhere, such as a link of the kind dummy");
        RefuseTunnel(options);
        RefuseRate(options);
        if (options.Parent is null)
        {
            throw new IsolationException(
                "ContainerNetworkOptionInvalid", ErrorKind.InvalidArgument, $"Network '{options.Name}' of the driver {Name} needs -Parent, the link of this host on whose network its members are to be. Get-NetworkLink lists links.");
        }
    }

    /// <inheritdoc/>
    public override ContainerNetworkRecord Describe(ContainerNetworkRecord record, ContainerNetworkOptions options, NetworkNamespace host, IReadOnlyList<ContainerNetworkRecord> others)
    {
        NetworkLink parent = host.GetLink(options.Parent!);
        if (!parent.IsUp)
        {
            throw new IsolationException(
                "ContainerParentDown", ErrorKind.Unavailable, $"Cannot make network '{record.Name}' on {parent.Name}: the link is down, and carries nothing for anybody. Switch it on: Set-NetworkLink {parent.Name} -Up");
        }

        if (options.Mtu > parent.Mtu)
        {
            throw new IsolationException(
                "ContainerMtuInvalid", ErrorKind.InvalidArgument, $"Network '{record.Name}' cannot have an MTU of {options.Mtu}: its parent {parent.Name} has {parent.Mtu}, which is the most.");
        }

        record = record with { Parent = parent.Name, ParentIndex = parent.Index, Mode = new DriverOptions(options).Choice(ModeOption, Modes), Mtu = options.Mtu ?? parent.Mtu };
        foreach (ContainerNetworkRecord other in others)
        {
            if (other.ParentIndex == parent.Index && !ContainerNetworkDriver.Of(other.Driver).HasBridge && (other.Driver != Name || !CanShare(record.Mode, other.Mode!)))
            {
                throw InUse(record, $"network '{other.Name}' is on it, of the driver {other.Driver} in the mode {other.Mode}");
            }
        }

        CheckParent(record, parent, host);
        return record;
    }

    /// <inheritdoc/>
    public override void Make(ContainerNetworkRecord record, NetworkNamespace host)
    {
        // Whether the kernel has such links, and would make one on this parent, is known when it has made one. It has the name in the record, so that it is found if we are killed.
        try
        {
            host.RemoveLink(host.CreateLink(new LinkSettings { Name = record.Bridge }, Kind(record)));
        }
        catch (SyscallException exception) when (exception.Errno is Errno.EBUSY or Errno.EINVAL or Errno.EOPNOTSUPP)
        {
            throw new IsolationException(
                "ContainerParentUnfit",
                ErrorKind.InvalidArgument,
                $"The link {record.Parent} cannot be the parent of network '{record.Name}': {exception.Message} A parent is an Ethernet link that is no bridge's port, and has no {Name} in another mode and no link of another kind on it.",
                exception);
        }
    }

    /// <inheritdoc/>
    public override void Remove(ContainerNetworkRecord record, NetworkNamespace host)
    {
        if (host.FindLink(record.Bridge) is NetworkLink trial && trial.Kind == Name)
        {
            host.RemoveLink(trial);
        }
    }

    /// <inheritdoc/>
    public override string? Fault(ContainerNetworkRecord record, NetworkNamespace host) => host.FindLink(record.Parent!) switch
    {
        null => $"its parent {record.Parent} is gone, and with it the links of its members. Remove it with: Remove-ContainerNetwork {record.Name} -Force",
        { } other when other.Index != record.ParentIndex =>
            $"its parent {record.Parent} is gone, and with it the links of its members; the link that has the name now is another one. Remove it with: Remove-ContainerNetwork {record.Name} -Force",
        { IsUp: false } => $"its parent {record.Parent} is down. Switch it on: Set-NetworkLink {record.Parent} -Up",
        _ => null,
    };

    /// <inheritdoc/>
    public override IReadOnlyDictionary<IPAddress, string> Reserved(ContainerNetworkRecord record, NetworkNamespace host)
    {
        Dictionary<IPAddress, string> own = [];
        foreach (NetworkAddress address in host.Addresses())
        {
            own[address.IPAddress] = $"this host, at {address.Link},";
        }

        return own;
    }

    /// <inheritdoc/>
    public override MemberRecord Describe(ContainerNetworkRecord record, MemberRecord member, MemberRequest request, IReadOnlyList<MemberRecord> members, NetworkNamespace host)
    {
        if (WithoutMac(record) is not string reason)
        {
            return member with { MacAddress = request.TakeMac(record, member.Addresses[0], members) };
        }

        string mac = host.GetLink(record.Parent!).MacAddress ?? "00:00:00:00:00:00";
        return request.MacAddress is null ? member with { MacAddress = mac } : throw new IsolationException(
            "ContainerMacAddressFixed",
            ErrorKind.InvalidArgument,
            $"Set '{member.Set}' cannot have the hardware address {request.MacAddress} in network '{record.Name}': {reason} its parent {record.Parent}, {mac}. Leave -MacAddress out, or use a network of the driver macvlan in another mode than passthru.");
    }

    /// <inheritdoc/>
    public override MemberRecord Connect(ContainerNetworkRecord record, MemberRecord member, NetworkNamespace host, NetworkNamespace inside)
    {
        // The parent's may be less than it was.
        host.CreateLink(
            new LinkSettings
            {
                Name = member.Link,
                Mtu = Math.Min(record.Mtu, host.GetLink(record.Parent!).Mtu),
                MacAddress = WithoutMac(record) is null ? PhysicalAddress.Parse(member.MacAddress).GetAddressBytes() : null,
                Namespace = inside.Descriptor.Number,
            },
            Kind(record));
        return member with { LinkIndex = MemberLink.SwitchOn(record, member, inside).Index };
    }

    /// <summary>A link on the parent as the kernel makes it.</summary>
    protected abstract LinkKind Kind(ContainerNetworkRecord record);

    /// <summary>Why a member has the hardware address of the parent; null where it has one of its own.</summary>
    protected abstract string? WithoutMac(ContainerNetworkRecord record);

    /// <summary>Whether networks with two modes may have one parent.</summary>
    protected abstract bool CanShare(string mode, string other);

    /// <summary>Refuses a parent that the kernel would change for others.</summary>
    protected virtual void CheckParent(ContainerNetworkRecord record, NetworkLink parent, NetworkNamespace host)
    {
    }

    /// <summary>Something else has the parent in a way that leaves no room for this network.</summary>
    protected static IsolationException InUse(ContainerNetworkRecord record, string owner) => new(
        "ContainerParentInUse",
        ErrorKind.Busy,
        $"The link {record.Parent} cannot be the parent of network '{record.Name}', of the driver {record.Driver} in the mode {record.Mode}: {owner}, and the kernel does not have both on one link. Take the same driver and mode, or another parent.");
}
