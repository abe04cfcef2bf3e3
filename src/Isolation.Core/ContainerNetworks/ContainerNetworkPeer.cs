using System.Collections.Generic;
using System.Net;

namespace Isolation;

/// <summary>Another host of a container network that is on several.</summary>
public sealed class ContainerNetworkPeer
{
    internal ContainerNetworkPeer(string network, IPAddress address, IReadOnlyList<string> stations)
    {
        Network = network;
        IPAddress = address;
        Station = [.. stations];
    }

    /// <summary>The network.</summary>
    public string Network { get; }

    /// <summary>The host's address. Not called Address: of several peers PowerShell would take that for a method of arrays.</summary>
    public IPAddress IPAddress { get; }

    /// <summary>The hardware addresses of its members, and of its bridge, that were heard of in the last five minutes.</summary>
    public string[] Station { get; }

    /// <inheritdoc/>
    public override string ToString() => IPAddress.ToString();
}
