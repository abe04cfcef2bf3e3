using System;
using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.Diagnostics.CodeAnalysis;
using System.IO;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;

namespace Isolation.Shell;

/// <summary>One run of the shell: its runspace, its profiles, and the file, command or prompt it was started for.</summary>
internal sealed class Session : IDisposable
{
    private const int TerminatedExitCode = 128 + 15;
    private static readonly TimeSpan s_terminationPeriod = TimeSpan.FromSeconds(5);

    private readonly CommandLine _line;
    private readonly ShellHost _host;
    private readonly Runspace _local;
    private readonly Stack<Runspace> _pushed = new();
    private readonly PipelineRunner _runner = new();
    private readonly PosixSignalRegistration _terminate;
    private int _nestedPrompts;
    private int _leaveNestedPrompts;
    private Prompt? _prompt;
    private volatile bool _terminated;

    internal Session(CommandLine line)
    {
        _line = line;
        _host = new ShellHost(this, interactive: !line.NonInteractive);
        _local = RunspaceFactory.CreateRunspace(_host, ShellState.Create());
        _local.ThreadOptions = PSThreadOptions.ReuseThread;
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnTerminate);
    }

    internal Runspace CurrentRunspace => _pushed.TryPeek(out Runspace? pushed) ? pushed : _local;

    internal bool IsRunspacePushed => _pushed.Count > 0;

    /// <summary>An exit statement has run: no prompt is shown any more.</summary>
    internal bool IsEnding => _host.ExitCode is not null;

    /// <summary>The prompt loop that runs now is to return.</summary>
    internal bool IsLeavingNestedPrompt => _leaveNestedPrompts > 0;

    internal ShellUserInterface Terminal => _host.Terminal;

    public void Dispose()
    {
        _terminate.Dispose();
        _local.Dispose();
    }

    internal int Run()
    {
        Console.CancelKeyPress += OnCancel;
        _local.Open();
        Runspace.DefaultRunspace = _local;
        SetVariables();

        Exception? failure = ChangeDirectory();
        if (!_line.NoProfile)
            RunProfiles();

        bool interactive = false;
        if (!IsEnding)
        {
            if (_line.File is not null)
                failure = RunFile(_line.File) ?? failure;
            else if (_line.Command is not null)
                failure = RunCommand(_line.Command) ?? failure;
            else
                interactive = true;
        }

        if ((interactive || _line.NoExit) && !IsEnding)
        {
            _prompt = new Prompt(this, showBanner: interactive && !_line.NoLogo);
            _prompt.Loop(fromStandardInput: _line.ReadStandardInput || Console.IsInputRedirected);
            failure = null;
        }

        int exitCode = _host.ExitCode ?? (failure is null && LastCommandSucceeded() ? 0 : 1);
        _local.Close();
        return _terminated ? TerminatedExitCode : exitCode;
    }

    /// <summary>Runs text typed at the prompt or read from standard input, and reports what it throws.</summary>
    internal void RunInput(string text)
    {
        // Left from here: the other end may not know this host, and then could not ask it to.
        if (IsRunspacePushed && text.Trim().ToUpperInvariant() is ("EXIT" or "EXIT-PSSESSION" or "EXSN" or "EXIT-PSHOSTPROCESS"))
        {
            PopRunspace();
            return;
        }

        Pipeline pipeline = _nestedPrompts > 1 ? CurrentRunspace.CreateNestedPipeline(text, addToHistory: true) : CurrentRunspace.CreatePipeline(text, addToHistory: true);
        Report(_runner.Run(pipeline));
    }

    /// <summary>Runs text and returns what it writes, for the shell's own use; failures give nothing.</summary>
    internal Collection<PSObject>? Evaluate(string text)
        => _runner.Collect(_nestedPrompts > 1 ? CurrentRunspace.CreateNestedPipeline(text, addToHistory: false) : CurrentRunspace.CreatePipeline(text, addToHistory: false));

    internal void Exit(int exitCode)
    {
        if (IsRunspacePushed)
            PopRunspace();
        else
            _host.ExitCode = exitCode;
    }

    internal void EnterNestedPrompt()
    {
        if (_prompt is null)
            throw new PSInvalidOperationException("A nested prompt needs an interactive session.");
        EnterPromptLoop(() => _prompt.Loop(fromStandardInput: Console.IsInputRedirected));
    }

    internal void EnterPromptLoop(Action loop)
    {
        _nestedPrompts++;
        try
        {
            loop();
        }
        finally
        {
            _nestedPrompts--;
            if (_leaveNestedPrompts > 0)
                _leaveNestedPrompts--;
        }
    }

    internal void ExitNestedPrompt()
    {
        if (_nestedPrompts < 2)
            throw new PSInvalidOperationException("There is no nested prompt to leave.");
        _leaveNestedPrompts++;
    }

    internal void PushRunspace(Runspace runspace)
    {
        _pushed.Push(runspace);
        runspace.StateChanged += OnPushedStateChanged;
    }

    internal void PopRunspace()
    {
        if (_pushed.TryPop(out Runspace? runspace))
            runspace.StateChanged -= OnPushedStateChanged;
    }

    private void OnPushedStateChanged(object? sender, RunspaceStateEventArgs e)
    {
        if (e.RunspaceStateInfo.State is RunspaceState.Broken or RunspaceState.Closed && ReferenceEquals(sender, CurrentRunspace))
            PopRunspace();
    }

    private void OnCancel(object? sender, ConsoleCancelEventArgs e)
    {
        e.Cancel = true;
        // Stop waits for the cmdlets' cleanup; the signal's thread must not.
        _ = Task.Run(_runner.Stop);
    }

    private void OnTerminate(PosixSignalContext context)
    {
        context.Cancel = true;
        _terminated = true;
        _ = Task.Run(() =>
        {
            // A native command in the foreground is waited for, and nothing has told it to end.
            Task stop = Task.Run(_runner.Stop);
            stop.Wait(s_terminationPeriod);
            Environment.Exit(TerminatedExitCode);
        });
    }

    private void SetVariables()
    {
        PSObject profile = PSObject.AsPSObject(Profiles.CurrentUserCurrentHost);
        profile.Properties.Add(new PSNoteProperty("AllUsersAllHosts", Profiles.AllUsersAllHosts));
        profile.Properties.Add(new PSNoteProperty("AllUsersCurrentHost", Profiles.AllUsersCurrentHost));
        profile.Properties.Add(new PSNoteProperty("CurrentUserAllHosts", Profiles.CurrentUserAllHosts));
        profile.Properties.Add(new PSNoteProperty("CurrentUserCurrentHost", Profiles.CurrentUserCurrentHost));
        _local.SessionStateProxy.SetVariable("PROFILE", profile);
    }

    private Exception? ChangeDirectory()
    {
        if (_line.WorkingDirectory is null)
            return null;

        Pipeline pipeline = _local.CreatePipeline();
        Command command = new("Set-Location");
        command.Parameters.Add("LiteralPath", _line.WorkingDirectory);
        pipeline.Commands.Add(command);
        Exception? failure = _runner.Run(pipeline);
        Report(failure);
        return failure;
    }

    private void RunProfiles()
    {
        foreach (string path in Profiles.InOrder)
        {
            if (File.Exists(path) && !IsEnding)
                Report(_runner.Run(_local.CreatePipeline($". '{CodeGeneration.EscapeSingleQuotedStringContent(path)}'")));
        }
    }

    private Exception? RunFile(string path)
    {
        if (!_line.NoExit)
            EngineInternals.LetExitEndTheHost(_local);

        // A script with a #! line needs no .ps1, and the engine takes files by that ending alone.
        Command command = path.EndsWith(".ps1", StringComparison.OrdinalIgnoreCase)
            ? new Command(path, isScript: false, useLocalScope: false)
            : new Command(File.ReadAllText(path), isScript: true, useLocalScope: false);
        Pipeline pipeline = _local.CreatePipeline();
        pipeline.Commands.Add(command);
        return RunStart(pipeline, ReadsInput(Parser.ParseFile(path, out _, out _)));
    }

    private Exception? RunCommand(string text)
        // In the history, or else the engine puts $? back to what it was before the command.
        => RunStart(_local.CreatePipeline(text, addToHistory: true), ReadsInput(Parser.ParseInput(text, out _, out _)));

    private Exception? RunStart(Pipeline pipeline, bool readsInput)
    {
        foreach (CommandParameter argument in _line.Arguments)
            pipeline.Commands[0].Parameters.Add(argument);

        Exception? failure = _runner.Run(pipeline, readsInput && Console.IsInputRedirected ? Console.In : null);
        Report(failure);
        return failure;
    }

    private static bool ReadsInput(ScriptBlockAst script)
        => script.Find(ast => ast is VariableExpressionAst variable && variable.VariablePath.UserPath.Equals("input", StringComparison.OrdinalIgnoreCase), searchNestedScriptBlocks: true) is not null;

    private bool LastCommandSucceeded()
        => _runner.Collect(_local.CreatePipeline("$global:?")) is [PSObject { BaseObject: bool succeeded }] && succeeded;

    private void Report(Exception? exception)
    {
        if (exception is null)
            return;

        ErrorRecord error = exception is IContainsErrorRecord container
            ? container.ErrorRecord
            : new ErrorRecord(exception, "IsolationShell.ReportException", ErrorCategory.NotSpecified, targetObject: null);
        if (exception is PipelineStoppedException && error.Exception.InnerException is null)
            return;

        PSObject shown = new(error);
        EngineInternals.MarkAsError(shown);
        Pipeline pipeline = _nestedPrompts > 1 ? _local.CreateNestedPipeline() : _local.CreatePipeline();
        pipeline.Commands.Add("Out-Default");
        pipeline.Input.Write(shown);
        pipeline.Input.Close();
        if (_runner.Collect(pipeline) is null)
            Terminal.WriteErrorLine(exception.Message);
    }
}
