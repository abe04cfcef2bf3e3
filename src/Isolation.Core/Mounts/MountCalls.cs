using System;
using System.Collections.Generic;
using System.Threading;
using Isolation.Agent;
using Isolation.Interop;
using Isolation.Plans;
using Isolation.Processes;

namespace Isolation.Mounts;

/// <summary>Runs plans about mounts: again without the newer calls where the kernel lacks them, and with words for what was refused.</summary>
internal static class MountCalls
{
    /// <summary>Runs a plan.</summary>
    /// <param name="target">Where.</param>
    /// <param name="make">Makes the plan; the argument says whether to leave out what came after Linux 5.2.</param>
    /// <param name="inputs">What the plan takes beside the target's descriptors.</param>
    /// <param name="explain">Is told the plan as text.</param>
    /// <param name="scope">The scope that the plan was made for.</param>
    /// <param name="cancellation">Stops it.</param>
    public static PlanOutcome Run(
        MountTarget target, Func<bool, Plan> make, IReadOnlyList<Descriptor> inputs, Action<string>? explain, MountScope scope, CancellationToken cancellation)
    {
        try
        {
            return RunOnce(oldCalls: false);
        }
        catch (SyscallException exception) when (exception is { Errno: Errno.ENOSYS, Syscall: "openat2" or "open_tree" or "move_mount" or "mount_setattr" or "fsopen" or "fsconfig" or "fsmount" })
        {
            // Each of them comes before anything is changed, or is what would have changed it.
            return RunOnce(oldCalls: true);
        }

        PlanOutcome RunOnce(bool oldCalls)
        {
            Plan plan = make(oldCalls);
            explain?.Invoke(plan.ToString());
            try
            {
                return target.Run(plan, inputs, cancellation, scope);
            }
            catch (SyscallException exception) when (exception.Syscall is "openat2" or "openat" && exception.Attempt.Contains(": find ", StringComparison.Ordinal))
            {
                throw Explain(exception, target, oldCalls);
            }
        }
    }

    private static Exception Explain(SyscallException exception, MountTarget target, bool oldCalls)
    {
        string path = exception.Attempt[(exception.Attempt.LastIndexOf(": find ", StringComparison.Ordinal) + ": find ".Length)..];
        path = KernelText.Plain(path);
        string where = target.IsOwn ? "" : $" in {target.Description}";
        return exception.Errno switch
        {
            Errno.ENOENT => new IsolationException(
                "MountPathNotFound", ErrorKind.NotFound, $"There is no {path}{where}. Make the folder first (or, to bind a file, an empty file); links are followed within the root only.", exception),
            Errno.ENOTDIR when oldCalls => new IsolationException(
                "MountPathInvalid",
                ErrorKind.InvalidArgument,
                $"{path}{where} leads over a file or a symbolic link. Linux {KernelNamespaces.Release} has no openat2 (Linux 5.6), and without it links on the way are not followed. Give the path without links.",
                exception),
            Errno.ENOTDIR => new IsolationException("MountPathInvalid", ErrorKind.InvalidArgument, $"A part of {path}{where} is a file and no folder.", exception),
            Errno.ELOOP => new IsolationException(
                "MountPathInvalid", ErrorKind.InvalidArgument, $"{path}{where} leads over too many symbolic links, over one of /proc that leads out of the root, or over one that was put there meanwhile. Give the path without them.", exception),
            Errno.EACCES => new IsolationException("MountPathDenied", ErrorKind.PermissionDenied, $"A folder on the way to {path}{where} is closed to this user.", exception),
            _ => exception,
        };
    }
}
