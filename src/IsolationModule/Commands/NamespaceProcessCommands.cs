using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Threading;
using Isolation.Arguments;
using Isolation.Completion;
using Isolation.Entry;
using Isolation.Interop;
using Isolation.State;

namespace Isolation.Commands;

/// <summary>Start-NamespaceProcess: starts a program inside namespaces and returns at once. Equivalent to <c>nsenter ... &amp;</c>.</summary>
[Cmdlet(VerbsLifecycle.Start, "NamespaceProcess", DefaultParameterSetName = NamespaceSetName, SupportsShouldProcess = true)]
[OutputType(typeof(NamespaceProcess))]
public sealed class StartNamespaceProcessCommand : ProgramCommand
{
    private const string NamespaceSetName = "Namespace";

    /// <summary>The set, process, namespace or path to enter.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = NamespaceSetName)]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    public NamespaceReference Namespace { get; set; } = null!;

    /// <inheritdoc/>
    [Parameter(Mandatory = true, ParameterSetName = NewSetName)]
    [ValidateNotNullOrEmpty]
    [ValidateRange(NamespaceType.Time, NamespaceTypes.Every)]
    public override NamespaceType[] New { get; set; } = [];

    /// <inheritdoc/>
    [Parameter(ParameterSetName = NewSetName)]
    public override SwitchParameter MapRootUser { get; set; }

    /// <inheritdoc/>
    [Parameter(ParameterSetName = NewSetName)]
    public override SwitchParameter MapCurrentUser { get; set; }

    /// <inheritdoc/>
    [Parameter(ParameterSetName = NewSetName)]
    public override SwitchParameter MapAuto { get; set; }

    /// <inheritdoc/>
    [Parameter(ParameterSetName = NewSetName)]
    [ValidateNotNullOrEmpty]
    public override IdMap[]? UserMap { get; set; }

    /// <inheritdoc/>
    [Parameter(ParameterSetName = NewSetName)]
    [ValidateNotNullOrEmpty]
    public override IdMap[]? GroupMap { get; set; }

    /// <inheritdoc/>
    [Parameter(ParameterSetName = NewSetName)]
    [ValidateSet("Allow", "Deny")]
    public override string? SetGroups { get; set; }

    /// <inheritdoc/>
    [Parameter(ParameterSetName = NewSetName)]
    public override TimeSpan? MonotonicOffset { get; set; }

    /// <inheritdoc/>
    [Parameter(ParameterSetName = NewSetName)]
    public override TimeSpan? BootTimeOffset { get; set; }

    /// <inheritdoc/>
    [Parameter(ParameterSetName = NewSetName)]
    [ValidateSet("Private", "Slave", "Shared", "Unchanged")]
    public override string? Propagation { get; set; }

    /// <inheritdoc/>
    [Parameter(ParameterSetName = NewSetName)]
    [ValidateNotNullOrEmpty]
    public override string? HostName { get; set; }

    /// <inheritdoc/>
    [Parameter(ParameterSetName = NewSetName)]
    [ValidateNotNullOrEmpty]
    public override string? DomainName { get; set; }

    /// <inheritdoc/>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateNotNullOrEmpty]
    public override string? FilePath { get; set; } = "";

    /// <summary>The program goes on when this PowerShell ends.</summary>
    [Parameter]
    public SwitchParameter Detach { get; set; }

    /// <summary>The file for standard input.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? RedirectStandardInput { get; set; }

    /// <summary>The file for standard output; it is made or emptied.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? RedirectStandardOutput { get; set; }

    /// <summary>The file for standard error; it is made or emptied. It may be that of standard output.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? RedirectStandardError { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => Guard("NamespaceProcessStartFailed", Namespace, Start);

    private void Start()
    {
        EntrySettings settings = Settings();
        using NamespaceTarget target = OpenTarget(Namespace);
        if (!ShouldProcess(target.Description, $"Start {FilePath} {string.Join(' ', Arguments)}".TrimEnd()))
        {
            return;
        }

        string? output = Resolve(RedirectStandardOutput);
        string? error = Resolve(RedirectStandardError);
        using Descriptor nothing = Sys.Open("/dev/null", OpenFlags.ReadWrite);
        using Descriptor? input = RedirectStandardInput is null ? null : OpenFile(Resolve(RedirectStandardInput)!, OpenFlags.ReadOnly, "RedirectStandardInput");
        const OpenFlags anew = OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Truncate;
        using Descriptor? outputFile = output is null ? null : OpenFile(output, anew, "RedirectStandardOutput");
        using Descriptor? errorFile = error is null || error == output ? null : OpenFile(error, anew, "RedirectStandardError");
        StandardStreams streams = new(input ?? nothing, outputFile ?? nothing, error is not null && error == output ? outputFile! : errorFile ?? nothing);

        StartedProgram program = StartedProgram.Start(target, settings, Program(target, settings, attached: !Detach), streams, Explain, Cancellation);

        // One that has ended already is still there to be looked at: its parent waits for it only after it was told.
        NamespaceProcess process;
        try
        {
            process = NamespaceProcess.Find(program.Pid) ?? NamespaceProcess.Gone(program.Pid, FilePath!);
        }
        catch
        {
            program.Abandon();
            throw;
        }

        process.Namespace = target.Sets.Count == 0 ? null : target.Sets[0].Name;
        process.Program = program;
        process.IsDetached = Detach;
        process.StandardOutput = output;
        process.StandardError = error;
        StartedPrograms.Add(process);
        WriteObject(process);
    }

    private string? Resolve(string? path) => path is null ? null : SessionState.Path.GetUnresolvedProviderPathFromPSPath(path);

    private Descriptor OpenFile(string path, OpenFlags flags, string parameter)
    {
        RefuseNul(path, $"-{parameter}");
        Errno error = RedirectedFile.TryOpen(path, flags, out Descriptor? file, Cancellation);
        return error == Errno.None ? file! : throw new IsolationException(
            "RedirectionFailed",
            error is Errno.ENOENT ? ErrorKind.NotFound : error is Errno.EACCES or Errno.EPERM ? ErrorKind.PermissionDenied : ErrorKind.InvalidArgument,
            $"Cannot open {path} for -{parameter}: {error.Describe()}. Give a file in a folder that exists and that you may write to.");
    }
}

/// <summary>Get-NamespaceProcess: the processes in namespaces, with their pid in each pid namespace. Equivalent to <c>ip netns pids</c>, for all kinds.</summary>
[Cmdlet(VerbsCommon.Get, "NamespaceProcess")]
[OutputType(typeof(NamespaceProcess))]
public sealed class GetNamespaceProcessCommand : IsolationCommand
{
    /// <summary>The sets, processes, namespaces or paths; without one, every set.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    public NamespaceReference[]? Namespace { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (Namespace is null)
        {
            IReadOnlyList<string> names = [];
            Guard("NamespaceProcessReadFailed", null, () => names = NamespaceStore.Current.Names());
            foreach (string name in names)
            {
                Guard("NamespaceProcessReadFailed", name, () => Write(new NamespaceReference(name)));
            }

            return;
        }

        foreach (NamespaceReference reference in Namespace)
        {
            Guard("NamespaceProcessReadFailed", reference, () => Write(reference));
        }
    }

    private void Write(NamespaceReference reference)
    {
        string? set = reference.SetName is string name && NamespaceStore.Current.Find(name) is not null ? name : null;
        foreach (NamespaceProcess process in NamespaceProcess.FindIn(reference.Keys()))
        {
            Cancellation.ThrowIfCancellationRequested();
            process.Namespace = set;
            WriteObject(StartedPrograms.Known(process));
        }
    }
}

/// <summary>The base of the cmdlets that take processes: objects, or numbers.</summary>
public abstract class NamespaceProcessCommand : IsolationCommand
{
    /// <summary>The processes.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = "InputObject")]
    [ValidateNotNullOrEmpty]
    public NamespaceProcess[] InputObject { get; set; } = [];

    /// <summary>The pids of the processes.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Id")]
    [ValidateNotNullOrEmpty]
    public int[] Id { get; set; } = [];

    /// <summary>Passes the processes on.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <summary>The processes that are meant; one that does not exist is an error, and the others go on.</summary>
    protected IReadOnlyList<NamespaceProcess> Processes()
    {
        List<NamespaceProcess> processes = [.. InputObject];
        foreach (int id in Id)
        {
            NamespaceProcess? found = id > 0 ? NamespaceProcess.Find(id) : null;
            if (found is not null)
            {
                processes.Add(StartedPrograms.Known(found));
                continue;
            }

            IsolationException missing = new(
                "ProcessNotFound", ErrorKind.NotFound, $"There is no process {id}. Get-NamespaceProcess lists those in sets, Get-Process all.");
            WriteError(ErrorMap.ToRecord(missing, missing.ErrorId, id));
        }

        return processes;
    }
}

/// <summary>Wait-NamespaceProcess: waits until processes have ended.</summary>
[Cmdlet(VerbsLifecycle.Wait, "NamespaceProcess", DefaultParameterSetName = "InputObject")]
[OutputType(typeof(NamespaceProcess))]
public sealed class WaitNamespaceProcessCommand : NamespaceProcessCommand
{
    private readonly List<NamespaceProcess> _processes = [];

    /// <summary>How long to wait for all of them, in seconds; without it for ever.</summary>
    [Parameter(Position = 1)]
    [ValidateRange(0, 2_147_483)]
    public int? Timeout { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => _processes.AddRange(Processes());

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        DateTime end = Timeout is int seconds ? DateTime.UtcNow.AddSeconds(seconds) : DateTime.MaxValue;
        foreach (NamespaceProcess process in _processes)
        {
            Guard("NamespaceProcessWaitFailed", process, () =>
            {
                TimeSpan left = Timeout is null ? System.Threading.Timeout.InfiniteTimeSpan : TimeSpan.FromTicks(Math.Max(0, (end - DateTime.UtcNow).Ticks));
                if (!process.Wait(left, Cancellation))
                {
                    throw new IsolationException(
                        "NamespaceProcessTimeout",
                        ErrorKind.Timeout,
                        $"Process {process} did not end within {Timeout} s. Wait longer, or end it with: Stop-NamespaceProcess -Id {process.Id}");
                }

                if (PassThru)
                {
                    WriteObject(process);
                }
            });
        }
    }
}

/// <summary>Stop-NamespaceProcess: ends processes, politely first. Equivalent to <c>kill</c>, then <c>kill -9</c>.</summary>
[Cmdlet(VerbsLifecycle.Stop, "NamespaceProcess", DefaultParameterSetName = "InputObject", SupportsShouldProcess = true)]
[OutputType(typeof(NamespaceProcess))]
public sealed class StopNamespaceProcessCommand : NamespaceProcessCommand
{
    /// <summary>How long SIGTERM is given, in seconds, before SIGKILL follows.</summary>
    [Parameter]
    [ValidateRange(0, 3_600)]
    public int Timeout { get; set; } = 10;

    /// <summary>SIGKILL at once.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (NamespaceProcess process in Processes())
        {
            Guard("NamespaceProcessStopFailed", process, () => Stop(process));
        }
    }

    private void Stop(NamespaceProcess process)
    {
        if (process.HasExited || !ShouldProcess(process.ToString(), "End the process"))
        {
            return;
        }

        Send(process, Force ? Sys.SIGKILL : Sys.SIGTERM);
        if (!process.Wait(TimeSpan.FromSeconds(Force ? 10 : Timeout), Cancellation))
        {
            Send(process, Sys.SIGKILL);
            if (!process.Wait(TimeSpan.FromSeconds(10), Cancellation))
            {
                throw new IsolationException(
                    "NamespaceProcessStopFailed",
                    ErrorKind.Timeout,
                    $"Process {process} did not end within 10 s of SIGKILL: it waits for a device, or a control group freezes it.");
            }
        }

        if (PassThru)
        {
            WriteObject(process);
        }
    }

    private static void Send(NamespaceProcess process, int signal)
    {
        Errno error = process.Signal(signal);
        if (error is not (Errno.None or Errno.ESRCH))
        {
            throw new SyscallException(
                "kill", error, $"end process {process}", error == Errno.EPERM ? "It belongs to another user: run as that user, or as root." : null);
        }
    }
}
