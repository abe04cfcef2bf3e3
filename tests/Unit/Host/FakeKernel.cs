using System;
using System.Collections.Generic;
using System.IO;
using Isolation.Host;
using Isolation.Interop;
using Isolation.Plans;
using Isolation.Tests.Cgroups;

namespace Isolation.Tests.Host;

/// <summary>
/// A kernel that walks no plan: each succeeds unless <see cref="OnTry"/> refuses it, and a probe is refused with EINVAL as by a kernel that has the
/// call. Files belong to root and what <see cref="Closed"/> names may not be written to.
/// </summary>
internal sealed class FakeKernel(FakeHost host) : IHostKernel
{
    public uint User => host.EffectiveUser;

    public string StateFolder { get; set; } = "/run/isolation";

    public Dictionary<string, string> Variables { get; } = [];

    /// <summary>Owners other than root, by path from the root.</summary>
    public Dictionary<string, uint> Owners { get; } = [];

    /// <summary>Attributes, by path from the root.</summary>
    public Dictionary<string, byte[]> Capabilities { get; } = [];

    /// <summary>What may not be written to, by path from the root.</summary>
    public HashSet<string> Closed { get; } = [];

    /// <summary>Decides on a plan: null lets it be done.</summary>
    public Func<Plan, SyscallException?>? OnTry { get; set; }

    /// <summary>Why no agent can be started.</summary>
    public IsolationException? NoAgent { get; set; }

    /// <summary>The plans that were tried, as text.</summary>
    public List<string> Tried { get; } = [];

    public string? Variable(string name) => Variables.GetValueOrDefault(name);

    public bool TryStatus(string path, out FileStatus status, bool followLink = true)
    {
        bool there = Sys.TryStatus(path, out status, followLink);
        status = status with { Uid = Owners.GetValueOrDefault(path[host.Root.Length..]) };
        return there;
    }

    public bool IsWritable(string path) => Path.Exists(path) && !Closed.Contains(path[host.Root.Length..]);

    public byte[] FileCapabilities(string path) => Capabilities.GetValueOrDefault(path[host.Root.Length..], []);

    public IReadOnlyDictionary<NamespaceType, int> CountNamespaces() => new Dictionary<NamespaceType, int> { [NamespaceType.Net] = 3 };

    public string StartAgent() => NoAgent is null ? "/module/isolation-runtime" : throw NoAgent;

    public SyscallException? Try(Plan plan)
    {
        StartAgent();
        Tried.Add(plan.ToString());
        if (OnTry?.Invoke(plan) is SyscallException refused)
        {
            return refused;
        }

        return plan.Title.StartsWith("ask for ", StringComparison.Ordinal) ? new SyscallException(plan.Steps[0].Call, Errno.EINVAL, plan.Title) : null;
    }

    public void Dispose()
    {
    }
}
