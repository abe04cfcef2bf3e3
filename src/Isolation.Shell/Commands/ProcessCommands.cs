using System;
using System.Collections;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Management.Automation;
using System.Threading;
using System.Threading.Tasks;

namespace Microsoft.PowerShell.Commands;

/// <summary>What a process cmdlet reports about one process.</summary>
public class ProcessCommandException : SystemException
{
    public ProcessCommandException()
    {
    }

    public ProcessCommandException(string message)
        : base(message)
    {
    }

    public ProcessCommandException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    public string? ProcessName { get; set; }
}

/// <summary>What the process cmdlets share: finding processes by name and id.</summary>
public abstract class ProcessCommandBase : PSCmdlet
{
    private protected List<Process> FindByName(string[] names)
    {
        List<Process> found = [];
        foreach (string name in names)
        {
            WildcardPattern pattern = WildcardPattern.Get(name, WildcardOptions.IgnoreCase);
            List<Process> matching = [.. Process.GetProcesses().Where(process => pattern.IsMatch(NameOf(process)))];
            if (matching.Count == 0 && !WildcardPattern.ContainsWildcardCharacters(name))
                Report($"Cannot find a process with the name \"{name}\". Verify the process name and call the cmdlet again.", "NoProcessFoundForGivenName", ErrorCategory.ObjectNotFound, name, name);
            found.AddRange(matching);
        }

        return [.. found.DistinctBy(process => process.Id).OrderBy(NameOf, StringComparer.CurrentCultureIgnoreCase).ThenBy(process => process.Id)];
    }

    private protected List<Process> FindById(int[] ids)
    {
        List<Process> found = [];
        foreach (int id in ids)
        {
            try
            {
                found.Add(Process.GetProcessById(id));
            }
            catch (ArgumentException)
            {
                Report($"Cannot find a process with the process identifier {id}.", "NoProcessFoundForGivenId", ErrorCategory.ObjectNotFound, id, id.ToString(CultureInfo.InvariantCulture));
            }
        }

        return found;
    }

    private protected void Report(string message, string errorId, ErrorCategory category, object? target, string? name, Exception? inner = null)
    {
        ProcessCommandException exception = new(message, inner) { ProcessName = name };
        WriteError(new ErrorRecord(exception, errorId, category, target));
    }

    /// <summary>The name; empty for a process that has gone meanwhile.</summary>
    private protected static string NameOf(Process process)
    {
        try
        {
            return process.ProcessName;
        }
        catch (InvalidOperationException)
        {
            return string.Empty;
        }
    }

    private protected static bool HasExited(Process process)
    {
        try
        {
            return process.HasExited;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}

[Cmdlet(VerbsCommon.Get, "Process", DefaultParameterSetName = "Name")]
[OutputType(typeof(Process))]
public sealed class GetProcessCommand : ProcessCommandBase
{
    [Parameter(Position = 0, ParameterSetName = "Name", ValueFromPipelineByPropertyName = true)]
    [Alias("ProcessName")]
    [ValidateNotNullOrEmpty]
    public string[]? Name { get; set; }

    [Parameter(ParameterSetName = "Id", Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [Alias("PID")]
    public int[]? Id { get; set; }

    [Parameter(ParameterSetName = "InputObject", Mandatory = true, ValueFromPipeline = true)]
    public Process[]? InputObject { get; set; }

    protected override void ProcessRecord()
    {
        IEnumerable<Process> found = Id is not null ? FindById(Id) : InputObject is not null ? InputObject : FindByName(Name ?? ["*"]);
        foreach (Process process in found)
        {
            if (InputObject is not null)
                process.Refresh();
            WriteObject(process);
        }
    }
}

[Cmdlet(VerbsLifecycle.Stop, "Process", DefaultParameterSetName = "Id", SupportsShouldProcess = true)]
[OutputType(typeof(Process))]
public sealed class StopProcessCommand : ProcessCommandBase
{
    [Parameter(ParameterSetName = "Name", Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [Alias("ProcessName")]
    public string[]? Name { get; set; }

    [Parameter(Position = 0, ParameterSetName = "Id", Mandatory = true, ValueFromPipelineByPropertyName = true)]
    public int[]? Id { get; set; }

    [Parameter(Position = 0, ParameterSetName = "InputObject", Mandatory = true, ValueFromPipeline = true)]
    public Process[]? InputObject { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    protected override void ProcessRecord()
    {
        IEnumerable<Process> found = ParameterSetName switch { "Name" => FindByName(Name!), "Id" => FindById(Id!), _ => InputObject! };
        // The shell itself, if asked for, is the last to go.
        foreach (Process process in found.OrderBy(process => process.Id == Environment.ProcessId))
            Stop(process);
    }

    private void Stop(Process process)
    {
        string name = NameOf(process);
        if (!ShouldProcess($"{name} ({process.Id})"))
            return;

        try
        {
            if (!HasExited(process))
                process.Kill();
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException)
        {
            if (!HasExited(process))
            {
                Report($"Cannot stop process \"{name} ({process.Id})\" because of the following error: {e.Message}", "CouldNotStopProcess", ErrorCategory.CloseError, process, name, e);
                return;
            }
        }

        if (PassThru)
            WriteObject(process);
    }
}

[Cmdlet(VerbsLifecycle.Wait, "Process", DefaultParameterSetName = "Name")]
[OutputType(typeof(Process))]
public sealed class WaitProcessCommand : ProcessCommandBase, IDisposable
{
    private readonly List<Process> _processes = [];
    private readonly CancellationTokenSource _cancel = new();

    [Parameter(ParameterSetName = "Id", Position = 0, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [Alias("PID", "ProcessId")]
    public int[]? Id { get; set; }

    [Parameter(ParameterSetName = "Name", Position = 0, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [Alias("ProcessName")]
    public string[]? Name { get; set; }

    [Parameter(ParameterSetName = "InputObject", Mandatory = true, ValueFromPipeline = true)]
    public Process[]? InputObject { get; set; }

    [Parameter(Position = 1)]
    [Alias("TimeoutSec")]
    [ValidateNotNullOrEmpty]
    [ValidateRange(0, 32767)]
    public int Timeout { get; set; }

    [Parameter]
    public SwitchParameter Any { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    public void Dispose() => _cancel.Dispose();

    protected override void ProcessRecord()
        => _processes.AddRange(ParameterSetName switch { "Name" => FindByName(Name!), "Id" => FindById(Id!), _ => InputObject! });

    protected override void StopProcessing() => _cancel.Cancel();

    protected override void EndProcessing()
    {
        List<Process> waited = [];
        foreach (Process process in _processes.DistinctBy(process => process.Id))
        {
            if (process.Id == Environment.ProcessId)
                Report($"This command stopped operation because it cannot wait on 'System Idle' process. Specify another process and Run your command again.", "WaitOnIdleProcess", ErrorCategory.ObjectNotFound, process, NameOf(process));
            else
                waited.Add(process);
        }

        try
        {
            Task[] exits = [.. waited.Select(process => process.WaitForExitAsync(_cancel.Token))];
            Task all = exits.Length == 0 ? Task.CompletedTask : Any ? Task.WhenAny(exits) : Task.WhenAll(exits);
            bool timed = MyInvocation.BoundParameters.ContainsKey(nameof(Timeout));
            all.Wait(timed ? TimeSpan.FromSeconds(Timeout) : System.Threading.Timeout.InfiniteTimeSpan, _cancel.Token);
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }

        foreach (Process process in Any && waited.Exists(HasExited) ? [] : waited.Where(process => !HasExited(process)))
        {
            TimeoutException exception = new($"This command stopped operation because process \"{NameOf(process)} ({process.Id})\" is not stopped in the specified time-out.");
            WriteError(new ErrorRecord(exception, "ProcessNotTerminated", ErrorCategory.CloseError, process));
        }

        if (PassThru)
            WriteObject(waited, enumerateCollection: true);
    }
}

[Cmdlet(VerbsLifecycle.Start, "Process", DefaultParameterSetName = "Default", SupportsShouldProcess = true)]
[OutputType(typeof(Process))]
public sealed class StartProcessCommand : PSCmdlet, IDisposable
{
    private readonly CancellationTokenSource _cancel = new();

    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    [Alias("PSPath", "Path")]
    public string FilePath { get; set; } = string.Empty;

    [Parameter(Position = 1)]
    [Alias("Args")]
    public string[]? ArgumentList { get; set; }

    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? WorkingDirectory { get; set; }

    [Parameter(ParameterSetName = "Default")]
    [Alias("nnw")]
    public SwitchParameter NoNewWindow { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    [Parameter(ParameterSetName = "Default")]
    [Alias("RSE")]
    [ValidateNotNullOrEmpty]
    public string? RedirectStandardError { get; set; }

    [Parameter(ParameterSetName = "Default")]
    [Alias("RSI")]
    [ValidateNotNullOrEmpty]
    public string? RedirectStandardInput { get; set; }

    [Parameter(ParameterSetName = "Default")]
    [Alias("RSO")]
    [ValidateNotNullOrEmpty]
    public string? RedirectStandardOutput { get; set; }

    [Parameter]
    public SwitchParameter Wait { get; set; }

    [Parameter(ParameterSetName = "Default")]
    public SwitchParameter UseNewEnvironment { get; set; }

    [Parameter]
    public Hashtable? Environment { get; set; }

    public void Dispose() => _cancel.Dispose();

    protected override void StopProcessing() => _cancel.Cancel();

    protected override void BeginProcessing()
    {
        ProcessStartInfo start = new(FindProgram())
        {
            UseShellExecute = false,
            Arguments = ArgumentList is null ? string.Empty : string.Join(' ', ArgumentList),
            WorkingDirectory = ResolveDirectory(),
            RedirectStandardInput = RedirectStandardInput is not null,
            RedirectStandardOutput = RedirectStandardOutput is not null,
            RedirectStandardError = RedirectStandardError is not null,
        };
        SetEnvironment(start.Environment);
        if (!ShouldProcess(start.FileName))
            return;

        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException or IOException)
        {
            InvalidOperationException exception = new($"This command cannot be run due to the error: {e.Message}", e);
            ThrowTerminatingError(new ErrorRecord(exception, "InvalidOperationException", ErrorCategory.InvalidOperation, null));
            throw;
        }

        Task redirections = Task.WhenAll(
            Copy(RedirectStandardInput, file => CopyInput(file, process)),
            Copy(RedirectStandardOutput, file => CopyOutput(process.StandardOutput, file)),
            Copy(RedirectStandardError, file => CopyOutput(process.StandardError, file)));
        if (PassThru)
            WriteObject(process);
        if (!Wait)
            return;

        try
        {
            process.WaitForExitAsync(_cancel.Token).GetAwaiter().GetResult();
            redirections.Wait(_cancel.Token);
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }
    }

    private string FindProgram()
    {
        CommandInfo? found = InvokeCommand.GetCommand(FilePath, CommandTypes.Application | CommandTypes.ExternalScript);
        return found is ApplicationInfo program ? program.Path : found is ExternalScriptInfo script ? script.Path : FilePath;
    }

    private string ResolveDirectory()
    {
        if (WorkingDirectory is null)
            return SessionState.Path.CurrentFileSystemLocation.ProviderPath;

        string path = GetUnresolvedProviderPathFromPSPath(WorkingDirectory);
        if (!Directory.Exists(path))
        {
            DirectoryNotFoundException exception = new($"This command cannot be run because the path '{path}' of the parameter WorkingDirectory does not exist.");
            ThrowTerminatingError(new ErrorRecord(exception, "DirectoryNotFoundException", ErrorCategory.InvalidOperation, null));
        }

        return path;
    }

    private void SetEnvironment(IDictionary<string, string?> variables)
    {
        if (UseNewEnvironment)
        {
            foreach (string name in variables.Keys.Where(name => name is not ("HOME" or "USER" or "LOGNAME" or "PATH" or "SHELL" or "TERM" or "LANG")).ToList())
                variables.Remove(name);
        }

        foreach (DictionaryEntry entry in Environment ?? [])
        {
            string name = entry.Key.ToString()!;
            if (entry.Value is null)
                variables.Remove(name);
            else
                variables[name] = entry.Value.ToString();
        }
    }

    private Task Copy(string? file, Func<string, Task> copy)
        => file is null ? Task.CompletedTask : copy(GetUnresolvedProviderPathFromPSPath(file));

    private static async Task CopyInput(string file, Process process)
    {
        await using FileStream source = File.OpenRead(file);
        await source.CopyToAsync(process.StandardInput.BaseStream).ConfigureAwait(false);
        process.StandardInput.Close();
    }

    private static Task CopyOutput(StreamReader output, string file)
    {
        FileStream target = File.Create(file);
        return Task.Run(async () =>
        {
            await using (target)
            {
                byte[] buffer = new byte[16384];
                int read;
                while ((read = await output.BaseStream.ReadAsync(buffer).ConfigureAwait(false)) > 0)
                {
                    await target.WriteAsync(buffer.AsMemory(0, read)).ConfigureAwait(false);
                    await target.FlushAsync().ConfigureAwait(false);
                }
            }
        });
    }
}
