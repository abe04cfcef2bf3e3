using System.Globalization;

namespace Isolation;

/// <summary>What one control group and those below it read from and wrote to one disk.</summary>
public sealed class CgroupIoUsage
{
    /// <summary>The disk's number, <c>major:minor</c>.</summary>
    public string Device { get; init; } = "";

    /// <summary>The disk's name, such as <c>sda</c>; null where it is gone.</summary>
    public string? Name { get; internal set; }

    /// <summary>Bytes read: <c>rbytes</c> of <c>io.stat</c>.</summary>
    public long ReadBytes { get; internal set; }

    /// <summary>Bytes written: <c>wbytes</c>. What lies in the page cache has not been written yet; version 1 counts that as the kernel's own.</summary>
    public long WriteBytes { get; internal set; }

    /// <summary>Bytes given back to the disk as unused: <c>dbytes</c>.</summary>
    public long DiscardBytes { get; internal set; }

    /// <summary>Reads: <c>rios</c>.</summary>
    public long ReadOperations { get; internal set; }

    /// <summary>Writes: <c>wios</c>.</summary>
    public long WriteOperations { get; internal set; }

    /// <summary>How often something was given back: <c>dios</c>.</summary>
    public long DiscardOperations { get; internal set; }

    /// <summary>Bytes read a second since the earlier reading; null where there is none.</summary>
    public double? ReadBytesPerSecond { get; internal set; }

    /// <summary>Bytes written a second since the earlier reading.</summary>
    public double? WriteBytesPerSecond { get; internal set; }

    /// <summary>Reads a second since the earlier reading.</summary>
    public double? ReadOperationsPerSecond { get; internal set; }

    /// <summary>Writes a second since the earlier reading.</summary>
    public double? WriteOperationsPerSecond { get; internal set; }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name ?? Device} read={ReadBytes} write={WriteBytes}");
}
