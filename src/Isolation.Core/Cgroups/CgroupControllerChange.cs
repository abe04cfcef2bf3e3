using System;
using System.Collections.Generic;
using Isolation.Interop;

namespace Isolation.Cgroups;

/// <summary>Turns controllers on or off for the cgroups inside one, as users ask for it.</summary>
internal sealed class CgroupControllerChange(CgroupHost host)
{
    /// <summary>Turns controllers on, from the root down where those above lack them; all of them or none.</summary>
    /// <param name="cgroup">The cgroup.</param>
    /// <param name="controllers">The controllers.</param>
    /// <param name="target">The cgroup to which processes of this one are moved first; null for leaving them.</param>
    /// <exception cref="IsolationException">
    /// <c>CgroupVersionUnsupported</c>, <c>CgroupControllerMissing</c>, and those of <see cref="CgroupSwitch.TurnOn"/> and of moving processes.
    /// </exception>
    public void Enable(Cgroup cgroup, IReadOnlyList<string> controllers, Cgroup? target)
    {
        CgroupDirectory place = Place(cgroup, controllers, "turn on");
        string what = $"turn on the {string.Join(" and ", controllers)} {(controllers.Count == 1 ? "controller" : "controllers")} for the cgroups in {cgroup.Path}";
        CgroupMover mover = new(host, stayBelow: false);
        CgroupSwitch switches = new(host);
        List<(string Directory, IReadOnlyList<string> Controllers)> done = [];
        try
        {
            if (target is not null)
            {
                MoveOwn(place, Destination(place, target), mover);
            }

            List<string> chain = [];
            for (string? at = place.Path; at is not null; at = CgroupPlacement.Parent(at))
            {
                chain.Insert(0, at);
            }

            foreach (string path in chain)
            {
                string directory = place.Hierarchy.DirectoryOf(path);
                bool above = path != place.Path;
                if (above && IsHandedOn(place.Hierarchy.DirectoryOf(chain[chain.IndexOf(path) + 1]), controllers))
                {
                    continue;
                }

                done.Add((directory, switches.TurnOn(place.Hierarchy, directory, controllers, what, IsThreadRoot(directory))));
            }
        }
        catch (IsolationException)
        {
            for (int i = done.Count - 1; i >= 0; i--)
            {
                switches.TurnBack(done[i].Directory, done[i].Controllers);
            }

            mover.RollBack();
            throw;
        }
    }

    /// <summary>Turns controllers off; all of them or none.</summary>
    /// <param name="cgroup">The cgroup.</param>
    /// <param name="controllers">The controllers.</param>
    /// <param name="recurse">Whether they are turned off in the cgroups inside first.</param>
    /// <exception cref="IsolationException"><c>CgroupVersionUnsupported</c>, <c>CgroupControllerMissing</c>, <c>CgroupBusy</c>, <c>CgroupNotDelegated</c>.</exception>
    public void Disable(Cgroup cgroup, IReadOnlyList<string> controllers, bool recurse)
    {
        CgroupDirectory place = Place(cgroup, controllers, "turn off");
        CgroupSwitch switches = new(host);
        List<(string Directory, IReadOnlyList<string> Controllers)> done = [];
        List<CgroupNode> nodes = [new CgroupNode(place.Path, [place])];
        if (recurse)
        {
            nodes = [.. new CgroupTree(host).Walk(nodes[0])];
        }

        try
        {
            for (int i = nodes.Count - 1; i >= 0; i--)
            {
                string directory = nodes[i].Directories[0].FullPath;
                done.Add((directory, switches.TurnOff(directory, controllers)));
            }
        }
        catch (IsolationException)
        {
            for (int i = done.Count - 1; i >= 0; i--)
            {
                foreach (string controller in done[i].Controllers)
                {
                    _ = host.Files.TryWrite(done[i].Directory + "/cgroup.subtree_control", "+" + controller);
                }
            }

            throw;
        }
    }

    private CgroupDirectory Place(Cgroup cgroup, IReadOnlyList<string> controllers, string verb)
    {
        foreach (string controller in controllers)
        {
            CgroupHierarchy hierarchy = host.RequireHierarchy(controller);
            if (hierarchy.Version == CgroupVersion.V1)
            {
                throw new IsolationException(
                    "CgroupVersionUnsupported",
                    ErrorKind.NotSupported,
                    $"Cannot {verb} the {controller} controller in {cgroup.Path}: on this host it is one of version 1, in {hierarchy.MountPoint}, where every cgroup of the hierarchy has it. "
                    + $"What has to have it is made there: New-Cgroup {cgroup.Path} -Controller {controller}");
            }
        }

        foreach (CgroupDirectory directory in cgroup.Directories)
        {
            if (directory.Hierarchy.Version == CgroupVersion.V2)
            {
                return directory;
            }
        }

        throw new IsolationException(
            "CgroupVersionUnsupported",
            ErrorKind.NotSupported,
            $"Cannot {verb} controllers in {cgroup.Path}: it is in version 1 alone, and the {string.Join(", ", controllers)} of this host are in version 2. Make it there with: New-Cgroup {cgroup.Path} -Force");
    }

    private static CgroupDirectory Destination(CgroupDirectory place, Cgroup target)
    {
        foreach (CgroupDirectory directory in target.Directories)
        {
            if (directory.Hierarchy == place.Hierarchy && directory.Path != place.Path)
            {
                return directory;
            }
        }

        throw new IsolationException(
            "CgroupReferenceInvalid",
            ErrorKind.InvalidArgument,
            $"The processes of {place.Path} cannot be moved to {target.Path}: it is not another cgroup of version 2. Name one that is, such as a new {CgroupTree.Combine(place.Path, "main")}.");
    }

    // Only those in the cgroup itself: those in cgroups inside are where they may be.
    private void MoveOwn(CgroupDirectory place, CgroupDirectory destination, CgroupMover mover) => mover.MoveAll(
        () =>
        {
            host.Files.TryRead(place.ProcsFile, out string text);
            return CgroupRefusal.ParsePids(text);
        },
        [destination]);

    private bool IsHandedOn(string directory, IReadOnlyList<string> controllers)
    {
        host.Files.TryRead(directory + "/cgroup.controllers", out string text);
        string[] available = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        foreach (string controller in controllers)
        {
            if (Array.IndexOf(available, controller) < 0)
            {
                return false;
            }
        }

        return true;
    }

    private bool IsThreadRoot(string directory) =>
        host.Files.TryRead(directory + "/cgroup.type", out string type) == Errno.None && type is "threaded" or "domain threaded";
}
