using Isolation.Plans;

namespace Isolation.Host;

/// <summary>The plans that try something and end: what they made ends with their process.</summary>
internal static class HostPlans
{
    /// <summary>Makes a namespace; for an ordinary user in a user namespace of its own. Equivalent to <c>unshare --net true</c>.</summary>
    public static Plan MakeNamespace(NamespaceType type, bool withUser)
    {
        Plan plan = new($"try a new {type} namespace");
        if (withUser || type == NamespaceType.User)
        {
            plan.Unshare(NamespaceType.User);
        }

        if (type != NamespaceType.User)
        {
            plan.Unshare(type);
        }

        plan.Exit();
        return plan;
    }

    /// <summary>
    /// Makes a user namespace as an ordinary user, and in it one of another kind: where AppArmor restricts them the first succeeds, but gives no
    /// capabilities. Equivalent to <c>unshare --user --uts true</c>.
    /// </summary>
    /// <param name="asUser">The user to become first; null for the caller.</param>
    public static Plan MakeUserNamespace(uint? asUser)
    {
        Plan plan = new("try a user namespace");
        if (asUser is uint id)
        {
            plan.SetGroups([], mayFail: true);
            plan.SetGroup(id, mayFail: false);
            plan.SetUser(id, mayFail: false);
        }

        plan.Unshare(NamespaceType.User);
        plan.Unshare(NamespaceType.Uts);
        plan.Exit();
        return plan;
    }

    /// <summary>Mounts /proc for a new pid namespace, in a mount namespace that nobody else sees. Equivalent to <c>unshare --pid --fork --mount-proc true</c>.</summary>
    public static Plan MountProc(bool withUser)
    {
        Plan plan = new("try a /proc of its own");
        if (withUser)
        {
            plan.Unshare(NamespaceType.User);
        }

        plan.Unshare(NamespaceType.Mount | NamespaceType.Pid);
        plan.Mount("none", "/", null, Interop.MountFlags.Recursive | Interop.MountFlags.Private);
        plan.Fork();
        plan.Mount("proc", "/proc", "proc", Interop.MountFlags.NoSuid | Interop.MountFlags.NoDev | Interop.MountFlags.NoExec);
        plan.Exit();
        return plan;
    }

    /// <summary>Makes one system call whose arguments the kernel refuses before it does anything: its refusal says whether it has the call.</summary>
    public static Plan Probe(string call, int number, params PlanArgument[] arguments)
    {
        Plan plan = new($"ask for {call}");
        plan.Probe(call, number, arguments);
        plan.Exit();
        return plan;
    }
}
