using System.Collections;
using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Language;
using Isolation.Arguments;
using Isolation.ContainerNetworks;

namespace Isolation.Completion;

/// <summary>Completes the peers of the container network that <c>-Network</c> names.</summary>
public sealed class ContainerPeerCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string word = (wordToComplete ?? "").Trim('\'', '"');
        foreach (ContainerNetworkPeer peer in Peers(fakeBoundParameters["Network"]))
        {
            string text = peer.IPAddress.ToString();
            if (text.StartsWith(word, System.StringComparison.OrdinalIgnoreCase))
            {
                yield return new CompletionResult(text, text, CompletionResultType.ParameterValue, $"{text}, a host of network '{peer.Network}'");
            }
        }
    }

    private static IReadOnlyList<ContainerNetworkPeer> Peers(object? network)
    {
        try
        {
            return network is null ? [] : ContainerNetworkPeers.Current.List(LanguagePrimitives.ConvertTo<ContainerNetworkReference>(network).Name);
        }
        catch (System.Exception exception) when (exception is IsolationException or Interop.SyscallException or PSInvalidCastException)
        {
            return [];
        }
    }
}
