using System;
using System.Collections.Generic;
using System.Globalization;
using Isolation.Interop;

namespace Isolation.Cgroups;

/// <summary>The processes in a cgroup itself, and not in those inside it.</summary>
internal static class CgroupMembers
{
    /// <summary>The processes, in ascending order of their pids; of a threaded cgroup those of which a thread is in it.</summary>
    public static IReadOnlyCollection<int> Of(CgroupHost host, CgroupNode node)
    {
        SortedSet<int> pids = [];
        foreach (CgroupDirectory directory in node.Directories)
        {
            // Of a process that was never moved, the hierarchies in which it is in the root say nothing.
            if (directory.Path == "/" && node.Path != "/")
            {
                continue;
            }

            if (host.Files.TryRead(directory.ProcsFile, out string text) != Errno.EOPNOTSUPP)
            {
                pids.UnionWith(CgroupRefusal.ParsePids(text));
                continue;
            }

            host.Files.TryRead(directory.FullPath + "/cgroup.threads", out text);
            foreach (int thread in CgroupRefusal.ParsePids(text))
            {
                if (ProcessOf(host, thread) is int pid)
                {
                    pids.Add(pid);
                }
            }
        }

        return pids;
    }

    // proc_pid_status(5): Tgid is the process that a thread belongs to.
    private static int? ProcessOf(CgroupHost host, int thread)
    {
        const string Key = "Tgid:\t";
        host.Files.TryRead($"{host.Root}/proc/{thread}/status", out string status);
        foreach (ReadOnlySpan<char> line in status.AsSpan().EnumerateLines())
        {
            if (line.StartsWith(Key, StringComparison.Ordinal) && int.TryParse(line[Key.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out int pid))
            {
                return pid;
            }
        }

        return null;
    }
}
