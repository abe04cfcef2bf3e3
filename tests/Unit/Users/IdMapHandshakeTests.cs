using System;
using System.Collections.Generic;
using System.Threading;
using Isolation.Agent;
using Isolation.Interop;
using Isolation.Plans;
using Isolation.Users;
using Xunit;

namespace Isolation.Tests.Users;

/// <summary>The wait of a new user namespace's process for its id maps, and how it ends where they are not written.</summary>
[Collection("agent")]
public sealed class IdMapHandshakeTests
{
    private static readonly PlannedIdMaps s_own = new(
        new([new(0, Sys.EffectiveUserId, 1)], Environment.IsPrivilegedProcess ? IdMapWriter.Parent : IdMapWriter.Self),
        new([new(0, Sys.EffectiveGroupId, 1)], IdMapWriter.Parent),
        DenySetGroups: true);

    static IdMapHandshakeTests() => _ = BuiltModule.Root;

    [Fact]
    public void A_process_that_waits_ends_with_whoever_it_waits_for()
    {
        IdMapHandshake maps = new();
        Func<CancellationToken, PlanOutcome> finish = AgentClient.Current.Begin(Waiting(), [maps.Far], attached: true);
        maps.Dispose();
        SyscallException error = Assert.Throws<SyscallException>(() => finish(CancellationToken.None).Dispose());
        Assert.True(error is { Syscall: "await", Errno: Errno.ECANCELED } or { Syscall: "await", Errno: Errno.ECONNRESET } or { Syscall: "write", Errno: Errno.EPIPE }, error.Message);
    }

    [Fact]
    public void Who_waits_for_a_process_that_has_failed_goes_on_and_its_plan_says_why()
    {
        Plan plan = Waiting();
        List<PlanStep> steps = (List<PlanStep>)plan.Steps;
        steps[0] = steps[0] with { Number = 99_999 };
        using IdMapHandshake maps = new();
        Func<CancellationToken, PlanOutcome> finish = AgentClient.Current.Begin(plan, [maps.Far], attached: true);
        maps.Serve(AgentClient.Current, s_own, "a set", around: null, CancellationToken.None);
        Assert.Equal(("unshare", Errno.ENOSYS), Assert.Throws<SyscallException>(() => finish(CancellationToken.None).Dispose()) is { } error ? (error.Syscall, error.Errno) : default);
    }

    [Fact]
    public void A_refused_map_is_told_and_the_process_ends()
    {
        // More than there is, whoever maps.
        PlannedIdMaps impossible = s_own with { Users = new([new(0, 0, 1), new(0, 0, 1)], IdMapWriter.Parent) };
        IdMapHandshake maps = new();
        Func<CancellationToken, PlanOutcome> finish = AgentClient.Current.Begin(Waiting(), [maps.Far], attached: true);
        SyscallException refused = Assert.Throws<SyscallException>(() => maps.Serve(AgentClient.Current, impossible, "a set", around: null, CancellationToken.None));
        Assert.Equal("write", refused.Syscall);
        maps.Dispose();
        Assert.Equal("await", Assert.Throws<SyscallException>(() => finish(CancellationToken.None).Dispose()).Syscall);
    }

    [Fact]
    public void A_wait_is_given_up_where_the_pipeline_is_stopped()
    {
        using IdMapHandshake maps = new();
        _ = Sys.TryDuplicate(maps.Far, out Descriptor? silent);
        using CancellationTokenSource stopped = new();
        stopped.Cancel();
        Assert.Throws<OperationCanceledException>(() => maps.Serve(AgentClient.Current, s_own, "a set", around: null, stopped.Token));
        silent!.Dispose();
    }

    private static Plan Waiting() => NamespacePlans.Create(new NamespacePlanOptions { Name = "x", Types = NamespaceType.User, Maps = s_own });
}
