using System;
using System.Globalization;

namespace Isolation;

/// <summary>
/// How long the processes of one control group and of those below it waited for one resource: pressure stall information, PSI. Some: at least one waited;
/// full: all that had something to do waited at once, so nothing went on. Null where the kernel does not measure it.
/// </summary>
public sealed class CgroupPressure
{
    /// <summary>The namespace set that the cgroup belongs to; null for any other.</summary>
    public string? Namespace { get; init; }

    /// <summary>The cgroup's path, such as <c>/isolation/web</c>; <c>/</c> for the host.</summary>
    public string Cgroup { get; init; } = "/";

    /// <summary>What was waited for.</summary>
    public PressureResource Resource { get; init; }

    /// <summary>The share of the last 10 seconds in which some waited, in per cent.</summary>
    public double? SomeAverage10 { get; init; }

    /// <summary>The share of the last 60 seconds, in per cent.</summary>
    public double? SomeAverage60 { get; init; }

    /// <summary>The share of the last 300 seconds, in per cent.</summary>
    public double? SomeAverage300 { get; init; }

    /// <summary>How long some waited, since the cgroup was made or the host booted.</summary>
    public TimeSpan? SomeTotal { get; init; }

    /// <summary>The share of the last 10 seconds in which all waited, in per cent.</summary>
    public double? FullAverage10 { get; init; }

    /// <summary>The share of the last 60 seconds, in per cent.</summary>
    public double? FullAverage60 { get; init; }

    /// <summary>The share of the last 300 seconds, in per cent.</summary>
    public double? FullAverage300 { get; init; }

    /// <summary>How long all waited, since the cgroup was made or the host booted.</summary>
    public TimeSpan? FullTotal { get; init; }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Resource} some={SomeAverage10} full={FullAverage10}");
}
