using System;
using System.Threading;
using Isolation.Agent;
using Isolation.Plans;

namespace Isolation.Mounts;

/// <summary>Changes of a mount that stays where it is.</summary>
internal static class MountChange
{
    /// <summary>Sets how a mount passes mounts on.</summary>
    /// <exception cref="Interop.SyscallException">The kernel refused.</exception>
    public static void SetPropagation(
        MountTarget target, string mountPoint, MountPropagation kind, bool recursive, Action<string>? explain, CancellationToken cancellation)
    {
        using PlanOutcome outcome = MountCalls.Run(
            target, oldCalls => MountPlans.SetPropagation(target.Scope, mountPoint, kind, recursive, oldCalls), [], explain, target.Scope, cancellation);
    }
}
