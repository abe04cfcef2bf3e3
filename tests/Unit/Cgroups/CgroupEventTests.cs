using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Threading;
using Isolation.Cgroups;
using Xunit;

namespace Isolation.Tests.Cgroups;

/// <summary>Events of cgroups on a folder that looks like a host: the kernel's inotify(7) tells of its files too.</summary>
public sealed class CgroupEventTests
{
    private const string C = "/sys/fs/cgroup";
    private const string Web = C + "/web";

    [Fact]
    public void Counters_and_states_that_change_are_told_once_each()
    {
        using FakeHost fake = Host();
        using BlockingCollection<CgroupEventArgs> told = Listen(fake, null, out CgroupEventSource source);
        fake.Put(Web + "/memory.events", "low 0\nhigh 2\nmax 5\noom 1\noom_kill 1\n");
        Assert.Equal(
            [(CgroupEventName.OomKill, 1L, 1L), (CgroupEventName.MemoryHigh, 2L, 2L), (CgroupEventName.MemoryMax, 2L, 5L)],
            Sorted(Take(told), Take(told), Take(told)));
        fake.Put(Web + "/pids.events", "max 4\n");
        Assert.Equal((CgroupEventName.PidsMax, 4L, 4L), Key(Take(told)));
        fake.Put(Web + "/cgroup.events", "populated 1\nfrozen 1\n");
        Assert.Equal([CgroupEventName.Populated, CgroupEventName.Frozen], new[] { Take(told).EventName, Take(told).EventName });
        fake.Put(Web + "/cgroup.events", "populated 1\nfrozen 0\n");
        CgroupEventArgs last = Take(told);
        Assert.Equal((CgroupEventName.Thawed, "/web"), (last.EventName, last.Cgroup));
        source.Stop();
        Assert.Empty(told);
    }

    [Fact]
    public void A_removed_cgroup_is_empty_first_and_then_ends_its_source_and_the_thread()
    {
        using FakeHost fake = Host();
        fake.Put(Web + "/cgroup.events", "populated 1\nfrozen 0\n");
        using BlockingCollection<CgroupEventArgs> told = Listen(fake, [CgroupEventName.Empty], out CgroupEventSource source);
        using ManualResetEventSlim ended = new();
        source.Ended += (_, _) => ended.Set();
        fake.TryRemoveDirectory(fake.Root + Web);
        Assert.Equal(CgroupEventName.Empty, Take(told).EventName);
        Assert.Equal(CgroupEventName.Removed, Take(told).EventName);
        Assert.True(ended.Wait(30_000));
        Assert.Empty(told);
    }

    [Fact]
    public void What_happens_before_anybody_listens_is_kept()
    {
        using FakeHost fake = Host();
        CgroupEventSource source = CgroupEventLoop.Start([Cgroup.ForPath(fake.Read(), "/web")], [CgroupEventName.PidsMax], []);
        using BlockingCollection<CgroupEventArgs> told = [];
        fake.Put(Web + "/pids.events", "max 7\n");
        source.Occurred += (_, happened) => told.Add(happened);
        source.Begin();
        Assert.Equal(7, Take(told).Value);
        source.Stop();
    }

    [Fact]
    public void A_listener_that_fails_harms_no_other()
    {
        using FakeHost fake = Host();
        using BlockingCollection<CgroupEventArgs> told = Listen(fake, [CgroupEventName.PidsMax], out CgroupEventSource source);
        CgroupEventSource other = CgroupEventLoop.Start([Cgroup.ForPath(fake.Read(), "/web")], [CgroupEventName.PidsMax], []);
        other.Occurred += (_, _) => throw new InvalidOperationException("wrong");
        other.Begin();
        for (int count = 1; count < 4; count++)
        {
            fake.Put(Web + "/pids.events", $"max {count}\n");
            Assert.Equal(count, Take(told).Value);
        }

        other.Stop();
        source.Stop();
    }

    [Theory]
    [InlineData(CgroupEventName.MemoryHigh, "CgroupEventUnsupported")]
    [InlineData(CgroupEventName.Populated, "CgroupEventUnsupported")]
    [InlineData(CgroupEventName.Frozen, "CgroupEventUnsupported")]
    [InlineData(CgroupEventName.PidsMax, "CgroupEventUnsupported")]
    public void Version_1_refuses_what_it_cannot_tell(CgroupEventName name, string errorId)
    {
        using FakeHost fake = new(FakeHost.V1Mounts);
        fake.MakeCgroup(C + "/memory/web");
        fake.MakeCgroup(C + "/pids/web");
        fake.Put(C + "/pids/web/pids.events", "max 0\n");
        fake.Put("/proc/sys/kernel/osrelease", "6.12.1\n");
        Assert.Equal(errorId, Assert.Throws<IsolationException>(() => CgroupEventLoop.Start([Cgroup.ForPath(fake.Read(), "/web")], [name], [])).ErrorId);
    }

    [Fact]
    public void Older_kernels_tell_of_refused_tasks_in_version_1()
    {
        using FakeHost fake = new(FakeHost.V1Mounts);
        fake.MakeCgroup(C + "/pids/web");
        fake.Put(C + "/pids/web/pids.events", "max 0\n");
        fake.Put("/proc/sys/kernel/osrelease", "5.10.0-28-amd64\n");
        using BlockingCollection<CgroupEventArgs> told = Listen(fake, [CgroupEventName.PidsMax], out CgroupEventSource source);
        fake.Put(C + "/pids/web/pids.events", "max 3\n");
        Assert.Equal((CgroupEventName.PidsMax, 3L, 3L), Key(Take(told)));
        source.Stop();
    }

    [Fact]
    public void Listeners_are_told_in_order_and_the_end_comes_last_though_one_is_slow()
    {
        using FakeHost fake = Host();
        CgroupEventSource source = CgroupEventLoop.Start([Cgroup.ForPath(fake.Read(), "/web")], [CgroupEventName.Empty], []);
        List<int> told = [];
        using ManualResetEventSlim ended = new();
        source.Occurred += (_, happened) =>
        {
            Thread.Sleep(happened.Count % 10 == 0 ? 1 : 0);
            told.Add((int)happened.Count);
            throw new InvalidOperationException("A listener's own mistake.");
        };
        source.Ended += (_, _) => ended.Set();
        for (int i = 0; i < 500; i++)
        {
            source.Raise(new CgroupEventArgs { Cgroup = "/web", EventName = CgroupEventName.Empty, Count = i });
            if (i == 100)
            {
                Assert.Empty(told);
                source.Begin();
            }
        }

        source.End();
        Assert.True(ended.Wait(TimeSpan.FromSeconds(30)));
        Assert.Equal(System.Linq.Enumerable.Range(0, 500), told);
        source.Stop();
    }

    [Fact]
    public void A_controller_that_is_not_on_is_named_with_what_turns_it_on()
    {
        using FakeHost fake = new(FakeHost.V2Mounts);
        fake.MakeCgroup(Web);
        fake.Put(Web + "/cgroup.events", "populated 0\nfrozen 0\n");
        IsolationException refusal = Assert.Throws<IsolationException>(() => CgroupEventLoop.Start([Cgroup.ForPath(fake.Read(), "/web")], [CgroupEventName.OomKill], []));
        Assert.Equal("CgroupEventUnsupported", refusal.ErrorId);
        Assert.Contains("Set-CgroupLimit /web -MemoryMax max", refusal.Message, StringComparison.Ordinal);

        // All that there is means no more than that.
        CgroupEventSource source = CgroupEventLoop.Start([Cgroup.ForPath(fake.Read(), "/web")], null, []);
        source.Stop();
    }

    [Theory]
    [InlineData(PressureResource.Memory, false, 0.15, 1, null)]
    [InlineData(PressureResource.Irq, true, 1, 10, null)]
    [InlineData(PressureResource.Irq, false, 0.15, 1, "-Full")]
    [InlineData(PressureResource.Io, false, 0.15, 0.4, "500ms to 10s")]
    [InlineData(PressureResource.Io, false, 0.15, 10.1, "500ms to 10s")]
    [InlineData(PressureResource.Io, false, 2, 1, "no more than the window")]
    [InlineData(PressureResource.Io, false, 0, 1, "more than nothing")]
    public void Thresholds_are_checked(PressureResource resource, bool full, double threshold, double window, string? cause)
    {
        PressureTrigger trigger = new(resource, full, TimeSpan.FromSeconds(threshold), TimeSpan.FromSeconds(window));
        if (cause is null)
        {
            trigger.Check();
            Assert.Equal($"{(full ? "full" : "some")} {(long)(threshold * 1e6)} {(long)(window * 1e6)}\n", trigger.Text);
            return;
        }

        IsolationException refusal = Assert.Throws<IsolationException>(trigger.Check);
        Assert.Equal("PressureTriggerInvalid", refusal.ErrorId);
        Assert.Contains(cause, refusal.Message, StringComparison.Ordinal);
    }

    private static FakeHost Host()
    {
        FakeHost fake = new(FakeHost.V2Mounts);
        fake.MakeCgroup(Web);
        fake.Put(Web + "/memory.events", "low 0\nhigh 0\nmax 3\noom 0\noom_kill 0\n");
        fake.Put(Web + "/pids.events", "max 0\n");
        fake.Put(Web + "/cgroup.events", "populated 0\nfrozen 0\n");
        return fake;
    }

    private static BlockingCollection<CgroupEventArgs> Listen(FakeHost fake, CgroupEventName[]? events, out CgroupEventSource source)
    {
        BlockingCollection<CgroupEventArgs> told = [];
        source = CgroupEventLoop.Start([Cgroup.ForPath(fake.Read(), "/web")], events, []);
        source.Occurred += (_, happened) => told.Add(happened);
        source.Begin();
        return told;
    }

    private static CgroupEventArgs Take(BlockingCollection<CgroupEventArgs> told) =>
        told.TryTake(out CgroupEventArgs? happened, 30_000) ? happened : throw new TimeoutException("No event within 30 s.");

    private static (CgroupEventName, long, long?) Key(CgroupEventArgs happened) => (happened.EventName, happened.Count, happened.Value);

    private static List<(CgroupEventName, long, long?)> Sorted(params CgroupEventArgs[] happened)
    {
        List<(CgroupEventName, long, long?)> keys = [.. Array.ConvertAll(happened, Key)];
        keys.Sort();
        return keys;
    }
}
