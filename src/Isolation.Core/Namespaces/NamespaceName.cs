using System;

namespace Isolation;

/// <summary>What a set may be called.</summary>
internal static class NamespaceName
{
    /// <summary>The longest name: it is a file name, a cgroup's name, and part of a process' title.</summary>
    public const int MaxLength = 63;

    /// <summary>Checks a name.</summary>
    /// <exception cref="IsolationException"><c>NamespaceNameInvalid</c>.</exception>
    public static void Check(string name)
    {
        if (Flaw(name) is string why)
        {
            string shown = name.Length > 80 ? name[..80] + "..." : name;
            throw new IsolationException(
                "NamespaceNameInvalid", ErrorKind.InvalidArgument, $"'{shown.ReplaceLineEndings(" ")}' cannot be the name of a set: {why}. Choose a name such as web-1.");
        }
    }

    /// <summary>Whether a set can have the name: one that cannot is never looked for, as it may lead out of the folder of sets.</summary>
    public static bool IsValid(string name) => Flaw(name) is null;

    private static string? Flaw(string name) =>
        name.Length == 0 ? "it is empty"
            : name.Length > MaxLength ? $"it has {name.Length} characters, and {MaxLength} are the most"
            : !char.IsAsciiLetterOrDigit(name[0]) ? "it does not begin with a letter or a digit"
            : name.AsSpan().ContainsAnyExcept(s_allowed) ? "it has a character other than letters, digits, '.', '_' and '-'"
            : !name.AsSpan().ContainsAnyExceptInRange('0', '9') ? "it has digits alone and would be taken for a process id"
            : null;

    private static readonly System.Buffers.SearchValues<char> s_allowed =
        System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
}
