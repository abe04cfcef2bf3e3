using System;
using System.Collections;
using System.Collections.Generic;
using System.IO;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace Isolation.Completion;

/// <summary>Completes types of file systems: those that the kernel has now, proc_filesystems(5).</summary>
public sealed class FileSystemTypeCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string word = (wordToComplete ?? "").Trim('\'', '"');
        List<string> types = [];
        foreach (string line in File.ReadLines("/proc/filesystems"))
        {
            types.Add(line);
        }

        types.Sort(static (left, right) => string.CompareOrdinal(left.Trim(), right.Trim()));
        foreach (string line in types)
        {
            bool needsDevice = !line.StartsWith("nodev", StringComparison.Ordinal);
            string type = line[(line.IndexOf('\t') + 1)..].Trim();
            if (type.StartsWith(word, StringComparison.OrdinalIgnoreCase))
            {
                yield return new CompletionResult(type, type, CompletionResultType.ParameterValue, needsDevice ? $"{type}: on a block device or in a file" : type);
            }
        }
    }
}
