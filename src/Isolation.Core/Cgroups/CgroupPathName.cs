using System;
using System.Collections.Generic;

namespace Isolation.Cgroups;

/// <summary>Which paths a new cgroup can have.</summary>
internal static class CgroupPathName
{
    // Files that version 1 has in every cgroup, without a dot in the name.
    private static readonly string[] s_files = ["tasks", "notify_on_release", "release_agent"];

    // What the names of the kernel's files begin with, before the dot: a folder called memory.max would keep the memory controller from ever being turned on.
    private static readonly HashSet<string> s_owners =
    [
        "cgroup", "cpu", "cpuacct", "cpuset", "memory", "io", "blkio", "pids", "rdma", "misc", "dmem", "hugetlb", "net_cls", "net_prio", "freezer", "devices", "perf_event",
        "debug", "irq",
    ];

    /// <summary>A path with one <c>/</c> before each name and none after the last.</summary>
    /// <exception cref="IsolationException"><c>CgroupNameInvalid</c>.</exception>
    public static string Check(string path)
    {
        string[] names = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        foreach (string name in names)
        {
            if (name is "." or ".." || HasControl(name))
            {
                throw Invalid(path, "a name in it is '.' or '..', or has a line end or another control character in it. Give the path in full");
            }

            // The kernel would take it, and nobody could tell it from the one without.
            if (name != name.Trim())
            {
                throw Invalid(path, $"'{name}' begins or ends with a blank");
            }

            int dot = name.IndexOf('.', StringComparison.Ordinal);
            if (Array.IndexOf(s_files, name) >= 0 || (dot > 0 && s_owners.Contains(name[..dot])))
            {
                throw Invalid(path, $"'{name}' is, or may become, the name of one of the kernel's own files there. Choose another, such as '_{name}'");
            }
        }

        return "/" + string.Join('/', names);
    }

    private static bool HasControl(string name)
    {
        foreach (char one in name)
        {
            if (char.IsControl(one))
            {
                return true;
            }
        }

        return false;
    }

    private static IsolationException Invalid(string path, string cause) => new(
        "CgroupNameInvalid", ErrorKind.InvalidArgument, $"'{path.ReplaceLineEndings("\\n").Replace("\0", "\\0", StringComparison.Ordinal)}' cannot be the path of a cgroup: {cause}.");
}
