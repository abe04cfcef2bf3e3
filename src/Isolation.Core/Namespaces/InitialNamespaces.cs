using System;
using Isolation.Interop;
using Isolation.Processes;

namespace Isolation;

/// <summary>Tells the namespaces that the kernel made at boot.</summary>
internal sealed class InitialNamespaces
{
    private const int KernelThreadDaemon = 2;

    // PROC_*_INIT_INO of the kernel's include/linux/proc_ns.h, fixed since 3.8; the last two since 6.18.
    private static readonly NamespaceKey[] s_fixed =
    [
        new(NamespaceType.Ipc, 0xEFFFFFFF), new(NamespaceType.Uts, 0xEFFFFFFE), new(NamespaceType.User, 0xEFFFFFFD), new(NamespaceType.Pid, 0xEFFFFFFC),
        new(NamespaceType.Cgroup, 0xEFFFFFFB), new(NamespaceType.Time, 0xEFFFFFFA), new(NamespaceType.Net, 0xEFFFFFF9), new(NamespaceType.Mount, 0xEFFFFFF8),
    ];

    private readonly bool _seesKernelThreads;

    public InitialNamespaces(ProcTree proc) =>
        _seesKernelThreads = proc.TryReadStat(KernelThreadDaemon, out ProcStat stat) && stat is { ParentId: 0, IsKernelThread: true };

    /// <summary>Whether this process is in the host's time namespace.</summary>
    public static bool HasTime => Sys.TryStatus("/proc/self/ns/time", out FileStatus status) && Array.IndexOf(s_fixed, new NamespaceKey(NamespaceType.Time, status.Inode)) >= 0;

    /// <summary>
    /// Whether a namespace is one of them. Before 6.18 those of the kinds net and mnt have no fixed number; they are told by kthreadd, which cannot leave
    /// them.
    /// </summary>
    public bool Contains(NamespaceEntry entry) =>
        Array.IndexOf(s_fixed, entry.Key) >= 0
        || (_seesKernelThreads && entry.Key.Type is NamespaceType.Net or NamespaceType.Mount && entry.ProcessIds.BinarySearch(KernelThreadDaemon) >= 0);
}
