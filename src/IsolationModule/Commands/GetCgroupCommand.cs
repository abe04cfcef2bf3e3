using System.Collections.Generic;
using System.Management.Automation;
using Isolation.Arguments;
using Isolation.Cgroups;
using Isolation.Completion;

namespace Isolation.Commands;

/// <summary>Get-Cgroup: the control groups of the host, those of the same path in several hierarchies as one. Equivalent to <c>lscgroup</c>.</summary>
[Cmdlet(VerbsCommon.Get, "Cgroup")]
[OutputType(typeof(CgroupInfo))]
public sealed class GetCgroupCommand : CgroupCommand
{
    /// <summary>The cgroups; those directly below the roots where none is given.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Namespace", "ProcessId", "FullName")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(CgroupCompleter))]
    public CgroupReference[] Cgroup { get; set; } = [];

    /// <summary>Those inside are given too, at any depth.</summary>
    [Parameter]
    public SwitchParameter Recurse { get; set; }

    /// <summary>How many levels of those inside are given too.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int? Depth { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (MyInvocation.BoundParameters.ContainsKey(nameof(Cgroup)))
        {
            ForEach(Cgroup, "CgroupReadFailed", Write);
            return;
        }

        CgroupTree tree = new(Groups);
        foreach (CgroupNode node in tree.Children(tree.Root()))
        {
            Write(node);
        }
    }

    private void Write(CgroupNode node)
    {
        IEnumerable<CgroupNode> found = Recurse || Depth is not null ? new CgroupTree(Groups).Walk(node, Depth) : [node];
        foreach (CgroupNode one in found)
        {
            Cancellation.ThrowIfCancellationRequested();
            WriteObject(new CgroupInfo(Groups, one));
        }
    }
}
