namespace Isolation;

/// <summary>Which kind of control group hierarchies a host has, or a cgroup lies in, cgroups(7).</summary>
public enum CgroupVersion
{
    /// <summary>None is mounted.</summary>
    None,
    /// <summary>Version 1: a hierarchy for each controller, or for a few together.</summary>
    V1,
    /// <summary>Version 2: one hierarchy for all.</summary>
    V2,
    /// <summary>Controllers in version 1, and version 2 beside them for the rest or for tracking alone.</summary>
    Hybrid,
}
