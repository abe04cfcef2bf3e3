using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Threading;
using Isolation.Arguments;
using Isolation.Cgroups;
using Isolation.Completion;
using Isolation.Interop;
using Microsoft.PowerShell.Commands;

namespace Isolation.Commands;

/// <summary>Register-CgroupEvent: PowerShell's own events for what happens to control groups, as the kernel tells of it.</summary>
[Cmdlet(VerbsLifecycle.Register, "CgroupEvent", DefaultParameterSetName = "Event")]
[OutputType(typeof(PSEventJob))]
public sealed class RegisterCgroupEventCommand : ObjectEventRegistrationBase
{
    private readonly List<Cgroup> _cgroups = [];
    private CgroupHost? _host;
    private ISetCatalog? _sets;
    private CgroupEventSource? _source;

    /// <summary>The cgroups.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Namespace", "ProcessId", "FullName")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(CgroupCompleter))]
    public CgroupReference[] Cgroup { get; set; } = [];

    /// <summary>What is told of; all that this host can tell of by default.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    public CgroupEventName[] EventName { get; set; } = [];

    /// <summary>Tells where processes wait for these for longer than <see cref="Threshold"/>.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Pressure")]
    [ValidateNotNullOrEmpty]
    public PressureResource[] Pressure { get; set; } = [];

    /// <summary>The time that they wait within <see cref="Window"/>.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Pressure")]
    [ValidateNotNull]
    public DurationArgument Threshold { get; set; } = new(0);

    /// <summary>500 ms to 10 s; one second by default. At most one event comes in each.</summary>
    [Parameter(ParameterSetName = "Pressure")]
    [ValidateNotNull]
    public DurationArgument Window { get; set; } = new(1);

    /// <summary>Counts only the time in which all wait.</summary>
    [Parameter(ParameterSetName = "Pressure")]
    public SwitchParameter Full { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        _host = CgroupHost.Read();
        _sets = SetCatalog.Open();
        try
        {
            foreach (PressureTrigger trigger in Triggers())
            {
                trigger.Check();
            }

            if (Pressure.Length == 0 && Array.IndexOf(EventName, CgroupEventName.Pressure) >= 0)
            {
                throw PressureTrigger.Invalid("An event of pressure needs a threshold, such as -Pressure Memory -Threshold 150ms.");
            }
        }
        catch (IsolationException exception)
        {
            ThrowTerminatingError(ErrorMap.ToRecord(exception, exception.ErrorId, null));
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (CgroupReference reference in Cgroup)
        {
            try
            {
                _cgroups.Add(reference.Resolve(_host!, _sets!));
            }
            catch (IsolationException exception)
            {
                WriteError(ErrorMap.ToRecord(exception, exception.ErrorId, reference));
            }
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (_cgroups.Count == 0)
        {
            return;
        }

        try
        {
            // With a threshold alone, nothing else is meant.
            _source = CgroupEventLoop.Start(_cgroups, EventName.Length > 0 || Pressure.Length > 0 ? EventName : null, Triggers());
        }
        catch (Exception exception) when (exception is IsolationException or SyscallException)
        {
            WriteError(ErrorMap.ToRecord(exception, "CgroupEventFailed", _cgroups));
            return;
        }

        try
        {
            base.EndProcessing();
        }
        catch
        {
            // The caller has errors stop the command.
            _source.Stop();
            throw;
        }

        PSEventSubscriber? subscriber = null;
        foreach (PSEventSubscriber one in Events.Subscribers)
        {
            subscriber = one.SourceObject == _source ? one : subscriber;
        }

        if (subscriber is null)
        {
            _source.Stop();
            return;
        }

        // The engine's own handler gives each event to a thread of its own, and the second may come before the first.
        PSEventManager events = Events;
        CgroupEventSource source = _source;
        PSObject data = MessageData;
        source.TellBy(happened => events.GenerateEvent(
            subscriber.SourceIdentifier, source, [source, happened], data, processInCurrentThread: true, waitForCompletionInCurrentThread: false));
        EndWithCgroups(subscriber, source);
        source.Begin();
    }

    // The subscription ends with its last cgroup, after what was told of that. An action waits until the pipeline has time for it; so what ends the
    // subscription is an action too, which comes after it. It leaves the ending to another thread: the engine, which first runs what waits of a subscription,
    // would wait for itself within an action.
    private void EndWithCgroups(PSEventSubscriber subscriber, CgroupEventSource source)
    {
        PSEventManager events = Events;
        Action end = () => ThreadPool.QueueUserWorkItem(_ => events.UnsubscribeEvent(subscriber));
        if (subscriber.Action is null)
        {
            source.Ended += (_, _) => end();
            return;
        }

        PSEventSubscriber last = events.SubscribeEvent(
            source, nameof(CgroupEventSource.Ended), Guid.NewGuid().ToString(), PSObject.AsPSObject(end), ScriptBlock.Create("$event.MessageData.Invoke()"), supportEvent: true, forwardEvent: false);
        source.Stopped = () => ThreadPool.QueueUserWorkItem(_ => events.UnsubscribeEvent(last));
    }

    /// <inheritdoc/>
    protected override object GetSourceObject() => _source!;

    /// <inheritdoc/>
    protected override string GetSourceObjectEventName() => nameof(CgroupEventSource.Occurred);

    private List<PressureTrigger> Triggers()
    {
        List<PressureTrigger> triggers = [];
        foreach (PressureResource resource in Pressure)
        {
            triggers.Add(new PressureTrigger(resource, Full, Threshold.Time, Window.Time));
        }

        return triggers;
    }
}
