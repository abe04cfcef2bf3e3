using System;
using System.Collections.Generic;
using System.Threading;

namespace Isolation.Cgroups;

/// <summary>Removes cgroups by path, with those inside, after their processes were moved away or killed.</summary>
/// <param name="host">The host.</param>
/// <param name="isSet">Whether there is a namespace set of a name.</param>
internal sealed class CgroupRemoval(CgroupHost host, Func<string, bool> isSet)
{
    /// <summary>Whether cgroups inside are removed too.</summary>
    public bool Recurse { get; init; }

    /// <summary>Whether cgroups that were not made here are removed too.</summary>
    public bool Force { get; init; }

    /// <summary>Whether processes are killed.</summary>
    public bool Kill { get; init; }

    /// <summary>Where processes are moved; null where they are not.</summary>
    public Cgroup? Target { get; init; }

    /// <summary>Refuses what is not to be removed, before anything is done.</summary>
    /// <exception cref="IsolationException">
    /// <c>CgroupRootRefused</c>, <c>CgroupNotOurs</c>, <c>CgroupOfSet</c>, <c>CgroupHasChildren</c>, <c>CgroupBusy</c>, <c>CgroupNotFound</c>,
    /// <c>CgroupReferenceInvalid</c>.
    /// </exception>
    public void Check(Cgroup cgroup)
    {
        if (cgroup.ProcessId is not null)
        {
            throw new IsolationException(
                "CgroupReferenceInvalid",
                ErrorKind.InvalidArgument,
                $"{cgroup.Path} is the cgroup of process {cgroup.ProcessId} and perhaps of others: give the cgroup's path to remove it.");
        }

        if (cgroup.IsRoot)
        {
            throw new IsolationException("CgroupRootRefused", ErrorKind.InvalidArgument, "The root of the hierarchies cannot be removed. Name a cgroup below it.");
        }

        // What is being removed by somebody else has lost its mark, and is no other's for that.
        if (!cgroup.IsOurs && !Force)
        {
            throw !cgroup.Exists ? cgroup.NotFound() : new IsolationException(
                "CgroupNotOurs",
                ErrorKind.PermissionDenied,
                $"{cgroup.Path} was not made by this module, and others may count on it. Look at it with Get-CgroupProcess {cgroup.Path} -Recurse, and give -Force to remove it.");
        }

        CgroupNode first = cgroup.Node;
        foreach (CgroupNode node in new CgroupTree(host).Walk(first))
        {
            if (node.Path != first.Path && !Recurse)
            {
                throw new IsolationException(
                    "CgroupHasChildren",
                    ErrorKind.Busy,
                    $"{cgroup.Path} has cgroups inside, such as {node.Path}. Give -Recurse to remove them with it, or remove them first.");
            }

            if (host.Placement.SetOf(node.Path) is string set && node.Path == $"{host.Placement.Folder}/{set}" && isSet(set))
            {
                throw new IsolationException(
                    "CgroupOfSet", ErrorKind.Busy, $"{node.Path} is the cgroup of the namespace set '{set}' and is removed with it: Remove-Namespace {set}");
            }
        }

        IReadOnlyList<int> pids = cgroup.GetProcesses();
        if (pids.Count != 0 && !Kill && Target is null)
        {
            throw new IsolationException(
                "CgroupBusy",
                ErrorKind.Busy,
                $"{cgroup.Path} has processes in it{CgroupRefusal.Processes(pids, host)}. Give -MoveProcessTo to have them moved to another cgroup, or -KillProcess to end them.");
        }

        if (Target is not null)
        {
            _ = Destination(cgroup);
        }
    }

    /// <summary>Removes a cgroup.</summary>
    /// <param name="cgroup">The cgroup.</param>
    /// <param name="timeout">How long to wait for processes to end and for the kernel to let go.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="IsolationException">Those of <see cref="Check"/> and of moving processes.</exception>
    public void Remove(Cgroup cgroup, TimeSpan timeout, CancellationToken cancellation)
    {
        CgroupMover mover = new(host, stayBelow: false);
        try
        {
            if (Target is not null)
            {
                mover.MoveAll(cgroup.GetProcesses, Destination(cgroup));
            }

            new CgroupRemover(host).Remove(cgroup, Kill, timeout, cancellation);
        }
        catch (IsolationException)
        {
            mover.RollBack();
            throw;
        }
    }

    private List<CgroupDirectory> Destination(Cgroup cgroup)
    {
        if (Target!.Path == cgroup.Path || Target.Path.StartsWith(cgroup.Path + "/", StringComparison.Ordinal))
        {
            throw new IsolationException(
                "CgroupReferenceInvalid", ErrorKind.InvalidArgument, $"Processes of {cgroup.Path} cannot be moved to {Target.Path}, which is to be removed too. Name another cgroup, such as /.");
        }

        List<CgroupDirectory> destination = [];
        foreach (CgroupDirectory directory in cgroup.Directories)
        {
            CgroupDirectory? there = null;
            foreach (CgroupDirectory other in Target.Directories)
            {
                there = other.Hierarchy == directory.Hierarchy ? other : there;
            }

            destination.Add(there ?? throw new IsolationException(
                "CgroupNotFound",
                ErrorKind.NotFound,
                $"{Target.Path} has no folder in {directory.Hierarchy.MountPoint}, where processes of {cgroup.Path} may be. Name a cgroup that has one, such as /, or make it with New-Cgroup -Force."));
        }

        return destination;
    }
}
