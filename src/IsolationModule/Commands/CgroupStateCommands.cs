using System;
using System.Collections.Generic;
using System.Management.Automation;
using Isolation.Agent;
using Isolation.Arguments;
using Isolation.Cgroups;
using Isolation.Completion;
using Isolation.State;

namespace Isolation.Commands;

/// <summary>What suspending, resuming and stopping control groups have in common.</summary>
public abstract class CgroupStateCommand : IsolationCommand
{
    private CgroupHost? _host;
    private ISetCatalog? _sets;

    /// <summary>The cgroups.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Namespace", "FullName")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(CgroupCompleter))]
    public CgroupReference[] Cgroup { get; set; } = [];

    /// <summary>Seconds to wait for the kernel.</summary>
    [Parameter]
    [ValidateRange(0, 86_400)]
    public double Timeout { get; set; } = 10;

    private protected TimeSpan Patience => TimeSpan.FromSeconds(Timeout);

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        _host = CgroupHost.Read();
        _sets = SetCatalog.Open();
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (CgroupReference reference in Cgroup)
        {
            Guard(FailureId, reference, () =>
            {
                Cgroup cgroup = reference.Resolve(_host!, _sets!);
                string? set = cgroup.SetName;
                if (cgroup.ProcessId is not null)
                {
                    // Where a process is happens to be the cgroup of many: a whole session, or the host's root.
                    throw new IsolationException(
                        "CgroupReferenceInvalid",
                        ErrorKind.InvalidArgument,
                        $"{cgroup.Path} is the cgroup of process {cgroup.ProcessId} and perhaps of others: give the cgroup's path, or the set, to mean all of its processes.");
                }

                Change(cgroup, set is null ? null : () => _sets!.GetProcesses(set));
            });
        }
    }

    /// <summary>The id of an error for a refused system call.</summary>
    private protected abstract string FailureId { get; }

    private protected abstract void Change(Cgroup cgroup, Func<IReadOnlyCollection<int>>? members);
}

/// <summary>Suspend-Cgroup: stops all processes of control groups where they are. Equivalent to <c>docker pause</c> and <c>systemctl freeze</c>.</summary>
[Cmdlet(VerbsLifecycle.Suspend, "Cgroup", SupportsShouldProcess = true)]
[OutputType(typeof(CgroupInfo))]
public sealed class SuspendCgroupCommand : CgroupStateCommand
{
    /// <summary>Gives the cgroups as they are afterwards.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private protected override string FailureId => "CgroupFreezeFailed";

    private protected override void Change(Cgroup cgroup, Func<IReadOnlyCollection<int>>? members)
    {
        if (!ShouldProcess($"cgroup {cgroup.Path}", "freeze"))
        {
            return;
        }

        int[] spared = AgentClient.Running is AgentClient agent ? [Environment.ProcessId, agent.Pid] : [Environment.ProcessId];
        string? set = cgroup.SetName;
        using NameLock? held = set is null ? null : NamespaceStore.Current.Hold(set, Cancellation);
        cgroup.Freeze(members, spared, Patience, Cancellation);
        if (PassThru)
        {
            WriteObject(new CgroupInfo(cgroup.Host, cgroup.Node));
        }
    }
}

/// <summary>Resume-Cgroup: lets the processes of control groups go on. Equivalent to <c>docker unpause</c> and <c>systemctl thaw</c>.</summary>
[Cmdlet(VerbsLifecycle.Resume, "Cgroup", SupportsShouldProcess = true)]
[OutputType(typeof(CgroupInfo))]
public sealed class ResumeCgroupCommand : CgroupStateCommand
{
    /// <summary>Those below too that were suspended by themselves.</summary>
    [Parameter]
    public SwitchParameter Recurse { get; set; }

    /// <summary>Gives the cgroups as they are afterwards.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private protected override string FailureId => "CgroupThawFailed";

    private protected override void Change(Cgroup cgroup, Func<IReadOnlyCollection<int>>? members)
    {
        if (ShouldProcess($"cgroup {cgroup.Path}", "thaw") && (cgroup.SetName is null || cgroup.Exists))
        {
            cgroup.Thaw(Recurse, Patience, Cancellation);
            if (PassThru)
            {
                WriteObject(new CgroupInfo(cgroup.Host, cgroup.Node));
            }
        }
    }
}

/// <summary>Stop-Cgroup: ends all processes of control groups. Equivalent to writing 1 to <c>cgroup.kill</c>, and to <c>systemctl kill</c>.</summary>
[Cmdlet(VerbsLifecycle.Stop, "Cgroup", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
public sealed class StopCgroupCommand : CgroupStateCommand
{
    /// <summary>Seconds that they have after SIGTERM.</summary>
    [Parameter]
    [ValidateRange(0, 86_400)]
    public double Grace { get; set; }

    /// <summary>Also those of a cgroup that is not of this module.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    private protected override string FailureId => "CgroupStopFailed";

    private protected override void Change(Cgroup cgroup, Func<IReadOnlyCollection<int>>? members)
    {
        if (cgroup.IsRoot)
        {
            throw new IsolationException("CgroupRootRefused", ErrorKind.InvalidArgument, "The root of the hierarchies has every process of the host in it. Name a cgroup below it.");
        }

        if (!cgroup.IsOurs && !Force)
        {
            throw !cgroup.Exists ? cgroup.NotFound() : new IsolationException(
                "CgroupNotOurs", ErrorKind.PermissionDenied, $"{cgroup.Path} was not made by this module, and its processes may be others'. Look at them with Get-CgroupProcess {cgroup.Path}, and give -Force to end them.");
        }

        if (!cgroup.Exists)
        {
            throw new IsolationException(
                "CgroupNotFound", ErrorKind.NotFound, $"The set {cgroup.SetName} has no cgroup yet, so its processes cannot be ended by it. Remove-Namespace {cgroup.SetName} ends them with the set.");
        }

        if (ShouldProcess($"cgroup {cgroup.Path}", "end all processes"))
        {
            cgroup.Stop(TimeSpan.FromSeconds(Grace), Patience, Cancellation);
        }
    }
}
