using System;
using Isolation.Interop;

namespace Isolation.Formatting;

/// <summary>For the views: text that somebody may have made up, such as the name of a cgroup, so that it cannot rewrite the terminal of who looks at it.</summary>
public static class PlainText
{
    /// <summary>The text with its control characters as <c>?</c>.</summary>
    /// <param name="text">The text; null for none.</param>
    public static string? Of(string? text) => text is null ? null : KernelText.Plain(text);

    /// <summary>The texts with their control characters as <c>?</c>.</summary>
    /// <param name="texts">The texts; null for none.</param>
    public static string[]? Of(string[]? texts) => texts is null ? null : Array.ConvertAll(texts, KernelText.Plain);
}
