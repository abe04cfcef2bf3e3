using System;
using System.Collections.Generic;
using System.Linq;
using Isolation.Cgroups;
using Isolation.Interop;
using Xunit;

namespace Isolation.Tests.Cgroups;

/// <summary>Making, finding and removing cgroups.</summary>
public sealed class CgroupLifeTests
{
    private const string C = "/sys/fs/cgroup";

    [Fact]
    public void Only_the_hierarchies_that_are_needed_get_a_folder()
    {
        using FakeHost fake = new(FakeHost.V1Mounts);
        Cgroup cgroup = Cgroup.ForSet(fake.Read(), "web");
        Assert.Equal(2, cgroup.EnsureCreated(["memory", "freezer"]).Count);
        Assert.Empty(cgroup.EnsureCreated(["memory", "freezer"]));
        Assert.Equal([$"{fake.Root}{C}/memory/isolation/web/cgroup.procs", $"{fake.Root}{C}/freezer/isolation/web/cgroup.procs"], cgroup.ProcsPaths);
    }

    [Fact]
    public void Version_2_is_made_beside_version_1_for_tracking_and_listed_first()
    {
        using FakeHost fake = new(FakeHost.HybridMounts);
        Cgroup cgroup = Cgroup.ForSet(fake.Read(), "web");
        cgroup.EnsureCreated(["memory"]);
        Assert.Equal([$"{fake.Root}{C}/unified/isolation/web", $"{fake.Root}{C}/memory/isolation/web"], cgroup.DirectoryPaths);
        Assert.Empty(fake.Writes);
    }

    [Fact]
    public void A_read_only_version_2_beside_version_1_is_done_without()
    {
        using FakeHost fake = new(FakeHost.HybridMounts) { OnMake = path => path.Contains("/unified/", StringComparison.Ordinal) ? Errno.EROFS : Errno.None };
        Cgroup cgroup = Cgroup.ForSet(fake.Read(), "web");
        cgroup.EnsureCreated(["memory"]);
        Assert.Equal([$"{fake.Root}{C}/memory/isolation/web"], cgroup.DirectoryPaths);
    }

    [Fact]
    public void Controllers_that_are_on_are_not_turned_on_again()
    {
        using FakeHost fake = new(FakeHost.V2Mounts);
        fake.Put($"{C}/cgroup.subtree_control", "memory io");
        Cgroup.ForSet(fake.Read(), "web").EnsureCreated(["memory", "pids"]);
        Assert.Equal([$"{C}/cgroup.subtree_control=+pids", $"{C}/isolation/cgroup.subtree_control=+memory +pids"], fake.Writes);
    }

    [Fact]
    public void After_a_refused_write_controllers_are_tried_one_by_one_and_the_refused_ones_named()
    {
        using FakeHost fake = new(FakeHost.V2Mounts) { OnWrite = (_, value) => value.Contains("pu", StringComparison.Ordinal) ? Errno.EBUSY : Errno.None };
        IsolationException exception = Assert.Throws<IsolationException>(() => Cgroup.ForSet(fake.Read(), "web").EnsureCreated(["cpu", "memory", "cpuset"]));
        Assert.Equal("CgroupBusy", exception.ErrorId);
        Assert.Contains("the cpu and cpuset controllers", exception.Message, StringComparison.Ordinal);
        Assert.Contains("no internal processes", exception.Message, StringComparison.Ordinal);
        Assert.Equal([$"{C}/cgroup.subtree_control=+memory"], fake.Writes);
    }

    [Fact]
    public void A_missing_controller_is_named_with_what_there_is()
    {
        using FakeHost fake = new(FakeHost.V2Mounts, unified: "memory pids");
        fake.Put($"{C}/cgroup.controllers", "memory pids");
        CgroupHost host = fake.Read();
        fake.Put($"{C}/cgroup.controllers", "memory");
        IsolationException exception = Assert.Throws<IsolationException>(() => Cgroup.ForSet(host, "web").EnsureCreated(["memory", "pids"]));
        Assert.Equal("CgroupControllerNotEnabled", exception.ErrorId);
        Assert.Contains("'memory'", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(FakeHost.V1Mounts, "memory")]
    [InlineData(FakeHost.V1Mounts, "cpuset")]
    [InlineData(FakeHost.V2Mounts, "memory")]
    public void Making_starts_again_when_a_remover_took_our_folder_away(string mounts, string controller)
    {
        using FakeHost fake = new(mounts);
        CgroupHost host = fake.Read();
        int stolen = 0;
        fake.OnMake = path =>
        {
            if (path.EndsWith("/isolation/web", StringComparison.Ordinal) && stolen++ < 3)
            {
                Assert.Equal(Errno.None, fake.TryRemoveDirectory(System.IO.Path.GetDirectoryName(fake.Root + path)!));
            }

            return Errno.None;
        };
        Cgroup cgroup = Cgroup.ForSet(host, "web");
        cgroup.EnsureCreated([controller]);
        Assert.True(cgroup.Exists);
        Assert.Equal(4, stolen);
    }

    [Fact]
    public void A_half_made_cpuset_is_filled_from_the_root_down()
    {
        using FakeHost fake = new(FakeHost.V1Mounts);
        fake.MakeCgroup($"{C}/cpuset/isolation");
        Cgroup.ForSet(fake.Read(), "web").EnsureCreated(["cpuset"]);
        Assert.Equal("0-3", fake.Get($"{C}/cpuset/isolation/cpuset.cpus"));
        Assert.Equal("0-3", fake.Get($"{C}/cpuset/isolation/web/cpuset.cpus"));
        Assert.Equal("0", fake.Get($"{C}/cpuset/isolation/web/cpuset.mems"));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("a\nb")]
    public void Refuses_names_that_lead_elsewhere(string name)
    {
        using FakeHost fake = new(FakeHost.V2Mounts);
        Assert.Equal("CgroupNameInvalid", Assert.Throws<IsolationException>(() => Cgroup.ForSet(fake.Read(), name)).ErrorId);
    }

    [Theory]
    [InlineData("/../etc")]
    [InlineData("/isolation/../x")]
    [InlineData("/nosuch")]
    public void Refuses_paths_that_lead_nowhere(string path)
    {
        using FakeHost fake = new(FakeHost.V2Mounts);
        Assert.Equal("CgroupNotFound", Assert.Throws<IsolationException>(() => Cgroup.ForPath(fake.Read(), path)).ErrorId);
    }

    [Theory]
    [InlineData("/isolation/web")]
    [InlineData("isolation/web")]
    [InlineData("/isolation/web/")]
    [InlineData("//isolation//web")]
    [InlineData("/isolation/./web")]
    public void Finds_a_path_however_it_is_written(string path)
    {
        using FakeHost fake = new(FakeHost.V1Mounts);
        CgroupHost host = fake.Read();
        Cgroup.ForSet(host, "web").EnsureCreated(["memory", "pids"]);
        Cgroup found = Cgroup.ForPath(host, path);
        Assert.Equal("web", found.SetName);
        Assert.Equal(2, found.Directories.Count);
    }

    [Fact]
    public void Lists_what_is_below_our_folder()
    {
        using FakeHost fake = new(FakeHost.V1Mounts);
        CgroupHost host = fake.Read();
        Cgroup.ForSet(host, "b").EnsureCreated(["memory"]);
        Cgroup.ForSet(host, "a").EnsureCreated(["pids"]);
        fake.MakeCgroup($"{C}/memory/isolation/b/inner");
        fake.MakeCgroup($"{C}/memory/other");
        Assert.Equal(["/isolation/a", "/isolation/b", "/isolation/b/inner"], Cgroup.List(host).Select(cgroup => cgroup.Path));
    }

    [Fact]
    public void Collects_processes_of_all_hierarchies_and_of_cgroups_inside()
    {
        using FakeHost fake = new(FakeHost.V1Mounts);
        CgroupHost host = fake.Read();
        Cgroup cgroup = Cgroup.ForSet(host, "web");
        cgroup.EnsureCreated(["memory", "pids"]);
        fake.MakeCgroup($"{C}/memory/isolation/web/inner");
        fake.Put($"{C}/memory/isolation/web/cgroup.procs", "5\n0\n7\n");
        fake.Put($"{C}/memory/isolation/web/inner/cgroup.procs", "3\n");
        fake.Put($"{C}/pids/isolation/web/cgroup.procs", "7\n9\n");
        Assert.Equal([3, 5, 7, 9], cgroup.GetProcesses());
    }

    [Theory]
    [InlineData(FakeHost.V1Mounts)]
    [InlineData(FakeHost.V2Mounts)]
    [InlineData(FakeHost.HybridMounts)]
    public void Removes_children_first_and_our_folder_with_the_last_set(string mounts)
    {
        using FakeHost fake = new(mounts);
        CgroupHost host = fake.Read();
        Cgroup one = Cgroup.ForSet(host, "one");
        Cgroup two = Cgroup.ForSet(host, "two");
        one.EnsureCreated(["memory", "cpuset"]);
        two.EnsureCreated(["memory", "cpuset"]);
        string memory = host.HierarchyOf("memory")!.MountPoint[fake.Root.Length..];
        fake.MakeCgroup($"{memory}/isolation/one/inner");
        fake.MakeCgroup($"{memory}/isolation/one/inner/most");
        fake.MakeCgroup($"{memory}/other");
        one.Remove(kill: false, TimeSpan.FromSeconds(1));
        Assert.False(one.Exists);
        Assert.True(two.Exists);
        two.Remove(kill: false, TimeSpan.FromSeconds(1));
        Assert.False(fake.Has($"{memory}/isolation"));
        Assert.True(fake.Has($"{memory}/other"));
        two.Remove(kill: true, TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void Refuses_to_remove_what_holds_processes_and_names_them()
    {
        using FakeHost fake = new(FakeHost.V2Mounts);
        CgroupHost host = fake.Read();
        Cgroup cgroup = Cgroup.ForSet(host, "web");
        cgroup.EnsureCreated([]);
        fake.PutProcess(7, "0::/isolation/web");
        fake.Put($"{C}/isolation/web/cgroup.procs", "7\n");
        IsolationException exception = Assert.Throws<IsolationException>(() => cgroup.Remove(kill: false, TimeSpan.FromSeconds(1)));
        Assert.Equal("CgroupBusy", exception.ErrorId);
        Assert.Contains("7 sleeper", exception.Message, StringComparison.Ordinal);
        Assert.True(cgroup.Exists);
    }

    [Fact]
    public void Waits_for_the_kernel_to_let_go()
    {
        using FakeHost fake = new(FakeHost.V2Mounts);
        CgroupHost host = fake.Read();
        Cgroup cgroup = Cgroup.ForSet(host, "web");
        cgroup.EnsureCreated([]);
        int refusals = 0;
        fake.OnRemove = path => path.EndsWith("/web", StringComparison.Ordinal) && refusals++ < 4 ? Errno.EBUSY : Errno.None;
        cgroup.Remove(kill: false, TimeSpan.FromSeconds(5));
        Assert.Equal(5, refusals);
        Assert.False(cgroup.Exists);
    }

    [Fact]
    public void Gives_up_when_the_time_is_over()
    {
        using FakeHost fake = new(FakeHost.V2Mounts);
        CgroupHost host = fake.Read();
        Cgroup cgroup = Cgroup.ForSet(host, "web");
        cgroup.EnsureCreated([]);
        fake.OnRemove = _ => Errno.EBUSY;
        Assert.Equal("CgroupBusy", Assert.Throws<IsolationException>(() => cgroup.Remove(kill: true, TimeSpan.FromMilliseconds(30))).ErrorId);
    }

    [Fact]
    public void Never_kills_this_process()
    {
        using FakeHost fake = new(FakeHost.V2Mounts);
        CgroupHost host = fake.Read();
        Cgroup cgroup = Cgroup.ForSet(host, "web");
        cgroup.EnsureCreated([]);
        fake.Put($"{C}/isolation/web/cgroup.procs", $"{Environment.ProcessId}\n");
        fake.Put($"{C}/isolation/web/cgroup.kill", "");
        IsolationException exception = Assert.Throws<IsolationException>(() => cgroup.Remove(kill: true, TimeSpan.FromSeconds(1)));
        Assert.Contains("PowerShell itself", exception.Message, StringComparison.Ordinal);
        Assert.Equal("", fake.Get($"{C}/isolation/web/cgroup.kill"));
    }

    [Fact]
    public void Removes_only_a_sets_cgroup()
    {
        using FakeHost fake = new(FakeHost.V2Mounts);
        CgroupHost host = fake.Read();
        fake.MakeCgroup($"{C}/other");
        Assert.Throws<InvalidOperationException>(() => Cgroup.ForPath(host, "/other").Remove(kill: true, TimeSpan.FromSeconds(1)));
        Assert.True(fake.Has($"{C}/other"));
    }
}
