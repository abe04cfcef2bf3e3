using System;
using System.Collections.Generic;
using Isolation.Interop;
using Isolation.Processes;
using Isolation.Users;

namespace Isolation;

/// <summary>A process in a namespace, as it stood when it was looked at.</summary>
public sealed partial class NamespaceProcess
{
    /// <summary>The pid as the caller sees it.</summary>
    public int Id { get; internal init; }

    /// <summary>The pid in the innermost pid namespace, as the process sees itself.</summary>
    public int NamespaceId => NamespaceIds is [.., int last] ? last : Id;

    /// <summary>The pid in each pid namespace, from the caller's inwards; proc_pid_status(5) NSpid.</summary>
    public int[] NamespaceIds { get; internal init; } = [];

    /// <summary>The parent's pid as the caller sees it; 0 where that is outside the caller's pid namespace.</summary>
    public int ParentId { get; internal init; }

    /// <summary>The name of the program, at most 15 bytes of it.</summary>
    public string Name { get; internal init; } = string.Empty;

    /// <summary>The arguments with a blank between them; null for a thread of the kernel and for a process that ended and was not waited for.</summary>
    public string? CommandLine { get; internal init; }

    /// <summary>The name of the effective user; the id's digits where it has none.</summary>
    public string User { get; internal init; } = string.Empty;

    /// <summary>The effective user's id, as the caller's user namespace sees it.</summary>
    public uint UserId { get; internal init; }

    /// <summary>The effective group's id, as the caller's user namespace sees it.</summary>
    public uint GroupId { get; internal init; }

    /// <summary>
    /// The effective user's id as the process sees itself, through the map of its user namespace; null where the caller may not look at that, or no line
    /// of the map has the user.
    /// </summary>
    public uint? NamespaceUserId { get; internal init; }

    /// <summary>The effective group's id as the process sees itself; null as with <see cref="NamespaceUserId"/>.</summary>
    public uint? NamespaceGroupId { get; internal init; }

    /// <summary>The process group, by the pid of who made it; 0 where that is outside the caller's pid namespace.</summary>
    public int ProcessGroupId { get; internal init; }

    /// <summary>The session, by the pid of who made it; 0 where that is outside the caller's pid namespace.</summary>
    public int SessionId { get; internal init; }

    /// <summary>The session in the innermost pid namespace, as the process sees it; 0 where it was made outside.</summary>
    public int NamespaceSessionId { get; internal init; }

    /// <summary>When it started, local time.</summary>
    public DateTime StartTime { get; internal init; }

    /// <summary>The state, proc_pid_stat(5): <c>R</c> running, <c>S</c> and <c>D</c> sleeping, <c>T</c> stopped, <c>Z</c> ended and not waited for.</summary>
    public char State { get; internal init; }

    /// <summary>How many threads it has.</summary>
    public int ThreadCount { get; internal init; }

    /// <summary>The nice value, -20 (first) to 19 (last), sched(7).</summary>
    public int Nice { get; internal init; }

    /// <summary>The name of the namespace set through which it was found; null where there is none.</summary>
    public string? Namespace { get; internal set; }

    /// <summary>What tells it from a later process with the same pid.</summary>
    public ProcessIdentity Identity { get; internal init; }

    /// <summary>The process with this pid; null where there is none.</summary>
    public static NamespaceProcess? Find(int pid)
    {
        using ProcTree proc = new();
        return Read(proc, pid, UserDatabase.Host);
    }

    /// <summary>The processes that are in at least one of some namespaces, in ascending order of their pids.</summary>
    public static IEnumerable<NamespaceProcess> FindIn(IEnumerable<NamespaceKey> namespaces)
    {
        int[] pids = NamespaceScanner.ProcessesInAny(namespaces);
        UserDatabase users = UserDatabase.Host;
        using ProcTree proc = new();
        foreach (int pid in pids)
        {
            if (Read(proc, pid, users) is NamespaceProcess process)
            {
                yield return process;
            }
        }
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Name} ({Id})";

    // A map tells of the reader's user namespace on its outer side, except for the reader's own, where it tells of the one around that.
    private static uint? IdInside(ProcTree proc, int pid, ReadOnlySpan<byte> file, uint id)
    {
        if (!NamespaceKey.TryParse(proc.ReadLink(proc.PathOf(pid, "ns/user"u8), out _), out NamespaceKey user))
        {
            return null;
        }

        if (NamespaceKey.TryParse(proc.ReadLink("self/ns/user\0"u8, out _), out NamespaceKey own) && own == user)
        {
            return id;
        }

        if (proc.TryReadFile(proc.PathOf(pid, file), out ReadOnlySpan<byte> map))
        {
            foreach (IdMap line in IdMapCaller.ParseMap(Bytes.Text(map)))
            {
                if (id >= line.Outside && id < line.Outside + line.Count)
                {
                    return (uint)(line.Inside + (id - line.Outside));
                }
            }
        }

        return null;
    }

    internal static NamespaceProcess? Read(ProcTree proc, int pid, UserDatabase users)
    {
        if (!proc.TryReadStat(pid, out ProcStat stat) || proc.ReadStatus(pid) is not ProcStatus status)
        {
            return null;
        }

        string command = proc.ReadCommandLine(pid);
        if (command.Length == 0 && !proc.TryReadStat(pid, out _))
        {
            return null; // It has ended meanwhile, and what was read last is not what it was.
        }

        return new NamespaceProcess
        {
            Id = pid,
            NamespaceIds = status.NamespaceIds,
            ParentId = stat.ParentId,
            Name = KernelText.Plain(stat.Name),
            CommandLine = command.Length == 0 ? null : command,
            User = users.UserName(status.EffectiveUserId),
            UserId = status.EffectiveUserId,
            GroupId = status.EffectiveGroupId,
            NamespaceUserId = IdInside(proc, pid, "uid_map"u8, status.EffectiveUserId),
            NamespaceGroupId = IdInside(proc, pid, "gid_map"u8, status.EffectiveGroupId),
            ProcessGroupId = stat.ProcessGroupId,
            SessionId = stat.SessionId,
            NamespaceSessionId = status.NamespaceSessionIds is [.., int session] ? session : stat.SessionId,
            StartTime = BootTime.ToLocalTime(stat.StartTicks),
            State = stat.State,
            ThreadCount = stat.ThreadCount,
            Nice = stat.Nice,
            Identity = new ProcessIdentity(pid, stat.StartTicks),
        };
    }
}
