using System;
using System.Linq;
using Isolation.Cgroups;
using Isolation.Interop;
using Xunit;

namespace Isolation.Tests.Cgroups;

/// <summary>Making cgroups by path, turning controllers on and off, and removing: what is written in which order, and what stays after a refusal.</summary>
public sealed class CgroupCreatorTests
{
    private const string C = "/sys/fs/cgroup";

    [Fact]
    public void Controllers_are_turned_on_from_the_root_down_and_the_folders_marked()
    {
        using FakeHost fake = new(FakeHost.V2Mounts, unified: "cpu memory");
        CgroupNode node = new CgroupCreator(fake.Read()).Make(new CgroupCreation("/a/b"));
        Assert.Equal("/a/b", node.Path);
        Assert.Equal([$"{C}/cgroup.subtree_control=+cpu +memory", $"{C}/a/cgroup.subtree_control=+cpu +memory"], fake.Writes);
        Assert.Equal("cpu memory", fake.Get($"{C}/a/b/cgroup.controllers"));
        Assert.Equal([$"{C}/a", $"{C}/a/b"], fake.Marked.Order());
    }

    [Fact]
    public void What_cannot_be_turned_on_is_left_out_unless_it_was_named()
    {
        using FakeHost fake = new(FakeHost.V2Mounts, unified: "cpu memory")
        {
            OnWrite = (_, value) => value.Contains("memory", StringComparison.Ordinal) ? Errno.EBUSY : Errno.None,
        };
        CgroupHost host = fake.Read();
        new CgroupCreator(host).Make(new CgroupCreation("/a"));
        Assert.Equal("cpu", fake.Get($"{C}/a/cgroup.controllers"));
        IsolationException refusal = Assert.Throws<IsolationException>(() => new CgroupCreator(host).Make(new CgroupCreation("/b/c") { Controllers = ["cpu", "memory"] }));
        Assert.Equal("CgroupBusy", refusal.ErrorId);
        Assert.False(fake.Has($"{C}/b"));
        Assert.Equal("cpu", fake.Get($"{C}/cgroup.subtree_control"));
    }

    [Fact]
    public void After_a_refusal_folders_and_controllers_are_as_they_were()
    {
        using FakeHost fake = new(FakeHost.HybridMounts, unified: "io")
        {
            OnMake = path => path.EndsWith("/memory/a/b", StringComparison.Ordinal) ? Errno.ENOSPC : Errno.None,
        };
        IsolationException refusal = Assert.Throws<IsolationException>(() => new CgroupCreator(fake.Read()).Make(new CgroupCreation("/a/b")));
        Assert.Equal(ErrorKind.LimitsExceeded, refusal.Kind);
        foreach (string hierarchy in new[] { "unified", "cpuset", "memory" })
        {
            Assert.False(fake.Has($"{C}/{hierarchy}/a"));
        }

        Assert.Equal("", fake.Get($"{C}/unified/cgroup.subtree_control"));
    }

    [Fact]
    public void An_empty_cpuset_gets_what_the_one_above_has()
    {
        using FakeHost fake = new(FakeHost.V1Mounts);
        new CgroupCreator(fake.Read()).Make(new CgroupCreation("/a/b"));
        Assert.Equal("0-3", fake.Get($"{C}/cpuset/a/b/cpuset.cpus"));
        Assert.Equal("0", fake.Get($"{C}/cpuset/a/b/cpuset.mems"));
        Assert.True(fake.Has($"{C}/systemd/a/b"));
    }

    [Fact]
    public void A_user_gets_the_files_that_the_kernel_names()
    {
        using FakeHost fake = new(FakeHost.HybridMounts, unified: "io");
        fake.Put("/sys/kernel/cgroup/delegate", "cgroup.procs\ncgroup.subtree_control\nmemory.reclaim\n");
        CgroupHost host = fake.Read();
        CgroupNode node = new CgroupCreator(host).Make(new CgroupCreation("/a/b") { Delegate = (1000, 1001) });
        Assert.Equal([$"{C}/unified/a/b=1000:1001", $"{C}/unified/a/b/cgroup.procs=1000:1001", $"{C}/unified/a/b/cgroup.subtree_control=1000:1001"], fake.Owners);
        Assert.Single(node.Directories);
        Assert.Equal("CgroupVersionUnsupported", Refusal(host, new CgroupCreation("/c") { Delegate = (1000, 1001), Controllers = ["memory"] }));
    }

    [Fact]
    public void Version_1_has_neither_threaded_cgroups_nor_ones_for_users()
    {
        using FakeHost fake = new(FakeHost.V1Mounts);
        CgroupHost host = fake.Read();
        Assert.Equal("CgroupVersionUnsupported", Refusal(host, new CgroupCreation("/a") { Threaded = true }));
        Assert.Equal("CgroupVersionUnsupported", Refusal(host, new CgroupCreation("/a") { Delegate = (1000, 1000) }));
    }

    [Fact]
    public void Threads_are_told_and_only_their_controllers_turned_on()
    {
        using FakeHost fake = new(FakeHost.V2Mounts, unified: "cpu memory pids");
        CgroupHost host = fake.Read();
        new CgroupCreator(host).Make(new CgroupCreation("/a") { Threaded = true });
        Assert.Equal([$"{C}/cgroup.subtree_control=+cpu +pids", $"{C}/a/cgroup.type=threaded"], fake.Writes);
        Assert.Equal("CgroupTypeRefused", Refusal(host, new CgroupCreation("/b") { Threaded = true, Controllers = ["memory"] }));
        Assert.Equal("CgroupTypeRefused", Assert.Throws<IsolationException>(() => new CgroupCreator(host).Make(new CgroupCreation("/a/b"))).ErrorId);
    }

    [Fact]
    public void Processes_above_keep_controllers_from_being_turned_on_also_those_that_the_kernel_would_take()
    {
        using FakeHost fake = new(FakeHost.V2Mounts, unified: "cpu pids");
        CgroupHost host = fake.Read();
        new CgroupCreator(host).Make(new CgroupCreation("/a"));
        fake.Put($"{C}/a/cgroup.procs", "70");
        new CgroupCreator(host).Make(new CgroupCreation("/a/b"));
        Assert.Equal("", fake.Get($"{C}/a/cgroup.subtree_control"));
        IsolationException refusal = Assert.Throws<IsolationException>(() => new CgroupCreator(host).Make(new CgroupCreation("/a/c") { Controllers = ["cpu"] }));
        Assert.Equal("CgroupBusy", refusal.ErrorId);
        Assert.False(fake.Has($"{C}/a/c"));
    }

    [Fact]
    public void One_that_is_there_is_refused_or_completed()
    {
        using FakeHost fake = new(FakeHost.HybridMounts, unified: "io");
        fake.MakeCgroup($"{C}/memory/a");
        CgroupHost host = fake.Read();
        Assert.Equal("CgroupExists", Refusal(host, new CgroupCreation("/a")));
        Assert.Equal("CgroupExists", Refusal(host, new CgroupCreation("/")));
        new CgroupCreator(host).Make(new CgroupCreation("/a") { Force = true });
        Assert.True(fake.Has($"{C}/cpuset/a"));
        Assert.DoesNotContain($"{C}/memory/a", fake.Marked);
    }

    [Fact]
    public void A_user_makes_them_below_what_was_delegated()
    {
        using FakeHost fake = new(FakeHost.V2Mounts) { EffectiveUser = 1000 };
        fake.Put("/proc/self/cgroup", "0::/mine\n");
        fake.MakeCgroup($"{C}/mine");
        fake.Owned.Add($"{C}/mine");
        CgroupHost host = fake.Read();
        new CgroupCreator(host).Make(new CgroupCreation("/mine/a"));
        Assert.True(fake.Has($"{C}/mine/a"));
        Assert.DoesNotContain(fake.Writes, write => write.StartsWith($"{C}/cgroup.subtree_control", StringComparison.Ordinal));
        Assert.Equal("CgroupNotDelegated", Refusal(host, new CgroupCreation("/other")));
        Assert.Equal("CgroupNotDelegated", Refusal(host, new CgroupCreation("/mine2/a")));
    }

    [Theory]
    [InlineData("/a//b/", "/a/b")]
    [InlineData("a", "/a")]
    [InlineData("/a/my.slice", "/a/my.slice")]
    [InlineData("/", "/")]
    [InlineData("/a/memory", "/a/memory")]
    [InlineData("/a/memory.max", null)]
    [InlineData("/cgroup.procs/a", null)]
    [InlineData("/a/tasks", null)]
    [InlineData("/a/..", null)]
    [InlineData("/a\n", null)]
    public void Knows_which_names_can_be(string path, string? clean)
    {
        if (clean is null)
        {
            Assert.Equal("CgroupNameInvalid", Assert.Throws<IsolationException>(() => CgroupPathName.Check(path)).ErrorId);
        }
        else
        {
            Assert.Equal(clean, CgroupPathName.Check(path));
        }
    }

    [Fact]
    public void Enabling_writes_only_what_is_off_and_takes_it_back_after_a_refusal()
    {
        using FakeHost fake = new(FakeHost.V2Mounts, unified: "cpu memory");
        fake.MakeCgroup($"{C}/a");
        fake.MakeCgroup($"{C}/a/b");
        CgroupHost host = fake.Read();
        fake.OnWrite = (path, value) => path == $"{C}/a/b/cgroup.subtree_control" && value == "+memory" ? Errno.EBUSY : Errno.None;
        Assert.Equal("CgroupBusy", Assert.Throws<IsolationException>(() => new CgroupControllerChange(host).Enable(Cgroup.ForPath(host, "/a/b"), ["cpu", "memory"], target: null)).ErrorId);
        Assert.Equal("", fake.Get($"{C}/cgroup.subtree_control"));
        Assert.Equal("", fake.Get($"{C}/a/cgroup.subtree_control"));
        Assert.Equal("", fake.Get($"{C}/a/b/cgroup.subtree_control"));
        fake.OnWrite = null;
        new CgroupControllerChange(host).Enable(Cgroup.ForPath(host, "/a/b"), ["memory"], target: null);
        Assert.Equal("memory", fake.Get($"{C}/a/b/cgroup.subtree_control"));
        fake.Writes.Clear();
        new CgroupControllerChange(host).Enable(Cgroup.ForPath(host, "/a/b"), ["memory"], target: null);
        Assert.Empty(fake.Writes);
        new CgroupControllerChange(host).Disable(Cgroup.ForPath(host, "/a"), ["memory"], recurse: true);
        Assert.Equal([$"{C}/a/b/cgroup.subtree_control=-memory", $"{C}/a/cgroup.subtree_control=-memory"], fake.Writes);
    }

    [Fact]
    public void Only_what_is_ours_is_removed_unasked()
    {
        using FakeHost fake = new(FakeHost.V2Mounts);
        CgroupHost host = fake.Read();
        fake.MakeCgroup($"{C}/others");
        fake.MakeCgroup($"{C}/others/inner");
        new CgroupCreator(host).Make(new CgroupCreation("/ours"));
        fake.MakeCgroup($"{C}/ours/inner");
        CgroupRemoval removal = new(host, _ => false) { Recurse = true };
        removal.Check(Cgroup.ForPath(host, "/ours"));
        removal.Check(Cgroup.ForPath(host, "/ours/inner"));
        Assert.Equal("CgroupNotOurs", Assert.Throws<IsolationException>(() => removal.Check(Cgroup.ForPath(host, "/others"))).ErrorId);
        Assert.Equal("CgroupRootRefused", Assert.Throws<IsolationException>(() => removal.Check(Cgroup.ForPath(host, "/"))).ErrorId);
        new CgroupRemoval(host, _ => false) { Recurse = true, Force = true }.Check(Cgroup.ForPath(host, "/others"));
        Assert.Equal("CgroupHasChildren", Assert.Throws<IsolationException>(() => new CgroupRemoval(host, _ => false).Check(Cgroup.ForPath(host, "/ours"))).ErrorId);
        fake.MakeCgroup($"{C}/isolation");
        fake.MakeCgroup($"{C}/isolation/web");
        Assert.Equal("CgroupOfSet", Assert.Throws<IsolationException>(() => new CgroupRemoval(host, name => name == "web") { Recurse = true }.Check(Cgroup.ForPath(host, "/isolation"))).ErrorId);
    }

    private static string Refusal(CgroupHost host, CgroupCreation creation) => Assert.Throws<IsolationException>(() => new CgroupCreator(host).Plan(creation)).ErrorId;
}
