using System;
using System.Collections.Generic;
using Isolation.Network;

namespace Isolation.ContainerNetworks;

/// <summary>
/// The driver <c>ipvlan</c>: members share the parent's hardware address, and are told apart by their IP addresses. In l2 they are in the parent's own subnet; in l3 and l3s
/// they are behind it, without neighbours and broadcasts, and others need a route to them.
/// </summary>
internal sealed class IpvlanDriver : ParentDriver
{
    private const string LayerTwo = "l2";

    /// <inheritdoc/>
    public override string Name => "ipvlan";

    /// <inheritdoc/>
    public override string Summary => "Members on the network of a link of this host, with its hardware address";

    /// <inheritdoc/>
    protected override IReadOnlyList<string> Modes => [LayerTwo, "l3", "l3s"];

    /// <inheritdoc/>
    public override void Check(ContainerNetworkOptions options)
    {
        base.Check(options);
        Refuse(options, "Gateway", options.Gateway.Count != 0 && new DriverOptions(options).Choice("mode", Modes) != LayerTwo, "in the modes l3 and l3s the default route goes by the link and not by another host");
    }

    /// <inheritdoc/>
    public override string? SharedLink(ContainerNetworkRecord record) => record.Mode == LayerTwo ? record.Parent : null;

    /// <inheritdoc/>
    protected override LinkKind Kind(ContainerNetworkRecord record) => new IpvlanKind(record.ParentIndex, (ushort)Math.Max(0, Array.IndexOf([.. Modes], record.Mode)));

    /// <inheritdoc/>
    protected override string? WithoutMac(ContainerNetworkRecord record) => "all members of a network of the driver ipvlan have that of";

    /// <inheritdoc/>
    protected override bool CanShare(string mode, string other) => mode == other;

    /// <inheritdoc/>
    protected override void CheckParent(ContainerNetworkRecord record, NetworkLink parent, NetworkNamespace host)
    {
        // The mode is the parent's: a link in another one would change those that there are.
        foreach (NetworkLink link in host.Links())
        {
            if (link.Kind == Name && link.PeerIndex == parent.Index && link.Mode != record.Mode)
            {
                throw InUse(record, $"the link {link.Name} is on it in the mode {link.Mode}");
            }
        }
    }
}
