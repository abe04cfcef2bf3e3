using System;
using System.Collections.Generic;
using Isolation.Interop;

namespace Isolation.Cgroups;

/// <summary>Turns controllers of version 2 on and off for the cgroups inside one: <c>cgroup.subtree_control</c>.</summary>
internal sealed class CgroupSwitch(CgroupHost host)
{
    /// <summary>Turns on what is off of some controllers; all of them or none.</summary>
    /// <param name="hierarchy">The hierarchy of version 2.</param>
    /// <param name="directory">The folder of the cgroup.</param>
    /// <param name="controllers">The controllers.</param>
    /// <param name="what">What it is for, for a refusal.</param>
    /// <param name="threaded">Whether the cgroups inside are, or will be, threaded: then processes in this one do not matter.</param>
    /// <returns>Those that were off.</returns>
    /// <exception cref="IsolationException"><c>CgroupBusy</c>, <c>CgroupControllerNotEnabled</c>, <c>CgroupTypeRefused</c>, <c>CgroupNotDelegated</c>.</exception>
    public IReadOnlyList<string> TurnOn(CgroupHierarchy hierarchy, string directory, IReadOnlyList<string> controllers, string what, bool threaded)
    {
        List<string> missing = Missing(directory, controllers);
        if (missing.Count == 0)
        {
            return [];
        }

        string type = Read(directory, "cgroup.type");
        if (CgroupThreads.FirstOther(missing) is string domain)
        {
            if (type == "threaded" || threaded)
            {
                throw CgroupThreads.Refuse(what, domain);
            }
        }
        else if (!threaded && type == "domain" && HasProcess(directory))
        {
            // The kernel would take it, and make the cgroups inside useless for whole processes ("domain invalid").
            throw CgroupRefusal.ExplainEnable(what, missing, directory, Errno.EBUSY, host);
        }

        List<string> done = [];
        foreach (string controller in missing)
        {
            Errno error = host.Files.TryWrite(directory + "/cgroup.subtree_control", "+" + controller);
            if (error == Errno.None)
            {
                done.Add(controller);
                continue;
            }

            TurnBack(directory, done);
            throw !host.Files.DirectoryExists(directory) ? Gone(directory)
                : error == Errno.ENOENT && Array.IndexOf(Words(directory, "cgroup.controllers"), controller) < 0
                    ? CgroupRefusal.NotEnabled($"Cannot {what}", controller, hierarchy, hierarchy.PathOf(directory) ?? "/", host)
                : CgroupRefusal.ExplainEnable(what, [controller], directory, error, host);
        }

        return done;
    }

    /// <summary>Turns on whatever is available and can be; the rest is left out.</summary>
    /// <returns>Those that were off.</returns>
    public IReadOnlyList<string> TurnOnWhatCanBe(string directory, bool threaded)
    {
        List<string> missing = Missing(directory, Words(directory, "cgroup.controllers"));
        string type = Read(directory, "cgroup.type");
        if (threaded || type is "threaded" or "domain threaded")
        {
            missing.RemoveAll(controller => !CgroupThreads.Has(controller));
        }
        else if (type.Length != 0 && HasProcess(directory))
        {
            return [];
        }

        if (missing.Count == 0 || host.Files.TryWrite(directory + "/cgroup.subtree_control", "+" + string.Join(" +", missing)) == Errno.None)
        {
            return missing;
        }

        // One that is refused spoils the whole write.
        missing.RemoveAll(controller => host.Files.TryWrite(directory + "/cgroup.subtree_control", "+" + controller) != Errno.None);
        return missing;
    }

    /// <summary>Turns controllers off; all of them or none.</summary>
    /// <returns>Those that were on.</returns>
    /// <exception cref="IsolationException"><c>CgroupBusy</c>, <c>CgroupNotDelegated</c>, <c>CgroupNotFound</c>.</exception>
    public IReadOnlyList<string> TurnOff(string directory, IReadOnlyList<string> controllers)
    {
        List<string> done = [];
        foreach (string controller in controllers)
        {
            if (Array.IndexOf(Words(directory, "cgroup.subtree_control"), controller) < 0)
            {
                continue;
            }

            Errno error = host.Files.TryWrite(directory + "/cgroup.subtree_control", "-" + controller);
            if (error == Errno.None)
            {
                done.Add(controller);
                continue;
            }

            foreach (string former in done)
            {
                _ = host.Files.TryWrite(directory + "/cgroup.subtree_control", "+" + former);
            }

            string what = $"turn off the {controller} controller in {directory}";
            throw !host.Files.DirectoryExists(directory) ? Gone(directory)
                : error is Errno.EBUSY ? new IsolationException(
                    "CgroupBusy",
                    ErrorKind.Busy,
                    $"Cannot {what}: it is on for cgroups inside {string.Join(", ", ChildrenWith(directory, controller))}. Turn it off there first, or give -Recurse.")
                : CgroupPlacement.NotDelegated(what, $"this user may not write cgroup.subtree_control there ({error.Name()})");
        }

        return done;
    }

    /// <summary>Turns off again what was turned on, as far as it can be done.</summary>
    public void TurnBack(string directory, IReadOnlyList<string> controllers)
    {
        foreach (string controller in controllers)
        {
            _ = host.Files.TryWrite(directory + "/cgroup.subtree_control", "-" + controller);
        }
    }

    private List<string> ChildrenWith(string directory, string controller)
    {
        List<string> children = [];
        foreach (string child in host.Files.Subdirectories(directory))
        {
            if (Array.IndexOf(Words($"{directory}/{child}", "cgroup.subtree_control"), controller) >= 0)
            {
                children.Add(child);
            }
        }

        return children;
    }

    // The root of all, which has no cgroup.type, may have both processes and cgroups with controllers.
    private bool HasProcess(string directory) => Read(directory, "cgroup.procs").Length > 0;

    private List<string> Missing(string directory, IReadOnlyList<string> controllers)
    {
        string[] on = Words(directory, "cgroup.subtree_control");
        List<string> missing = [];
        foreach (string controller in controllers)
        {
            if (Array.IndexOf(on, controller) < 0 && !missing.Contains(controller))
            {
                missing.Add(controller);
            }
        }

        return missing;
    }

    private string[] Words(string directory, string file) => Read(directory, file).Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private string Read(string directory, string file) => host.Files.TryRead($"{directory}/{file}", out string text) == Errno.None ? text : "";

    private static IsolationException Gone(string directory) => new(
        "CgroupNotFound", ErrorKind.NotFound, $"There is no cgroup {directory} any more. Get-Cgroup -Recurse lists those that there are.");
}
