using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.IO;
using System.Threading.Tasks;

namespace Isolation.Processes;

/// <summary>How a program ended, and what it wrote.</summary>
internal readonly record struct CommandResult(int ExitCode, string Output, string Error);

/// <summary>The few programs that do work for the core, so that what they say can be tried without them.</summary>
internal interface ICommands
{
    /// <summary>Runs a program to its end.</summary>
    /// <param name="program">Its name, looked for in PATH.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">What is added to the environment.</param>
    /// <param name="timeout">When it is killed.</param>
    /// <param name="input">What it reads; null for nothing.</param>
    /// <returns>Null where there is no such program.</returns>
    public CommandResult? Run(string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment, TimeSpan timeout, string? input = null);

    /// <summary>A variable of the environment; null where it is not set.</summary>
    public string? Variable(string name);
}

/// <summary>The real ones.</summary>
internal sealed class HostCommands : ICommands
{
    /// <summary>The one instance; it has no state.</summary>
    public static HostCommands Instance { get; } = new();

    public string? Variable(string name) => Environment.GetEnvironmentVariable(name);

    public CommandResult? Run(string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment, TimeSpan timeout, string? input = null)
    {
        ProcessStartInfo start = new(program) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        Process? process;
        try
        {
            process = Process.Start(start);
        }
        catch (Win32Exception)
        {
            return null;
        }

        using (process)
        {
            Task<string> output = process!.StandardOutput.ReadToEndAsync();
            Task<string> error = process.StandardError.ReadToEndAsync();
            Task written = Feed(process, input);
            if (!process.WaitForExit(timeout))
            {
                process.Kill();
                return new CommandResult(-1, "", $"Call failed: {program} did not end within {timeout.TotalSeconds:0} s");
            }

            written.Wait();
            return new CommandResult(process.ExitCode, output.Result, error.Result);
        }
    }

    // Beside the wait: a program that does not read is killed in time as well. One that ended before it had read all says why by itself.
    private static async Task Feed(Process process, string? input)
    {
        try
        {
            if (input is not null)
            {
                await process.StandardInput.WriteAsync(input).ConfigureAwait(false);
            }

            process.StandardInput.Close();
        }
        catch (IOException)
        {
        }
    }
}
