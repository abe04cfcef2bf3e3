using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Net;
using Isolation.Arguments;
using Isolation.Completion;
using Isolation.ContainerNetworks;
using Isolation.State;

namespace Isolation.Commands;

/// <summary>Connect-ContainerNetwork: gives namespace sets a link to a network. Equivalent to <c>docker network connect</c>.</summary>
[Cmdlet(VerbsCommunications.Connect, "ContainerNetwork", SupportsShouldProcess = true)]
[OutputType(typeof(ContainerNetworkMember))]
public sealed class ConnectContainerNetworkCommand : IsolationCommand
{
    /// <summary>The network, or its name.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(ContainerNetworkCompleter))]
    public ContainerNetworkReference Name { get; set; } = null!;

    /// <summary>The sets, or their names.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    public SetReference[] Namespace { get; set; } = [];

    /// <summary>The set's address in each subnet; those that are not given are chosen.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public IPAddress[] Address { get; set; } = [];

    /// <summary>The hardware address of the set's link.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? MacAddress { get; set; }

    /// <summary>Names by which other members find the set, besides its own.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] Alias { get; set; } = [];

    /// <inheritdoc/>
    protected override void BeginProcessing() => NamespaceStore.Current.Sweep();

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (SetReference set in Namespace)
        {
            Guard("ContainerNetworkConnectFailed", set.Name, () => Connect(set.Name));
        }
    }

    private void Connect(string set)
    {
        if (ShouldProcess(set, $"Connect the set to network '{Name}'"))
        {
            MemberRequest request = new() { Addresses = Address, MacAddress = MacAddress, Aliases = Alias };
            WriteObject(ContainerNetworkConnector.Current.Connect(Name.Name, set, request, WriteWarning, Explain, Cancellation));
        }
    }
}

/// <summary>Disconnect-ContainerNetwork: takes the link to a network from namespace sets. Equivalent to <c>docker network disconnect</c>.</summary>
[Cmdlet(VerbsCommunications.Disconnect, "ContainerNetwork", SupportsShouldProcess = true)]
public sealed class DisconnectContainerNetworkCommand : IsolationCommand
{
    /// <summary>The network, or its name.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(ContainerNetworkCompleter))]
    public ContainerNetworkReference Name { get; set; } = null!;

    /// <summary>The sets, or their names.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    public SetReference[] Namespace { get; set; } = [];

    /// <inheritdoc/>
    protected override void BeginProcessing() => ContainerNetworkStore.Current.Sweep();

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (SetReference set in Namespace)
        {
            Guard("ContainerNetworkDisconnectFailed", set.Name, () => Disconnect(set.Name));
        }
    }

    private void Disconnect(string set)
    {
        if (ShouldProcess(set, $"Disconnect the set from network '{Name}'"))
        {
            ContainerNetworkConnector.Current.Disconnect(Name.Name, set, Cancellation);
        }
    }
}
