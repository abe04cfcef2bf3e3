using System;
using System.Collections.Generic;
using System.Linq;
using Isolation.Cgroups;
using Xunit;

namespace Isolation.Tests.Cgroups;

public sealed class CgroupHostTests
{
    [Theory]
    [InlineData(FakeHost.V1Mounts, CgroupVersion.V1)]
    [InlineData(FakeHost.V2Mounts, CgroupVersion.V2)]
    [InlineData(FakeHost.HybridMounts, CgroupVersion.Hybrid)]
    [InlineData("22 27 0:21 / /sys rw - sysfs sysfs rw", CgroupVersion.None)]
    public void Tells_the_kind_of_host(string mounts, CgroupVersion version)
    {
        using FakeHost fake = new(mounts);
        Assert.Equal(version, fake.Read().Version);
    }

    [Theory]
    [InlineData("memory", "/sys/fs/cgroup/memory", CgroupVersion.V1)]
    [InlineData("cpu", "/sys/fs/cgroup/cpu,cpuacct", CgroupVersion.V1)]
    [InlineData("cpuacct", "/sys/fs/cgroup/cpu,cpuacct", CgroupVersion.V1)]
    [InlineData("name=systemd", "/sys/fs/cgroup/systemd", CgroupVersion.V1)]
    public void Finds_controllers_of_version_1(string controller, string mountPoint, CgroupVersion version)
    {
        using FakeHost fake = new(FakeHost.V1Mounts);
        CgroupHierarchy hierarchy = fake.Read().HierarchyOf(controller)!;
        Assert.Equal(fake.Root + mountPoint, hierarchy.MountPoint);
        Assert.Equal(version, hierarchy.Version);
    }

    [Fact]
    public void Finds_controllers_on_a_hybrid_host_where_they_are()
    {
        using FakeHost fake = new(FakeHost.HybridMounts, unified: "cpu pids");
        CgroupHost host = fake.Read();
        Assert.Equal(CgroupVersion.V1, host.HierarchyOf("memory")!.Version);
        Assert.Equal(CgroupVersion.V1, host.HierarchyOf("cpuset")!.Version);
        Assert.Equal(CgroupVersion.V2, host.HierarchyOf("cpu")!.Version);
        Assert.Equal(CgroupVersion.V2, host.HierarchyOf("pids")!.Version);
        Assert.Null(host.HierarchyOf("io"));
        Assert.Equal(CgroupVersion.V2, host.Hierarchies[0].Version);
    }

    [Theory]
    [InlineData("blkio", "mount -t cgroup -o blkio")]
    [InlineData("perf_event", "cgroup_disable=perf_event")]
    [InlineData("misc", "built without it")]
    public void Says_why_a_controller_is_missing(string controller, string cause)
    {
        using FakeHost fake = new(FakeHost.V1Mounts);
        IsolationException exception = Assert.Throws<IsolationException>(() => fake.Read().RequireHierarchy(controller));
        Assert.Equal("CgroupControllerMissing", exception.ErrorId);
        Assert.Equal(ErrorKind.NotSupported, exception.Kind);
        Assert.Contains(cause, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Says_that_nothing_is_mounted()
    {
        using FakeHost fake = new("22 27 0:21 / /sys rw - sysfs sysfs rw");
        IsolationException exception = Assert.Throws<IsolationException>(() => fake.Read().RequireHierarchy("memory"));
        Assert.Contains("mount -t cgroup2", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Reads_memory_and_processors()
    {
        using FakeHost fake = new(FakeHost.V2Mounts);
        Assert.Equal(8L << 30, fake.Read().TotalMemory);
        Assert.Equal(4, fake.Read().OnlineCpus!.Count);
    }

    [Fact]
    public void Finds_the_cgroups_of_a_process()
    {
        using FakeHost fake = new(FakeHost.V1Mounts);
        fake.PutProcess(7, "4:memory:/a/b", "3:cpu,cpuacct:/c", "2:cpuset:/", "1:name=systemd:/user.slice", "0::/ignored");
        CgroupHost host = fake.Read();
        IReadOnlyDictionary<CgroupHierarchy, string> directories = host.DirectoriesOfProcess("7");
        Assert.Equal(fake.Root + "/sys/fs/cgroup/memory/a/b", directories[host.HierarchyOf("memory")!]);
        Assert.Equal(fake.Root + "/sys/fs/cgroup/cpu,cpuacct/c", directories[host.HierarchyOf("cpu")!]);
        Assert.Equal(fake.Root + "/sys/fs/cgroup/cpuset", directories[host.HierarchyOf("cpuset")!]);
        Assert.Equal(4, directories.Count);
    }

    [Fact]
    public void Finds_the_cgroups_of_a_process_by_a_path_with_a_colon()
    {
        using FakeHost fake = new(FakeHost.V2Mounts);
        fake.PutProcess(7, "0::/system.slice/dev:x.scope");
        Assert.Equal([fake.Root + "/sys/fs/cgroup/system.slice/dev:x.scope"], fake.Read().DirectoriesOfProcess("7").Values);
    }

    [Fact]
    public void Understands_a_mount_that_shows_a_container_as_its_root()
    {
        using FakeHost fake = new("29 22 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup2 rw");
        fake.PutProcess(7, "0::/docker/abc/x");
        fake.PutProcess(8, "0::/docker/abc");
        fake.PutProcess(9, "0::/docker/abcd");
        fake.PutProcess(10, "0::/../other");
        CgroupHost host = fake.Read();
        Assert.True(host.Unified!.ReadOnly);
        Assert.Equal([fake.Root + "/sys/fs/cgroup/x"], host.DirectoriesOfProcess("7").Values);
        Assert.Equal([fake.Root + "/sys/fs/cgroup"], host.DirectoriesOfProcess("8").Values);
        Assert.Empty(host.DirectoriesOfProcess("9"));
        Assert.Empty(host.DirectoriesOfProcess("10"));
    }

    [Fact]
    public void Refuses_a_process_that_is_not_there()
    {
        using FakeHost fake = new(FakeHost.V2Mounts);
        IsolationException exception = Assert.Throws<IsolationException>(() => fake.Read().DirectoriesOfProcess("99"));
        Assert.Equal("CgroupProcessNotFound", exception.ErrorId);
    }

    [Fact]
    public void Takes_one_mount_of_each_hierarchy()
    {
        using FakeHost fake = new(FakeHost.V1Mounts + "\n90 28 0:32 /sub /other/memory rw - cgroup cgroup rw,memory\n91 28 0:32 / /third/memory rw - cgroup cgroup rw,memory");
        CgroupHost host = fake.Read();
        Assert.Equal(fake.Root + "/sys/fs/cgroup/memory", host.HierarchyOf("memory")!.MountPoint);
        Assert.Single(host.Hierarchies, hierarchy => hierarchy.Controllers.Contains("memory"));
    }

    [Fact]
    public void Finds_the_hierarchy_of_a_folder()
    {
        using FakeHost fake = new(FakeHost.HybridMounts);
        CgroupHost host = fake.Read();
        (CgroupHierarchy Hierarchy, string Path)? found = host.Locate(fake.Root + "/sys/fs/cgroup/memory/a/b");
        Assert.Equal("/a/b", found!.Value.Path);
        Assert.Equal(host.HierarchyOf("memory"), found.Value.Hierarchy);
        Assert.Null(host.Locate(fake.Root + "/sys/fs/cgroup"));
        Assert.Null(host.Locate("/isolation/web"));
    }
}
