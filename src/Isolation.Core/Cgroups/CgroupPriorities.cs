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

    private readonly List<Func<Errno>> _undo = [];

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
            SortedSet<int> pids = process is int one ? [one] : [.. cgroup.GetProcesses(), .. members?.Invoke() ?? []];
            foreach (int pid in pids)
            {
                foreach (string name in cgroup.Host.Files.Subdirectories($"{cgroup.Host.Root}/proc/{pid.ToString(CultureInfo.InvariantCulture)}/task"))
                {
                    int thread = int.Parse(name, CultureInfo.InvariantCulture);
                    if (seen.Add(thread))
                    {
                        found = true;
                        SetThread(pid, thread, nice, io);
                    }
                }
            }
        }
    }

    /// <summary>Gives back what they had, last first, as far as it can be done.</summary>
    public void RollBack()
    {
        for (int i = _undo.Count - 1; i >= 0; i--)
        {
            _ = _undo[i]();
        }

        _undo.Clear();
    }

    private void SetThread(int pid, int thread, int? nice, IoPriority? io)
    {
        if (nice is int value)
        {
            Errno error = Sys.TryGetNice(thread, out int former);
            Change(pid, "Nice", value.ToString(CultureInfo.InvariantCulture), error == Errno.None ? Sys.TrySetNice(thread, value) : error, () => Sys.TrySetNice(thread, former));
        }

        if (io is IoPriority priority)
        {
            Errno error = Sys.TryGetIoPriority(thread, out int former);
            Change(pid, "IoPriority", priority.ToString(), error == Errno.None ? Sys.TrySetIoPriority(thread, priority.Value) : error, () => Sys.TrySetIoPriority(thread, former));
        }
    }

    private void Change(int pid, string parameter, string value, Errno error, Func<Errno> undo)
    {
        if (error == Errno.None)
        {
            _undo.Add(undo);
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
                $"Cannot set {parameter} of process {pid} in {cgroup.Path} to {value}: {cause} ({error.Name()}). Nothing was changed.");
        }
    }
}
