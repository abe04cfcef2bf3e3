using System.Collections.Generic;

namespace Isolation.Cgroups;

/// <summary>What a new cgroup is to be.</summary>
/// <param name="Path">The path, as <see cref="CgroupPathName.Check"/> gives it.</param>
internal sealed record CgroupCreation(string Path)
{
    /// <summary>The hierarchies in which it may be; null for all.</summary>
    public IReadOnlyList<CgroupHierarchy>? Only { get; init; }

    /// <summary>The controllers that it must have; null for all that can be had.</summary>
    public IReadOnlyList<string>? Controllers { get; init; }

    /// <summary>Whether it is to hold single threads, in version 2.</summary>
    public bool Threaded { get; init; }

    /// <summary>The user and group to whom its folder of version 2 is given; null for nobody.</summary>
    public (uint Uid, uint Gid)? Delegate { get; init; }

    /// <summary>Whether one that is there is taken, and what is missing of it made.</summary>
    public bool Force { get; init; }
}
