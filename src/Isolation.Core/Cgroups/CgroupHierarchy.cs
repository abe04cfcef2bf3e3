using System;
using System.Collections.Generic;

namespace Isolation.Cgroups;

/// <summary>One mounted hierarchy of control groups.</summary>
internal sealed class CgroupHierarchy
{
    public CgroupHierarchy(CgroupVersion version, string mountPoint, string root, IReadOnlyList<string> controllers, bool readOnly = false)
    {
        Version = version;
        MountPoint = mountPoint;
        Root = root;
        Controllers = controllers;
        ReadOnly = readOnly;
    }

    /// <summary><see cref="CgroupVersion.V1"/> or <see cref="CgroupVersion.V2"/>.</summary>
    public CgroupVersion Version { get; }

    /// <summary>Where it is mounted.</summary>
    public string MountPoint { get; }

    /// <summary>The cgroup that the mount shows as its root: <c>/</c>, or in a container without a cgroup namespace the container's own.</summary>
    public string Root { get; }

    /// <summary>Its controllers; for version 2 those available at the mount's root (<c>cgroup.controllers</c>).</summary>
    public IReadOnlyList<string> Controllers { get; }

    /// <summary>Whether it is mounted read-only.</summary>
    public bool ReadOnly { get; }

    /// <summary>The folder of a cgroup that is named as in <c>/proc/PID/cgroup</c>; null where it lies outside what is mounted.</summary>
    public string? DirectoryOfProcessPath(string path)
    {
        // Outside of the reader's cgroup namespace the kernel writes /../x, cgroup_namespaces(7).
        if (path.StartsWith("/..", StringComparison.Ordinal))
        {
            return null;
        }

        if (Root == "/")
        {
            return DirectoryOf(path);
        }

        return path == Root ? MountPoint
            : path.StartsWith(Root + "/", StringComparison.Ordinal) ? DirectoryOf(path[Root.Length..])
            : null;
    }

    /// <summary>The folder of a cgroup that is named from the mount's root, such as <c>/isolation/web</c>.</summary>
    public string DirectoryOf(string path) => path == "/" ? MountPoint : MountPoint + path;

    /// <summary>The inverse of <see cref="DirectoryOf"/>; null for a folder that is not in this hierarchy.</summary>
    public string? PathOf(string directory) =>
        directory == MountPoint ? "/"
        : directory.StartsWith(MountPoint + "/", StringComparison.Ordinal) ? directory[MountPoint.Length..]
        : null;

    public override string ToString() => MountPoint;
}
