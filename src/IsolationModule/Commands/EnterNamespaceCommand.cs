using System;
using System.Management.Automation;
using System.Text;
using System.Threading.Tasks;
using Isolation.Arguments;
using Isolation.Completion;
using Isolation.Entry;
using Isolation.Interop;
using Isolation.Plans;

namespace Isolation.Commands;

/// <summary>
/// Enter-Namespace: runs a program inside namespaces; its output comes down the pipeline as lines or bytes, or it has a terminal. Equivalent to
/// <c>nsenter</c> and <c>ip netns exec</c>, and to <c>unshare</c> for new ones that end with the program.
/// </summary>
[Cmdlet(VerbsCommon.Enter, "Namespace", DefaultParameterSetName = NamespaceSetName)]
[OutputType(typeof(string), typeof(byte[]), typeof(NamespaceJob))]
public sealed class EnterNamespaceCommand : ProgramCommand
{
    private const string NamespaceSetName = "Namespace";
    private const string InputSetName = "Input";
    private const string InteractiveSetName = "Interactive";
    private const string NewInteractiveSetName = "NewInteractive";

    // What a shell waits for after Ctrl+C before it stops being polite.
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(2);

    // Bytes that come one by one are collected to this many.
    private const int CollectedBytes = 64 * 1024;

    private bool _byArgument;
    private NamespaceTarget? _target;
    private ProgramPipes? _pipes;
    private ProgramTerminal? _terminal;
    private StartedProgram? _program;
    private byte[] _collected = [];
    private int _collectedCount;
    private bool _failed;

    /// <summary>The set, process, namespace or path to enter.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = NamespaceSetName)]
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = InputSetName)]
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = InteractiveSetName)]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    public NamespaceReference Namespace { get; set; } = null!;

    /// <inheritdoc/>
    [Parameter(Mandatory = true, ParameterSetName = NewSetName)]
    [Parameter(Mandatory = true, ParameterSetName = NewInteractiveSetName)]
    [ValidateNotNullOrEmpty]
    [ValidateRange(NamespaceType.Time, NamespaceTypes.Every)]
    public override NamespaceType[] New { get; set; } = [];

    /// <inheritdoc/>
    [Parameter(ParameterSetName = NewSetName)]
    [Parameter(ParameterSetName = NewInteractiveSetName)]
    public override SwitchParameter MapRootUser { get; set; }

    /// <inheritdoc/>
    [Parameter(ParameterSetName = NewSetName)]
    [Parameter(ParameterSetName = NewInteractiveSetName)]
    public override SwitchParameter MapCurrentUser { get; set; }

    /// <inheritdoc/>
    [Parameter(ParameterSetName = NewSetName)]
    [Parameter(ParameterSetName = NewInteractiveSetName)]
    public override SwitchParameter MapAuto { get; set; }

    /// <inheritdoc/>
    [Parameter(ParameterSetName = NewSetName)]
    [Parameter(ParameterSetName = NewInteractiveSetName)]
    [ValidateNotNullOrEmpty]
    public override IdMap[]? UserMap { get; set; }

    /// <inheritdoc/>
    [Parameter(ParameterSetName = NewSetName)]
    [Parameter(ParameterSetName = NewInteractiveSetName)]
    [ValidateNotNullOrEmpty]
    public override IdMap[]? GroupMap { get; set; }

    /// <inheritdoc/>
    [Parameter(ParameterSetName = NewSetName)]
    [Parameter(ParameterSetName = NewInteractiveSetName)]
    [ValidateSet("Allow", "Deny")]
    public override string? SetGroups { get; set; }

    /// <inheritdoc/>
    [Parameter(ParameterSetName = NewSetName)]
    [Parameter(ParameterSetName = NewInteractiveSetName)]
    public override TimeSpan? MonotonicOffset { get; set; }

    /// <inheritdoc/>
    [Parameter(ParameterSetName = NewSetName)]
    [Parameter(ParameterSetName = NewInteractiveSetName)]
    public override TimeSpan? BootTimeOffset { get; set; }

    /// <inheritdoc/>
    [Parameter(ParameterSetName = NewSetName)]
    [Parameter(ParameterSetName = NewInteractiveSetName)]
    [ValidateSet("Private", "Slave", "Shared", "Unchanged")]
    public override string? Propagation { get; set; }

    /// <inheritdoc/>
    [Parameter(ParameterSetName = NewSetName)]
    [Parameter(ParameterSetName = NewInteractiveSetName)]
    [ValidateNotNullOrEmpty]
    public override string? HostName { get; set; }

    /// <inheritdoc/>
    [Parameter(ParameterSetName = NewSetName)]
    [Parameter(ParameterSetName = NewInteractiveSetName)]
    [ValidateNotNullOrEmpty]
    public override string? DomainName { get; set; }

    /// <summary>What goes to the program's standard input: text as a line, bytes as they are.</summary>
    [Parameter(ValueFromPipeline = true, ParameterSetName = InputSetName)]
    [Parameter(ValueFromPipeline = true, ParameterSetName = NewSetName)]
    [AllowNull]
    [AllowEmptyString]
    public PSObject? InputObject { get; set; }

    /// <inheritdoc/>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    public override string? FilePath { get; set; }

    /// <summary>Output comes as byte arrays, and input must be bytes.</summary>
    [Parameter(ParameterSetName = NamespaceSetName)]
    [Parameter(ParameterSetName = InputSetName)]
    [Parameter(ParameterSetName = NewSetName)]
    public SwitchParameter AsByteStream { get; set; }

    /// <summary>The program runs on the terminal.</summary>
    [Parameter(Mandatory = true, ParameterSetName = InteractiveSetName)]
    [Parameter(Mandatory = true, ParameterSetName = NewInteractiveSetName)]
    public SwitchParameter Interactive { get; set; }

    /// <summary>The program runs in the background, as a job.</summary>
    [Parameter(ParameterSetName = NamespaceSetName)]
    [Parameter(ParameterSetName = NewSetName)]
    public SwitchParameter AsJob { get; set; }

    private bool OnTerminal => Interactive || FilePath is null;

    // What an error is about.
    private object Subject => (object?)Namespace ?? FilePath ?? "shell";

    /// <inheritdoc/>
    protected override void BeginProcessing() => _byArgument = Namespace is not null || New.Length != 0;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (!_byArgument)
        {
            Guard("NamespaceEnterFailed", Subject, () =>
            {
                if (AsJob)
                {
                    StartJob(withInput: false);
                    return;
                }

                Begin(withInput: false);
                Finish();
            });
            CleanUp();
            return;
        }

        if (_failed || AsJob)
        {
            return;
        }

        if (_program is null && !Guard("NamespaceEnterFailed", Subject, () => Begin(MyInvocation.ExpectingInput)))
        {
            _failed = true;
            return;
        }

        if (InputObject is not null && !Guard("NamespaceEnterFailed", Subject, () => Feed(InputObject)))
        {
            _failed = true;
            CleanUp();
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (!_byArgument || _failed)
        {
            return;
        }

        Guard("NamespaceEnterFailed", Subject, () =>
        {
            if (AsJob)
            {
                StartJob(MyInvocation.ExpectingInput);
                return;
            }

            if (_program is null)
            {
                Begin(withInput: false); // The pipeline was empty.
            }

            Finish();
        });
    }

    /// <inheritdoc/>
    protected override void StopProcessing()
    {
        base.StopProcessing();
        _pipes?.Wake();
        _terminal?.Wake();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            CleanUp();
        }

        base.Dispose(disposing);
    }

    private void Begin(bool withInput)
    {
        if (OnTerminal)
        {
            RequireTerminal(withInput);
        }

        EntrySettings settings = Settings();
        _target = OpenTarget(Namespace);
        ProgramOptions options = Program(_target, settings, attached: true, OnTerminal);
        if (OnTerminal)
        {
            _terminal = ProgramTerminal.Open();
            _program = StartedProgram.Start(_target, settings, options, _terminal.ProgramSide, Explain, Cancellation);
            WakeAtExit(_terminal.Wake);
            return;
        }

        _pipes = new ProgramPipes(AsByteStream ? new ByteSink(WriteBytes) : new LineSink(WriteLine), new LineSink(WriteErrorLine));
        _program = StartedProgram.Start(_target, settings, options, _pipes.ProgramSide, Explain, Cancellation);
        _pipes.ProgramSide.Dispose();
        WakeAtExit(_pipes.Wake);
        if (!withInput)
        {
            _pipes.CloseInput();
        }
    }

    private void StartJob(bool withInput)
    {
        if (withInput || FilePath is null)
        {
            throw new IsolationException(
                FilePath is null ? "ProgramMissing" : "NamespaceOptionInvalid",
                ErrorKind.InvalidArgument,
                FilePath is null
                    ? "There is no program to run, and -AsJob has no terminal for a shell. Give the program with -FilePath."
                    : "-AsJob runs a program in the background, and input comes down the pipeline, which has ended by then. Leave one of the two out.");
        }

        EntrySettings settings = Settings();
        using NamespaceTarget target = OpenTarget(Namespace);
        NamespaceJob job = NamespaceJob.Start(target, settings, Program(target, settings, attached: true), AsByteStream, Explain, Cancellation);
        JobRepository.Add(job);
        WriteObject(job);
    }

    private void WakeAtExit(Action wake) =>
        _ = _program!.Exit.ContinueWith(
            static (_, wake) => ((Action)wake!)(), wake, Cancellation, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    // A shell without a terminal reads commands from nowhere: whoever forgot the program is told so.
    private void RequireTerminal(bool withInput)
    {
        string? why = withInput ? "input comes down the pipeline"
            : MyInvocation.PipelinePosition < MyInvocation.PipelineLength ? "the output goes down the pipeline"
            : AsByteStream ? "-AsByteStream asks for bytes"
            : Host.UI is null ? "this runspace has no user interface"
            : ProgramTerminal.IsThere ? null
            : "standard input or output of this PowerShell is no terminal";
        if (why is null)
        {
            return;
        }

        throw Interactive
            ? new IsolationException(
                "TerminalMissing",
                ErrorKind.Unavailable,
                $"{FilePath ?? "A shell"} cannot run on the terminal: {why}. Run it alone in a pipeline, from a terminal (over SSH: ssh -t), or give a program without -Interactive.")
            : new IsolationException(
                "ProgramMissing",
                ErrorKind.InvalidArgument,
                $"There is no program to run, and no shell can be opened: {why}. Give the program with -FilePath; a shell needs a terminal and the pipeline for itself.");
    }

    private void Feed(PSObject input)
    {
        if (!_pipes!.TakesInput)
        {
            return;
        }

        if (input.BaseObject is byte one)
        {
            // PowerShell takes arrays apart. One by one they would cost a system call each.
            _collected = _collected.Length == 0 ? new byte[CollectedBytes] : _collected;
            _collected[_collectedCount++] = one;
            if (_collectedCount < CollectedBytes)
            {
                return;
            }
        }

        GiveCollected();
        switch (input.BaseObject)
        {
            case byte:
                break;
            case byte[] bytes:
                Give(bytes);
                break;
            case object[] items when Array.TrueForAll(items, static item => Bare(item) is byte):
                Give(Array.ConvertAll(items, static item => (byte)Bare(item)!));
                break;
            case object other when AsByteStream:
                throw new IsolationException(
                    "InputNotBytes",
                    ErrorKind.InvalidArgument,
                    $"Input of type {other.GetType().FullName} is not bytes, which -AsByteStream asks for. Give bytes, as Get-Content -AsByteStream does, or leave -AsByteStream out.");
            case object other:
                Give(Encoding.UTF8.GetBytes(LanguagePrimitives.ConvertTo<string>(other) + "\n"));
                break;
        }
    }

    private static object? Bare(object? item) => item is PSObject wrapped ? wrapped.BaseObject : item;

    private void GiveCollected()
    {
        if (_collectedCount != 0)
        {
            byte[] bytes = _collected.AsSpan(0, _collectedCount).ToArray();
            _collectedCount = 0;
            Give(bytes);
        }
    }

    private void Give(byte[] bytes)
    {
        if (bytes.Length == 0)
        {
            return;
        }

        _pipes!.Write(bytes);

        // The pipeline goes on when the program has taken it: what is fed is never more than it can hold.
        do
        {
            Pump(_pipes.WantsInput ? 0 : -1);
        }
        while (!_pipes.WantsInput && _pipes.TakesInput && !_program!.Exit.IsCompleted);
    }

    private void Finish()
    {
        if (_terminal is not null)
        {
            FinishOnTerminal(_terminal);
        }
        else
        {
            if (_pipes!.TakesInput)
            {
                GiveCollected();
            }

            _pipes.CloseInput();
            while (!_program!.Exit.IsCompleted)
            {
                Pump(-1);
            }

            _pipes.Drain();
        }

        if (_program!.Exit.IsFaulted)
        {
            throw _program.Exit.Exception!.InnerException!;
        }

        int code = _program.Exit.Result.ShellCode;
        int pid = _program.Pid;
        SessionState.PSVariable.Set("global:LASTEXITCODE", code);
        CleanUp();
        if (code != 0 && LanguagePrimitives.IsTrue(SessionState.PSVariable.GetValue("PSNativeCommandUseErrorActionPreference")))
        {
            WriteError(NativeExit.ToRecord(FilePath ?? "shell", code, pid));
        }
    }

    private void FinishOnTerminal(ProgramTerminal terminal)
    {
        terminal.TakeOver();
        while (!_program!.Exit.IsCompleted)
        {
            terminal.Pump();
            ThrowIfStopped();
        }

        terminal.Drain();
        terminal.GiveBack(tidy: !_program.Exit.IsCompletedSuccessfully || _program.Exit.Result.Code is null);
    }

    private void Pump(int milliseconds)
    {
        ThrowIfStopped();
        _pipes!.Pump(milliseconds);
        ThrowIfStopped();
    }

    private void ThrowIfStopped()
    {
        if (Cancellation.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }
    }

    private void WriteLine(string line) => WriteObject(line);

    private void WriteBytes(byte[] bytes) => WriteObject(bytes, enumerateCollection: false);

    private void WriteErrorLine(string line) => WriteError(new ErrorRecord(new RemoteException(line), "NativeCommandError", ErrorCategory.NotSpecified, line));

    // Whatever leaves the cmdlet, be it Ctrl+C, an error or Select-Object -First: the program does not outlive it.
    private void CleanUp()
    {
        // First: while the program is waited for, the user's terminal is the user's again.
        _terminal?.GiveBack(tidy: true);
        if (_program is { Exit.IsCompleted: false } program)
        {
            // An interactive shell ignores SIGINT; SIGHUP is what a terminal that is closed sends.
            program.End(_terminal is null ? Sys.SIGINT : Sys.SIGHUP, s_grace);
        }

        _program?.Dispose();
        _program = null;
        _pipes?.Dispose();
        _pipes = null;
        _terminal?.Dispose();
        _terminal = null;
        _target?.Dispose();
        _target = null;
    }
}
