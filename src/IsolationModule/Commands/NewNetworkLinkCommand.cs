using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Net;
using Isolation.Arguments;
using Isolation.Completion;
using Isolation.Network;

namespace Isolation.Commands;

/// <summary>New-NetworkLink: makes a link. Equivalent to <c>ip link add NAME type KIND</c>.</summary>
[Cmdlet(VerbsCommon.New, "NetworkLink", SupportsShouldProcess = true)]
[OutputType(typeof(NetworkLink))]
public sealed class NewNetworkLinkCommand : NetworkCommand
{
    private const string Modes = "Mode";

    // What belongs to one kind, or to some; the others belong to every kind.
    private static readonly Dictionary<string, string[]> s_options = new(StringComparer.OrdinalIgnoreCase)
    {
        ["veth"] = [nameof(Peer), nameof(PeerNamespace)],
        ["bridge"] = [nameof(VlanFiltering), nameof(SpanningTree)],
        ["macvlan"] = [nameof(Parent), Modes],
        ["ipvlan"] = [nameof(Parent), Modes],
        ["vlan"] = [nameof(Parent), nameof(VlanId)],
        ["vxlan"] = [nameof(Vni), nameof(Parent), nameof(Local), nameof(Remote), nameof(Port), nameof(NoLearning), nameof(Proxy)],
    };

    private static readonly string[] s_macvlanModes = ["private", "vepa", "bridge", "passthru"];
    private static readonly string[] s_ipvlanModes = ["l2", "l3", "l3s"];

    /// <summary>The name, at most 15 bytes.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = "";

    /// <summary>The kind.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateSet("veth", "bridge", "macvlan", "ipvlan", "vlan", "vxlan", "dummy", "ifb", "tap", "tun")]
    public string Kind { get; set; } = "";

    /// <summary>The name of the other end of a veth pair.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Peer { get; set; }

    /// <summary>Where the other end of a veth pair is born.</summary>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    public NamespaceReference? PeerNamespace { get; set; }

    /// <summary>The link that it lies on.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(LinkCompleter))]
    public string? Parent { get; set; }

    /// <summary>What a macvlan or ipvlan does with packets between those on one parent.</summary>
    [Parameter]
    [ValidateSet("private", "vepa", "bridge", "passthru", "l2", "l3", "l3s")]
    public string? Mode { get; set; }

    /// <summary>The number of the vlan, 1 to 4094.</summary>
    [Parameter]
    [ValidateRange(1, 4094)]
    public int VlanId { get; set; }

    /// <summary>The network identifier of a vxlan, 0 to 16777215.</summary>
    [Parameter]
    [ValidateRange(0, 0xFFFFFF)]
    public int Vni { get; set; }

    /// <summary>The address from which a vxlan sends.</summary>
    [Parameter]
    [ValidateNotNull]
    public IPAddress? Local { get; set; }

    /// <summary>The only other host of a vxlan, or a multicast group.</summary>
    [Parameter]
    [ValidateNotNull]
    public IPAddress? Remote { get; set; }

    /// <summary>The UDP port of a vxlan, 4789 by default.</summary>
    [Parameter]
    [ValidateRange(1, 65535)]
    public int Port { get; set; } = 4789;

    /// <summary>A vxlan learns no senders from packets.</summary>
    [Parameter]
    public SwitchParameter NoLearning { get; set; }

    /// <summary>A vxlan answers requests for neighbours that it knows.</summary>
    [Parameter]
    public SwitchParameter Proxy { get; set; }

    /// <summary>A bridge keeps vlans apart.</summary>
    [Parameter]
    public SwitchParameter VlanFiltering { get; set; }

    /// <summary>A bridge looks for loops.</summary>
    [Parameter]
    public SwitchParameter SpanningTree { get; set; }

    /// <summary>The hardware address.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? MacAddress { get; set; }

    /// <summary>The most bytes of a packet.</summary>
    [Parameter]
    [ValidateRange(68, 65535)]
    public int? Mtu { get; set; }

    /// <summary>The bridge that it belongs to.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(LinkCompleter))]
    public string? Master { get; set; }

    /// <summary>Switches it on, and the other end of a veth pair too.</summary>
    [Parameter]
    public SwitchParameter Up { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => Guard("NetworkLinkFailed", Name, Make);

    private void Make()
    {
        CheckOptions();
        LinkSettings settings = new()
        {
            Name = LinkName.Check(Name),
            MacAddress = ParseMac(MacAddress),
            Mtu = Mtu,
            Master = Master is null ? null : Network.GetLink(Master).Index,
            Up = Up ? true : null,
        };
        using NetworkNamespace? place = PeerNamespace is null ? null : Open(PeerNamespace);
        LinkKind kind = Describe(place);
        if (!ShouldProcess($"{kind.Name} {Name}", $"make in {Network.Description}"))
        {
            return;
        }

        NetworkLink link = Network.CreateLink(settings, kind);
        if (Up && Peer is not null)
        {
            try
            {
                NetworkNamespace other = place ?? Network;
                other.ChangeLink(other.GetLink(Peer), new LinkSettings { Up = true });
                link = Network.GetLink(Name);
            }
            catch
            {
                Network.RemoveLink(link);
                throw;
            }
        }

        WriteObject(Network.Complete(link));
    }

    private void CheckOptions()
    {
        string[] own = s_options.GetValueOrDefault(Kind, []);
        foreach (string[] options in s_options.Values)
        {
            foreach (string option in options)
            {
                if (MyInvocation.BoundParameters.ContainsKey(option) && Array.IndexOf(own, option) < 0)
                {
                    throw Invalid($"-{option} is nothing that a {Kind} has{(own.Length == 0 ? "" : $"; that is -{string.Join(", -", own)}")}. Leave it out.");
                }
            }
        }

        foreach (string needed in (string[])[nameof(Peer), nameof(Parent), nameof(VlanId), nameof(Vni)])
        {
            bool isFree = needed == nameof(Parent) && Kind.Equals("vxlan", StringComparison.OrdinalIgnoreCase);
            if (Array.IndexOf(own, needed) >= 0 && !isFree && !MyInvocation.BoundParameters.ContainsKey(needed))
            {
                throw Invalid($"A {Kind} needs -{needed}, which was not given.");
            }
        }

        string[] modes = Kind.Equals("ipvlan", StringComparison.OrdinalIgnoreCase) ? s_ipvlanModes : s_macvlanModes;
        if (Mode is not null && Array.IndexOf(modes, Mode.ToLowerInvariant()) < 0)
        {
            throw Invalid($"{Mode} is no mode of a {Kind}: those are {string.Join(", ", modes)}.");
        }
    }

    private LinkKind Describe(NetworkNamespace? place) => Kind.ToLowerInvariant() switch
    {
        "veth" => new VethKind(new LinkSettings { Name = LinkName.Check(Peer!), Mtu = Mtu, Namespace = place?.Descriptor.Number }),
        "bridge" => new BridgeKind(VlanFiltering ? true : null, SpanningTree ? true : null),
        "macvlan" => new MacvlanKind(ParentIndex, Mode?.ToUpperInvariant() switch { "PRIVATE" => 1, "VEPA" => 2, "PASSTHRU" => 8, _ => 4 }),
        "ipvlan" => new IpvlanKind(ParentIndex, Mode?.ToUpperInvariant() switch { "L3" => 1, "L3S" => 2, _ => 0 }),
        "vlan" => new VlanKind(ParentIndex, (ushort)VlanId),
        "vxlan" => new VxlanKind((uint)Vni, Parent is null ? 0 : ParentIndex, Local, Remote, (ushort)Port, !NoLearning, Proxy),
        "tap" or "tun" => new TunKind(Kind.ToLowerInvariant()),
        string other => new PlainKind(other),
    };

    private int ParentIndex => Network.GetLink(Parent!).Index;

    private static IsolationException Invalid(string message) => new("NetworkOptionInvalid", ErrorKind.InvalidArgument, message);
}
