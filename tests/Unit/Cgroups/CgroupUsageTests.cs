using System;
using System.Collections.Generic;
using System.Linq;
using Isolation.Cgroups;
using Xunit;

namespace Isolation.Tests.Cgroups;

/// <summary>What is used, read on hosts of every kind: the same properties, whichever version counts it.</summary>
public sealed class CgroupUsageTests
{
    private const string C = "/sys/fs/cgroup";

    private const string AllFirst = FakeHost.V1Mounts + "\n"
        + "38 28 0:35 / /sys/fs/cgroup/blkio rw - cgroup cgroup rw,blkio\n39 28 0:36 / /sys/fs/cgroup/hugetlb rw - cgroup cgroup rw,hugetlb\n";

    [Fact]
    public void Version_1_and_version_2_fill_the_same_properties()
    {
        using FakeHost first = new(AllFirst);
        PutFirst(first, "web");
        CgroupUsage one = Cgroup.ForPath(first.Read(), "/web").GetUsage();
        using FakeHost second = new(FakeHost.V2Mounts);
        PutSecond(second, "web");
        CgroupUsage two = Cgroup.ForPath(second.Read(), "/web").GetUsage();

        Assert.Equal((CgroupVersion.V1, CgroupVersion.V2), (one.Version, two.Version));
        foreach (CgroupUsage usage in (CgroupUsage[])[one, two])
        {
            Assert.Equal((TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1)), (usage.CpuTime, usage.CpuUserTime, usage.CpuSystemTime));
            Assert.Equal((20L, 5L, TimeSpan.FromMilliseconds(700)), (usage.CpuPeriods, usage.CpuThrottledPeriods, usage.CpuThrottledTime));
            Assert.Equal((1000L, 2000L, 300L, 64L << 20), (usage.MemoryCurrent, usage.MemoryPeak, usage.MemorySwapCurrent, usage.EffectiveMemoryMax));
            Assert.Equal((600L, 400L), (usage.MemoryStat!["anon"], usage.MemoryStat["file"]));
            Assert.Equal((9L, 2L), (usage.MemoryEvents!.Max, usage.MemoryEvents.OomKill));
            CgroupIoUsage disk = Assert.Single(usage.Io!);
            Assert.Equal(("254:0", 4096L, 8192L, 512L, 1L, 2L, 4L), (disk.Device, disk.ReadBytes, disk.WriteBytes, disk.DiscardBytes, disk.ReadOperations, disk.WriteOperations, disk.DiscardOperations));
            Assert.Equal((4096L, 8192L, 1L, 2L), (usage.IoReadBytes, usage.IoWriteBytes, usage.IoReadOperations, usage.IoWriteOperations));
            Assert.Equal((3L, 4L, 11L, 50L), (usage.PidsCurrent, usage.PidsPeak, usage.PidsRefused, usage.EffectivePidsMax));
            HugePageUsage pages = Assert.Single(usage.HugePage!);
            Assert.Equal(("2MB", 4L << 20, 2L << 20, 6L), (pages.Size, pages.Current, pages.ReservationCurrent, pages.Refused));
            Assert.Null(usage.Interval);
        }

        Assert.Equal((1L, 2L, 3L), (two.MemoryEvents!.Low, two.MemoryEvents.High, two.MemoryEvents.Oom));
        Assert.Null(one.MemoryEvents!.High);
        Assert.Null(one.Pressure);
        CgroupPressure pressure = Assert.Single(two.Pressure!);
        Assert.Equal((PressureResource.Memory, 40.29, 0.5), (pressure.Resource, pressure.SomeAverage10, pressure.FullAverage10));
    }

    [Fact]
    public void What_is_not_counted_is_null()
    {
        using FakeHost fake = new(FakeHost.V2Mounts);
        fake.MakeCgroup(C + "/web");
        fake.Put(C + "/web/cpu.stat", "usage_usec 5\nuser_usec 3\nsystem_usec 2\n");
        CgroupUsage usage = Cgroup.ForPath(fake.Read(), "/web").GetUsage();
        Assert.Equal(TimeSpan.FromMicroseconds(5), usage.CpuTime);
        Assert.Null(usage.CpuPeriods);
        Assert.Null(usage.MemoryCurrent);
        Assert.Null(usage.MemoryStat);
        Assert.Null(usage.MemoryEvents);
        Assert.Null(usage.Io);
        Assert.Null(usage.IoReadBytes);
        Assert.Null(usage.PidsRefused);
        Assert.Null(usage.HugePage);
        Assert.Null(usage.Pressure);
    }

    [Fact]
    public void On_a_hybrid_host_version_2_counts_processor_time_where_cpuacct_does_not()
    {
        using FakeHost fake = new(FakeHost.HybridMounts + "\n40 28 0:40 / /sys/fs/cgroup/cpuacct rw - cgroup cgroup rw,cpuacct");
        fake.Put(C + "/cpuacct/cpuacct.usage", "9000000000");
        fake.MakeCgroup(C + "/unified/web");
        fake.Put(C + "/unified/web/cpu.stat", "usage_usec 5\n");
        fake.PutProcess(7, "3:cpuacct:/", "0::/web");
        CgroupHost host = fake.Read();
        Assert.Equal(TimeSpan.FromMicroseconds(5), Cgroup.ForPath(host, "/web").GetUsage().CpuTime);
        Assert.Equal(TimeSpan.FromMicroseconds(5), Cgroup.ForProcess(host, 7).GetUsage().CpuTime);
        Assert.Equal(TimeSpan.FromSeconds(9), Cgroup.ForPath(host, "/").GetUsage().CpuTime);
    }

    [Fact]
    public void Version_1_adds_the_events_of_the_cgroups_below()
    {
        using FakeHost fake = new(FakeHost.V1Mounts);
        fake.MakeCgroup(C + "/memory/web");
        fake.MakeCgroup(C + "/memory/web/inner");
        foreach (string name in (string[])["web", "web/inner"])
        {
            fake.Put($"{C}/memory/{name}/memory.failcnt", "4");
            fake.Put($"{C}/memory/{name}/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 1");
        }

        Assert.Equal(new CgroupMemoryEvents(null, null, 8, null, 2, null), Cgroup.ForPath(fake.Read(), "/web").GetUsage().MemoryEvents);
    }

    [Fact]
    public void Rates_are_those_from_one_reading_to_the_next()
    {
        CgroupUsage before = Reading(0, 10, ("8:0", 1000));
        CgroupUsage after = Reading(2, 13, ("8:0", 3000), ("8:16", 500));
        after.SetRates(before);
        Assert.Equal(TimeSpan.FromSeconds(2), after.Interval);
        Assert.Equal(150, after.CpuPercent);
        Assert.Equal(1250, after.IoReadBytesPerSecond);
        Assert.Equal([1000.0, 250.0], after.Io!.Select(disk => disk.ReadBytesPerSecond!.Value));

        // Made anew in between.
        CgroupUsage anew = Reading(3, 1, ("8:0", 10));
        anew.SetRates(after);
        Assert.Null(anew.CpuPercent);
        Assert.Null(anew.IoReadBytesPerSecond);
        CgroupUsage uncounted = new() { Timestamp = System.Diagnostics.Stopwatch.Frequency * 9 };
        uncounted.SetRates(anew);
        Assert.Null(uncounted.CpuPercent);
        Assert.NotNull(uncounted.Interval);
    }

    [Fact]
    public void A_cgroup_that_was_removed_is_told_of_once_and_left_out()
    {
        using FakeHost fake = new(FakeHost.V2Mounts);
        fake.MakeCgroup(C + "/web");
        fake.MakeCgroup(C + "/db");
        CgroupHost host = fake.Read();
        CgroupUsageSampler sampler = new(host, [Cgroup.ForPath(host, "/web"), Cgroup.ForPath(host, "/db")]);
        List<string> removed = [];
        Assert.Equal(["/web", "/db"], sampler.Sample(removed.Add).Select(usage => usage.Cgroup));
        fake.TryRemoveDirectory(fake.Root + C + "/web");
        Assert.Equal(["/db"], sampler.Sample(removed.Add).Select(usage => usage.Cgroup));
        fake.MakeCgroup(C + "/web");
        Assert.Equal(["/db"], sampler.Sample(removed.Add).Select(usage => usage.Cgroup));
        Assert.Equal(["/web"], removed);
        Assert.False(sampler.IsOver);
        fake.TryRemoveDirectory(fake.Root + C + "/db");
        Assert.Empty(sampler.Sample(removed.Add));
        Assert.True(sampler.IsOver);
    }

    [Fact]
    public void Without_names_cgroups_come_and_go()
    {
        using FakeHost fake = new(FakeHost.V2Mounts);
        CgroupHost host = fake.Read();
        CgroupUsageSampler sampler = new(host, null);
        List<string> removed = [];
        Assert.Empty(sampler.Sample(removed.Add));
        fake.MakeCgroup(C + "/isolation");
        fake.MakeCgroup(C + "/isolation/web");
        Assert.Equal(["/isolation/web"], sampler.Sample(removed.Add).Select(usage => usage.Cgroup));
        fake.TryRemoveDirectory(fake.Root + C + "/isolation/web");
        Assert.Empty(sampler.Sample(removed.Add));
        Assert.Empty(sampler.Sample(removed.Add));
        Assert.Equal(["/isolation/web"], removed);
        Assert.False(sampler.IsOver);
    }

    private static CgroupUsage Reading(int seconds, int cpu, params (string Device, long Read)[] disks) => new()
    {
        Timestamp = System.Diagnostics.Stopwatch.Frequency * seconds,
        CpuTime = TimeSpan.FromSeconds(cpu),
        Io = [.. disks.Select(disk => new CgroupIoUsage { Device = disk.Device, ReadBytes = disk.Read })],
    };

    private static void PutFirst(FakeHost fake, string name)
    {
        Put("cpu,cpuacct", "cpuacct.usage", "3000000000");
        Put("cpu,cpuacct", "cpuacct.stat", "user 200\nsystem 100");
        Put("cpu,cpuacct", "cpu.stat", "nr_periods 20\nnr_throttled 5\nthrottled_time 700000000");
        Put("memory", "memory.usage_in_bytes", "1000");
        Put("memory", "memory.max_usage_in_bytes", "2000");
        Put("memory", "memory.memsw.usage_in_bytes", "1300");
        Put("memory", "memory.limit_in_bytes", "67108864");
        Put("memory", "memory.stat", "cache 1\nrss 2\ntotal_cache 400\ntotal_rss 600");
        Put("memory", "memory.failcnt", "9");
        Put("memory", "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2");
        Put("blkio", "blkio.throttle.io_service_bytes_recursive", "254:0 Read 4096\n254:0 Write 8192\n254:0 Discard 512\nTotal 12800");
        Put("blkio", "blkio.throttle.io_serviced_recursive", "254:0 Read 1\n254:0 Write 2\n254:0 Discard 4\nTotal 7");
        Put("pids", "pids.current", "3");
        Put("pids", "pids.peak", "4");
        Put("pids", "pids.max", "50");
        Put("pids", "pids.events", "max 11");
        Put("hugetlb", "hugetlb.2MB.usage_in_bytes", "4194304");
        Put("hugetlb", "hugetlb.2MB.max_usage_in_bytes", "8388608");
        Put("hugetlb", "hugetlb.2MB.rsvd.usage_in_bytes", "2097152");
        Put("hugetlb", "hugetlb.2MB.failcnt", "6");

        void Put(string controller, string file, string text) => fake.Put($"{C}/{controller}/{name}/{file}", text + "\n");
    }

    private static void PutSecond(FakeHost fake, string name)
    {
        fake.Put(C + "/cgroup.controllers", "cpuset cpu io memory hugetlb pids");
        Put("cpu.stat", "usage_usec 3000000\nuser_usec 2000000\nsystem_usec 1000000\nnr_periods 20\nnr_throttled 5\nthrottled_usec 700000");
        Put("memory.current", "1000");
        Put("memory.peak", "2000");
        Put("memory.swap.current", "300");
        Put("memory.max", "67108864");
        Put("memory.stat", "anon 600\nfile 400");
        Put("memory.events", "low 1\nhigh 2\nmax 9\noom 3\noom_kill 2\noom_group_kill 0");
        Put("memory.pressure", CgroupCountersTests.Pressure);
        Put("io.stat", "254:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=512 dios=4");
        Put("pids.current", "3");
        Put("pids.peak", "4");
        Put("pids.max", "50");
        Put("pids.events", "max 11");
        Put("hugetlb.2MB.current", "4194304");
        Put("hugetlb.2MB.rsvd.current", "2097152");
        Put("hugetlb.2MB.events", "max 6");

        void Put(string file, string text) => fake.Put($"{C}/{name}/{file}", text + "\n");
    }
}
