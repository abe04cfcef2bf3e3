using System.Collections.Generic;
using System.Management.Automation;
using System.Net;
using Isolation.Arguments;
using Isolation.Completion;
using Isolation.ContainerNetworks;

namespace Isolation.Commands;

/// <summary>Add-ContainerNetworkPeer: has a network reach other hosts. Equivalent to <c>bridge fdb append 00:00:00:00:00:00 dev VXLAN dst ADDRESS</c>.</summary>
[Cmdlet(VerbsCommon.Add, "ContainerNetworkPeer", SupportsShouldProcess = true)]
[OutputType(typeof(ContainerNetworkPeer))]
public sealed class AddContainerNetworkPeerCommand : IsolationCommand
{
    /// <summary>The network, or its name.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(ContainerNetworkCompleter))]
    public ContainerNetworkReference Network { get; set; } = null!;

    /// <summary>The addresses of the hosts.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("IPAddress")]
    [ValidateNotNullOrEmpty]
    public IPAddress[] Address { get; set; } = [];

    /// <inheritdoc/>
    protected override void BeginProcessing() => ContainerNetworkStore.Current.Sweep();

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (IPAddress address in Address)
        {
            Guard("ContainerPeerAddFailed", address, () => AddPeer(address));
        }
    }

    private void AddPeer(IPAddress address)
    {
        if (ShouldProcess(address.ToString(), $"Add the peer to network '{Network}'"))
        {
            WriteObject(ContainerNetworkPeers.Current.Add(Network.Name, address, Explain, Cancellation));
        }
    }
}

/// <summary>Get-ContainerNetworkPeer: the other hosts of networks. Equivalent to <c>bridge fdb show dev VXLAN</c>.</summary>
[Cmdlet(VerbsCommon.Get, "ContainerNetworkPeer")]
[OutputType(typeof(ContainerNetworkPeer))]
public sealed class GetContainerNetworkPeerCommand : IsolationCommand
{
    /// <summary>The networks, or their names.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ContainerNetworkCompleter))]
    public ContainerNetworkReference[]? Network { get; set; }

    /// <summary>The addresses of the hosts that are meant.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ContainerPeerCompleter))]
    public IPAddress[]? Address { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing() => ContainerNetworkStore.Current.Sweep();

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (ContainerNetworkReference reference in Network ?? [new ContainerNetworkReference("*")])
        {
            bool isWild = WildcardPattern.ContainsWildcardCharacters(reference.Name);
            Guard("ContainerPeerReadFailed", reference.Name, () =>
            {
                foreach (string name in ContainerNetworkNames.Matching(reference.Name))
                {
                    // Of all networks those that have peers are meant.
                    if (!isWild || ContainerNetworkStore.Current.Find(name) is { Vni: not null })
                    {
                        Guard("ContainerPeerReadFailed", name, () => Write(name));
                    }
                }
            });
        }
    }

    private void Write(string network)
    {
        IReadOnlyList<ContainerNetworkPeer> peers = ContainerNetworkPeers.Current.List(network);
        if (Address is null)
        {
            WriteObject(peers, enumerateCollection: true);
            return;
        }

        foreach (IPAddress address in Address)
        {
            Guard("ContainerPeerReadFailed", address, () =>
            {
                foreach (ContainerNetworkPeer peer in peers)
                {
                    if (peer.IPAddress.Equals(address))
                    {
                        WriteObject(peer);
                        return;
                    }
                }

                throw ContainerNetworkPeers.NotFound(network, address);
            });
        }
    }
}

/// <summary>Remove-ContainerNetworkPeer: has a network neither send to other hosts nor take what they send. Equivalent to <c>bridge fdb delete</c>.</summary>
[Cmdlet(VerbsCommon.Remove, "ContainerNetworkPeer", SupportsShouldProcess = true)]
public sealed class RemoveContainerNetworkPeerCommand : IsolationCommand
{
    /// <summary>The network, or its name.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(ContainerNetworkCompleter))]
    public ContainerNetworkReference Network { get; set; } = null!;

    /// <summary>The addresses of the hosts.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("IPAddress")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ContainerPeerCompleter))]
    public IPAddress[] Address { get; set; } = [];

    /// <inheritdoc/>
    protected override void BeginProcessing() => ContainerNetworkStore.Current.Sweep();

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (IPAddress address in Address)
        {
            Guard("ContainerPeerRemoveFailed", address, () => RemovePeer(address));
        }
    }

    private void RemovePeer(IPAddress address)
    {
        if (ShouldProcess(address.ToString(), $"Remove the peer from network '{Network}'"))
        {
            ContainerNetworkPeers.Current.Remove(Network.Name, address, Explain, Cancellation);
        }
    }
}
