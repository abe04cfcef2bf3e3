using Isolation.Interop;

namespace Isolation.Plans;

/// <summary>The steps that give a new mount namespace another root, and take the old one away.</summary>
internal static class PivotPlans
{
    /// <summary>
    /// Makes a folder the root, pivot_root(2), and unmounts all that was there before: no path, no working directory and no descriptor of the plan's own
    /// leads back. It comes after everything that the plan needs of the old root, such as <c>/proc/self/ns</c>. Equivalent to <c>unshare --root</c>, which
    /// leaves the old tree in place.
    /// </summary>
    /// <param name="plan">A plan that is in a mount namespace of its own.</param>
    /// <param name="root">The folder, as a full path. Who can replace a folder on the way to it decides what becomes the root.</param>
    /// <param name="freshProc">/proc of the new root shows the pid namespace of the process; in a user namespace the kernel allows that only while another is in sight.</param>
    /// <param name="propagation">How the new root passes mounts on. A slave goes on getting what the host mounts below the folder.</param>
    public static void Into(Plan plan, string root, bool freshProc = false, MountPropagation propagation = MountPropagation.Private)
    {
        // The kernel refuses to pivot below a shared mount, and what is unmounted here must not be unmounted in the host.
        MountFlags kind = propagation == MountPropagation.Slave ? MountFlags.Slave : MountFlags.Private;
        plan.Mount("none", "/", null, MountFlags.Recursive | kind);

        // The new root must be a mount; bound with what is below it, for a part of that may be locked to it.
        plan.Mount(root, root, null, MountFlags.Bind | MountFlags.Recursive);
        plan.ChangeDirectory(root, mayFail: false);
        PlanSlot old = plan.NewSlot("old");
        plan.Open("/", OpenFlags.Path | OpenFlags.Directory, old);

        // With both names the same the old root is mounted on the new one, so that no folder for it is needed.
        plan.Call("pivot_root", SyscallNumbers.pivot_root, $"make {root} the root", null, PlanArgument.String("."), PlanArgument.String("."));
        plan.ChangeDirectory(old);
        plan.Mount("none", ".", null, MountFlags.Recursive | MountFlags.Slave);
        if (freshProc)
        {
            // From the root that the process has by now, whatever lies upon it.
            plan.Mount("proc", "/proc", "proc", MountFlags.NoSuid | MountFlags.NoDev | MountFlags.NoExec);
        }

        plan.Call("umount2", SyscallNumbers.umount2, "unmount the old root", null, PlanArgument.String("."), PlanArgument.Value(Sys.DetachMount, "MNT_DETACH"));
        plan.Close(old);
        plan.ChangeDirectory("/", mayFail: false);
        if (propagation is MountPropagation.Shared or MountPropagation.Unbindable)
        {
            plan.Mount("none", "/", null, MountFlags.Recursive | (MountFlags)propagation);
        }
    }
}
