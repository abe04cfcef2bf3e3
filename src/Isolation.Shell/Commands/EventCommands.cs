using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Management.Automation;
using System.Threading;

namespace Microsoft.PowerShell.Commands;

[Cmdlet(VerbsLifecycle.Register, "EngineEvent")]
[OutputType(typeof(PSEventJob))]
public sealed class RegisterEngineEventCommand : ObjectEventRegistrationBase
{
    [Parameter(Mandatory = true, Position = 100)]
    public new string SourceIdentifier
    {
        get => base.SourceIdentifier;
        set => base.SourceIdentifier = value;
    }

    protected override object GetSourceObject()
    {
        if (Action is null && !Forward)
        {
            ArgumentException exception = new("Action must be specified for non-forwarded events.");
            ThrowTerminatingError(new ErrorRecord(exception, "ACTION_MANDATORY_FOR_LOCAL", ErrorCategory.InvalidArgument, null));
        }

        return null!;
    }

    protected override string GetSourceObjectEventName() => null!;
}

[Cmdlet(VerbsLifecycle.Register, "ObjectEvent")]
[OutputType(typeof(PSEventJob))]
public sealed class RegisterObjectEventCommand : ObjectEventRegistrationBase
{
    [Parameter(Mandatory = true, Position = 0)]
    public PSObject InputObject { get; set; } = null!;

    [Parameter(Mandatory = true, Position = 1)]
    public string EventName { get; set; } = string.Empty;

    protected override object GetSourceObject() => InputObject;

    protected override string GetSourceObjectEventName() => EventName;
}

[Cmdlet(VerbsCommon.New, "Event")]
[OutputType(typeof(PSEventArgs))]
public sealed class NewEventCommand : PSCmdlet
{
    [Parameter(Position = 0, Mandatory = true)]
    public string SourceIdentifier { get; set; } = string.Empty;

    [Parameter(Position = 1)]
    public PSObject? Sender { get; set; }

    [Parameter(Position = 2)]
    public PSObject[]? EventArguments { get; set; }

    [Parameter(Position = 3)]
    public PSObject? MessageData { get; set; }

    protected override void EndProcessing()
    {
        object[]? arguments = EventArguments is null ? null : Array.ConvertAll(EventArguments, argument => argument?.BaseObject!);
        WriteObject(Events.GenerateEvent(SourceIdentifier, Sender?.BaseObject, arguments, MessageData, processInCurrentThread: true, waitForCompletionInCurrentThread: false));
    }
}

[Cmdlet(VerbsCommon.Get, "Event", DefaultParameterSetName = "BySource")]
[OutputType(typeof(PSEventArgs))]
public sealed class GetEventCommand : PSCmdlet
{
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true, ParameterSetName = "BySource")]
    [ValidateNotNullOrEmpty]
    public string? SourceIdentifier { get; set; }

    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true, ParameterSetName = "ById")]
    [Alias("Id")]
    public int EventIdentifier { get; set; } = -1;

    protected override void EndProcessing()
    {
        List<PSEventArgs> received;
        lock (Events.ReceivedEvents.SyncRoot)
            received = [.. Events.ReceivedEvents];

        List<PSEventArgs> found = ParameterSetName == "ById"
            ? received.FindAll(item => item.EventIdentifier == EventIdentifier)
            : received.FindAll(item => SourceIdentifier is null || WildcardPattern.Get(SourceIdentifier, WildcardOptions.IgnoreCase).IsMatch(item.SourceIdentifier));
        WriteObject(found, enumerateCollection: true);
        if (found.Count > 0)
            return;

        if (ParameterSetName == "ById")
            this.ReportNotFound($"Event with identifier '{EventIdentifier}' does not exist.", "INVALID_EVENT_IDENTIFIER");
        else if (SourceIdentifier is not null && !WildcardPattern.ContainsWildcardCharacters(SourceIdentifier))
            this.ReportNotFound($"Event with source identifier '{SourceIdentifier}' does not exist.", "INVALID_SOURCE_IDENTIFIER");
    }
}

[Cmdlet(VerbsCommon.Remove, "Event", SupportsShouldProcess = true, DefaultParameterSetName = "BySource")]
public sealed class RemoveEventCommand : PSCmdlet
{
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "BySource")]
    public string? SourceIdentifier { get; set; }

    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true, ParameterSetName = "ByIdentifier")]
    public int EventIdentifier { get; set; } = -1;

    protected override void ProcessRecord()
    {
        bool found = false;
        lock (Events.ReceivedEvents.SyncRoot)
        {
            for (int i = Events.ReceivedEvents.Count - 1; i >= 0; i--)
            {
                PSEventArgs item = Events.ReceivedEvents[i];
                if (SourceIdentifier is null ? item.EventIdentifier != EventIdentifier : !WildcardPattern.Get(SourceIdentifier, WildcardOptions.IgnoreCase).IsMatch(item.SourceIdentifier))
                    continue;

                found = true;
                if (ShouldProcess($"Event '{item.SourceIdentifier}'", "Remove"))
                    Events.ReceivedEvents.RemoveAt(i);
            }
        }

        if (found)
            return;
        if (SourceIdentifier is null)
            this.ReportNotFound($"Event with identifier '{EventIdentifier}' does not exist.", "INVALID_EVENT_IDENTIFIER");
        else if (!WildcardPattern.ContainsWildcardCharacters(SourceIdentifier))
            this.ReportNotFound($"Event with source identifier '{SourceIdentifier}' does not exist.", "INVALID_SOURCE_IDENTIFIER");
    }
}

[Cmdlet(VerbsLifecycle.Wait, "Event")]
[OutputType(typeof(PSEventArgs))]
public sealed class WaitEventCommand : PSCmdlet, IDisposable
{
    private static readonly TimeSpan s_actionPeriod = TimeSpan.FromMilliseconds(100);

    private readonly AutoResetEvent _changed = new(initialState: false);
    private volatile bool _stopped;

    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    public string? SourceIdentifier { get; set; }

    [Parameter]
    [Alias("TimeoutSec")]
    [ValidateRange(-1, int.MaxValue)]
    public int Timeout { get; set; } = -1;

    public void Dispose() => _changed.Dispose();

    protected override void StopProcessing()
    {
        _stopped = true;
        _changed.Set();
    }

    protected override void ProcessRecord()
    {
        void OnReceived(object? sender, PSEventArgs e) => _changed.Set();
        WildcardPattern pattern = WildcardPattern.Get(SourceIdentifier ?? "*", WildcardOptions.IgnoreCase);
        Stopwatch watch = Stopwatch.StartNew();
        Events.ReceivedEvents.PSEventReceived += OnReceived;
        try
        {
            while (!_stopped && (Timeout < 0 || watch.Elapsed.TotalSeconds < Timeout))
            {
                if (Find(pattern) is PSEventArgs found)
                {
                    WriteObject(found);
                    return;
                }

                // The actions of other subscriptions run on this thread, which waits here: let them.
                _changed.WaitOne(s_actionPeriod);
                Isolation.Shell.EngineInternals.Call(Events, "ProcessPendingActions");
            }

            if (!_stopped && Find(pattern) is PSEventArgs last)
                WriteObject(last);
        }
        finally
        {
            Events.ReceivedEvents.PSEventReceived -= OnReceived;
        }
    }

    private PSEventArgs? Find(WildcardPattern pattern)
    {
        lock (Events.ReceivedEvents.SyncRoot)
            return Events.ReceivedEvents.FirstOrDefault(item => pattern.IsMatch(item.SourceIdentifier));
    }
}

[Cmdlet(VerbsCommon.Get, "EventSubscriber", DefaultParameterSetName = "BySource")]
[OutputType(typeof(PSEventSubscriber))]
public sealed class GetEventSubscriberCommand : PSCmdlet
{
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true, ParameterSetName = "BySource")]
    [ValidateNotNullOrEmpty]
    public string? SourceIdentifier { get; set; }

    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true, ParameterSetName = "ById")]
    [Alias("Id")]
    public int SubscriptionId { get; set; } = -1;

    [Parameter(Position = 1)]
    public SwitchParameter Force { get; set; }

    protected override void ProcessRecord()
    {
        List<PSEventSubscriber> found = this.FindSubscribers(SourceIdentifier, SubscriptionId, Force, byId: ParameterSetName == "ById");
        WriteObject(found, enumerateCollection: true);
    }
}

[Cmdlet(VerbsLifecycle.Unregister, "Event", SupportsShouldProcess = true, DefaultParameterSetName = "BySource")]
public sealed class UnregisterEventCommand : PSCmdlet
{
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true, ParameterSetName = "BySource")]
    public string? SourceIdentifier { get; set; }

    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true, ParameterSetName = "ById")]
    public int SubscriptionId { get; set; } = -1;

    [Parameter]
    public SwitchParameter Force { get; set; }

    protected override void ProcessRecord()
    {
        foreach (PSEventSubscriber subscriber in this.FindSubscribers(SourceIdentifier, SubscriptionId, Force, byId: ParameterSetName == "ById"))
        {
            if (ShouldProcess($"Event subscription '{subscriber.SourceIdentifier}'", "Unsubscribe"))
                Events.UnsubscribeEvent(subscriber);
        }
    }
}

/// <summary>What the event cmdlets share.</summary>
internal static class EventCommandExtensions
{
    internal static List<PSEventSubscriber> FindSubscribers(this PSCmdlet cmdlet, string? source, int id, bool force, bool byId)
    {
        WildcardPattern pattern = WildcardPattern.Get(source ?? "*", WildcardOptions.IgnoreCase);
        List<PSEventSubscriber> found = [.. cmdlet.Events.Subscribers.Where(subscriber => (force || !subscriber.SupportEvent)
            && (byId ? subscriber.SubscriptionId == id : source is null || (subscriber.SourceIdentifier is string name && pattern.IsMatch(name))))];
        if (found.Count == 0 && byId)
            cmdlet.ReportNotFound($"Event subscription with identifier '{id}' does not exist.", "INVALID_SUBSCRIPTION_IDENTIFIER");
        else if (found.Count == 0 && source is not null && !WildcardPattern.ContainsWildcardCharacters(source))
            cmdlet.ReportNotFound($"Event subscription with source identifier '{source}' does not exist.", "INVALID_SOURCE_IDENTIFIER");
        return found;
    }

    internal static void ReportNotFound(this PSCmdlet cmdlet, string message, string errorId)
        => cmdlet.WriteError(new ErrorRecord(new ArgumentException(message), errorId, ErrorCategory.InvalidArgument, null));
}
