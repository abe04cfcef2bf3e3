using System;
using System.Collections.Generic;

namespace Isolation.Cgroups;

/// <summary>Which controllers work on single threads, cgroups(7) "Thread mode"; the others work on whole processes alone.</summary>
internal static class CgroupThreads
{
    private static readonly string[] s_threaded = [CgroupControllers.Cpu, CgroupControllers.CpuSet, CgroupControllers.Pids, "perf_event"];

    /// <summary>Whether a controller works on single threads.</summary>
    public static bool Has(string controller) => Array.IndexOf(s_threaded, controller) >= 0;

    /// <summary>The first that does not; null where all do.</summary>
    public static string? FirstOther(IEnumerable<string> controllers)
    {
        foreach (string controller in controllers)
        {
            if (!Has(controller))
            {
                return controller;
            }
        }

        return null;
    }

    /// <summary>The refusal of such a controller in a threaded cgroup.</summary>
    public static IsolationException Refuse(string what, string controller) => new(
        "CgroupTypeRefused",
        ErrorKind.NotSupported,
        $"Cannot {what}: the {controller} controller works on whole processes, and a threaded cgroup holds single threads. Of the controllers only {string.Join(", ", s_threaded)} work there.");
}
