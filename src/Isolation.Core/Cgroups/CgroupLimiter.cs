using System;
using System.Collections.Generic;

namespace Isolation.Cgroups;

/// <summary>Sets limits of a cgroup, all of a call or none.</summary>
internal sealed class CgroupLimiter(Cgroup cgroup)
{
    private readonly CgroupHost _host = cgroup.Host;

    /// <summary>
    /// Makes what is missing of one of our own cgroups, writes the values and takes the members in; after a refusal what was written is restored, members
    /// are moved back, and folders that were made are removed.
    /// </summary>
    /// <param name="request">The limits.</param>
    /// <param name="members">The processes of the set, asked for until no new one appears; null where it holds none.</param>
    /// <param name="process">The process that priorities are meant for; null for all of the cgroup.</param>
    public void Set(CgroupLimitRequest request, Func<IReadOnlyCollection<int>>? members, int? process)
    {
        if (request.IsEmpty)
        {
            return;
        }

        bool devicesAreFirst = _host.HierarchyOf(CgroupControllers.Devices) is not null;
        List<string> controllers = [.. request.Controllers];
        if (request.Devices is not null && devicesAreFirst)
        {
            controllers.Add(CgroupControllers.Devices);
        }

        foreach (string controller in controllers)
        {
            _host.RequireHierarchy(controller);
        }

        if (cgroup.SetName is null && !cgroup.Exists)
        {
            throw cgroup.NotFound();
        }

        IReadOnlyList<CgroupDirectory> made = cgroup.IsOurs && request.HasLimits ? cgroup.EnsureCreated(controllers) : [];
        CgroupWriter writer = new(_host.Files);
        CgroupMover mover = new(_host);
        CgroupPriorities priorities = new(cgroup);
        try
        {
            try
            {
                // The values first: a new cgroup is empty, so nothing can stand against them, and the members come under all of them at once.
                writer.WriteAll(CgroupWritePlan.Build(request, _host.Files, Locate, devicesAreFirst));
            }
            catch (CgroupRefusedException refused)
            {
                throw CgroupRefusal.Explain(refused, _host);
            }

            if (made.Count > 0 && members is not null)
            {
                mover.MoveAll(members, made);
            }

            priorities.Set(request.Nice, request.IoPriority, members, process);
        }
        catch (IsolationException exception)
        {
            List<string> stuck = [.. priorities.RollBack()];
            mover.RollBack();
            stuck.AddRange(writer.RollBack());
            new CgroupRemover(_host).Undo(made);
            if (stuck.Count == 0)
            {
                throw;
            }

            throw new IsolationException(
                exception.ErrorId,
                exception.Kind,
                $"{exception.Message} Values written before could not be restored: {string.Join(", ", stuck)}. Set them again.",
                exception);
        }
    }

    private (CgroupHierarchy Hierarchy, string Directory) Locate(string controller)
    {
        CgroupHierarchy hierarchy = controller == UnifiedWrites.Core && _host.Unified is CgroupHierarchy unified ? unified : _host.RequireHierarchy(controller);
        if (cgroup.PathIn(hierarchy) is string path)
        {
            string directory = hierarchy.DirectoryOf(path);
            if (path == "/" && hierarchy.Root == "/")
            {
                throw CgroupRefusal.Root(directory, controller);
            }

            return _host.Files.DirectoryExists(directory) ? (hierarchy, directory) : throw new IsolationException(
                "CgroupNotFound",
                ErrorKind.NotFound,
                $"{cgroup.Path} has no folder {directory}, where the {controller} controller lives. Make it with: New-Cgroup {cgroup.Path} -Controller {controller} -Force");
        }

        throw new IsolationException(
            "CgroupControllerMissing",
            ErrorKind.NotSupported,
            $"{string.Join(", ", cgroup.DirectoryPaths)} has no {controller} controller: on this host that lives in {hierarchy.MountPoint}. "
            + $"Give the path without the mount point, {cgroup.Path}, to mean the cgroup of that name in every hierarchy.");
    }
}
