using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Text;
using System.Threading.Tasks;
using Isolation.Arguments;
using Isolation.Completion;
using Isolation.Entry;
using Isolation.Interop;

namespace Isolation.Commands;

/// <summary>
/// Enter-Namespace: runs a program inside namespaces; its output comes down the pipeline line by line. Equivalent to <c>nsenter</c> and
/// <c>ip netns exec</c>.
/// </summary>
[Cmdlet(VerbsCommon.Enter, "Namespace", DefaultParameterSetName = NamespaceSetName)]
[OutputType(typeof(string))]
public sealed class EnterNamespaceCommand : ProgramCommand
{
    private const string NamespaceSetName = "Namespace";
    private const string InputSetName = "Input";

    // What a shell waits for after Ctrl+C before it stops being polite.
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(2);

    private bool _byArgument;
    private NamespaceTarget? _target;
    private ProgramPipes? _pipes;
    private StartedProgram? _program;
    private bool _failed;

    /// <summary>The set, process, namespace or path to enter.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = NamespaceSetName)]
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = InputSetName)]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    public NamespaceReference Namespace { get; set; } = null!;

    /// <summary>What goes to the program's standard input: text as a line, bytes as they are.</summary>
    [Parameter(ValueFromPipeline = true, ParameterSetName = InputSetName)]
    [AllowNull]
    [AllowEmptyString]
    public PSObject? InputObject { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing() => _byArgument = Namespace is not null;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (!_byArgument)
        {
            Guard("NamespaceEnterFailed", Namespace, () =>
            {
                Begin(withInput: false);
                Finish();
            });
            CleanUp();
            return;
        }

        if (_failed)
        {
            return;
        }

        if (_program is null && !Guard("NamespaceEnterFailed", Namespace, () => Begin(MyInvocation.ExpectingInput)))
        {
            _failed = true;
            return;
        }

        if (InputObject is not null)
        {
            Feed(InputObject);
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (!_byArgument || _failed)
        {
            return;
        }

        Guard("NamespaceEnterFailed", Namespace, () =>
        {
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
        _target = OpenTarget(Namespace);
        _pipes = new ProgramPipes();
        _program = StartedProgram.Start(_target, Program(_target, attached: true), _pipes.ProgramSide, Explain, Cancellation);
        _pipes.ProgramSide.Dispose();
        _ = _program.Exit.ContinueWith(
            static (_, pipes) => ((ProgramPipes)pipes!).Wake(), _pipes, Cancellation, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        if (!withInput)
        {
            _pipes.CloseInput();
        }
    }

    private void Feed(PSObject input)
    {
        if (!_pipes!.TakesInput)
        {
            return;
        }

        _pipes.Write(input.BaseObject switch
        {
            byte[] bytes => bytes,
            byte one => [one],
            object other => Encoding.UTF8.GetBytes(LanguagePrimitives.ConvertTo<string>(other) + "\n"),
        });

        // The pipeline goes on when the program has taken the line: what is fed is never more than it can hold.
        do
        {
            Pump(_pipes.WantsInput ? 0 : -1);
        }
        while (!_pipes.WantsInput && _pipes.TakesInput && !_program!.Exit.IsCompleted);
    }

    private void Finish()
    {
        _pipes!.CloseInput();
        while (!_program!.Exit.IsCompleted)
        {
            Pump(-1);
        }

        _pipes.Drain(WriteLine, WriteErrorLine);
        if (_program.Exit.IsFaulted)
        {
            throw _program.Exit.Exception!.InnerException!;
        }

        SessionState.PSVariable.Set("global:LASTEXITCODE", _program.Exit.Result.ShellCode);
        CleanUp();
    }

    private void Pump(int milliseconds)
    {
        if (Cancellation.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }

        _pipes!.Pump(milliseconds, WriteLine, WriteErrorLine);
        if (Cancellation.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }
    }

    private void WriteLine(string line) => WriteObject(line);

    private void WriteErrorLine(string line) => WriteError(new ErrorRecord(new RemoteException(line), "NativeCommandError", ErrorCategory.NotSpecified, line));

    // Whatever leaves the cmdlet, be it Ctrl+C, an error or Select-Object -First: the program does not outlive it.
    private void CleanUp()
    {
        if (_program is { Exit.IsCompleted: false } program)
        {
            program.End(Sys.SIGINT, s_grace);
        }

        _program?.Dispose();
        _program = null;
        _pipes?.Dispose();
        _pipes = null;
        _target?.Dispose();
        _target = null;
    }
}
