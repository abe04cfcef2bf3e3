using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Net;
using Isolation.Arguments;
using Isolation.Completion;
using Isolation.ContainerNetworks;

namespace Isolation.Commands;

/// <summary>Publish-ContainerPort: leads ports of the host to a set in a network. Equivalent to <c>docker run --publish</c>.</summary>
[Cmdlet(VerbsData.Publish, "ContainerPort", SupportsShouldProcess = true, DefaultParameterSetName = Number)]
[OutputType(typeof(ContainerPort))]
public sealed class PublishContainerPortCommand : IsolationCommand
{
    private const string Text = "Text";
    private const string Number = "Number";

    /// <summary>The sets, or their names.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    public SetReference[] Namespace { get; set; } = [];

    /// <summary>Ports in the form of docker.</summary>
    [Parameter(Position = 1, ParameterSetName = Text)]
    [ValidateNotNullOrEmpty]
    public string[]? Port { get; set; }

    /// <summary>The ports of the host.</summary>
    [Parameter(ParameterSetName = Number, ValueFromPipelineByPropertyName = true)]
    public PortArgument? HostPort { get; set; }

    /// <summary>The ports of the set.</summary>
    [Parameter(ParameterSetName = Number, ValueFromPipelineByPropertyName = true)]
    public PortArgument? ContainerPort { get; set; }

    /// <summary>The protocol.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateSet("tcp", "udp")]
    public string? Protocol { get; set; }

    /// <summary>The address of the host.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public IPAddress? HostAddress { get; set; }

    /// <summary>The network, or its name.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(ContainerNetworkCompleter))]
    public ContainerNetworkReference? Network { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing() => ContainerNetworkStore.Current.Sweep();

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (SetReference set in Namespace)
        {
            Guard("ContainerPortPublishFailed", set.Name, () => Publish(set.Name));
        }
    }

    private void Publish(string set)
    {
        string? protocol = Protocol?.ToLowerInvariant();
        List<PortRequest> requests = [];
        if (Port is null)
        {
            requests.Add(PortRequest.Of(protocol ?? "tcp", HostAddress, HostPort?.Range, ContainerPort?.Range));
        }

        foreach (string text in Port ?? [])
        {
            requests.Add(PortRequest.Parse(text, protocol, HostAddress));
        }

        ContainerPortPublisher publisher = ContainerPortPublisher.Current;
        string network = publisher.FindNetwork(set, Network?.Name);
        if (ShouldProcess(set, $"Publish {string.Join(", ", requests)} over network '{network}'"))
        {
            WriteObject(publisher.Publish(network, set, requests, WriteWarning, Explain, Cancellation), enumerateCollection: true);
        }
    }
}

/// <summary>Get-ContainerPort: the ports of the host that lead to sets. Equivalent to <c>docker port</c>.</summary>
[Cmdlet(VerbsCommon.Get, "ContainerPort")]
[OutputType(typeof(ContainerPort))]
public sealed class GetContainerPortCommand : IsolationCommand
{
    /// <summary>The sets, or their names.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    public SetReference[]? Namespace { get; set; }

    /// <summary>The networks, or their names.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ContainerNetworkCompleter))]
    public ContainerNetworkReference[]? Network { get; set; }

    /// <summary>Ports of the host, of which those are shown that have one of them.</summary>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(ContainerPortCompleter))]
    public PortArgument? HostPort { get; set; }

    /// <summary>The protocol.</summary>
    [Parameter]
    [ValidateSet("tcp", "udp")]
    public string? Protocol { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing() => ContainerNetworkStore.Current.Sweep();

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (SetReference? set in (IEnumerable<SetReference?>?)Namespace ?? [null])
        {
            Guard("ContainerPortReadFailed", set?.Name, () =>
            {
                if (set is not null && !WildcardPattern.ContainsWildcardCharacters(set.Name) && ContainerPortPublisher.Current.Networks(set.Name).Count == 0)
                {
                    // Says why there can be none.
                    _ = ContainerPortPublisher.Current.FindNetwork(set.Name, null);
                }

                foreach (ContainerNetworkReference network in Network ?? [new ContainerNetworkReference("*")])
                {
                    Write(set?.Name ?? "*", network.Name);
                }
            });
        }
    }

    private void Write(string set, string network)
    {
        WildcardPattern pattern = WildcardPattern.Get(set, WildcardOptions.None);
        foreach (string name in ContainerNetworkNames.Matching(network))
        {
            Guard("ContainerPortReadFailed", name, () =>
            {
                if (!WildcardPattern.ContainsWildcardCharacters(network))
                {
                    _ = ContainerNetworkStore.Current.Get(name);
                }

                foreach (ContainerPort port in ContainerPortPublisher.Current.Of(name))
                {
                    if (pattern.IsMatch(port.Namespace) && (Protocol is null || port.Protocol.Equals(Protocol, StringComparison.OrdinalIgnoreCase))
                        && (HostPort is null || port.HostPort.Overlaps(HostPort.Range)))
                    {
                        WriteObject(port);
                    }
                }
            });
        }
    }
}

/// <summary>Unpublish-ContainerPort: leads ports of the host no longer to a set.</summary>
[Cmdlet(VerbsData.Unpublish, "ContainerPort", SupportsShouldProcess = true)]
public sealed class UnpublishContainerPortCommand : IsolationCommand
{
    // The rules are written once for each set, however many of its ports go.
    private readonly Dictionary<(string Network, string Set), List<object>> _selected = [];

    /// <summary>The sets, or their names.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    public SetReference[] Namespace { get; set; } = [];

    /// <summary>The ports of the host; all where they are left out.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(ContainerPortCompleter))]
    public PortArgument? HostPort { get; set; }

    /// <summary>The protocol; either where it is left out.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateSet("tcp", "udp")]
    public string? Protocol { get; set; }

    /// <summary>The address of the host at which they are published; any where it is left out.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public IPAddress? HostAddress { get; set; }

    /// <summary>The network, or its name.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(ContainerNetworkCompleter))]
    public ContainerNetworkReference? Network { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing() => ContainerNetworkStore.Current.Sweep();

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (SetReference set in Namespace)
        {
            Guard("ContainerPortUnpublishFailed", set.Name, () => Select(set.Name));
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        foreach (((string network, string set), List<object> selections) in _selected)
        {
            Guard("ContainerPortUnpublishFailed", set, () =>
                ContainerPortPublisher.Current.Unpublish(network, set, selections.ConvertAll(static one => (PortSelection)one), Explain, Cancellation));
        }
    }

    private void Select(string set)
    {
        string network = ContainerPortPublisher.Current.FindNetwork(set, Network?.Name);

        // What Get-ContainerPort gave says with no address that it is at all of them.
        bool anyAddress = !MyInvocation.BoundParameters.ContainsKey(nameof(HostAddress));
        string what = HostPort is null ? "all ports" : $"port {HostPort}{(Protocol is null ? "" : $"/{Protocol}")}";
        if (!ShouldProcess(set, $"Take away {what} over network '{network}'"))
        {
            return;
        }

        if (!_selected.TryGetValue((network, set), out List<object>? selections))
        {
            _selected.Add((network, set), selections = []);
        }

        selections.Add(new PortSelection(Protocol?.ToLowerInvariant(), HostAddress, anyAddress, HostPort?.Range));
    }
}
