using System.Collections.Generic;
using System.Management.Automation;
using Isolation.Arguments;
using Isolation.Cgroups;
using Isolation.Completion;

namespace Isolation.Commands;

/// <summary>Add-CgroupProcess: moves processes into a control group. Equivalent to <c>cgclassify</c>.</summary>
[Cmdlet(VerbsCommon.Add, "CgroupProcess", SupportsShouldProcess = true)]
public sealed class AddCgroupProcessCommand : CgroupCommand
{
    /// <summary>The cgroup.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(CgroupCompleter))]
    public CgroupReference Cgroup { get; set; } = null!;

    /// <summary>The processes.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("ProcessId", "InitId")]
    [ValidateNotNullOrEmpty]
    [ValidateRange(1, int.MaxValue)]
    public int[] Id { get; set; } = [];

    /// <summary>The numbers are those of single threads.</summary>
    [Parameter]
    public SwitchParameter Thread { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (int id in Id)
        {
            Guard("CgroupMoveFailed", id, () => Move(id));
        }
    }

    private void Move(int id)
    {
        // Looked up for each: it may have been removed between two that come down the pipeline.
        CgroupNode node = Cgroup.Find(Groups, Sets) is [CgroupNode one] ? one : throw new IsolationException(
            "CgroupReferenceInvalid", ErrorKind.InvalidArgument, $"'{Cgroup}' does not mean one cgroup. A process can be in one alone: give its path.");
        if (!ShouldProcess($"cgroup {node.Path}", $"take in {(Thread ? "thread" : "process")} {id}"))
        {
            return;
        }

        CgroupMover mover = new(Groups, stayBelow: false, threads: Thread);
        try
        {
            mover.Move(id, node.Directories);
        }
        catch (IsolationException)
        {
            mover.RollBack();
            throw;
        }
    }
}

/// <summary>Get-CgroupProcess: the processes in control groups.</summary>
[Cmdlet(VerbsCommon.Get, "CgroupProcess")]
[OutputType(typeof(CgroupProcess))]
public sealed class GetCgroupProcessCommand : CgroupCommand
{
    /// <summary>The cgroups.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Namespace", "ProcessId", "FullName")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(CgroupCompleter))]
    public CgroupReference[] Cgroup { get; set; } = [];

    /// <summary>Those in the cgroups inside too.</summary>
    [Parameter]
    public SwitchParameter Recurse { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForEach(Cgroup, "CgroupReadFailed", node =>
    {
        HashSet<int> seen = [];
        foreach (CgroupNode one in new CgroupTree(Groups).Walk(node, Recurse ? null : 0))
        {
            foreach (CgroupProcess process in CgroupProcess.In(Groups, one, seen))
            {
                Cancellation.ThrowIfCancellationRequested();
                WriteObject(process);
            }
        }
    });
}
