using System;
using System.Management.Automation;
using System.Threading;
using Isolation.Agent;
using Isolation.Interop;

namespace Isolation.Commands;

/// <summary>The base of every cmdlet: cancellation, and one place where the core's exceptions become error records.</summary>
public abstract class IsolationCommand : PSCmdlet, IDisposable
{
    private readonly CancellationTokenSource _cancellation = new();

    /// <summary>Cancelled when the user stops the pipeline.</summary>
    protected CancellationToken Cancellation => _cancellation.Token;

    /// <summary>Who is told a plan as text: <c>WriteDebug</c>, or nobody where the message would not be seen, for the text takes time.</summary>
    protected Action<string>? Explain
    {
        get
        {
            bool seen = MyInvocation.BoundParameters.TryGetValue("Debug", out object? given)
                ? LanguagePrimitives.IsTrue(given)
                : GetVariableValue("DebugPreference") is ActionPreference preference && preference is not (ActionPreference.SilentlyContinue or ActionPreference.Ignore);
            return seen ? WriteDebug : null;
        }
    }

    /// <inheritdoc/>
    protected override void StopProcessing() => _cancellation.Cancel();

    /// <summary>
    /// Does one item's work. A refusal by the core becomes a non-terminating error and the pipeline goes on with the next item; anything else is a
    /// defect and is left to surface.
    /// </summary>
    /// <param name="errorId">The id for a refused system call; a refusal of the core's own has its own id.</param>
    /// <param name="target">The item, the record's <c>TargetObject</c>.</param>
    /// <param name="action">The work.</param>
    /// <returns>Whether it was done.</returns>
    protected bool Guard(string errorId, object? target, Action action)
    {
        ArgumentNullException.ThrowIfNull(action);
        WarnOfLoss();
        try
        {
            action();
            return true;
        }
        catch (OperationCanceledException) when (_cancellation.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }
        catch (Exception exception) when (exception is IsolationException or SyscallException)
        {
            WriteError(ErrorMap.ToRecord(exception, errorId, target));
            return false;
        }
    }

    // Once in a process: whichever cmdlet comes first after the agent was lost says so, and has another started.
    private void WarnOfLoss()
    {
        if (AgentClient.TakeLoss() is not AgentLoss loss)
        {
            return;
        }

        string restart;
        try
        {
            restart = $"Another was started, process {AgentClient.Current.Pid}.";
        }
        catch (Exception exception) when (exception is IsolationException or SyscallException)
        {
            restart = $"Another could not be started: {exception.Message}";
        }

        WriteWarning(loss.Describe(restart));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees what the cmdlet holds.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            _cancellation.Dispose();
        }
    }
}
