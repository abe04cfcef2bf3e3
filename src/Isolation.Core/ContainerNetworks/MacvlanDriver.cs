using System;
using System.Collections.Generic;
using Isolation.Network;

namespace Isolation.ContainerNetworks;

/// <summary>The driver <c>macvlan</c>: each member is a host of its own on the parent's Ethernet, with a hardware address of its own.</summary>
internal sealed class MacvlanDriver : ParentDriver
{
    private const string Passthru = "passthru";

    /// <inheritdoc/>
    public override string Name => "macvlan";

    /// <inheritdoc/>
    public override string Summary => "Members on the network of a link of this host, with hardware addresses of their own";

    /// <inheritdoc/>
    protected override IReadOnlyList<string> Modes => ["bridge", "private", "vepa", Passthru];

    /// <inheritdoc/>
    public override string? SharedLink(ContainerNetworkRecord record) => record.Parent;

    /// <inheritdoc/>
    public override MemberRecord Describe(ContainerNetworkRecord record, MemberRecord member, MemberRequest request, IReadOnlyList<MemberRecord> members, NetworkNamespace host) =>
        record.Mode == Passthru && members.Count != 0
            ? throw new IsolationException(
                "ContainerNetworkFull",
                ErrorKind.LimitsExceeded,
                $"Cannot connect set '{member.Set}' to network '{record.Name}': in the mode passthru a member has all of {record.Parent}, and set '{members[0].Set}' has it. Disconnect that one, or make the network with another mode.")
            : base.Describe(record, member, request, members, host);

    /// <inheritdoc/>
    protected override LinkKind Kind(ContainerNetworkRecord record) => new MacvlanKind(record.ParentIndex, record.Mode switch { "private" => 1, "vepa" => 2, Passthru => 8, _ => 4 });

    /// <inheritdoc/>
    protected override string? WithoutMac(ContainerNetworkRecord record) => record.Mode == Passthru ? "in the mode passthru it has that of" : null;

    /// <inheritdoc/>
    protected override bool CanShare(string mode, string other) => mode != Passthru && other != Passthru;
}
