using System.Collections.Generic;
using Isolation.Interop;

namespace Isolation.Processes;

/// <summary>
/// Sessions, setsid(2): a program that the agent starts leads one, and its children are in it unless they start one of their own, as daemons do. The
/// kernel gives a session's number out again only when nobody is in it any more.
/// </summary>
internal static class ProcessSessions
{
    /// <summary>Kills all that is in one of the sessions, until a look finds nobody.</summary>
    /// <param name="sessions">The pids of their leaders, which need not live any more.</param>
    public static void Kill(IReadOnlySet<int> sessions)
    {
        if (sessions.Count == 0)
        {
            return;
        }

        // More than once, for one may fork while the others are looked at; what is killed cannot.
        for (int round = 0; round < 10 && KillOnce(sessions); round++)
        {
        }
    }

    private static bool KillOnce(IReadOnlySet<int> sessions)
    {
        bool any = false;
        using ProcTree proc = new();
        foreach (int pid in proc.ProcessIds())
        {
            if (proc.TryReadStat(pid, out ProcStat stat) && sessions.Contains(stat.SessionId) && stat.State is not ('Z' or 'X'))
            {
                // The pidfd first, the second look then: what is opened is what is looked at.
                using Descriptor? pidfd = Sys.OpenPidfd(pid, out _);
                if (proc.TryReadStat(pid, out stat) && sessions.Contains(stat.SessionId))
                {
                    any |= Sys.Signal(pidfd, pid, Sys.SIGKILL) == Errno.None;
                }
            }
        }

        return any;
    }
}
