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
        foreach (ContainerNetworkDriver driver in ContainerNetworkDriver.All)
        {
            if (driver.Name.StartsWith(word, StringComparison.OrdinalIgnoreCase))
            {
                yield return new CompletionResult(driver.Name, driver.Name, CompletionResultType.ParameterValue, driver.Summary);
            }
        }
    }
}
