using System;
using System.Collections.Generic;
using Isolation.Agent;
using Isolation.Interop;
using Isolation.Plans;
using Isolation.State;

namespace Isolation.Host;

/// <summary>The kernel's edge of this folder: what cannot be read from a file below a root, so that the checks can be tried on a folder.</summary>
internal interface IHostKernel : IDisposable
{
    /// <summary>The effective user id.</summary>
    public uint User { get; }

    /// <summary>Where the caller's sets are kept.</summary>
    public string StateFolder { get; }

    /// <summary>A variable of the environment; null where it is not set.</summary>
    public string? Variable(string name);

    /// <summary>stat(2), or lstat(2).</summary>
    public bool TryStatus(string path, out FileStatus status, bool followLink = true);

    /// <summary>Whether this process may write a file or to a folder, access(2).</summary>
    public bool IsWritable(string path);

    /// <summary>The attribute <c>security.capability</c> of a file; empty where it has none.</summary>
    public byte[] FileCapabilities(string path);

    /// <summary>How many namespaces of each kind the caller sees.</summary>
    public IReadOnlyDictionary<NamespaceType, int> CountNamespaces();

    /// <summary>Starts an agent to try plans with, where none was started yet; the path of its file.</summary>
    /// <exception cref="IsolationException">It is missing, does not start, or is of another version.</exception>
    public string StartAgent();

    /// <summary>Walks a plan in a process of its own, which ends with it. Null where every step was done, else the refusal.</summary>
    /// <exception cref="IsolationException">There is no agent, or the process was killed.</exception>
    public SyscallException? Try(Plan plan);
}

/// <summary>The real one.</summary>
internal sealed class HostKernel : IHostKernel
{
    private AgentClient? _agent;
    private IsolationException? _noAgent;

    public uint User => Sys.EffectiveUserId;

    public string StateFolder => State.StateFolder.Current.Path;

    public string? Variable(string name) => Environment.GetEnvironmentVariable(name);

    public bool TryStatus(string path, out FileStatus status, bool followLink = true) => Sys.TryStatus(path, out status, followLink);

    public bool IsWritable(string path) => Sys.IsWritable(path);

    public byte[] FileCapabilities(string path) => Sys.FileCapabilities(path);

    public IReadOnlyDictionary<NamespaceType, int> CountNamespaces()
    {
        Dictionary<NamespaceType, int> counts = [];
        foreach (NamespaceInfo info in NamespaceScanner.Scan())
        {
            counts[info.Type] = counts.GetValueOrDefault(info.Type) + 1;
        }

        return counts;
    }

    public string StartAgent()
    {
        if (_noAgent is not null)
        {
            throw _noAgent;
        }

        try
        {
            // Not the one of this process: a check leaves none behind, and says whether one can be started now.
            _agent ??= AgentClient.StartOther();
        }
        catch (IsolationException exception)
        {
            _noAgent = exception;
            throw;
        }

        return RuntimeFile.Path;
    }

    public SyscallException? Try(Plan plan)
    {
        StartAgent();
        try
        {
            using PlanOutcome outcome = _agent!.Run(plan, [], attached: true, default);
            return null;
        }
        catch (SyscallException exception)
        {
            return exception;
        }
    }

    public void Dispose() => _agent?.Dispose();
}
