using System;
using System.Management.Automation;
using Isolation.Arguments;
using Isolation.Cgroups;
using Isolation.Completion;

namespace Isolation.Commands;

/// <summary>Get-CgroupPressure: how long the processes of control groups, or of the host, wait for what they lack.</summary>
[Cmdlet(VerbsCommon.Get, "CgroupPressure")]
[OutputType(typeof(CgroupPressure))]
public sealed class GetCgroupPressureCommand : IsolationCommand
{
    private CgroupHost? _host;
    private ISetCatalog? _sets;

    /// <summary>The cgroups, <c>/</c> for the host; all of this module's where none is given.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Namespace", "ProcessId", "FullName")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(CgroupCompleter))]
    public CgroupReference[] Cgroup { get; set; } = [];

    /// <summary>The resources; all by default.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public PressureResource[] Resource { get; set; } = [];

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
            foreach (Cgroup cgroup in Cgroups.Cgroup.List(_host!))
            {
                Cancellation.ThrowIfCancellationRequested();
                Guard("CgroupPressureFailed", cgroup.Path, () => Write(cgroup));
            }

            return;
        }

        foreach (CgroupReference reference in Cgroup)
        {
            Guard("CgroupPressureFailed", reference, () => Write(reference.Resolve(_host!, _sets!)));
        }
    }

    private void Write(Cgroup cgroup)
    {
        foreach (CgroupPressure pressure in cgroup.GetPressure())
        {
            if (Resource.Length == 0 || Array.IndexOf(Resource, pressure.Resource) >= 0)
            {
                WriteObject(pressure);
            }
        }
    }
}
