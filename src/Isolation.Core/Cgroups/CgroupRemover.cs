using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Threading;
using Isolation.Interop;

namespace Isolation.Cgroups;

/// <summary>Ends the processes of a cgroup of ours and removes its folders.</summary>
internal sealed class CgroupRemover(CgroupHost host)
{
    private static readonly TimeSpan s_longestPause = TimeSpan.FromMilliseconds(50);

    /// <summary>Removes the cgroup of a set; see <see cref="Cgroup.Remove"/>.</summary>
    public void Remove(Cgroup cgroup, bool kill, TimeSpan timeout, CancellationToken cancellation)
    {
        IReadOnlyList<CgroupDirectory> directories = cgroup.Directories;
        if (directories.Count == 0)
        {
            return;
        }

        Deadline deadline = new(timeout, cancellation);
        IReadOnlyList<int> pids = cgroup.GetProcesses();
        if (pids.Count > 0)
        {
            if (!kill)
            {
                throw Busy(cgroup, pids, "Stop them, or remove it with its processes.");
            }

            Kill(cgroup, directories, deadline);
        }

        foreach (CgroupDirectory directory in directories)
        {
            while (true)
            {
                Errno error = TryRemoveTree(directory.FullPath);
                if (error is Errno.None or Errno.ENOENT)
                {
                    break;
                }

                if (error is not (Errno.EBUSY or Errno.ENOTEMPTY))
                {
                    throw error is Errno.EACCES or Errno.EPERM or Errno.EROFS
                        ? CgroupPlacement.NotDelegated($"remove the cgroup {directory.FullPath}", $"this user may not write there ({error.Name()})")
                        : new SyscallException("rmdir", error, $"remove the cgroup {directory.FullPath}");
                }

                // A process that came in late is killed too; otherwise the kernel is still letting go of the dead.
                IReadOnlyList<int> late = cgroup.GetProcesses();
                if (late.Count > 0 && kill && !deadline.IsOver)
                {
                    Kill(cgroup, directories, deadline);
                    continue;
                }

                if (!deadline.Pause())
                {
                    throw Busy(cgroup, late, "Try again, or see what holds it in its cgroup.procs files.");
                }
            }
        }

        RemoveFolder(directories);
    }

    /// <summary>Ends all processes of a cgroup; see <see cref="Cgroup.Stop"/>.</summary>
    public void Stop(Cgroup cgroup, TimeSpan grace, TimeSpan timeout, CancellationToken cancellation)
    {
        IReadOnlyList<CgroupDirectory> directories = cgroup.Directories;
        IReadOnlyList<int> pids = cgroup.GetProcesses();
        if (grace > TimeSpan.Zero && pids.Count > 0)
        {
            RefuseOwn(cgroup, pids);

            // What is frozen hears nothing.
            SetFrozen(directories, frozen: false);
            foreach (int pid in pids)
            {
                SignalMember(pid, Sys.SIGTERM, directories);
            }

            Deadline polite = new(grace, cancellation);
            while (cgroup.GetProcesses().Count > 0 && polite.Pause())
            {
            }
        }

        if (cgroup.GetProcesses().Count > 0)
        {
            Kill(cgroup, directories, new Deadline(timeout, cancellation));
        }
    }

    /// <summary>Takes back folders that were just made, as far as they are still empty.</summary>
    public void Undo(IReadOnlyList<CgroupDirectory> made)
    {
        foreach (CgroupDirectory directory in made)
        {
            _ = host.Files.TryRemoveDirectory(directory.FullPath);
        }

        RemoveFolder(made);
    }

    // Our folder goes with the last set.
    private void RemoveFolder(IReadOnlyList<CgroupDirectory> directories)
    {
        foreach (CgroupDirectory directory in directories)
        {
            if (directory.FullPath == host.Placement.Unit?.Directory)
            {
                host.Placement.Unit.End();
            }
        }

        host.Placement.Release([.. Hierarchies(directories)]);
    }

    private static IEnumerable<CgroupHierarchy> Hierarchies(IReadOnlyList<CgroupDirectory> directories)
    {
        foreach (CgroupDirectory directory in directories)
        {
            yield return directory.Hierarchy;
        }
    }

    private Errno TryRemoveTree(string directory)
    {
        foreach (string child in host.Files.Subdirectories(directory))
        {
            Errno error = TryRemoveTree($"{directory}/{child}");
            if (error is not (Errno.None or Errno.ENOENT))
            {
                return error;
            }
        }

        return host.Files.TryRemoveDirectory(directory);
    }

    private void Kill(Cgroup cgroup, IReadOnlyList<CgroupDirectory> directories, Deadline deadline)
    {
        RefuseOwn(cgroup, cgroup.GetProcesses());

        // A frozen task of version 1 does not even die, and one thaw of the top is not enough: a cgroup below may be frozen by itself.
        SetFrozen(directories, frozen: false);
        bool swept = false;
        string? forks = null;
        string? formerForks = null;
        foreach (CgroupDirectory directory in directories)
        {
            if (directory.Hierarchy.Version == CgroupVersion.V2)
            {
                swept |= host.Files.TryWrite(directory.FullPath + "/cgroup.kill", "1") == Errno.None;
            }

            if (host.Files.TryRead(directory.FullPath + "/pids.max", out string max) == Errno.None)
            {
                (forks, formerForks) = (directory.FullPath + "/pids.max", max);
            }
        }

        bool dead = false;
        try
        {
            for (bool first = true; ; first = false)
            {
                IReadOnlyList<int> pids = cgroup.GetProcesses();
                if (pids.Count == 0)
                {
                    dead = true;
                    return;
                }

                // cgroup.kill (Linux 5.14) leaves nothing to do but wait; without it signals race against forks, so forks are stopped, by pids.max and by
                // the freezer where the cgroup has them.
                if (!swept || !first)
                {
                    if (forks is not null && first)
                    {
                        _ = host.Files.TryWrite(forks, "0");
                    }

                    KillRound(cgroup, directories);
                }

                if (!deadline.Pause())
                {
                    throw Busy(cgroup, pids, "They were killed and have not ended: they wait in the kernel, or a cgroup above is frozen.");
                }
            }
        }
        finally
        {
            if (!dead && forks is not null)
            {
                _ = host.Files.TryWrite(forks, formerForks!);
            }
        }
    }

    private void RefuseOwn(Cgroup cgroup, IReadOnlyList<int> pids)
    {
        if (Contains(pids, Environment.ProcessId))
        {
            throw Busy(cgroup, [Environment.ProcessId], "That is PowerShell itself; move it elsewhere first.");
        }
    }

    private void KillRound(Cgroup cgroup, IReadOnlyList<CgroupDirectory> directories)
    {
        SetFrozen(directories, frozen: true);
        try
        {
            foreach (int pid in cgroup.GetProcesses())
            {
                SignalMember(pid, Sys.SIGKILL, directories);
            }
        }
        finally
        {
            SetFrozen(directories, frozen: false);
        }
    }

    // The pidfd is opened first and the membership looked at then: what gets the signal is what was in the cgroup, not what got its number since.
    private void SignalMember(int pid, int signal, IReadOnlyList<CgroupDirectory> directories)
    {
        using Descriptor? pidfd = Sys.OpenPidfd(pid, out Errno error);
        if (error == Errno.ESRCH || !IsMember(pid, directories))
        {
            return;
        }

        _ = Sys.Signal(pidfd, pid, signal);
    }

    private bool IsMember(int pid, IReadOnlyList<CgroupDirectory> directories)
    {
        try
        {
            IReadOnlyDictionary<CgroupHierarchy, string> at = host.DirectoriesOfProcess(pid.ToString(CultureInfo.InvariantCulture));
            foreach (CgroupDirectory directory in directories)
            {
                if (at.TryGetValue(directory.Hierarchy, out string? path)
                    && (path == directory.FullPath || path.StartsWith(directory.FullPath + "/", StringComparison.Ordinal)))
                {
                    return true;
                }
            }
        }
        catch (IsolationException)
        {
            // It ended meanwhile.
        }

        return false;
    }

    private void SetFrozen(IReadOnlyList<CgroupDirectory> directories, bool frozen)
    {
        foreach (CgroupDirectory directory in directories)
        {
            if (directory.Hierarchy.Version == CgroupVersion.V1)
            {
                SetFrozen(directory.FullPath, "freezer.state", frozen ? "FROZEN" : "THAWED", all: !frozen);
            }
            else if (!frozen)
            {
                SetFrozen(directory.FullPath, "cgroup.freeze", "0", all: true);
            }
        }
    }

    private void SetFrozen(string directory, string file, string state, bool all)
    {
        if (host.Files.TryRead($"{directory}/{file}", out string now) != Errno.None)
        {
            return;
        }

        if (now != state)
        {
            _ = host.Files.TryWrite($"{directory}/{file}", state);
        }

        if (all)
        {
            foreach (string child in host.Files.Subdirectories(directory))
            {
                SetFrozen($"{directory}/{child}", file, state, all);
            }
        }
    }

    private IsolationException Busy(Cgroup cgroup, IReadOnlyList<int> pids, string nextStep) => new(
        "CgroupBusy",
        ErrorKind.Busy,
        pids.Count > 0
            ? $"The cgroup {cgroup.Path} has processes in it{CgroupRefusal.Processes(pids, host)}. {nextStep}"
            : $"The cgroup {cgroup.Path} is still in use, though no process in it can be seen from here. {nextStep}");

    private static bool Contains(IReadOnlyList<int> pids, int pid)
    {
        foreach (int other in pids)
        {
            if (other == pid)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The time that is left, with pauses that grow from 1 ms.</summary>
    private sealed class Deadline(TimeSpan timeout, CancellationToken cancellation)
    {
        private readonly long _start = Stopwatch.GetTimestamp();
        private TimeSpan _pause = TimeSpan.FromMilliseconds(1);

        public bool IsOver => Stopwatch.GetElapsedTime(_start) >= timeout;

        /// <summary>Waits a little; false when the time is over.</summary>
        public bool Pause()
        {
            cancellation.ThrowIfCancellationRequested();
            if (IsOver)
            {
                return false;
            }

            cancellation.WaitHandle.WaitOne(_pause);
            cancellation.ThrowIfCancellationRequested();
            _pause = _pause * 2 < s_longestPause ? _pause * 2 : s_longestPause;
            return true;
        }
    }
}
