using System;
using Isolation.Cgroups;
using Isolation.Interop;
using Xunit;

namespace Isolation.Tests.Cgroups;

public sealed class CgroupFreezerTests
{
    private const string C = "/sys/fs/cgroup";
    private static readonly TimeSpan s_short = TimeSpan.FromMilliseconds(300);

    [Fact]
    public void Version_2_waits_for_the_event()
    {
        using FakeHost fake = Unified();
        fake.OnWrite = (path, value) =>
        {
            fake.Put($"{C}/web/cgroup.events", $"populated 1\nfrozen {value}\n");
            return Errno.None;
        };
        Cgroup cgroup = Cgroup.ForPath(fake.Read(), "/web");
        cgroup.Freeze(null, [1], s_short);
        cgroup.Thaw(recurse: false, s_short);
        Assert.Equal([$"{C}/web/cgroup.freeze=1", $"{C}/web/cgroup.freeze=0"], fake.Writes);
    }

    [Fact]
    public void What_does_not_freeze_in_time_goes_on_and_is_named()
    {
        using FakeHost fake = Unified();
        fake.PutProcess(42, "0::/web");
        fake.Put($"{C}/web/cgroup.procs", "42");
        IsolationException exception = Assert.Throws<IsolationException>(() => Cgroup.ForPath(fake.Read(), "/web").Freeze(null, [1], s_short));
        Assert.Equal(("CgroupFreezeTimeout", ErrorKind.Timeout), (exception.ErrorId, exception.Kind));
        Assert.Contains("42 sleeper", exception.Message, StringComparison.Ordinal);
        Assert.Equal([$"{C}/web/cgroup.freeze=1", $"{C}/web/cgroup.freeze=0"], fake.Writes);
    }

    [Fact]
    public void What_was_frozen_before_stays_so_after_a_failure()
    {
        using FakeHost fake = Unified();
        fake.Put($"{C}/web/cgroup.freeze", "1");
        Assert.Throws<IsolationException>(() => Cgroup.ForPath(fake.Read(), "/web").Freeze(null, [1], s_short));
        Assert.Equal([$"{C}/web/cgroup.freeze=1"], fake.Writes);
    }

    [Fact]
    public void A_freezer_of_version_1_that_is_stuck_is_thawed_and_frozen_anew()
    {
        using FakeHost fake = First();
        int writes = 0;
        fake.OnWrite = (path, value) =>
        {
            writes += value == "FROZEN" ? 1 : 0;
            return Errno.None;
        };
        fake.OnRead = path =>
        {
            if (path.EndsWith("freezer.state", StringComparison.Ordinal))
            {
                fake.Put($"{C}/freezer/web/freezer.state", writes > 60 ? "FROZEN" : "FREEZING");
            }

            return Errno.None;
        };
        Cgroup.ForPath(fake.Read(), "/web").Freeze(null, [1], TimeSpan.FromSeconds(60));
        Assert.Contains($"{C}/freezer/web/freezer.state=THAWED", fake.Writes);
        Assert.Equal($"{C}/freezer/web/freezer.state=FROZEN", fake.Writes[^1]);
    }

    [Fact]
    public void A_process_that_has_to_go_on_stops_nothing()
    {
        using FakeHost fake = Unified();
        fake.PutProcess(42, "0::/web");
        fake.Put($"{C}/web/cgroup.procs", "42");
        Assert.Equal("CgroupBusy", Assert.Throws<IsolationException>(() => Cgroup.ForPath(fake.Read(), "/web").Freeze(null, [42], s_short)).ErrorId);
        Assert.Empty(fake.Writes);
    }

    [Fact]
    public void A_process_that_the_freezer_does_not_reach_is_named()
    {
        using FakeHost fake = First();
        fake.MakeCgroup($"{C}/memory/web");
        fake.PutProcess(42, "7:freezer:/", "4:memory:/web");
        fake.Put($"{C}/memory/web/cgroup.procs", "42");
        IsolationException exception = Assert.Throws<IsolationException>(() => Cgroup.ForPath(fake.Read(), "/web").Freeze(null, [1], s_short));
        Assert.Equal("CgroupFreezeUnsupported", exception.ErrorId);
        Assert.Contains("42 sleeper", exception.Message, StringComparison.Ordinal);
        Assert.Empty(fake.Writes);
    }

    private static FakeHost Unified()
    {
        FakeHost fake = new(FakeHost.V2Mounts);
        fake.MakeCgroup($"{C}/web");
        fake.Put($"{C}/web/cgroup.events", "populated 1\nfrozen 0\n");
        return fake;
    }

    private static FakeHost First()
    {
        FakeHost fake = new(FakeHost.V1Mounts);
        fake.MakeCgroup($"{C}/freezer/web");
        fake.Put($"{C}/freezer/web/freezer.self_freezing", "0");
        return fake;
    }
}
