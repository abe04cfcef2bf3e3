using System.Collections.Generic;
using Isolation.Interop;
using Isolation.Users;

namespace Isolation.Plans;

/// <summary>The plans about users: who they are inside a mount namespace, and which a user namespace has.</summary>
internal static class UserPlans
{
    /// <summary>
    /// Opens <c>/etc/passwd</c> and <c>/etc/group</c> inside, or one of them. The inputs are: the namespaces in the order of <see cref="ProcessPlans.Order"/>; the root
    /// directory.
    /// </summary>
    /// <param name="entry">What is entered: of the namespaces, those of the kinds User and Mount alone.</param>
    /// <param name="only"><c>passwd</c> or <c>group</c>; null opens both, and fails where one of them is missing.</param>
    public static Plan OpenDatabases(EntryOptions entry, string? only = null)
    {
        Plan plan = new($"find the users of {entry.Target}");
        List<(NamespaceType Type, PlanSlot Slot)> namespaces = ProcessPlans.Namespaces(plan, entry);

        PlanSlot? root = entry.RootDirectory ? plan.Input("root") : null;
        foreach ((NamespaceType type, PlanSlot slot) in namespaces)
        {
            plan.SetNs(slot, type, entry.Target);
        }

        ProcessPlans.GoToRoot(plan, entry, root);
        if (entry.Root is not null && entry.New?.Types.HasFlag(NamespaceType.User) == true && !entry.Types.HasFlag(NamespaceType.User))
        {
            // It gives the right to change the root, chroot(2), as it will to the program.
            plan.Unshare(NamespaceType.User);
        }

        ProcessPlans.ChangeRoot(plan, entry);
        foreach (string file in only is null ? (string[])["passwd", "group"] : [only])
        {
            PlanSlot slot = plan.NewSlot(file);
            // Whatever lies there: a pipe would keep the opener waiting.
            plan.Open($"/etc/{file}", OpenFlags.ReadOnly | OpenFlags.NonBlock, slot);
            plan.Send(slot);
        }

        plan.Exit();
        return plan;
    }

    /// <summary>Opens the id maps of a user namespace as they are seen in it, where outside is the namespace around; it is the only input.</summary>
    public static Plan OpenMaps(string target)
    {
        Plan plan = new($"find the ids of {target}");
        PlanSlot user = plan.Input("user");
        plan.SetNs(user, NamespaceType.User, target);
        foreach (string name in (string[])["uid_map", "gid_map"])
        {
            PlanSlot slot = plan.NewSlot(name);
            plan.Open($"/proc/self/{name}", OpenFlags.ReadOnly, slot);
            plan.Send(slot);
        }

        plan.Exit();
        return plan;
    }

    /// <summary>
    /// Writes the id maps of another process's user namespace, from the namespace around it. The inputs are the process's folder of /proc and, where that
    /// is another than the agent's, the user namespace around.
    /// </summary>
    public static Plan WriteMaps(string owner, IReadOnlyList<(string File, PlannedIdMap Map)> maps, bool entersUser)
    {
        Plan plan = new($"map the ids of {owner}");
        PlanSlot process = plan.Input("process");
        if (entersUser)
        {
            plan.SetNs(plan.Input("user"), NamespaceType.User, "the set around it");
        }

        foreach ((string name, PlannedIdMap map) in maps)
        {
            PlanSlot file = plan.NewSlot(name);
            plan.OpenIn(process, name, OpenFlags.WriteOnly, file);

            // One write for the whole map: there is no second one.
            plan.Write(file, IdMapList.Text(map.Lines), $"write the {name}");
            plan.Close(file);
        }

        plan.Exit();
        return plan;
    }

    /// <summary>Runs newuidmap(1) or newgidmap(1). The inputs are its standard input, and what takes its words.</summary>
    public static Plan RunMapProgram(string path, IReadOnlyList<string> arguments, string owner)
    {
        Plan plan = new($"map the ids of {owner} with {path}");
        PlanSlot nothing = plan.Input("null");
        PlanSlot log = plan.Input("log");
        plan.Duplicate(nothing, 0);
        plan.Duplicate(log, 1);
        plan.Duplicate(log, 2);
        plan.DieWithAgent();
        plan.ResetSignals();
        plan.Exec([path], arguments, ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]);
        return plan;
    }
}
