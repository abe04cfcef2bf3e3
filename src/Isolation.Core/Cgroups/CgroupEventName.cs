namespace Isolation;

/// <summary>What can happen to a control group.</summary>
public enum CgroupEventName
{
    /// <summary>A process in it, or in one below, was killed for want of memory.</summary>
    OomKill,
    /// <summary>Its processes were slowed down, as it used more than <c>memory.high</c>. Version 2.</summary>
    MemoryHigh,
    /// <summary>It would have used more than its memory limit, and memory was taken back from it.</summary>
    MemoryMax,
    /// <summary>A process or thread was refused for the task limit. In version 1 up to Linux 6.10.</summary>
    PidsMax,
    /// <summary>The first process came into it or into one below. Version 2.</summary>
    Populated,
    /// <summary>The last process left it and all below. Version 2.</summary>
    Empty,
    /// <summary>All its processes stand still. Version 2.</summary>
    Frozen,
    /// <summary>Its processes go on. Version 2.</summary>
    Thawed,
    /// <summary>Its processes waited longer than a threshold. Version 2, and the host.</summary>
    Pressure,
    /// <summary>It was removed.</summary>
    Removed,
}
