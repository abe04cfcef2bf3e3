namespace Isolation;

/// <summary>Whether the processors of a control group are its own: <c>cpuset.cpus.partition</c> of version 2, since Linux 5.6.</summary>
public enum CpuSetPartition
{
    /// <summary>They are shared with the cgroups beside it.</summary>
    Member,
    /// <summary>They are taken from the cgroups beside it, and balanced among its processes alone.</summary>
    Root,
    /// <summary>As <see cref="Root"/>, and no load is balanced: each process stays where it is put. Since Linux 6.1.</summary>
    Isolated,
}
