using System;
using System.Collections.Generic;

namespace Isolation.Cgroups;

/// <summary>Values that are given with the name of their file of version 2, as in the <c>unified</c> of the OCI runtime specification.</summary>
internal static class UnifiedWrites
{
    /// <summary>What stands before the dot in the files that each cgroup has.</summary>
    public const string Core = "cgroup";

    // These are no limits: they move, end, freeze or turn into something else.
    private static readonly string[] s_actions = ["cgroup.procs", "cgroup.threads", "cgroup.kill", "cgroup.freeze", "cgroup.type", "cgroup.subtree_control"];

    /// <summary>What stands before the first dot of a file's name: its controller, or <see cref="Core"/>.</summary>
    public static string ControllerOf(string file) => file.IndexOf('.', StringComparison.Ordinal) is int dot and > 0 ? file[..dot] : Core;

    /// <summary>Refuses what cannot be the name of a file with a limit.</summary>
    /// <exception cref="IsolationException"><c>CgroupLimitInvalid</c>.</exception>
    public static void CheckName(string file)
    {
        if (!file.Contains('.', StringComparison.Ordinal) || file[0] == '.' || file.AsSpan().IndexOfAny("/\n\0 ") >= 0)
        {
            throw CgroupLimitText.Invalid("Unified", file, "it is not the name of a file of version 2 such as memory.high");
        }

        if (Array.IndexOf(s_actions, file) >= 0)
        {
            throw CgroupLimitText.Invalid("Unified", file, "that file holds no limit");
        }
    }

    public static void Add(
        List<CgroupWrite> writes, CgroupLimitRequest request, ICgroupFiles files, Func<string, (CgroupHierarchy Hierarchy, string Directory)> locate)
    {
        foreach (KeyedText one in request.Unified)
        {
            string controller = ControllerOf(one.Key);
            (CgroupHierarchy hierarchy, string directory) = locate(controller);
            ControllerFolder folder = new(controller, hierarchy, directory, files);
            if (folder.IsFirst)
            {
                throw folder.Unsupported($"{one.Key} of Unified", $"the {controller} controller is in version 1 on this host. Give the limit by its own parameter");
            }

            string former = folder.Read("Unified", one.Key);

            // A file of lines, one a device or kind, is restored line by line, and a line that was not there before stays.
            writes.Add(folder.Write($"{one.Key} of Unified", one.Key, one.Text, former.Length == 0 ? "\n" : former));
        }
    }
}
