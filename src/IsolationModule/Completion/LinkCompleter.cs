using System.Collections;
using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Threading;
using Isolation.Arguments;
using Isolation.Formatting;
using Isolation.Interop;
using Isolation.Network;

namespace Isolation.Completion;

/// <summary>Completes names of links, of the network namespace that <c>-Namespace</c> names where it is given.</summary>
internal sealed class LinkCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string word = (wordToComplete ?? "").Trim('\'', '"');
        foreach (NetworkLink link in Links(fakeBoundParameters["Namespace"]))
        {
            if (link.Name.StartsWith(word, System.StringComparison.OrdinalIgnoreCase))
            {
                string text = PlainText.Of(link.Name)!;
                yield return new CompletionResult(Quote(link.Name), text, CompletionResultType.ParameterValue, $"{text}: {link.Kind}, {link.State}, {link.MacAddress}");
            }
        }
    }

    private static IReadOnlyList<NetworkLink> Links(object? place)
    {
        try
        {
            NamespaceReference? reference = place is null ? null : LanguagePrimitives.ConvertTo<NamespaceReference>(place);
            using NetworkNamespace network = reference is null
                ? NetworkNamespace.Own()
                : NetworkNamespace.Of(reference.Open(NamespaceType.Net), reference.Location, CancellationToken.None);
            return network.Links();
        }
        catch (System.Exception exception) when (exception is IsolationException or SyscallException or PSInvalidCastException)
        {
            return [];
        }
    }

    private static string Quote(string name)
    {
        foreach (char c in name)
        {
            if (!char.IsLetterOrDigit(c) && c is not ('-' or '_' or '.' or '+'))
            {
                return $"'{CodeGeneration.EscapeSingleQuotedStringContent(name)}'";
            }
        }

        return name;
    }
}
