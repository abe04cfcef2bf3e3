using System;
using System.Collections.Generic;
using System.Threading;

namespace Isolation.ContainerNetworks;

/// <summary>What network a new set has: none, the host's, another set's, or container networks. Equivalent to <c>docker run --network</c>.</summary>
internal sealed class NetworkMode
{
    /// <summary>The loopback link alone.</summary>
    public const string None = "none";

    /// <summary>The host's network, or that of the set in which the new one is made.</summary>
    public const string Host = "host";

    /// <summary>The container network of this name, which is made when it is first wanted.</summary>
    public const string Default = "default";

    /// <summary>Before the set whose network it is.</summary>
    public const string ContainerPrefix = "container:";

    private NetworkMode(string text, string? container, IReadOnlyList<string> networks)
    {
        Text = text;
        Container = container;
        Networks = networks;
    }

    /// <summary>What was asked for.</summary>
    public string Text { get; }

    /// <summary>Whose network it shares; null for nobody's.</summary>
    public string? Container { get; }

    /// <summary>The container networks that it is connected to.</summary>
    public IReadOnlyList<string> Networks { get; }

    /// <summary>The kinds of namespace that are made for it.</summary>
    public NamespaceType Types => Container is not null || Text == Host ? NamespaceType.None : NamespaceType.Net;

    /// <summary>Reads what was asked for: one mode, or the names of one or more networks.</summary>
    /// <exception cref="IsolationException"><c>NetworkModeInvalid</c>.</exception>
    public static NetworkMode Parse(IReadOnlyList<string> texts)
    {
        List<string> networks = [];
        foreach (string text in texts)
        {
            bool isContainer = text.StartsWith(ContainerPrefix, StringComparison.Ordinal);
            if (isContainer && text.Length == ContainerPrefix.Length)
            {
                throw Invalid($"'{text}' does not say whose network it is to be. Give the name of a set after it, such as container:web.");
            }

            if (text is None or Host || isContainer)
            {
                return texts.Count == 1
                    ? new NetworkMode(text, isContainer ? text[ContainerPrefix.Length..] : null, [])
                    : throw Invalid($"The network '{text}' cannot be had together with another ({string.Join(", ", texts)}). Give it alone, or networks alone.");
            }

            if (networks.Contains(text))
            {
                throw Invalid($"The network '{text}' is given twice. A set is in a network once.");
            }

            networks.Add(text);
        }

        return new NetworkMode(string.Join(", ", texts), null, networks);
    }

    /// <summary>Refuses what contradicts it, before anything is made.</summary>
    /// <param name="types">The kinds of namespace that were asked for by themselves.</param>
    /// <exception cref="IsolationException"><c>NetworkModeInvalid</c>, <c>ContainerNetworkNotFound</c>, <c>ContainerNetworkRootRequired</c>.</exception>
    public void Check(NamespaceType types)
    {
        if (Types == NamespaceType.None && types.HasFlag(NamespaceType.Net))
        {
            throw Invalid($"With the network '{Text}' a set has no network namespace of its own, and -Type asks for one. Leave Net out there, or give another -Network.");
        }

        foreach (string network in Networks)
        {
            ContainerNetworkStore.Current.RequireRoot($"connect a set to network '{network}'");
            if (network != Default)
            {
                _ = ContainerNetworkStore.Current.Get(network);
            }
        }
    }

    /// <summary>Connects a set that was just made to its networks, in their order.</summary>
    /// <exception cref="IsolationException">Those of <see cref="ContainerNetworkStore.Create"/> and <see cref="ContainerNetworkConnector.Connect"/>.</exception>
    public void Connect(NamespaceSet set, Action<string> warn, Action<string>? explain, CancellationToken cancellation)
    {
        foreach (string network in Networks)
        {
            if (network == Default)
            {
                EnsureDefault(warn, explain, cancellation);
            }

            ContainerNetworkConnector.Current.Connect(network, set.Name, new MemberRequest(), warn, explain, cancellation);
        }
    }

    private static void EnsureDefault(Action<string> warn, Action<string>? explain, CancellationToken cancellation)
    {
        ContainerNetworkStore networks = ContainerNetworkStore.Current;
        if (networks.Find(Default) is not null)
        {
            return;
        }

        try
        {
            networks.Create(new ContainerNetworkOptions { Name = Default }, warn, explain, cancellation);
        }
        catch (IsolationException exception) when (exception.ErrorId == "ContainerNetworkExists")
        {
            // Somebody else has made it meanwhile.
        }
    }

    private static IsolationException Invalid(string message) => new("NetworkModeInvalid", ErrorKind.InvalidArgument, message);
}
