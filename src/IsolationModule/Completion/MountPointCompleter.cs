using System;
using System.Collections;
using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Language;
using Isolation.Arguments;
using Isolation.Mounts;

namespace Isolation.Completion;

/// <summary>Completes mount points: those of the namespace that is on the command line, or the caller's own.</summary>
public sealed class MountPointCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string word = (wordToComplete ?? "").Trim('\'', '"');
        WildcardPattern pattern = WildcardPattern.Get(WildcardPattern.ContainsWildcardCharacters(word) ? word : WildcardPattern.Escape(word) + "*", WildcardOptions.None);
        HashSet<string> given = [];
        foreach (MountInfo mount in Mounts(fakeBoundParameters?["Namespace"]))
        {
            if (pattern.IsMatch(mount.MountPoint) && given.Add(mount.MountPoint))
            {
                string text = Quote(mount.MountPoint);
                yield return new CompletionResult(text, mount.MountPoint, CompletionResultType.ParameterValue, $"{mount.FileSystemType} {mount.Source}, {mount.Propagation}");
            }
        }
    }

    private static string Quote(string path)
    {
        foreach (char c in path)
        {
            if (!char.IsLetterOrDigit(c) && c is not ('/' or '.' or '-' or '_' or ':' or '=' or '+'))
            {
                return $"'{CodeGeneration.EscapeSingleQuotedStringContent(path)}'";
            }
        }

        return path;
    }

    private static IReadOnlyList<MountInfo> Mounts(object? reference)
    {
        try
        {
            if (!LanguagePrimitives.TryConvertTo(reference, out NamespaceReference? named) || named is null)
            {
                return MountTable.Own().Mounts;
            }

            using MountTarget target = named.OpenMounts();
            return MountTable.Of(target, default).Mounts;
        }
        catch (Exception exception) when (exception is IsolationException or Interop.SyscallException)
        {
            return [];
        }
    }
}
