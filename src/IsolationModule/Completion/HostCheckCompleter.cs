using System;
using System.Collections;
using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Language;
using Isolation.Host;

namespace Isolation.Completion;

/// <summary>Completes the names and areas of the checks of a host; names only of an area that was given already.</summary>
public sealed class HostCheckCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string word = (wordToComplete ?? "").Trim('\'', '"');
        WildcardPattern pattern = WildcardPattern.Get(WildcardPattern.ContainsWildcardCharacters(word) ? word : word + "*", WildcardOptions.IgnoreCase);
        bool isArea = string.Equals(parameterName, "Area", StringComparison.OrdinalIgnoreCase);
        WildcardPattern? area = !isArea && fakeBoundParameters?["Area"] is string bound ? WildcardPattern.Get(bound, WildcardOptions.IgnoreCase) : null;
        HashSet<string> given = [];
        foreach (HostCheckDefinition definition in HostChecks.All)
        {
            string text = isArea ? definition.Area : definition.Name;
            if (pattern.IsMatch(text) && area?.IsMatch(definition.Area) != false && given.Add(text))
            {
                yield return new CompletionResult(Quote(text), text, CompletionResultType.ParameterValue, isArea ? text : $"{definition.Area}: {definition.Effect}");
            }
        }
    }

    private static string Quote(string text) => text.Contains(' ', StringComparison.Ordinal) ? $"'{text}'" : text;
}
