using Isolation.Interop;

namespace Isolation.Plans;

/// <summary>The plan that reads who the users are inside a mount namespace.</summary>
internal static class UserPlans
{
    /// <summary>Opens <c>/etc/passwd</c> and <c>/etc/group</c> inside; the mount namespace is the only input.</summary>
    public static Plan OpenDatabases(string target)
    {
        Plan plan = new($"find the users of {target}");
        PlanSlot mount = plan.Input("mnt");
        plan.SetNs(mount, NamespaceType.Mount, target);
        foreach (string file in (string[])["passwd", "group"])
        {
            PlanSlot slot = plan.NewSlot(file);
            plan.Open($"/etc/{file}", OpenFlags.ReadOnly, slot);
            plan.Send(slot);
        }

        plan.Exit();
        return plan;
    }
}
