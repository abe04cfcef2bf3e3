using System;
using System.Collections.Generic;
using Isolation.Entry;
using Isolation.Interop;

namespace Isolation.Plans;

/// <summary>The plans that look into an ipc namespace and remove from it.</summary>
internal static class IpcPlans
{
    // In a mount namespace that ends with the plan; what was there is not needed any more.
    private const string QueueFolder = "/proc";

    /// <summary>
    /// Opens files of <c>/proc/sysvipc</c>, which show the namespace of who opened them; and, where the user namespace that owns it is entered, its id maps.
    /// </summary>
    public static Plan OpenTables(OwnedNamespace ipc, IEnumerable<string> files, string target)
    {
        Plan plan = new($"look at the IPC objects of {target}");
        ipc.Enter(plan);
        foreach (string file in files)
        {
            Send(plan, $"/proc/sysvipc/{file}", file);
        }

        if (ipc.EntersOwner)
        {
            Send(plan, "/proc/self/uid_map", "uid_map");
            Send(plan, "/proc/self/gid_map", "gid_map");
        }

        plan.Exit();
        return plan;
    }

    /// <summary>Mounts the POSIX message queues of a namespace where nobody else sees them, and opens the folder, mq_overview(7).</summary>
    /// <param name="ipc">The namespace; null for the caller's own.</param>
    /// <param name="target">What it belongs to, for errors.</param>
    public static Plan OpenQueues(OwnedNamespace? ipc, string target)
    {
        Plan plan = new($"look at the POSIX message queues of {target}");
        ipc?.Enter(plan);
        plan.Unshare(NamespaceType.Mount);
        plan.Mount("none", "/", null, MountFlags.Recursive | MountFlags.Private);
        plan.Mount("mqueue", QueueFolder, "mqueue", MountFlags.NoSuid | MountFlags.NoDev | MountFlags.NoExec);
        Send(plan, QueueFolder, "mqueue");
        plan.Exit();
        return plan;
    }

    /// <summary>Removes an object. Equivalent to <c>ipcrm</c>, and to mq_unlink(3).</summary>
    /// <param name="ipc">The namespace; null for the caller's own.</param>
    /// <param name="item">The object.</param>
    /// <param name="target">What the namespace belongs to, for errors.</param>
    public static Plan Remove(OwnedNamespace? ipc, IpcObject item, string target)
    {
        Plan plan = new($"remove {item} of {target}");
        ipc?.Enter(plan);
        switch (item)
        {
            case SharedMemorySegment segment:
                plan.RemoveSharedMemory(segment.Id);
                break;
            case SemaphoreSet semaphores:
                plan.RemoveSemaphores(semaphores.Id);
                break;
            case MessageQueue queue:
                plan.RemoveMessageQueue(queue.Id);
                break;
            case PosixMessageQueue queue:
                plan.RemovePosixQueue(queue.Name);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(item), item, "an object of a kind that is known");
        }

        plan.Exit();
        return plan;
    }

    private static void Send(Plan plan, string path, string name)
    {
        PlanSlot slot = plan.NewSlot(name);
        plan.Open(path, OpenFlags.ReadOnly, slot);
        plan.Send(slot);
    }
}
