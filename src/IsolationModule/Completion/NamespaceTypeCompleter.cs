using System.Collections;
using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace Isolation.Completion;

/// <summary>Completes the kinds of namespace. The enumeration's own completion would offer its empty value too, which no command takes.</summary>
internal sealed class NamespaceTypeCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        WildcardPattern pattern = WildcardPattern.Get($"{wordToComplete}*", WildcardOptions.IgnoreCase);
        foreach (NamespaceType type in NamespaceTypes.All)
        {
            string name = type.ToString();
            if (pattern.IsMatch(name))
            {
                yield return new CompletionResult(name, name, CompletionResultType.ParameterValue, $"/proc/PID/ns/{type.ProcName()}");
            }
        }
    }
}
