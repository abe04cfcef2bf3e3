using Isolation.Interop;

namespace Isolation.Cgroups;

/// <summary>A new cpuset of version 1 is empty and takes no process (ENOSPC) until it has processors and memory nodes, cpuset(7): it gets its parent's.</summary>
internal static class CpuSetInheritance
{
    /// <summary>Fills what is empty, where the hierarchy has the controller; false where the folder or the one above is gone, or not filled itself yet.</summary>
    public static bool TryFill(ICgroupFiles files, CgroupHierarchy hierarchy, string parent, string directory)
    {
        foreach (string controller in hierarchy.Controllers)
        {
            if (controller == CgroupControllers.CpuSet)
            {
                return TryCopy(files, parent, directory, "cpuset.cpus") && TryCopy(files, parent, directory, "cpuset.mems");
            }
        }

        return true;
    }

    private static bool TryCopy(ICgroupFiles files, string parent, string directory, string file)
    {
        if (files.TryRead($"{directory}/{file}", out string own) != Errno.None)
        {
            return false;
        }

        if (own.Length > 0)
        {
            return true;
        }

        // Empty there too: another maker has made the folder above and not yet filled it. The next attempt starts with that one.
        return files.TryRead($"{parent}/{file}", out string value) == Errno.None && value.Length > 0 && files.TryWrite($"{directory}/{file}", value) == Errno.None;
    }
}
