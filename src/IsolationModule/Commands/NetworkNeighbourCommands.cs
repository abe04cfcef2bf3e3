using System;
using System.Management.Automation;
using System.Net;
using System.Net.Sockets;
using Isolation.Arguments;
using Isolation.Completion;
using Isolation.Network;

namespace Isolation.Commands;

/// <summary>Get-NetworkNeighbour: the hosts that links know of. Equivalent to <c>ip neigh show nud all</c> and <c>bridge fdb show</c>.</summary>
[Cmdlet(VerbsCommon.Get, "NetworkNeighbour")]
[OutputType(typeof(NetworkNeighbour))]
public sealed class GetNetworkNeighbourCommand : LinkFilterCommand
{
    /// <summary>The forwarding tables of bridges and vxlans.</summary>
    [Parameter]
    public SwitchParameter Forwarding { get; set; }

    /// <summary>IPv4 or IPv6 alone.</summary>
    [Parameter]
    [ValidateSet("IPv4", "IPv6")]
    public string? Family { get; set; }

    /// <summary>Those too that need no hardware address to be asked for, such as those of multicast.</summary>
    [Parameter]
    public SwitchParameter All { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => Guard("NetworkReadFailed", Namespace, () =>
    {
        if (Forwarding && Family is not null)
        {
            throw new IsolationException("NetworkOptionInvalid", ErrorKind.InvalidArgument, "A forwarding table has hardware addresses, of no -Family. Leave one of the two out.");
        }

        LinkPattern pattern = Wanted();
        foreach (NetworkNeighbour neighbour in Network.Neighbours(Forwarding))
        {
            if (pattern.Takes(neighbour.Link) && (Forwarding || ((All || neighbour.State != "noarp") && IsOfFamily(Family, neighbour.IPAddress?.AddressFamily == AddressFamily.InterNetworkV6))))
            {
                WriteObject(Forwarding ? Line(neighbour) : neighbour);
            }
        }
    });

    /// <summary>A line of a forwarding table, which has a view of its own.</summary>
    internal static PSObject Line(NetworkNeighbour neighbour)
    {
        PSObject shown = new(neighbour);
        shown.TypeNames.Insert(0, $"{typeof(NetworkNeighbour).FullName}#Forwarding");
        return shown;
    }
}

/// <summary>
/// New-NetworkNeighbour: tells a link where a host is. Equivalent to <c>ip neigh add</c> and <c>bridge fdb append</c>.
/// </summary>
[Cmdlet(VerbsCommon.New, "NetworkNeighbour", SupportsShouldProcess = true, DefaultParameterSetName = "Address")]
[OutputType(typeof(NetworkNeighbour))]
public sealed class NewNetworkNeighbourCommand : NetworkCommand
{
    /// <summary>The link.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(LinkCompleter))]
    public LinkReference? Link { get; set; }

    /// <summary>The IP address.</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = "Address")]
    [ValidateNotNull]
    public IPAddress? Address { get; set; }

    /// <summary>The hardware address.</summary>
    [Parameter(Mandatory = true)]
    [ValidateNotNullOrEmpty]
    public string MacAddress { get; set; } = "";

    /// <summary>A line of the forwarding table of a bridge, at one of its ports, or of a vxlan.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Forwarding")]
    public SwitchParameter Forwarding { get; set; }

    /// <summary>The host to which a vxlan sends what is for it.</summary>
    [Parameter(ParameterSetName = "Forwarding")]
    [ValidateNotNull]
    public IPAddress? RemoteHost { get; set; }

    /// <summary>The vlan in which a bridge sends it.</summary>
    [Parameter(ParameterSetName = "Forwarding")]
    [ValidateRange(1, 4094)]
    public int? VlanId { get; set; }

    /// <summary>Replaces what is known already.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => Guard("NetworkNeighbourFailed", Link!.Name, Add);

    private void Add()
    {
        NetworkLink link = GetLink(Link!);
        byte[] mac = ParseMac(MacAddress, unknown: RemoteHost is not null)!;
        if (Forwarding)
        {
            CheckForwarding(link);
        }

        if (!ShouldProcess($"link {Link} of {Network.Description}", $"tell it that {(object?)Address ?? "what is sent there"} is at {MacAddress}{(RemoteHost is null ? "" : $", on the host {RemoteHost}")}"))
        {
            return;
        }

        if (Address is not null)
        {
            Network.AddNeighbour(link, Address, mac, Force);
        }
        else if (RemoteHost is not null)
        {
            Network.AddForwarding(link, mac, RemoteHost, Force);
        }
        else
        {
            Network.AddStation(link, mac, VlanId, Force);
        }

        string text = LinkReader.FormatAddress(mac)!;
        foreach (NetworkNeighbour one in Network.Neighbours(Forwarding))
        {
            if (one.LinkIndex == link.Index && (Forwarding ? one.MacAddress == text && Equals(one.Host, RemoteHost) && (RemoteHost is not null || one.VlanId == VlanId) : one.IPAddress!.Equals(Address)))
            {
                WriteObject(Forwarding ? GetNetworkNeighbourCommand.Line(one) : one);
                return;
            }
        }
    }

    private void CheckForwarding(NetworkLink link)
    {
        bool isVxlan = link.Kind == "vxlan";
        if (RemoteHost is not null && !isVxlan)
        {
            throw Invalid($"{Link} is a {link.Kind}, and -RemoteHost belongs to a vxlan.");
        }

        if (RemoteHost is null && (Network.Complete(link).Master is not string master || Network.GetLink(master).Kind != "bridge"))
        {
            throw Invalid(isVxlan ? $"A vxlan sends to other hosts: add -RemoteHost." : $"{Link} is no port of a bridge, and no vxlan: it has no forwarding table. Put it into one first: Set-NetworkLink {Link} -Master BRIDGE");
        }
    }

    private static IsolationException Invalid(string message) => new("NetworkOptionInvalid", ErrorKind.InvalidArgument, message);
}

/// <summary>Remove-NetworkNeighbour: has a link forget a host. Equivalent to <c>ip neigh delete</c> and <c>bridge fdb delete</c>.</summary>
[Cmdlet(VerbsCommon.Remove, "NetworkNeighbour", SupportsShouldProcess = true, DefaultParameterSetName = "Address")]
public sealed class RemoveNetworkNeighbourCommand : NetworkCommand
{
    /// <summary>What Get-NetworkNeighbour gave.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = "InputObject")]
    [ValidateNotNull]
    public NetworkNeighbour? InputObject { get; set; }

    /// <summary>The link.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Address")]
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Forwarding")]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(LinkCompleter))]
    public LinkReference? Link { get; set; }

    /// <summary>The IP address.</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = "Address")]
    [ValidateNotNull]
    public IPAddress? Address { get; set; }

    /// <summary>The hardware address of a line of a forwarding table.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Forwarding")]
    [ValidateNotNullOrEmpty]
    public string? MacAddress { get; set; }

    /// <summary>The host to which a vxlan sends what is for it; without it, every line with the hardware address.</summary>
    [Parameter(ParameterSetName = "Forwarding")]
    [ValidateNotNull]
    public IPAddress? RemoteHost { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => Guard("NetworkNeighbourFailed", (object?)InputObject ?? Link!.Name, () =>
    {
        if (InputObject is not null)
        {
            UseNamespace(InputObject.Namespace);
            Remove(InputObject);
            return;
        }

        NetworkLink link = GetLink(Link!);
        string? mac = MacAddress is null ? null : LinkReader.FormatAddress(ParseMac(MacAddress, unknown: true));
        bool found = false;
        foreach (NetworkNeighbour one in Network.Neighbours(mac is not null))
        {
            bool isMeant = mac is null ? one.IPAddress!.Equals(Address) : one.MacAddress == mac && (RemoteHost is null || RemoteHost.Equals(one.Host));
            if (one.LinkIndex == link.Index && isMeant)
            {
                found = true;
                Remove(one);
            }
        }

        if (!found)
        {
            throw Network.NeighbourNotFound(Address?.ToString() ?? mac!, link.Name);
        }
    });

    private void Remove(NetworkNeighbour neighbour)
    {
        if (ShouldProcess($"link {neighbour.Link} of {Network.Description}", $"have it forget {neighbour}"))
        {
            Network.RemoveNeighbour(neighbour);
        }
    }
}
