using System;
using System.Collections.Generic;
using System.Threading;
using Isolation.Agent;
using Isolation.Interop;
using Isolation.Plans;
using Isolation.Processes;

namespace Isolation.Mounts;

/// <summary>Takes mounts out of the tree.</summary>
/// <param name="Recursive">With all that is mounted below.</param>
/// <param name="Lazy">Out of the tree at once, gone when nobody uses it any more.</param>
/// <param name="Force">What is under way is given up, where the file system can.</param>
internal sealed record FileSystemDismount(bool Recursive, bool Lazy, bool Force)
{
    /// <summary>Unmounts a mount.</summary>
    /// <exception cref="SyscallException">The kernel refused.</exception>
    /// <exception cref="IsolationException"><c>MountBusy</c>, <c>MountPathInvalid</c>: it is the root.</exception>
    public void Take(MountTarget target, MountTable table, MountInfo mount, Action<string>? explain, CancellationToken cancellation)
    {
        // umount2(2) of a process' root makes its file system read-only instead.
        if (mount.MountPoint == "/")
        {
            throw new IsolationException("MountPathInvalid", ErrorKind.InvalidArgument, "/ is the root of the tree, which is not unmounted. Name a mount below it.");
        }

        IReadOnlyList<MountInfo> below = table.Below(mount);
        List<string> points = [];
        foreach (MountInfo one in Recursive ? below : [mount])
        {
            points.Add(one.MountPoint);
        }

        try
        {
            using PlanOutcome outcome = MountCalls.Run(
                target, oldCalls => MountPlans.Unmount(target.Scope, points, Lazy, Force, oldCalls), [], explain, target.Scope, cancellation);
        }
        catch (SyscallException exception) when (exception is { Syscall: "umount2", Errno: Errno.EBUSY })
        {
            throw Busy(target, mount, below, exception);
        }
    }

    private IsolationException Busy(MountTarget target, MountInfo mount, IReadOnlyList<MountInfo> below, SyscallException exception)
    {
        const int Shown = 5;
        List<string> reasons = [];
        if (!Recursive && below.Count > 1)
        {
            reasons.Add($"{KernelText.Plain(below[^2].MountPoint)} is mounted on it{(below.Count > 2 ? $", and {below.Count - 2} more" : "")}: add -Recurse");
        }

        reasons.AddRange(MountHolders.Find(mount.NamespaceId, mount.MountPoint, Shown));
        string why = reasons.Count == 0
            ? "no process could be found that uses it; one of another user, a swap file, a loop device or another mount may"
            : string.Join("; ", reasons);
        return new IsolationException(
            "MountBusy",
            ErrorKind.Busy,
            $"{KernelText.Plain(mount.MountPoint)}{(target.IsOwn ? "" : $" in {target.Description}")} is in use: {why}. End that, or take it out of the tree with -Lazy; it is gone when nobody uses it any more.",
            exception);
    }
}
