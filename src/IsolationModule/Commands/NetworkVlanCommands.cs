using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using Isolation.Arguments;
using Isolation.Completion;

namespace Isolation.Commands;

/// <summary>Get-NetworkVlan: the vlans that ports and bridges are in. Equivalent to <c>bridge vlan show</c>.</summary>
[Cmdlet(VerbsCommon.Get, "NetworkVlan")]
[OutputType(typeof(NetworkVlan))]
public sealed class GetNetworkVlanCommand : LinkFilterCommand
{
    /// <inheritdoc/>
    protected override void ProcessRecord() => Guard("NetworkReadFailed", Namespace, () =>
    {
        LinkPattern pattern = Wanted();
        foreach (NetworkVlan vlan in Network.Vlans())
        {
            if (pattern.Takes(vlan.Link))
            {
                WriteObject(vlan);
            }
        }
    });
}

/// <summary>New-NetworkVlan: puts a port of a bridge, or a bridge, into vlans. Equivalent to <c>bridge vlan add</c>.</summary>
[Cmdlet(VerbsCommon.New, "NetworkVlan", SupportsShouldProcess = true)]
[OutputType(typeof(NetworkVlan))]
public sealed class NewNetworkVlanCommand : NetworkCommand
{
    /// <summary>The port, or the bridge.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(LinkCompleter))]
    public LinkReference? Link { get; set; }

    /// <summary>The numbers of the vlans.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateNotNullOrEmpty]
    [ValidateRange(1, 4094)]
    public int[] VlanId { get; set; } = [];

    /// <summary>What comes without a tag belongs to this vlan.</summary>
    [Parameter]
    public SwitchParameter Pvid { get; set; }

    /// <summary>What leaves loses its tag.</summary>
    [Parameter]
    public SwitchParameter Untagged { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => Guard("NetworkVlanFailed", Link!.Name, () =>
    {
        if (Pvid && VlanId.Length > 1)
        {
            throw new IsolationException("NetworkOptionInvalid", ErrorKind.InvalidArgument, $"What comes without a tag belongs to one vlan, and not to {VlanId.Length}. Give one -VlanId with -Pvid.");
        }

        NetworkLink link = GetLink(Link!);
        if (!ShouldProcess($"link {Link} of {Network.Description}", $"put it into the vlan {string.Join(", ", VlanId)}"))
        {
            return;
        }

        Network.AddVlans(link, VlanId, Pvid, Untagged);
        HashSet<int> ids = [.. VlanId];
        WriteObject(Network.Vlans().Where(vlan => vlan.LinkIndex == link.Index && ids.Contains(vlan.VlanId)), enumerateCollection: true);
    });
}

/// <summary>Remove-NetworkVlan: takes a port of a bridge, or a bridge, out of vlans. Equivalent to <c>bridge vlan delete</c>.</summary>
[Cmdlet(VerbsCommon.Remove, "NetworkVlan", SupportsShouldProcess = true)]
public sealed class RemoveNetworkVlanCommand : NetworkCommand
{
    /// <summary>The port, or the bridge.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(LinkCompleter))]
    public LinkReference? Link { get; set; }

    /// <summary>The numbers of the vlans.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ValidateRange(1, 4094)]
    public int[] VlanId { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord() => Guard("NetworkVlanFailed", Link!.Name, () =>
    {
        NetworkLink link = GetLink(Link!);
        HashSet<int> there = [.. Network.Vlans().Where(vlan => vlan.LinkIndex == link.Index).Select(static vlan => vlan.VlanId)];
        foreach (int id in VlanId)
        {
            // The kernel says that all went well.
            if (!there.Contains(id))
            {
                throw new IsolationException(
                    "NetworkVlanNotFound", ErrorKind.NotFound, $"The link {Link} of {Network.Description} is not in the vlan {id}. Get-NetworkVlan {Link} lists those that it is in.");
            }
        }

        if (ShouldProcess($"link {Link} of {Network.Description}", $"take it out of the vlan {string.Join(", ", VlanId)}"))
        {
            Network.RemoveVlans(link, VlanId);
        }
    });
}
