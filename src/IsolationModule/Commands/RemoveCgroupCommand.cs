using System;
using System.Collections.Generic;
using System.Management.Automation;
using Isolation.Arguments;
using Isolation.Cgroups;
using Isolation.Completion;
using Isolation.State;

namespace Isolation.Commands;

/// <summary>Remove-Cgroup: removes control groups. Equivalent to <c>cgdelete</c>.</summary>
[Cmdlet(VerbsCommon.Remove, "Cgroup", SupportsShouldProcess = true)]
public sealed class RemoveCgroupCommand : CgroupCommand
{
    /// <summary>The cgroups.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("FullName")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(CgroupCompleter))]
    public CgroupReference[] Cgroup { get; set; } = [];

    /// <summary>The cgroups inside are removed too.</summary>
    [Parameter]
    public SwitchParameter Recurse { get; set; }

    /// <summary>Also those that this module did not make.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>The cgroup to which the processes inside are moved first.</summary>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(CgroupCompleter))]
    public CgroupReference? MoveProcessTo { get; set; }

    /// <summary>The processes inside are killed first.</summary>
    [Parameter]
    public SwitchParameter KillProcess { get; set; }

    /// <summary>Seconds to wait for processes to end and for the kernel to let go.</summary>
    [Parameter]
    [ValidateRange(0, 86_400)]
    public double Timeout { get; set; } = 10;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        if (KillProcess && MoveProcessTo is not null)
        {
            IsolationException both = new(
                "CgroupOptionInvalid", ErrorKind.InvalidArgument, "-KillProcess ends the processes that -MoveProcessTo would save. Leave one out.");
            ThrowTerminatingError(ErrorMap.ToRecord(both, both.ErrorId, null));
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (CgroupReference reference in Cgroup)
        {
            List<Cgroup> found = [];
            Guard("CgroupRemoveFailed", reference, () => found = Resolve(reference));
            foreach (Cgroup cgroup in found)
            {
                Cancellation.ThrowIfCancellationRequested();
                Guard("CgroupRemoveFailed", cgroup.Path, () => Remove(cgroup));
            }
        }
    }

    // One that is given by process is told from one that is given by path, and refused.
    private List<Cgroup> Resolve(CgroupReference reference)
    {
        if (!reference.IsPattern && reference.Resolve(Groups, Sets) is { Exists: true } one)
        {
            return [one];
        }

        List<Cgroup> found = [];
        foreach (CgroupNode node in reference.Find(Groups, Sets))
        {
            found.Add(Cgroups.Cgroup.ForNode(Groups, node));
        }

        return found;
    }

    private void Remove(Cgroup cgroup)
    {
        if (!cgroup.Exists)
        {
            // It went with one above it that was removed before.
            return;
        }

        CgroupRemoval removal = new(Groups, NamespaceStore.Current.Exists)
        {
            Recurse = Recurse,
            Force = Force,
            Kill = KillProcess,
            Target = MoveProcessTo?.Resolve(Groups, Sets),
        };
        removal.Check(cgroup);
        if (ShouldProcess($"cgroup {cgroup.Path}", KillProcess ? "end all processes and remove" : "remove"))
        {
            removal.Remove(cgroup, TimeSpan.FromSeconds(Timeout), Cancellation);
        }
    }
}
