using System;

namespace Isolation;

/// <summary>What happened to a control group.</summary>
public sealed class CgroupEventArgs : EventArgs
{
    /// <summary>The cgroup's path, such as <c>/isolation/web</c>; <c>/</c> for the host.</summary>
    public string Cgroup { get; init; } = "/";

    /// <summary>The namespace set that the cgroup belongs to; null for any other.</summary>
    public string? Namespace { get; init; }

    /// <summary>What happened.</summary>
    public CgroupEventName EventName { get; init; }

    /// <summary>How often it happened since the event before: the kernel tells of what comes close together as one.</summary>
    public long Count { get; init; } = 1;

    /// <summary>
    /// For what is counted, how often it has happened altogether. For pressure the whole time that was waited, in microseconds. Null for the others.
    /// </summary>
    public long? Value { get; init; }

    /// <summary>For pressure, what was waited for; null for the others.</summary>
    public PressureResource? Resource { get; init; }

    /// <summary>When this was seen.</summary>
    public DateTimeOffset Time { get; init; } = DateTimeOffset.Now;

    /// <inheritdoc/>
    public override string ToString() => $"{EventName} {Namespace ?? Cgroup}";
}
