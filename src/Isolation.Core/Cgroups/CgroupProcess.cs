using System;
using System.Collections.Generic;
using Isolation.Cgroups;
using Isolation.Interop;
using Isolation.Processes;
using Isolation.Users;

namespace Isolation;

/// <summary>A process in a control group, as it stood when it was looked at.</summary>
public sealed class CgroupProcess
{
    /// <summary>The pid.</summary>
    public int Id { get; private init; }

    /// <summary>The name of the program, at most 15 bytes of it.</summary>
    public string Name { get; private init; } = string.Empty;

    /// <summary>The arguments with a blank between them; null for a thread of the kernel and for a process that ended and was not waited for.</summary>
    public string? CommandLine { get; private init; }

    /// <summary>The name of the effective user; the id's digits where it has none.</summary>
    public string User { get; private init; } = string.Empty;

    /// <summary>The effective user's id.</summary>
    public uint UserId { get; private init; }

    /// <summary>When it started, local time.</summary>
    public DateTime StartTime { get; private init; }

    /// <summary>The nice value, -20 (first) to 19 (last), sched(7).</summary>
    public int Nice { get; private init; }

    /// <summary>
    /// The priority of its input and output: <c>None</c>, which goes by the nice value, <c>Idle</c>, or <c>BestEffort</c> or <c>RealTime</c> with a level from 0
    /// (first) to 7 (last), ioprio_set(2); null for a process that ended while it was read.
    /// </summary>
    public string? IoPriority { get; private init; }

    /// <summary>The cgroup in which it was found, such as <c>/isolation/web</c>.</summary>
    public string Cgroup { get; private init; } = "/";

    /// <inheritdoc/>
    public override string ToString() => $"{Name} ({Id})";

    /// <summary>The processes in a cgroup itself; one that ends while it is read is left out.</summary>
    /// <param name="host">The host.</param>
    /// <param name="node">The cgroup.</param>
    /// <param name="seen">Processes that are left out; those that are given are added.</param>
    internal static IEnumerable<CgroupProcess> In(CgroupHost host, CgroupNode node, ISet<int> seen)
    {
        UserDatabase users = UserDatabase.Host;
        using ProcTree proc = new();
        foreach (int pid in CgroupMembers.Of(host, node))
        {
            if (seen.Add(pid) && NamespaceProcess.Read(proc, pid, users) is NamespaceProcess process)
            {
                yield return new CgroupProcess
                {
                    Id = pid,
                    Name = process.Name,
                    CommandLine = process.CommandLine,
                    User = process.User,
                    UserId = process.UserId,
                    StartTime = process.StartTime,
                    Nice = process.Nice,
                    IoPriority = Sys.TryGetIoPriority(pid, out int priority) == Errno.None ? new IoPriority(priority).ToString() : null,
                    Cgroup = node.Path,
                };
            }
        }
    }
}
