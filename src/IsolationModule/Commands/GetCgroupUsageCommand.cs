using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Management.Automation;
using Isolation.Arguments;
using Isolation.Cgroups;
using Isolation.Completion;
using Isolation.Formatting;

namespace Isolation.Commands;

/// <summary>Get-CgroupUsage: what control groups use, once or over and over. Equivalent to <c>docker stats</c> and <c>systemd-cgtop</c>.</summary>
[Cmdlet(VerbsCommon.Get, "CgroupUsage", DefaultParameterSetName = "Once")]
[OutputType(typeof(CgroupUsage))]
public sealed class GetCgroupUsageCommand : IsolationCommand
{
    // By this name the view with rates is chosen.
    private const string RateTypeName = "Isolation.CgroupUsage#Rate";
    private static readonly TimeSpan s_leastInterval = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan s_mostInterval = TimeSpan.FromDays(1);

    private readonly List<Cgroup> _cgroups = [];
    private CgroupHost? _host;
    private ISetCatalog? _sets;

    /// <summary>The cgroups; all of this module's where none is given.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Namespace", "ProcessId", "FullName")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(CgroupCompleter))]
    public CgroupReference[] Cgroup { get; set; } = [];

    /// <summary>Gives them at each interval, with rates, until it is stopped.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Continuous")]
    public SwitchParameter Continuous { get; set; }

    /// <summary>Shows them on the whole terminal, drawn anew at each interval, until it is stopped.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Top")]
    public SwitchParameter Top { get; set; }

    /// <summary>What <see cref="Top"/> sorts by.</summary>
    [Parameter(ParameterSetName = "Top")]
    [ValidateSet("Cpu", "Memory", "Pids", "Read", "Write", "Name")]
    public string SortBy { get; set; } = "Cpu";

    /// <summary>The interval; one second by default.</summary>
    [Parameter(ParameterSetName = "Continuous")]
    [Parameter(ParameterSetName = "Top")]
    [ValidateNotNull]
    public DurationArgument Interval { get; set; } = new(1);

    /// <summary>How many intervals; without it no end.</summary>
    [Parameter(ParameterSetName = "Continuous")]
    [Parameter(ParameterSetName = "Top")]
    [ValidateRange(1, int.MaxValue)]
    public int? Count { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        if (Interval.Time < s_leastInterval || Interval.Time > s_mostInterval)
        {
            Refuse(new IsolationException("IntervalInvalid", ErrorKind.InvalidArgument, $"An interval of {Interval} cannot be kept. Give 10ms to 1 day, such as -Interval 2 for two seconds."));
        }

        if (Top && (Console.IsOutputRedirected || Console.WindowWidth <= 0))
        {
            Refuse(new IsolationException(
                "CgroupUsageNoTerminal", ErrorKind.Unavailable, "-Top needs a terminal, and the output of this PowerShell is none. -Continuous gives the same as objects."));
        }

        _host = CgroupHost.Read();
        _sets = SetCatalog.Open();
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (!MyInvocation.BoundParameters.ContainsKey(nameof(Cgroup)))
        {
            return;
        }

        foreach (CgroupReference reference in Cgroup)
        {
            Guard("CgroupUsageFailed", reference, () =>
            {
                Cgroup cgroup = reference.Resolve(_host!, _sets!);
                if (Continuous || Top)
                {
                    _cgroups.Add(cgroup);
                }
                else
                {
                    WriteObject(cgroup.GetUsage());
                }
            });
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        bool all = !MyInvocation.BoundParameters.ContainsKey(nameof(Cgroup)) && !MyInvocation.ExpectingInput;
        if (!Continuous && !Top)
        {
            if (all)
            {
                Guard("CgroupUsageFailed", null, WriteAll);
            }

            return;
        }

        CgroupUsageSampler sampler = new(_host!, all ? null : _cgroups);
        Guard("CgroupUsageFailed", null, Continuous ? () => Stream(sampler) : () => Show(sampler));
    }

    private void WriteAll()
    {
        foreach (Cgroup cgroup in Cgroups.Cgroup.List(_host!))
        {
            Cancellation.ThrowIfCancellationRequested();
            WriteObject(cgroup.GetUsage());
        }
    }

    private void Stream(CgroupUsageSampler sampler)
    {
        long start = Stopwatch.GetTimestamp();
        sampler.Sample(Tell);
        for (long round = 1; !sampler.IsOver && Wait(start, round); round++)
        {
            foreach (CgroupUsage usage in sampler.Sample(Tell))
            {
                PSObject shown = PSObject.AsPSObject(usage);
                shown.TypeNames.Insert(0, RateTypeName);
                WriteObject(shown);
            }

            if (round == Count)
            {
                break;
            }
        }

        void Tell(string path) => WriteWarning($"The cgroup {path} was removed, and is left out from now on.");
    }

    private void Show(CgroupUsageSampler sampler)
    {
        long start = Stopwatch.GetTimestamp();
        int removed = 0;
        using UsageScreen screen = new(Console.Out);
        for (long round = 0; !sampler.IsOver; round++)
        {
            List<CgroupUsage> usages = [.. sampler.Sample(_ => removed++)];
            Sort(usages);
            screen.Draw(
                usages,
                string.Create(CultureInfo.InvariantCulture, $"{DateTime.Now:HH:mm:ss}  {usages.Count} cgroups{(removed > 0 ? $", {removed} removed" : "")}  every {Interval.Time.TotalSeconds:0.###} s  by {SortBy}  Ctrl+C ends"),
                Console.WindowWidth,
                Console.WindowHeight);
            if (round == Count || !Wait(start, round + 1))
            {
                break;
            }
        }

        Cancellation.ThrowIfCancellationRequested();
    }

    // By the first reading, so that the time of reading and of writing does not add up. False when it is to end.
    private bool Wait(long start, long round)
    {
        TimeSpan left = (Interval.Time * round) - Stopwatch.GetElapsedTime(start);
        if (!Cancellation.WaitHandle.WaitOne(left > TimeSpan.Zero ? left : TimeSpan.Zero))
        {
            return true;
        }

        Cancellation.ThrowIfCancellationRequested();
        return false;
    }

    private void Sort(List<CgroupUsage> usages)
    {
        usages.Sort((one, other) =>
        {
            int order = Key(other).CompareTo(Key(one));
            return order != 0 ? order : string.CompareOrdinal(one.Cgroup, other.Cgroup);
        });

        double Key(CgroupUsage usage) => SortBy switch
        {
            "Memory" => usage.MemoryCurrent ?? -1,
            "Pids" => usage.PidsCurrent ?? -1,
            "Read" => usage.IoReadBytesPerSecond ?? -1,
            "Write" => usage.IoWriteBytesPerSecond ?? -1,
            "Name" => 0,
            // Until there are rates, by what was used altogether.
            _ => usage.CpuPercent ?? usage.CpuTime?.TotalSeconds ?? -1,
        };
    }

    private void Refuse(IsolationException refusal) => ThrowTerminatingError(ErrorMap.ToRecord(refusal, refusal.ErrorId, null));
}
