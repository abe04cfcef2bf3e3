namespace Isolation;

/// <summary>What a cgroup of version 2 may hold, <c>cgroup.type</c>, cgroups(7) "Thread mode".</summary>
public enum CgroupType
{
    /// <summary>Whole processes.</summary>
    Domain,
    /// <summary>Whole processes, whose threads may be in threaded cgroups below it.</summary>
    DomainThreaded,
    /// <summary>Nothing: it is a domain below a threaded one. It can be made threaded, or removed.</summary>
    DomainInvalid,
    /// <summary>Single threads of the processes of the nearest domain above; of the controllers only cpu, cpuset, pids and perf_event.</summary>
    Threaded,
}
