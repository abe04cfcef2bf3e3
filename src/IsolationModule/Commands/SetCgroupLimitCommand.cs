using System.Collections;
using System.Management.Automation;
using Isolation.Arguments;
using Isolation.Cgroups;
using Isolation.Completion;
using Isolation.State;

namespace Isolation.Commands;

/// <summary>Set-CgroupLimit: sets limits of control groups, all of one call or none.</summary>
[Cmdlet(VerbsCommon.Set, "CgroupLimit", SupportsShouldProcess = true)]
[OutputType(typeof(CgroupLimit))]
public sealed class SetCgroupLimitCommand : IsolationCommand
{
    private CgroupHost? _host;
    private ISetCatalog? _sets;
    private CgroupLimitArguments? _arguments;
    private CgroupLimitRequest _request = new();

    /// <summary>The cgroups.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Namespace", "ProcessId", "FullName")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(CgroupCompleter))]
    public CgroupReference[] Cgroup { get; set; } = [];

    /// <summary>Memory that is never taken back: bytes, a size, a share of the host's, or <c>max</c>.</summary>
    [Parameter]
    public object? MemoryMin { get; set; }

    /// <summary>Memory that is taken back last.</summary>
    [Parameter]
    public object? MemoryLow { get; set; }

    /// <summary>Memory above which processes are slowed down.</summary>
    [Parameter]
    public object? MemoryHigh { get; set; }

    /// <summary>The most memory: bytes, a size, a share of the host's, or <c>max</c>.</summary>
    [Parameter]
    public object? MemoryMax { get; set; }

    /// <summary>The most swap.</summary>
    [Parameter]
    public object? MemorySwapMax { get; set; }

    /// <summary>The most compressed swap in memory.</summary>
    [Parameter]
    public object? MemoryZSwapMax { get; set; }

    /// <summary>Whether compressed swap goes to the disk where it is too much.</summary>
    [Parameter]
    public bool MemoryZSwapWriteback { get; set; }

    /// <summary>Whether all processes are killed where one must be for want of memory.</summary>
    [Parameter]
    public bool MemoryOomGroup { get; set; }

    /// <summary>Whether a process is killed where memory runs out; version 1.</summary>
    [Parameter]
    public bool MemoryOomKill { get; set; }

    /// <summary>How soon memory is swapped out, 0 to 200; version 1.</summary>
    [Parameter]
    public object? MemorySwappiness { get; set; }

    /// <summary>The most processor time: processors, per cent of one, or <c>max</c>.</summary>
    [Parameter]
    public object? CpuMax { get; set; }

    /// <summary>The time over which it is counted: a time span, or microseconds.</summary>
    [Parameter]
    public object? CpuPeriod { get; set; }

    /// <summary>The time left over that may be used later.</summary>
    [Parameter]
    public object? CpuBurst { get; set; }

    /// <summary>The share of processor time against siblings, 1 to 10000.</summary>
    [Parameter]
    public object? CpuWeight { get; set; }

    /// <summary>The same on the scale of version 1, 2 to 262144.</summary>
    [Parameter]
    public object? CpuShares { get; set; }

    /// <summary>Whether it gets only what nobody else wants.</summary>
    [Parameter]
    public bool CpuIdle { get; set; }

    /// <summary>The share of a processor's power at least, in per cent.</summary>
    [Parameter]
    public object? CpuUtilizationMin { get; set; }

    /// <summary>The share of a processor's power at most, in per cent, or <c>max</c>.</summary>
    [Parameter]
    public object? CpuUtilizationMax { get; set; }

    /// <summary>The time for real-time processes in each period; version 1.</summary>
    [Parameter]
    public object? CpuRealtimeRuntime { get; set; }

    /// <summary>That period; version 1.</summary>
    [Parameter]
    public object? CpuRealtimePeriod { get; set; }

    /// <summary>The processors: a list such as <c>0-3,5</c>, or <c>max</c>.</summary>
    [Parameter]
    public string[]? CpuSet { get; set; }

    /// <summary>The memory nodes: a list such as <c>0-1</c>, or <c>max</c>.</summary>
    [Parameter]
    public string[]? MemoryNode { get; set; }

    /// <summary>Whether the processors are the cgroup's own.</summary>
    [Parameter]
    [ValidateSet("Member", "Root", "Isolated")]
    public string? CpuSetPartition { get; set; }

    /// <summary>The most processes and threads, or <c>max</c>.</summary>
    [Parameter]
    public object? PidsMax { get; set; }

    /// <summary>The share of the disks' time against siblings, 1 to 10000.</summary>
    [Parameter]
    public object? IoWeight { get; set; }

    /// <summary>The same on the scale of version 1, 10 to 1000.</summary>
    [Parameter]
    public object? BlkioWeight { get; set; }

    /// <summary>The same by disk.</summary>
    [Parameter]
    public IDictionary? IoDeviceWeight { get; set; }

    /// <summary>Bytes a second that may be read, by disk.</summary>
    [Parameter]
    public IDictionary? IoReadBytesMax { get; set; }

    /// <summary>Bytes a second that may be written, by disk.</summary>
    [Parameter]
    public IDictionary? IoWriteBytesMax { get; set; }

    /// <summary>Reads a second, by disk.</summary>
    [Parameter]
    public IDictionary? IoReadOperationsMax { get; set; }

    /// <summary>Writes a second, by disk.</summary>
    [Parameter]
    public IDictionary? IoWriteOperationsMax { get; set; }

    /// <summary>The time in which a disk is to answer, by disk.</summary>
    [Parameter]
    public IDictionary? IoLatencyTarget { get; set; }

    /// <summary>Bytes of huge pages, by their size.</summary>
    [Parameter]
    public IDictionary? HugePageMax { get; set; }

    /// <summary>Bytes of huge pages that may be reserved, by their size.</summary>
    [Parameter]
    public IDictionary? HugePageReservationMax { get; set; }

    /// <summary>Handles and objects, by RDMA device.</summary>
    [Parameter]
    public IDictionary? RdmaMax { get; set; }

    /// <summary>Other resources, by name.</summary>
    [Parameter]
    public IDictionary? MiscMax { get; set; }

    /// <summary>The devices that may be used.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[]? DeviceAllow { get; set; }

    /// <summary>The class that traffic control sees; version 1.</summary>
    [Parameter]
    public object? NetworkClass { get; set; }

    /// <summary>The priority of packets, by link; version 1.</summary>
    [Parameter]
    public IDictionary? NetworkPriority { get; set; }

    /// <summary>The nice value of the processes that are in it, -20 to 19.</summary>
    [Parameter]
    public object? Nice { get; set; }

    /// <summary>The priority of input and output of the processes that are in it.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(IoPriorityCompleter))]
    public string? IoPriority { get; set; }

    /// <summary>Values for files of version 2 as they are, by file.</summary>
    [Parameter]
    public IDictionary? Unified { get; set; }

    /// <summary>Gives the limits as they are afterwards.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        CgroupHost host = _host = CgroupHost.Read();
        _sets = SetCatalog.Open();
        _arguments = new CgroupLimitArguments(host, GetUnresolvedProviderPathFromPSPath);
        try
        {
            _request = _arguments.Read(MyInvocation.BoundParameters!);
        }
        catch (IsolationException exception)
        {
            // The values are the same for every cgroup: the call makes no sense, for none of them.
            ThrowTerminatingError(ErrorMap.ToRecord(exception, exception.ErrorId, null));
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (CgroupReference reference in Cgroup)
        {
            Guard("CgroupLimitFailed", reference, () => SetLimits(reference));
        }
    }

    private void SetLimits(CgroupReference reference)
    {
        Cgroup cgroup = reference.Resolve(_host!, _sets!);
        int? process = cgroup.ProcessId;
        if (cgroup.ProcessId is not null && cgroup.SetName is string owner && Cgroups.Cgroup.ForSet(_host!, owner) is Cgroup own && own.Path == cgroup.Path)
        {
            // A process of a set stands for the set, so that what the set's cgroup lacks can be made.
            cgroup = own;
        }

        if (!ShouldProcess($"cgroup {cgroup.Path}", $"set {_arguments!.Words}"))
        {
            return;
        }

        string? set = cgroup.SetName;

        // A control group that is made after its set was removed would stay.
        using NameLock? held = set is null ? null : NamespaceStore.Current.Hold(set, Cancellation);
        cgroup.SetLimits(_request, set is null ? null : () => _sets!.GetProcesses(set), process);
        if (PassThru)
        {
            WriteObject(cgroup.GetLimits());
        }
    }
}
