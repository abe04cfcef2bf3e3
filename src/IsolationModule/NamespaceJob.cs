using System;
using System.Globalization;
using System.Management.Automation;
using System.Threading;
using System.Threading.Tasks;
using Isolation.Entry;
using Isolation.Interop;
using Isolation.Plans;

namespace Isolation;

/// <summary>
/// A program that runs inside namespaces as a job of PowerShell's: <c>Receive-Job</c> gives its output and its errors, <c>Stop-Job</c> ends it. It ends
/// with this PowerShell.
/// </summary>
public sealed class NamespaceJob : Job
{
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(2);

    private readonly ProgramPipes _pipes;
    private readonly StartedProgram _program;
    private readonly Thread _thread;
    private volatile bool _stopping;

    private NamespaceJob(
        NamespaceTarget target, EntrySettings settings, ProgramOptions program, bool asBytes, Action<string>? explain, CancellationToken cancellation)
        : base(string.Join(' ', [program.FilePath, .. program.Arguments]))
    {
        PSJobTypeName = nameof(NamespaceJob);
        Location = target.Description;
        _pipes = new ProgramPipes(asBytes ? new ByteSink(AddBytes) : new LineSink(AddLine), new LineSink(AddErrorLine));
        try
        {
            _program = StartedProgram.Start(target, settings, program, _pipes.ProgramSide, explain, cancellation);
        }
        catch
        {
            _pipes.Dispose();
            throw;
        }

        ProcessId = _program.Pid;
        _pipes.ProgramSide.Dispose();
        _pipes.CloseInput();
        _thread = new Thread(Run) { IsBackground = true, Name = "isolation-job" };
    }

    /// <summary>The program's pid, as this PowerShell sees it.</summary>
    public int ProcessId { get; }

    /// <summary>The exit code, 0 to 255, or 128 + n where signal n ended the program. Null while it runs, and where it was not learned.</summary>
    public int? ExitCode { get; private set; }

    /// <inheritdoc/>
    public override bool HasMoreData => Output.Count != 0 || Error.Count != 0;

    /// <summary>The namespaces that the program is in.</summary>
    public override string Location { get; }

    /// <summary>The exit code in words; empty while the program runs.</summary>
    public override string StatusMessage => ExitCode is int code ? string.Create(CultureInfo.InvariantCulture, $"exit code {code}") : "";

    /// <summary>Ends the program and its process group: SIGINT, and SIGKILL two seconds later.</summary>
    public override void StopJob()
    {
        if (JobStateInfo.State == JobState.Running)
        {
            SetJobState(JobState.Stopping);
            _stopping = true;
            _pipes.Wake();
        }

        if (Thread.CurrentThread != _thread)
        {
            _thread.Join();
        }
    }

    /// <summary>Starts a program as a job.</summary>
    internal static NamespaceJob Start(
        NamespaceTarget target, EntrySettings settings, ProgramOptions program, bool asBytes, Action<string>? explain, CancellationToken cancellation)
    {
        NamespaceJob job = new(target, settings, program, asBytes, explain, cancellation);
        _ = job._program.Exit.ContinueWith(
            static (_, job) => ((NamespaceJob)job!)._pipes.Wake(), job, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        job.SetJobState(JobState.Running);
        job._thread.Start();
        return job;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            StopJob();
            _program.Dispose();
            _pipes.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Run()
    {
        while (!_program.Exit.IsCompleted && !_stopping)
        {
            _pipes.Pump(-1);
        }

        if (!_program.Exit.IsCompleted)
        {
            _program.End(Sys.SIGINT, s_grace);
        }

        _pipes.Drain();
        if (_program.Exit.IsFaulted)
        {
            Error.Add(ErrorMap.ToRecord(_program.Exit.Exception!.InnerException!, "NamespaceEnterFailed", ProcessId));
            SetJobState(JobState.Failed);
            return;
        }

        ExitCode = _program.Exit.IsCompletedSuccessfully ? _program.Exit.Result.ShellCode : null;
        SetJobState(_stopping ? JobState.Stopped : JobState.Completed);
    }

    private void AddLine(string line) => Output.Add(PSObject.AsPSObject(line));

    private void AddBytes(byte[] bytes) => Output.Add(new PSObject(bytes));

    private void AddErrorLine(string line) =>
        Error.Add(new ErrorRecord(new RemoteException(line), "NativeCommandError", ErrorCategory.NotSpecified, line));
}
