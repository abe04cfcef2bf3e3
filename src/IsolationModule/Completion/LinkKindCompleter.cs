using System;
using System.Collections;
using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace Isolation.Completion;

/// <summary>Completes kinds of links; others, which a driver may have, can be typed.</summary>
internal sealed class LinkKindCompleter : IArgumentCompleter
{
    private static readonly string[] s_kinds = ["bridge", "device", "dummy", "ifb", "ipvlan", "loopback", "macvlan", "tun", "veth", "vlan", "vxlan"];

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        foreach (string kind in s_kinds)
        {
            if (kind.StartsWith((wordToComplete ?? "").Trim('\'', '"'), StringComparison.OrdinalIgnoreCase))
            {
                yield return new CompletionResult(kind);
            }
        }
    }
}
