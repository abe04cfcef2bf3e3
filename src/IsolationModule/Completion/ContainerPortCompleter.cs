using System.Collections;
using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Language;
using Isolation.ContainerNetworks;

namespace Isolation.Completion;

/// <summary>Completes the ports of the host that are published, those of the set that is named where one is.</summary>
public sealed class ContainerPortCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string word = (wordToComplete ?? "").Trim('\'', '"');
        WildcardPattern pattern = WildcardPattern.Get(WildcardPattern.ContainsWildcardCharacters(word) ? word : word + "*", WildcardOptions.IgnoreCase);
        string? set = fakeBoundParameters?["Namespace"]?.ToString();
        List<CompletionResult> results = [];
        foreach (string network in ContainerNetworkStore.Current.Names())
        {
            try
            {
                foreach (ContainerPort port in ContainerPortPublisher.Current.Of(network))
                {
                    string text = port.HostPort.ToString();
                    if ((set is null || set == port.Namespace) && pattern.IsMatch(text))
                    {
                        results.Add(new CompletionResult(text, text, CompletionResultType.ParameterValue, $"{port}, {port.Namespace} in {network}"));
                    }
                }
            }
            catch (IsolationException)
            {
                // A network that cannot be read has nothing to offer.
            }
        }

        return results;
    }
}
