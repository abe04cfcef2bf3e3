using System;
using System.Collections.Generic;
using Isolation.Interop;

namespace Isolation.Cgroups;

/// <summary>Makes the folders of a cgroup of ours and turns on its controllers.</summary>
internal sealed class CgroupMaker(CgroupHost host)
{
    // How often a folder that a remover took away meanwhile is made again.
    private const int Attempts = 20;

    private readonly List<CgroupDirectory> _made = [];

    /// <summary>Makes what is missing; after a refusal what was made is removed.</summary>
    /// <param name="cgroup">The cgroup.</param>
    /// <param name="paths">Its path in each hierarchy.</param>
    /// <param name="controllers">The controllers that are needed.</param>
    /// <returns>The folders of this cgroup that were made.</returns>
    public IReadOnlyList<CgroupDirectory> Make(
        Cgroup cgroup, IReadOnlyDictionary<CgroupHierarchy, string> paths, IReadOnlyCollection<string> controllers)
    {
        Dictionary<CgroupHierarchy, List<string>> needed = [];
        foreach (string controller in controllers)
        {
            CgroupHierarchy hierarchy = host.RequireHierarchy(controller);
            host.Placement.Require(hierarchy, $"limit {cgroup}");
            if (!paths.ContainsKey(hierarchy))
            {
                // One folder was named, and it is in another hierarchy: finding the controller's folder will say so.
                continue;
            }

            if (!needed.TryGetValue(hierarchy, out List<string>? list))
            {
                needed[hierarchy] = list = [];
            }

            list.Add(controller);
        }

        try
        {
            if (host.Unified is CgroupHierarchy unified && paths.TryGetValue(unified, out string? tracked) && !needed.ContainsKey(unified))
            {
                TryTrack(unified, tracked, required: needed.Count == 0);
            }

            foreach ((CgroupHierarchy hierarchy, List<string> list) in needed)
            {
                MakeIn(hierarchy, paths[hierarchy], list);
            }
        }
        catch (IsolationException)
        {
            new CgroupRemover(host).Undo(_made);
            throw;
        }

        return _made;
    }

    /// <summary>Makes folders without controllers; after a refusal what was made is removed.</summary>
    public void Make(IReadOnlyList<CgroupDirectory> directories)
    {
        try
        {
            foreach (CgroupDirectory directory in directories)
            {
                MakeIn(directory.Hierarchy, directory.Path, []);
            }
        }
        catch (IsolationException)
        {
            new CgroupRemover(host).Undo(_made);
            throw;
        }
    }

    // Without a controller in it the folder of version 2 only helps: where it cannot be made the limits still work.
    private void TryTrack(CgroupHierarchy unified, string path, bool required)
    {
        try
        {
            host.Placement.Require(unified, $"make the cgroup {path}");
            MakeIn(unified, path, []);
        }
        catch (IsolationException exception) when (!required && exception.Kind == ErrorKind.PermissionDenied)
        {
        }
    }

    private void MakeIn(CgroupHierarchy hierarchy, string path, List<string> controllers)
    {
        if (IsReady(hierarchy, hierarchy.DirectoryOf(path), controllers))
        {
            return;
        }

        for (int attempt = 1; !TryMakeChain(hierarchy, path, controllers); attempt++)
        {
            if (attempt == Attempts)
            {
                throw CgroupRefusal.ExplainMake(hierarchy.DirectoryOf(path), hierarchy, Errno.ENOENT, host);
            }
        }
    }

    // False where a folder on the way disappeared: somebody removed the last set and our folder with it.
    private bool TryMakeChain(CgroupHierarchy hierarchy, string path, List<string> controllers)
    {
        List<string> chain = [];
        string top = host.Placement.Prepare(hierarchy, path);
        for (string? at = path; at is not null && at != "/" && at != top; at = CgroupPlacement.Parent(at))
        {
            chain.Insert(0, at);
        }

        for (int i = 0; i < chain.Count; i++)
        {
            string directory = hierarchy.DirectoryOf(chain[i]);
            string parent = hierarchy.DirectoryOf(CgroupPlacement.Parent(chain[i])!);
            if (hierarchy.Version == CgroupVersion.V2 && !TryEnable(hierarchy, parent, chain[i], controllers))
            {
                return false;
            }

            if (!host.Files.DirectoryExists(directory))
            {
                Errno error = host.Files.TryMakeDirectory(directory);
                if (error == Errno.ENOENT && (i > 0 || host.Placement.Unit is not null))
                {
                    return false;
                }

                if (error is not (Errno.None or Errno.EEXIST) || (error == Errno.EEXIST && !host.Files.DirectoryExists(directory) && host.Files.FileExists(directory)))
                {
                    throw CgroupRefusal.ExplainMake(directory, hierarchy, error, host);
                }

                if (error == Errno.None && i == chain.Count - 1)
                {
                    _made.Add(new CgroupDirectory(hierarchy, chain[i]));
                }
            }

            if (hierarchy.Version == CgroupVersion.V1 && !CpuSetInheritance.TryFill(host.Files, hierarchy, parent, directory))
            {
                return false;
            }
        }

        // Our folder may have been removed and made again by others between two steps, and then has no controllers on yet.
        return chain.Count == 0 || IsReady(hierarchy, hierarchy.DirectoryOf(path), controllers);
    }

    private bool IsReady(CgroupHierarchy hierarchy, string directory, List<string> controllers)
    {
        if (!host.Files.DirectoryExists(directory))
        {
            return false;
        }

        if (hierarchy.Version == CgroupVersion.V2)
        {
            return controllers.Count == 0 || Missing(directory + "/cgroup.controllers", controllers, out _).Count == 0;
        }

        return !Contains(hierarchy.Controllers, CgroupControllers.CpuSet) || (IsFilled(directory + "/cpuset.cpus") && IsFilled(directory + "/cpuset.mems"));
    }

    private bool IsFilled(string file) => host.Files.TryRead(file, out string text) == Errno.None && text.Length > 0;

    private bool TryEnable(CgroupHierarchy hierarchy, string parent, string child, List<string> controllers)
    {
        if (controllers.Count == 0)
        {
            return true;
        }

        string file = parent + "/cgroup.subtree_control";
        List<string> missing = Missing(file, controllers, out Errno error);
        if (error is Errno.ENOENT or Errno.ENODEV && host.Files.DirectoryExists(hierarchy.MountPoint) && parent != hierarchy.MountPoint)
        {
            return false;
        }

        if (missing.Count == 0 || host.Files.TryWrite(file, "+" + string.Join(" +", missing)) == Errno.None)
        {
            return true;
        }

        // One that is refused spoils the whole write: one by one, so that the others are on and the refusal names the right ones.
        List<string> refused = [];
        Errno cause = Errno.None;
        foreach (string controller in missing)
        {
            error = host.Files.TryWrite(file, "+" + controller);
            if (error != Errno.None)
            {
                refused.Add(controller);
                cause = error;
            }
        }

        if (refused.Count == 0)
        {
            return true;
        }

        string what = $"give the cgroup {hierarchy.DirectoryOf(child)} its controllers";
        return host.Files.DirectoryExists(parent) ? throw CgroupRefusal.ExplainEnable(what, refused, parent, cause, host) : false;
    }

    private List<string> Missing(string file, List<string> controllers, out Errno error)
    {
        error = host.Files.TryRead(file, out string on);
        string[] present = on.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return controllers.FindAll(controller => Array.IndexOf(present, controller) < 0);
    }

    private static bool Contains(IReadOnlyList<string> list, string item)
    {
        foreach (string other in list)
        {
            if (other == item)
            {
                return true;
            }
        }

        return false;
    }
}
