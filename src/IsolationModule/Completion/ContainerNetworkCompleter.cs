using System.Collections;
using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Language;
using Isolation.ContainerNetworks;

namespace Isolation.Completion;

/// <summary>Completes the names of container networks.</summary>
public sealed class ContainerNetworkCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string word = (wordToComplete ?? "").Trim('\'', '"');
        WildcardPattern pattern = WildcardPattern.Get(WildcardPattern.ContainsWildcardCharacters(word) ? word : word + "*", WildcardOptions.IgnoreCase);
        foreach (string name in ContainerNetworkStore.Current.Names())
        {
            if (pattern.IsMatch(name))
            {
                yield return new CompletionResult(name, name, CompletionResultType.ParameterValue, Tooltip(name));
            }
        }
    }

    private static string Tooltip(string name)
    {
        try
        {
            return ContainerNetworkStore.Current.Find(name) is { } network ? $"{network.Driver}, {string.Join<System.Net.IPNetwork>(", ", network.Subnet)}" : name;
        }
        catch (IsolationException exception)
        {
            return exception.Message;
        }
    }
}
