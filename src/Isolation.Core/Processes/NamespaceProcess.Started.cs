using System;
using System.Threading;
using System.Threading.Tasks;
using Isolation.Entry;
using Isolation.Interop;

namespace Isolation;

/// <summary>The part of a process that only its starter knows.</summary>
public sealed partial class NamespaceProcess
{
    /// <summary>Whether it has ended.</summary>
    public bool HasExited => Program is { Exit.IsFaulted: false } program ? program.Exit.IsCompleted : !IsRunning();

    /// <summary>
    /// The exit code, 0 to 255, or 128 + n where signal n ended it. Null while it runs, and for a process that was not started by this PowerShell:
    /// only a parent learns it.
    /// </summary>
    public int? ExitCode => Program is { Exit.IsCompletedSuccessfully: true } program ? program.Exit.Result.ShellCode : null;

    /// <summary>The signal that ended it; null where none did or it is not known.</summary>
    public int? ExitSignal => Program is { Exit.IsCompletedSuccessfully: true } program ? program.Exit.Result.Signal : null;

    /// <summary>Whether it goes on when this PowerShell ends.</summary>
    public bool IsDetached { get; internal set; }

    /// <summary>The file that its standard output goes to; null where it is thrown away or not known.</summary>
    public string? StandardOutput { get; internal set; }

    /// <summary>The file that its standard error goes to; null where it is thrown away or not known.</summary>
    public string? StandardError { get; internal set; }

    internal StartedProgram? Program { get; set; }

    /// <summary>A process that had ended before it could be looked at.</summary>
    internal static NamespaceProcess Gone(int pid, string name) => new() { Id = pid, NamespaceIds = [pid], Name = System.IO.Path.GetFileName(name) };

    /// <summary>Waits for its end.</summary>
    /// <param name="timeout">How long; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <returns>Whether it has ended.</returns>
    internal bool Wait(TimeSpan timeout, CancellationToken cancellation)
    {
        if (Program is { Exit.IsFaulted: false } program)
        {
            try
            {
                return program.Exit.Wait((int)timeout.TotalMilliseconds, cancellation);
            }
            catch (AggregateException)
            {
                // The agent was lost, and with it the exit code; a detached process goes on.
            }
        }

        using Descriptor? pidfd = Sys.OpenPidfd(Id, out _);
        DateTime end = timeout == Timeout.InfiniteTimeSpan ? DateTime.MaxValue : DateTime.UtcNow + timeout;
        while (IsRunning())
        {
            double left = (end - DateTime.UtcNow).TotalMilliseconds;
            if (left <= 0)
            {
                return false;
            }

            cancellation.ThrowIfCancellationRequested();
            if (pidfd is not null)
            {
                _ = Sys.WaitReadable(pidfd.Number, (int)Math.Min(left, 100));
            }
            else
            {
                Thread.Sleep((int)Math.Min(left, 20));
            }
        }

        return true;
    }

    /// <summary>Sends a signal, to the whole process group where this PowerShell started it.</summary>
    internal Errno Signal(int signal)
    {
        if (Program is { } program && !program.Exit.IsCompleted)
        {
            return program.Signal(signal, group: true);
        }

        // The pidfd first, the look second: what is opened is what is looked at.
        using Descriptor? pidfd = Sys.OpenPidfd(Id, out _);
        return IsRunning() ? Sys.Signal(pidfd, Id, signal) : Errno.ESRCH;
    }

    // A process that ended and was not waited for keeps its pid and start time, but no namespace.
    private bool IsRunning() => Identity.IsAlive() && Sys.TryStatus($"/proc/{Id}/ns/mnt", out _, followLink: false) && !IsZombie();

    private bool IsZombie() => Find(Id) is not { } now || now.Identity != Identity || now.State is 'Z' or 'X';
}
