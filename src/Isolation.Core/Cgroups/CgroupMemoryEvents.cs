using System.Globalization;

namespace Isolation;

/// <summary>
/// How often one control group, or one below it, was short of memory: <c>memory.events</c>. Null where the kernel does not count it.
/// </summary>
/// <param name="Low">How often memory was taken back although less than <c>memory.low</c> was in use. Null in version 1.</param>
/// <param name="High">How often processes were slowed down, as more than <c>memory.high</c> was in use. Null in version 1.</param>
/// <param name="Max">How often <c>memory.max</c> would have been exceeded; in version 1 <c>memory.failcnt</c>, summed over the cgroups below that are there.</param>
/// <param name="Oom">How often an allocation was about to fail. Null in version 1.</param>
/// <param name="OomKill">
/// Processes killed for want of memory; in version 1 <c>oom_kill</c> of <c>memory.oom_control</c> (since Linux 4.13), summed over the cgroups below that are there.
/// </param>
/// <param name="OomGroupKill">How often the whole cgroup was killed, since Linux 5.17. Null in version 1.</param>
public sealed record CgroupMemoryEvents(long? Low, long? High, long? Max, long? Oom, long? OomKill, long? OomGroupKill)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"max={Max} oom_kill={OomKill}");
}
