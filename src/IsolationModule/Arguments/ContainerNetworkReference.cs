using System;
using System.Management.Automation;

namespace Isolation.Arguments;

/// <summary>A container network, as an object or by name or wildcard.</summary>
public sealed class ContainerNetworkReference
{
    /// <summary>The network, or the networks, of a name.</summary>
    /// <param name="name">The name, or a wildcard.</param>
    public ContainerNetworkReference(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        Name = name;
    }

    /// <summary>A network.</summary>
    /// <param name="network">The network.</param>
    public ContainerNetworkReference(ContainerNetwork network) => Name = (network ?? throw new ArgumentNullException(nameof(network))).Name;

    /// <summary>A network that came back from another session.</summary>
    /// <param name="value">The object.</param>
    public ContainerNetworkReference(PSObject value)
    {
        ArgumentNullException.ThrowIfNull(value);
        Name = value.BaseObject switch
        {
            string name => name,
            ContainerNetwork network => network.Name,
            _ when value.TypeNames.Contains("Deserialized." + typeof(ContainerNetwork).FullName) => (string)value.Properties[nameof(ContainerNetwork.Name)].Value,
            object other => throw new ArgumentException($"A {other.GetType().Name} is no container network. Give one of Get-ContainerNetwork, or its name.", nameof(value)),
        };
    }

    internal string Name { get; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
