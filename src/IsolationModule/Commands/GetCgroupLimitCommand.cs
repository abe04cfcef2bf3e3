using System.Management.Automation;
using Isolation.Arguments;
using Isolation.Cgroups;
using Isolation.Completion;

namespace Isolation.Commands;

/// <summary>Get-CgroupLimit: the limits of control groups, as they are set and as they are in force.</summary>
[Cmdlet(VerbsCommon.Get, "CgroupLimit")]
[OutputType(typeof(CgroupLimit))]
public sealed class GetCgroupLimitCommand : IsolationCommand
{
    private CgroupHost? _host;
    private ISetCatalog? _sets;

    /// <summary>The cgroups; all of this module's where none is given.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Namespace", "ProcessId", "FullName")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(CgroupCompleter))]
    public CgroupReference[] Cgroup { get; set; } = [];

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        _host = CgroupHost.Read();
        _sets = SetCatalog.Open();
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (!MyInvocation.BoundParameters.ContainsKey(nameof(Cgroup)))
        {
            Guard("CgroupLimitFailed", null, WriteAll);
            return;
        }

        foreach (CgroupReference reference in Cgroup)
        {
            Guard("CgroupLimitFailed", reference, () => WriteObject(reference.Resolve(_host!, _sets!).GetLimits()));
        }
    }

    private void WriteAll()
    {
        foreach (Cgroup cgroup in Cgroups.Cgroup.List(_host!))
        {
            Cancellation.ThrowIfCancellationRequested();
            WriteObject(cgroup.GetLimits());
        }
    }
}
