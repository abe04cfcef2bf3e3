using System;
using System.Collections.Generic;
using Isolation.Arguments;
using Isolation.Cgroups;

namespace Isolation.Commands;

/// <summary>The base of the cmdlets that work on control groups as such: finds those that are meant.</summary>
public abstract class CgroupCommand : IsolationCommand
{
    private CgroupHost? _host;
    private ISetCatalog? _sets;

    private protected CgroupHost Groups => _host ??= CgroupHost.Read();

    private protected ISetCatalog Sets => _sets ??= SetCatalog.Open();

    /// <summary>Does the work for each cgroup that is meant; one that fails is an error, and the others go on.</summary>
    private protected void ForEach(IEnumerable<CgroupReference> references, string errorId, Action<CgroupNode> action)
    {
        foreach (CgroupReference reference in references)
        {
            IReadOnlyList<CgroupNode> found = [];
            Guard(errorId, reference, () => found = reference.Find(Groups, Sets));
            foreach (CgroupNode node in found)
            {
                Cancellation.ThrowIfCancellationRequested();
                Guard(errorId, node.Path, () => action(node));
            }
        }
    }
}
