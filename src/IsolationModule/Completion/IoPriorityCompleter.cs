using System;
using System.Collections;
using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace Isolation.Completion;

/// <summary>Completes priorities of input and output, ioprio_set(2).</summary>
internal sealed class IoPriorityCompleter : IArgumentCompleter
{
    private static readonly (string Text, string Meaning)[] s_choices =
    [
        ("BestEffort:0", "before other processes of this class"),
        ("BestEffort:4", "in the middle, as a process of nice value 0"),
        ("BestEffort:7", "after other processes of this class"),
        ("Idle", "only when nobody else uses the disk"),
        ("None", "by the nice value"),
        ("RealTime:4", "before every other class; takes CAP_SYS_NICE"),
    ];

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        foreach ((string text, string meaning) in s_choices)
        {
            if (text.StartsWith((wordToComplete ?? "").Trim('\'', '"'), StringComparison.OrdinalIgnoreCase))
            {
                yield return new CompletionResult(text, text, CompletionResultType.ParameterValue, meaning);
            }
        }
    }
}
