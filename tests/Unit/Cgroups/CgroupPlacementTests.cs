using System;
using Isolation.Cgroups;
using Xunit;

namespace Isolation.Tests.Cgroups;

public sealed class CgroupPlacementTests
{
    private const string Service = "/user.slice/user-1000.slice/user@1000.service";

    [Fact]
    public void Root_has_a_folder_at_the_root_of_every_hierarchy()
    {
        using FakeHost fake = new(FakeHost.HybridMounts);
        CgroupHost host = fake.Read();
        Assert.Equal("/isolation", host.Placement.Folder);
        Assert.All(host.Hierarchies, hierarchy => Assert.True(host.Placement.Covers(hierarchy)));
    }

    [Fact]
    public void A_user_has_one_in_the_highest_delegated_cgroup()
    {
        using FakeHost fake = User(FakeHost.V2Mounts, Service + "/app.slice/run-1.scope");
        Own(fake, Service, Service + "/app.slice", Service + "/app.slice/run-1.scope");
        Assert.Equal(Service + "/isolation", fake.Read().Placement.Folder);
    }

    [Fact]
    public void A_user_has_none_where_nothing_is_delegated()
    {
        using FakeHost fake = User(FakeHost.V2Mounts, "/user.slice/user-1000.slice/session-1.scope");
        CgroupHost host = fake.Read();
        Assert.False(host.Placement.IsAllowed);
        AssertNotDelegated(host, "no cgroup from");
    }

    [Fact]
    public void A_user_has_none_in_version_1()
    {
        using FakeHost fake = User(FakeHost.V1Mounts, "/");
        AssertNotDelegated(fake.Read(), "version 1 alone");
    }

    [Fact]
    public void A_user_of_a_hybrid_host_cannot_limit_what_lives_in_version_1()
    {
        using FakeHost fake = User(FakeHost.HybridMounts, "/mine");
        fake.MakeCgroup("/sys/fs/cgroup/unified/mine");
        fake.Owned.Add("/sys/fs/cgroup/unified/mine");
        CgroupHost host = fake.Read();
        Assert.Equal("/mine/isolation", host.Placement.Folder);
        AssertNotDelegated(host, "version 1");
    }

    [Fact]
    public void A_cgroup_with_an_unwritable_file_is_not_delegated()
    {
        using FakeHost fake = User(FakeHost.V2Mounts, "/mine");
        fake.MakeCgroup("/sys/fs/cgroup/mine");
        fake.Owned.Add("/sys/fs/cgroup/mine");
        System.IO.File.Delete(fake.Root + "/sys/fs/cgroup/mine/cgroup.subtree_control");
        Assert.False(fake.Read().Placement.IsAllowed);
    }

    [Theory]
    [InlineData("/isolation/web", "web")]
    [InlineData("/isolation/web/inner/most", "web")]
    [InlineData("/isolation", null)]
    [InlineData("/isolationx/web", null)]
    [InlineData("/", null)]
    public void Knows_the_set_of_a_path(string path, string? set)
    {
        using FakeHost fake = new(FakeHost.V2Mounts);
        Assert.Equal(set, fake.Read().Placement.SetOf(path));
    }

    private static FakeHost User(string mounts, string own)
    {
        FakeHost fake = new(mounts) { EffectiveUser = 1000 };
        fake.Put("/proc/self/cgroup", $"0::{own}\n");
        return fake;
    }

    private static void Own(FakeHost fake, params string[] paths)
    {
        fake.MakeCgroup("/sys/fs/cgroup/user.slice");
        fake.MakeCgroup("/sys/fs/cgroup/user.slice/user-1000.slice");
        foreach (string path in paths)
        {
            fake.MakeCgroup("/sys/fs/cgroup" + path);
            fake.Owned.Add("/sys/fs/cgroup" + path);
        }
    }

    private static void AssertNotDelegated(CgroupHost host, string cause)
    {
        CgroupLimitRequest request = new() { MemoryMax = new LimitValue<long>(1 << 20) };
        IsolationException exception = Assert.Throws<IsolationException>(() => Cgroup.ForSet(host, "web").SetLimits(request));
        Assert.Equal("CgroupNotDelegated", exception.ErrorId);
        Assert.Equal(ErrorKind.PermissionDenied, exception.Kind);
        Assert.Contains(cause, exception.Message, StringComparison.Ordinal);
        Assert.Contains("enable-linger", exception.Message, StringComparison.Ordinal);
    }
}
