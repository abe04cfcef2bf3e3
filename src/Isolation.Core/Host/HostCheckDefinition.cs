using System;
using System.IO;
using Isolation.Interop;

namespace Isolation.Host;

/// <summary>What a check found.</summary>
/// <param name="Status">How it went.</param>
/// <param name="Value">What was found.</param>
/// <param name="Remedy">What to do; null for nothing.</param>
/// <param name="Effect">What does not work, where that is another thing than the definition says.</param>
internal sealed record HostFinding(HostCheckStatus Status, string Value, string? Remedy = null, string? Effect = null)
{
    public static HostFinding Works(string value) => new(HostCheckStatus.Works, value);

    public static HostFinding Limited(string value, string? remedy = null, string? effect = null) => new(HostCheckStatus.Limited, value, remedy, effect);

    public static HostFinding Missing(string value, string? remedy = null, string? effect = null) => new(HostCheckStatus.Missing, value, remedy, effect);

    public static HostFinding Unknown(string value, string? remedy = null) => new(HostCheckStatus.Unknown, value, remedy);

    /// <summary>What a refusal of the core's own says: its first sentence is what was found, the others what to do.</summary>
    public static HostFinding From(HostCheckStatus status, string message)
    {
        int end = message.IndexOf(". ", StringComparison.Ordinal);
        return end < 0 ? new(status, message.TrimEnd('.')) : new(status, message[..end], message[(end + 2)..]);
    }
}

/// <summary>One check of the catalogue.</summary>
/// <param name="Area">The part of the host.</param>
/// <param name="Name">What is checked; unique among all checks.</param>
/// <param name="IsRequired">Whether namespaces cannot be made and entered without it.</param>
/// <param name="Effect">What does not work without it.</param>
/// <param name="Find">Looks.</param>
internal sealed record HostCheckDefinition(string Area, string Name, bool IsRequired, string Effect, Func<HostView, HostFinding> Find)
{
    /// <summary>Runs the check. Whatever the host is like, there is a result: what cannot be read is unknown, and the value says why.</summary>
    public HostCheck Run(HostView view)
    {
        HostFinding finding;
        try
        {
            finding = Find(view);
        }
        catch (Exception exception) when (exception is SyscallException or IsolationException or IOException or UnauthorizedAccessException)
        {
            finding = HostFinding.From(HostCheckStatus.Unknown, exception.Message);
        }

        return new HostCheck(Area, Name, IsRequired, finding.Status, finding.Value, finding.Effect ?? Effect, finding.Remedy);
    }
}
