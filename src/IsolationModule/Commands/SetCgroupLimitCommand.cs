using System;
using System.Collections.Generic;
using System.Globalization;
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
    private readonly List<string> _words = [];
    private CgroupHost? _host;
    private ISetCatalog? _sets;
    private CgroupLimitRequest _request = new();

    /// <summary>The cgroups.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Namespace", "ProcessId", "FullName")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(CgroupCompleter))]
    public CgroupReference[] Cgroup { get; set; } = [];

    /// <summary>The most memory: bytes, a size, a share of the host's, or <c>max</c>.</summary>
    [Parameter]
    public object? MemoryMax { get; set; }

    /// <summary>The most processor time: processors, per cent of one, or <c>max</c>.</summary>
    [Parameter]
    public object? CpuMax { get; set; }

    /// <summary>The share of processor time against siblings, 1 to 10000.</summary>
    [Parameter]
    public object? CpuWeight { get; set; }

    /// <summary>The most processes and threads, or <c>max</c>.</summary>
    [Parameter]
    public object? PidsMax { get; set; }

    /// <summary>The processors: a list such as <c>0-3,5</c>, or <c>max</c>.</summary>
    [Parameter]
    public string[]? CpuSet { get; set; }

    /// <summary>Gives the limits as they are afterwards.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        CgroupHost host = _host = CgroupHost.Read();
        _sets = SetCatalog.Open();
        try
        {
            _request = new CgroupLimitRequest
            {
                MemoryMax = Given(nameof(MemoryMax), MemoryMax) is string memory ? CgroupLimitText.Memory(memory, host) : null,
                CpuMax = Given(nameof(CpuMax), CpuMax) is string cpu ? CgroupLimitText.Cpu(cpu, host) : null,
                CpuWeight = Given(nameof(CpuWeight), CpuWeight) is string weight ? CgroupLimitText.Weight(weight) : null,
                PidsMax = Given(nameof(PidsMax), PidsMax) is string pids ? CgroupLimitText.Pids(pids) : null,
                CpuSet = Given(nameof(CpuSet), CpuSet is null ? null : string.Join(',', CpuSet)) is string cpus ? CgroupLimitText.Cpus(cpus, host) : null,
            };
            if (_request.IsEmpty)
            {
                throw new IsolationException(
                    "CgroupLimitInvalid",
                    ErrorKind.InvalidArgument,
                    "No limit was given. Add -MemoryMax, -CpuMax, -CpuWeight, -PidsMax or -CpuSet; Get-CgroupLimit reads the limits.");
            }
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
        if (cgroup.ProcessId is not null && cgroup.SetName is string owner && Cgroups.Cgroup.ForSet(_host!, owner) is Cgroup own && own.Path == cgroup.Path)
        {
            // A process of a set stands for the set, so that what the set's cgroup lacks can be made.
            cgroup = own;
        }

        if (!ShouldProcess($"cgroup {cgroup.Path}", $"set {string.Join(", ", _words)}"))
        {
            return;
        }

        string? set = cgroup.SetName;

        // A control group that is made after its set was removed would stay.
        using NameLock? held = set is null ? null : NamespaceStore.Current.Hold(set, Cancellation);
        cgroup.SetLimits(_request, set is null ? null : () => _sets!.GetProcesses(set));
        if (PassThru)
        {
            WriteObject(cgroup.GetLimits());
        }
    }

    // Null must not mean "no limit": a misspelt variable would take one away.
    private string? Given(string parameter, object? value)
    {
        if (!MyInvocation.BoundParameters.ContainsKey(parameter))
        {
            return null;
        }

        object? inner = value is PSObject wrapped ? wrapped.BaseObject : value;
        string text = inner switch
        {
            string words => words,
            double number => number.ToString("R", CultureInfo.InvariantCulture),
            IFormattable number and not Enum => number.ToString(null, CultureInfo.InvariantCulture),
            null => "",
            _ => inner.ToString() ?? "",
        };
        if (string.IsNullOrWhiteSpace(text))
        {
            throw CgroupLimitText.Invalid(parameter, "", "it is empty; give a value, or 'max' for no limit");
        }

        _words.Add($"{parameter} to {text}");
        return text;
    }
}
