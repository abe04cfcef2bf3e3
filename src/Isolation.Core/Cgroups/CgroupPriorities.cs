using System;
using System.Collections.Generic;
using System.Globalization;
using Isolation.Interop;
using Isolation.Processes;

namespace Isolation.Cgroups;

/// <summary>
/// Gives the processes of a cgroup a nice value and a priority of input and output, and back what they had where something goes wrong later. The kernel keeps
/// both with each thread; what a thread starts inherits them.
/// </summary>
internal sealed class CgroupPriorities(Cgroup cgroup)
{
    // Threads that start others while they are changed leave some behind, which the next round finds.
    private const int Rounds = 50;

    private readonly List<(string What, Func<Errno> Undo)> _undo = [];

    /// <summary>Changes every thread, round by round until a round finds none that was not seen before. Those that have ended are left out.</summary>
    /// <param name="nice">-20 to 19; null to leave it as it is.</param>
    /// <param name="io">The priority; null to leave it as it is.</param>
    /// <param name="members">The processes of the set that has the cgroup, wherever they are; null for none.</param>
    /// <param name="process">The only process that is meant; null for all.</param>
    /// <exception cref="IsolationException"><c>CgroupLimitFailed</c>: one is refused.</exception>
    public void Set(int? nice, IoPriority? io, Func<IReadOnlyCollection<int>>? members, int? process)
    {
        HashSet<int> seen = [];
        bool found = nice is not null || io is not null;
        for (int round = 0; found && round < Rounds; round++)
        {
            found = false;
            List<(int Pid, int Thread, int Nice)> threads = [];
            SortedSet<int> pids = process is int one ? [one] : [.. cgroup.GetProcesses(), .. members?.Invoke() ?? []];
            foreach (int pid in pids)
            {
                foreach (string name in cgroup.Host.Files.Subdirectories($"{cgroup.Host.Root}/proc/{pid.ToString(CultureInfo.InvariantCulture)}/task"))
                {
                    int thread = int.Parse(name, CultureInfo.InvariantCulture);
                    if (seen.Add(thread) && Sys.TryGetNice(thread, out int former) == Errno.None)
                    {
                        found = true;
                        threads.Add((pid, thread, former));
                    }
                }
            }

            // Without privilege a nice value never goes down again: those for which it would, and which are refused, come before any is changed.
            threads.Sort(static (first, second) => second.Nice.CompareTo(first.Nice));
            foreach ((int pid, int thread, int former) in threads)
            {
                SetThread(pid, thread, former, nice, io);
            }
        }
    }

    /// <summary>Gives back what they had, last first. The result names what could not be given back.</summary>
    public IReadOnlyList<string> RollBack()
    {
        List<string> stuck = [];
        for (int i = _undo.Count - 1; i >= 0; i--)
        {
            Errno error = _undo[i].Undo();
            if (error is not (Errno.None or Errno.ESRCH))
            {
                stuck.Add($"{_undo[i].What} ({error.Name()})");
            }
        }

        _undo.Clear();
        return stuck;
    }

    private void SetThread(int pid, int thread, int formerNice, int? nice, IoPriority? io)
    {
        if (nice is int value)
        {
            Change(pid, thread, "Nice", value.ToString(CultureInfo.InvariantCulture), Sys.TrySetNice(thread, value), () => Sys.TrySetNice(thread, formerNice));
        }

        if (io is IoPriority priority)
        {
            Errno error = Sys.TryGetIoPriority(thread, out int former);
            Change(pid, thread, "IoPriority", priority.ToString(), error == Errno.None ? Sys.TrySetIoPriority(thread, priority.Value) : error, () => Sys.TrySetIoPriority(thread, former));
        }
    }

    private void Change(int pid, int thread, string parameter, string value, Errno error, Func<Errno> undo)
    {
        if (error == Errno.None)
        {
            _undo.Add(($"{parameter} of thread {thread} of process {pid}", undo));
        }
        else if (error != Errno.ESRCH)
        {
            string cause = (parameter, error) switch
            {
                ("Nice", Errno.EACCES) => "going below the present value takes CAP_SYS_NICE, or a limit RLIMIT_NICE that allows it (ulimit -e)",
                ("Nice", Errno.EPERM) => "it is another user's, for which CAP_SYS_NICE is needed",
                ("IoPriority", Errno.EPERM) => "another user's takes CAP_SYS_NICE, and RealTime takes that or CAP_SYS_ADMIN",
                _ => $"the kernel refused it: {error.Describe()}",
            };
            throw new IsolationException(
                "CgroupLimitFailed",
                error is Errno.EACCES or Errno.EPERM ? ErrorKind.PermissionDenied : ErrorKind.Unspecified,
                $"Cannot set {parameter} of process {pid} in {cgroup.Path} to {value}: {cause} ({error.Name()}).");
        }
    }
}
