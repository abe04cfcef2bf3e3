using System;
using System.Collections;
using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Language;
using Isolation.State;

namespace Isolation.Completion;

/// <summary>Completes the names of namespace sets.</summary>
public sealed class NamespaceCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string word = (wordToComplete ?? "").Trim('\'', '"');
        WildcardPattern pattern = WildcardPattern.Get(WildcardPattern.ContainsWildcardCharacters(word) ? word : word + "*", WildcardOptions.IgnoreCase);
        foreach (string name in NamespaceStore.Current.Names())
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
            return NamespaceStore.Current.Find(name) is { } set ? $"{set.Type}, {set.State}" : name;
        }
        catch (IsolationException exception)
        {
            return exception.Message;
        }
    }
}
