using System.Collections;
using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Language;
using Isolation.ContainerNetworks;
using Isolation.State;

namespace Isolation.Completion;

/// <summary>Completes what network a new set has: the modes, the container networks, and the sets whose network can be shared.</summary>
public sealed class NetworkModeCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string word = (wordToComplete ?? "").Trim('\'', '"');
        WildcardPattern pattern = WildcardPattern.Get(WildcardPattern.ContainsWildcardCharacters(word) ? word : word + "*", WildcardOptions.IgnoreCase);
        foreach ((string text, string tooltip) in Choices())
        {
            if (pattern.IsMatch(text))
            {
                yield return new CompletionResult(text, text, CompletionResultType.ParameterValue, tooltip);
            }
        }
    }

    private static IEnumerable<(string Text, string Tooltip)> Choices()
    {
        yield return (NetworkMode.None, "a network of its own with the loopback link alone");
        yield return (NetworkMode.Host, "the host's network");
        yield return (NetworkMode.Default, "the container network of this name, made when it is first wanted");
        foreach (string network in ContainerNetworkStore.Current.Names())
        {
            if (network != NetworkMode.Default)
            {
                yield return (network, $"container network {network}");
            }
        }

        foreach (string set in NamespaceStore.Current.Names())
        {
            yield return (NetworkMode.ContainerPrefix + set, $"the network of set {set}");
        }
    }
}
