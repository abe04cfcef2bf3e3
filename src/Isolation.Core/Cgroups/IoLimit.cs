using System;
using System.Collections.Generic;
using System.Globalization;

namespace Isolation;

/// <summary>The limits of one control group for one disk. Null means none.</summary>
public sealed class IoLimit
{
    /// <summary>The disk's number, <c>major:minor</c>.</summary>
    public string Device { get; init; } = "";

    /// <summary>The disk's name, such as <c>sda</c>; null where it is gone.</summary>
    public string? Name { get; init; }

    /// <summary>Bytes a second that may be read: <c>rbps</c> of <c>io.max</c>, in version 1 <c>blkio.throttle.read_bps_device</c>.</summary>
    public long? ReadBytesMax { get; init; }

    /// <summary>Bytes a second that may be written: <c>wbps</c>, in version 1 <c>blkio.throttle.write_bps_device</c>.</summary>
    public long? WriteBytesMax { get; init; }

    /// <summary>Reads a second: <c>riops</c>, in version 1 <c>blkio.throttle.read_iops_device</c>.</summary>
    public long? ReadOperationsMax { get; init; }

    /// <summary>Writes a second: <c>wiops</c>, in version 1 <c>blkio.throttle.write_iops_device</c>.</summary>
    public long? WriteOperationsMax { get; init; }

    /// <summary>The share of this disk's time, 1 to 10000, where it differs from the cgroup's.</summary>
    public int? Weight { get; init; }

    /// <summary>The time in which this disk is to answer, or others are slowed down: <c>io.latency</c>.</summary>
    public TimeSpan? LatencyTarget { get; init; }

    /// <inheritdoc/>
    public override string ToString()
    {
        List<string> words = [];
        Add("rbps", ReadBytesMax);
        Add("wbps", WriteBytesMax);
        Add("riops", ReadOperationsMax);
        Add("wiops", WriteOperationsMax);
        Add("weight", Weight);
        Add("target", LatencyTarget?.TotalMicroseconds);
        return $"{Name ?? Device} {string.Join(' ', words)}";

        void Add(string key, double? value)
        {
            if (value is double number)
            {
                words.Add(string.Create(CultureInfo.InvariantCulture, $"{key}={number}"));
            }
        }
    }
}
