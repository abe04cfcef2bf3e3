using System;

namespace Isolation.Mounts;

/// <summary>How mounts pass mounts on, as users name it.</summary>
internal static class MountPropagations
{
    /// <summary>A kind by its name; <c>Unchanged</c> is <see cref="MountPropagation.None"/>, and null where none is named.</summary>
    public static MountPropagation? Parse(string? name) => name is null ? null
        : name.Equals("Unchanged", StringComparison.OrdinalIgnoreCase) ? MountPropagation.None
        : Enum.Parse<MountPropagation>(name, ignoreCase: true);
}
