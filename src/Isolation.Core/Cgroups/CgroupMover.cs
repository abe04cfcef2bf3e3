using System;
using System.Collections.Generic;
using System.Globalization;
using Isolation.Interop;

namespace Isolation.Cgroups;

/// <summary>Moves processes into a cgroup, and back where something goes wrong later.</summary>
/// <param name="host">The host.</param>
/// <param name="stayBelow">Whether those that are in a cgroup inside the one to which they are to go stay there.</param>
/// <param name="threads">Whether the numbers are those of single threads.</param>
internal sealed class CgroupMover(CgroupHost host, bool stayBelow = true, bool threads = false)
{
    // Members that fork while they are moved leave children behind, which the next round finds.
    private const int Rounds = 50;

    private readonly List<(int Pid, string FormerFile)> _moved = [];

    /// <summary>Moves one process; it may be that it has ended.</summary>
    /// <exception cref="IsolationException"><c>CgroupProcessNotFound</c> and the refusals of <see cref="CgroupRefusal.ExplainMove"/>.</exception>
    public void Move(int pid, IReadOnlyList<CgroupDirectory> directories)
    {
        IReadOnlyDictionary<CgroupHierarchy, string> former = host.DirectoriesOfProcess(pid.ToString(CultureInfo.InvariantCulture));
        foreach (CgroupDirectory directory in directories)
        {
            former.TryGetValue(directory.Hierarchy, out string? before);
            if (before == directory.FullPath || (stayBelow && before?.StartsWith(directory.FullPath + "/", StringComparison.Ordinal) == true))
            {
                continue;
            }

            Errno error = host.Files.TryWrite(FileIn(directory.FullPath, directory.Hierarchy), pid.ToString(CultureInfo.InvariantCulture));
            if (error is Errno.EACCES or Errno.EPERM && !threads && host.Placement.Unit is { OfUser: true } unit
                && directory.Hierarchy == host.Unified && host.Placement.Holds(directory.Path))
            {
                // From a login's cgroup, say: the one above both is root's, and systemd has the right.
                error = unit.TryAttach(directory.Path, pid) is string refusal ? throw CgroupRefusal.ExplainAttach(pid, directory.FullPath, refusal, host) : Errno.None;
            }

            if (error != Errno.None)
            {
                throw threads && error == Errno.EOPNOTSUPP
                    ? CgroupRefusal.ExplainThread(pid, directory.FullPath, host)
                    : CgroupRefusal.ExplainMove(pid, directory.FullPath, directory.Hierarchy, error, host);
            }

            if (before is not null)
            {
                _moved.Add((pid, FileIn(before, directory.Hierarchy)));
            }
        }
    }

    /// <summary>Moves all members, round by round until a round finds none that was not seen before. Those that have ended are left out.</summary>
    public void MoveAll(Func<IReadOnlyCollection<int>> members, IReadOnlyList<CgroupDirectory> directories)
    {
        HashSet<int> seen = [];
        for (int round = 0; round < Rounds; round++)
        {
            bool found = false;
            foreach (int pid in members())
            {
                if (!seen.Add(pid))
                {
                    continue;
                }

                found = true;
                try
                {
                    Move(pid, directories);
                }
                catch (IsolationException exception) when (exception.ErrorId == "CgroupProcessNotFound")
                {
                }
            }

            if (!found)
            {
                return;
            }
        }
    }

    /// <summary>Moves back what was moved, as far as it can be done.</summary>
    public void RollBack()
    {
        for (int i = _moved.Count - 1; i >= 0; i--)
        {
            _ = host.Files.TryWrite(_moved[i].FormerFile, _moved[i].Pid.ToString(CultureInfo.InvariantCulture));
        }

        _moved.Clear();
    }

    private string FileIn(string directory, CgroupHierarchy hierarchy) =>
        directory + (!threads ? "/cgroup.procs" : hierarchy.Version == CgroupVersion.V2 ? "/cgroup.threads" : "/tasks");
}
