using System;
using System.Collections;
using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Language;
using Isolation.Arguments;
using Isolation.Cgroups;
using Isolation.Formatting;

namespace Isolation.Completion;

/// <summary>Completes references to control groups: names of sets, and paths once the word has a <c>/</c> in it.</summary>
internal sealed class CgroupCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string word = (wordToComplete ?? "").Trim('\'', '"');
        CgroupHost host = CgroupHost.Read();
        IEnumerable<string> candidates = word.Contains('/', StringComparison.Ordinal) ? Paths(host, word) : Names(host);
        foreach (string candidate in candidates)
        {
            if (candidate.StartsWith(word, StringComparison.OrdinalIgnoreCase))
            {
                yield return new CompletionResult(Quote(candidate), candidate, CompletionResultType.ParameterValue, Describe(host, candidate));
            }
        }
    }

    private static SortedSet<string> Names(CgroupHost host)
    {
        SortedSet<string> names = new(SetCatalog.Open().Names, StringComparer.Ordinal);
        foreach (CgroupHierarchy hierarchy in host.Hierarchies)
        {
            names.UnionWith(host.Files.Subdirectories(hierarchy.DirectoryOf(host.Placement.Folder)));
        }

        return names;
    }

    private static SortedSet<string> Paths(CgroupHost host, string word)
    {
        SortedSet<string> paths = new(StringComparer.Ordinal);
        string above = word[..word.LastIndexOf('/')];
        foreach (CgroupHierarchy hierarchy in host.Hierarchies)
        {
            paths.Add(hierarchy.MountPoint);
            string directory = hierarchy.PathOf(above) is null ? hierarchy.DirectoryOf(above.Length == 0 ? "/" : above) : above;
            foreach (string name in host.Files.Subdirectories(directory))
            {
                paths.Add($"{above}/{name}");
            }
        }

        return paths;
    }

    private static string Describe(CgroupHost host, string candidate)
    {
        try
        {
            Cgroup cgroup = candidate.Contains('/', StringComparison.Ordinal) ? Cgroup.ForPath(host, candidate) : Cgroup.ForSet(host, candidate);
            CgroupLimit limit = cgroup.GetLimits();
            return $"{limit.Cgroup}: memory {CgroupText.Bytes(limit.MemoryMax)}, processors {CgroupText.Number(limit.CpuMax)}, tasks {CgroupText.Number(limit.PidsMax)}";
        }
        catch (IsolationException)
        {
            return candidate;
        }
    }

    private static string Quote(string text)
    {
        foreach (char c in text)
        {
            if (!char.IsLetterOrDigit(c) && c is not ('/' or '.' or '-' or '_' or ':' or '=' or '+'))
            {
                return $"'{CodeGeneration.EscapeSingleQuotedStringContent(text)}'";
            }
        }

        return text;
    }
}
