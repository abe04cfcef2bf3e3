using System;
using System.Collections;
using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Language;
using Isolation.Cgroups;

namespace Isolation.Completion;

/// <summary>Completes the controllers of the host, by their names in version 2, with the hierarchy of each.</summary>
internal sealed class ControllerCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        List<CompletionResult> results = [];
        foreach (CgroupHierarchy hierarchy in CgroupHost.Read().Hierarchies)
        {
            foreach (string name in hierarchy.Controllers)
            {
                string controller = CgroupControllers.SecondName(name);
                if (controller.StartsWith((wordToComplete ?? "").Trim('\'', '"'), StringComparison.OrdinalIgnoreCase) && !controller.StartsWith("name=", StringComparison.Ordinal))
                {
                    results.Add(new CompletionResult(controller, controller, CompletionResultType.ParameterValue, $"{hierarchy.MountPoint} ({hierarchy.Version})"));
                }
            }
        }

        return results;
    }
}
