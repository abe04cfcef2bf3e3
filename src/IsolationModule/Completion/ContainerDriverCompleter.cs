using System;
using System.Collections;
using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Language;
using Isolation.ContainerNetworks;

namespace Isolation.Completion;

/// <summary>Completes the drivers of container networks.</summary>
public sealed class ContainerDriverCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string word = (wordToComplete ?? "").Trim('\'', '"');
        if (ContainerNetworkOptions.Bridge.StartsWith(word, StringComparison.OrdinalIgnoreCase))
        {
            yield return new CompletionResult(
                ContainerNetworkOptions.Bridge, ContainerNetworkOptions.Bridge, CompletionResultType.ParameterValue, "A bridge of this host, with an address that is the members' gateway");
        }
    }
}
