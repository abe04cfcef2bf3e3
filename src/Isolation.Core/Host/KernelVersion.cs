using System;
using System.Globalization;

namespace Isolation.Host;

/// <summary>The first two numbers of a kernel's release, which say what it can do. Distributions add calls to older kernels, so calls are tried instead.</summary>
/// <param name="Major">The first number.</param>
/// <param name="Minor">The second number.</param>
internal readonly record struct KernelVersion(int Major, int Minor) : IComparable<KernelVersion>
{
    /// <summary>The oldest kernel that this module supports.</summary>
    public static KernelVersion Floor { get; } = new(4, 18);

    /// <summary>The oldest kernel for containers: openat2(2), which resolves a path inside a root that is not trusted.</summary>
    public static KernelVersion ContainerFloor { get; } = new(5, 6);

    public static bool operator <(KernelVersion left, KernelVersion right) => left.CompareTo(right) < 0;

    public static bool operator >(KernelVersion left, KernelVersion right) => left.CompareTo(right) > 0;

    public static bool operator <=(KernelVersion left, KernelVersion right) => left.CompareTo(right) <= 0;

    public static bool operator >=(KernelVersion left, KernelVersion right) => left.CompareTo(right) >= 0;

    /// <summary>Parses a release such as <c>6.1.0-28-amd64</c>.</summary>
    public static bool TryParse(string release, out KernelVersion version)
    {
        version = default;
        int dot = release.IndexOf('.', StringComparison.Ordinal);
        if (dot <= 0)
        {
            return false;
        }

        int end = dot + 1;
        while (end < release.Length && char.IsAsciiDigit(release[end]))
        {
            end++;
        }

        if (!int.TryParse(release.AsSpan(0, dot), NumberStyles.None, CultureInfo.InvariantCulture, out int major)
            || !int.TryParse(release.AsSpan(dot + 1, end - dot - 1), NumberStyles.None, CultureInfo.InvariantCulture, out int minor))
        {
            return false;
        }

        version = new KernelVersion(major, minor);
        return true;
    }

    public int CompareTo(KernelVersion other) => Major != other.Major ? Major.CompareTo(other.Major) : Minor.CompareTo(other.Minor);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Major}.{Minor}");
}
