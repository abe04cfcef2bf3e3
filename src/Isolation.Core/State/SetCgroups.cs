using System;
using System.Collections.Generic;
using System.Globalization;
using Isolation.Cgroups;

namespace Isolation.State;

/// <summary>The control groups of sets: they have the set's name, and their folders' being there is what says that a set has one.</summary>
internal static class SetCgroups
{
    private static CgroupHost? s_host;

    /// <summary>The host's hierarchies, read once: they are mounted at boot.</summary>
    public static CgroupHost Host => s_host ??= CgroupHost.Read();

    /// <summary>
    /// Makes sure that programs can be born in a cgroup, which takes the right to move what bears them. Of a user's systemd it is asked for once: the
    /// agent is then in a cgroup of the same unit, until it ends.
    /// </summary>
    /// <param name="directory">A folder of the cgroup.</param>
    /// <param name="agent">The process that starts them.</param>
    /// <exception cref="IsolationException"><c>CgroupNotDelegated</c>, <c>SystemdUnreachable</c>.</exception>
    public static void LetReach(CgroupDirectory directory, int agent)
    {
        CgroupPlacement placement = Host.Placement;
        if (placement.Unit is not { OfUser: true } unit || directory.Hierarchy != Host.Unified || !placement.Holds(directory.Path))
        {
            return;
        }

        string now = Host.DirectoriesOfProcess(agent.ToString(CultureInfo.InvariantCulture)).GetValueOrDefault(directory.Hierarchy, "");
        if (now.StartsWith(directory.Hierarchy.DirectoryOf(unit.Manager) + "/", StringComparison.Ordinal))
        {
            return;
        }

        CgroupDirectory agents = new(directory.Hierarchy, $"{unit.Path}/{SystemdUnit.AgentsName}");
        _ = Host.Files.TryMakeDirectory(agents.FullPath);
        new CgroupMover(Host).Move(agent, [agents]);
    }

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
