using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using Isolation.Agent;
using Isolation.Interop;
using Isolation.Mounts;
using Isolation.Plans;
using Xunit;

namespace Isolation.Tests.Agents;

/// <summary>A pivot into another root, made by the agent in namespaces of the test's own.</summary>
[Collection("agent")]
public sealed class PivotTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("isolation-pivot-").FullName;

    static PivotTests() => _ = BuiltModule.Root;

    public PivotTests() => File.WriteAllText(Path.Combine(_root, "inside"), "x");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void The_new_root_is_all_that_is_mounted()
    {
        Plan plan = Begin(out PlanSlot self);
        PlanSlot mounts = plan.NewSlot("mountinfo");
        plan.OpenAt(self, "mountinfo", OpenFlags.ReadOnly, mounts, "open mountinfo");
        plan.Send(mounts);
        plan.Open("/inside", OpenFlags.ReadOnly, plan.NewSlot("inside"));
        plan.Exit();
        using PlanOutcome outcome = AgentClient.Current.Run(plan, [], attached: true, CancellationToken.None);
        IReadOnlyList<MountInfo> inside = MountInfo.Parse(MountInfo.ReadAll(outcome.Descriptors[0]));
        MountInfo root = Assert.Single(inside);
        Assert.Equal("/", root.MountPoint);
        Assert.EndsWith(_root, root.Root, StringComparison.Ordinal);

        // The folder was bound on itself, and the old root unmounted, in there alone; what others mount on the host meanwhile is theirs.
        Assert.DoesNotContain(_root, File.ReadAllText("/proc/self/mountinfo"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/etc/passwd")]
    [InlineData("/../../../etc/passwd")]
    [InlineData("../../../etc/passwd")]
    public void No_path_leads_back(string path)
    {
        Plan plan = Begin(out _);
        plan.Open(path, OpenFlags.ReadOnly, plan.NewSlot("out"));
        plan.Exit();
        SyscallException error = Assert.Throws<SyscallException>(() => AgentClient.Current.Run(plan, [], attached: true, CancellationToken.None).Dispose());
        Assert.Equal(Errno.ENOENT, error.Errno);
        Assert.Equal("pivot: open " + path, error.Attempt);
    }

    // In a user namespace, as an ordinary user must and root can.
    private Plan Begin(out PlanSlot self)
    {
        Plan plan = new("pivot");
        plan.Unshare(NamespaceType.User);
        plan.WriteFile("/proc/self/setgroups", "deny");
        plan.WriteFile("/proc/self/gid_map", $"0 {Sys.EffectiveGroupId} 1");
        plan.WriteFile("/proc/self/uid_map", $"0 {Sys.EffectiveUserId} 1");
        plan.Unshare(NamespaceType.Mount);
        self = plan.OpenSelf();
        PivotPlans.Into(plan, _root);
        return plan;
    }
}
