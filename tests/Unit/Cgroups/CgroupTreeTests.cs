using System.Linq;
using Isolation.Cgroups;
using Isolation.Interop;
using Xunit;

namespace Isolation.Tests.Cgroups;

/// <summary>Walking down the hierarchies, and what a cgroup says of itself.</summary>
public sealed class CgroupTreeTests
{
    private const string C = "/sys/fs/cgroup";

    [Fact]
    public void Folders_of_the_same_path_are_one_cgroup()
    {
        using FakeHost fake = new(FakeHost.HybridMounts);
        foreach (string path in new[] { "/unified/b", "/memory/a", "/memory/b", "/memory/b/c", "/cpuset/b" })
        {
            fake.MakeCgroup(C + path);
        }

        CgroupHost host = fake.Read();
        CgroupTree tree = new(host);
        CgroupNode[] found = [.. tree.Walk(tree.Root()).Skip(1)];
        Assert.Equal(["/a", "/b", "/b/c"], found.Select(node => node.Path));
        Assert.Equal([$"{fake.Root}{C}/unified/b", $"{fake.Root}{C}/cpuset/b", $"{fake.Root}{C}/memory/b"], new CgroupInfo(host, found[1]).Path);
        Assert.Equal(CgroupVersion.Hybrid, new CgroupInfo(host, found[1]).Version);
        Assert.Equal(["/a", "/b"], tree.Walk(tree.Root(), 1).Skip(1).Select(node => node.Path));
        Assert.Equal([$"{fake.Root}{C}/memory/a"], new CgroupInfo(host, found[0]).Path);
    }

    [Fact]
    public void A_process_in_the_root_of_a_hierarchy_has_nothing_to_do_with_the_cgroups_there()
    {
        using FakeHost fake = new(FakeHost.HybridMounts);
        fake.MakeCgroup($"{C}/memory/web");
        fake.MakeCgroup($"{C}/memory/web/inner");
        fake.MakeCgroup($"{C}/cpuset/other");
        fake.PutProcess(70, "5:memory:/web", "3:cpuset:/", "0::/");
        CgroupHost host = fake.Read();
        CgroupNode node = Cgroup.ForProcess(host, 70).Node;
        Assert.Equal("/web", node.Path);
        Assert.Equal(["/web", "/web/inner"], new CgroupTree(host).Walk(node).Select(one => one.Path));
        Assert.Empty(CgroupMembers.Of(host, node));
    }

    [Theory]
    [InlineData("domain", CgroupType.Domain)]
    [InlineData("domain threaded", CgroupType.DomainThreaded)]
    [InlineData("domain invalid", CgroupType.DomainInvalid)]
    [InlineData("threaded", CgroupType.Threaded)]
    public void Reads_what_version_2_says(string text, CgroupType type)
    {
        using FakeHost fake = new(FakeHost.V2Mounts);
        fake.MakeCgroup($"{C}/web");
        fake.Put($"{C}/web/cgroup.type", text);
        fake.Put($"{C}/web/cgroup.controllers", "cpu memory");
        fake.Put($"{C}/web/cgroup.subtree_control", "memory");
        fake.Put($"{C}/web/cgroup.events", "populated 1\nfrozen 0\n");
        fake.Put($"{C}/web/cgroup.stat", "nr_descendants 12\nnr_dying_descendants 3\n");
        fake.Put($"{C}/web/cgroup.max.depth", "4");
        fake.Put($"{C}/web/cgroup.max.descendants", "max");
        CgroupHost host = fake.Read();
        CgroupInfo info = new(host, Cgroup.ForPath(host, "/web").Node);
        Assert.Equal(type, info.Type);
        Assert.Equal(["cpu", "memory"], info.Controller);
        Assert.Equal(["memory"], info.EnabledController);
        Assert.True(info.IsPopulated);
        Assert.False(info.IsFrozen);
        Assert.Equal(12, info.DescendantCount);
        Assert.Equal(4, info.MaxDepth);
        Assert.Null(info.MaxDescendants);
    }

    [Fact]
    public void Version_1_is_asked_in_its_own_files()
    {
        using FakeHost fake = new(FakeHost.V1Mounts);
        foreach (string hierarchy in new[] { "memory", "freezer", "cpu,cpuacct" })
        {
            fake.MakeCgroup($"{C}/{hierarchy}/web");
        }

        CgroupHost host = fake.Read();
        CgroupInfo info = new(host, Cgroup.ForPath(host, "/web").Node);
        Assert.Null(info.Type);
        Assert.Equal(["cpu", "cpuacct", "memory", "freezer"], info.Controller);
        Assert.Equal(info.Controller, info.EnabledController);
        Assert.False(info.IsFrozen);
        fake.Put($"{C}/freezer/web/freezer.state", "FROZEN");
        Assert.True(info.IsFrozen);
        Assert.False(info.IsPopulated);
        fake.MakeCgroup($"{C}/memory/web/inner");
        fake.Put($"{C}/memory/web/inner/cgroup.procs", "44\n45");
        Assert.True(info.IsPopulated);
        Assert.Equal(0, info.ProcessCount);
        Assert.Equal(1, info.DescendantCount);
    }

    [Fact]
    public void A_threaded_cgroup_has_the_processes_of_its_threads()
    {
        using FakeHost fake = new(FakeHost.V2Mounts);
        fake.MakeCgroup($"{C}/web");
        fake.Put($"{C}/web/cgroup.threads", "71\n72\n73");
        fake.Put("/proc/71/status", "Name:\tx\nTgid:\t70\nPid:\t71\n");
        fake.Put("/proc/72/status", "Name:\tx\nTgid:\t70\nPid:\t72\n");
        fake.OnRead = path => path == $"{C}/web/cgroup.procs" ? Errno.EOPNOTSUPP : Errno.None;
        CgroupHost host = fake.Read();
        Assert.Equal([70], CgroupMembers.Of(host, Cgroup.ForPath(host, "/web").Node));
    }

    [Fact]
    public void What_is_gone_says_nothing()
    {
        using FakeHost fake = new(FakeHost.HybridMounts);
        fake.MakeCgroup($"{C}/unified/web");
        CgroupHost host = fake.Read();
        CgroupInfo info = new(host, Cgroup.ForPath(host, "/web").Node);
        fake.TryRemoveDirectory($"{fake.Root}{C}/unified/web");
        Assert.Null(info.Type);
        Assert.Null(info.ProcessCount);
        Assert.Null(info.IsPopulated);
        Assert.Null(info.IsFrozen);
        Assert.Null(info.DescendantCount);
        Assert.Null(info.OwnerUserId);
        Assert.Empty(info.Controller);
        Assert.Equal("/web", info.Cgroup);
    }
}
