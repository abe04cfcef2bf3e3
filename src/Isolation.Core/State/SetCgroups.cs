using System.Collections.Generic;
using Isolation.Cgroups;

namespace Isolation.State;

/// <summary>The control groups of sets: they have the set's name, and their folders' being there is what says that a set has one.</summary>
internal static class SetCgroups
{
    private static CgroupHost? s_host;

    /// <summary>The host's hierarchies, read once: they are mounted at boot.</summary>
    public static CgroupHost Host => s_host ??= CgroupHost.Read();

    /// <summary>The processes that belong to a set, for moving them into a cgroup that is made after they were started.</summary>
    public static IReadOnlyCollection<int> Members(NamespaceSet set)
    {
        List<int> members = [.. NamespaceScanner.ProcessesInAny(set.Namespaces)];
        if (set.Record.Keeper is { } keeper && keeper.Identity.IsAlive() && !members.Contains(keeper.Pid))
        {
            members.Add(keeper.Pid);
        }

        return members;
    }
}
