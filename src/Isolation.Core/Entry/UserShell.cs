using System;
using System.Collections.Generic;
using System.Threading;
using Isolation.Interop;

namespace Isolation.Entry;

/// <summary>The shell that a user finds inside namespaces.</summary>
internal static class UserShell
{
    /// <summary>Where it is looked for: SHELL of the environment if that is a full path, the user's entry in <c>/etc/passwd</c> inside, <c>/bin/sh</c>.</summary>
    /// <param name="target">The namespaces.</param>
    /// <param name="settings">How they are entered.</param>
    /// <param name="environment">The environment that it gets, <c>NAME=value</c>.</param>
    /// <param name="uid">The user inside; null for who enters.</param>
    /// <param name="cancellation">Stops looking.</param>
    public static IReadOnlyList<string> Choices(
        NamespaceTarget target, EntrySettings settings, IReadOnlyList<string> environment, uint? uid, CancellationToken cancellation)
    {
        List<string> choices = [];
        foreach (string variable in environment)
        {
            if (variable.StartsWith("SHELL=", StringComparison.Ordinal))
            {
                Add(choices, variable["SHELL=".Length..]);
            }
        }

        try
        {
            // Who enters a user namespace is root there, where one is mapped.
            uint user = uid ?? (target.Types.HasFlag(NamespaceType.User) ? 0 : Sys.EffectiveUserId);
            Add(choices, Credentials.Databases(target, settings, cancellation).User(user)?.Shell ?? "");
        }
        catch (SyscallException)
        {
            // A root without such files; one that may not be entered is refused again, with words, when the shell is to be run.
        }

        Add(choices, "/bin/sh");
        return choices;
    }

    private static void Add(List<string> choices, string path)
    {
        if (path.StartsWith('/') && !choices.Contains(path))
        {
            choices.Add(path);
        }
    }
}
