using System;
using System.Collections.Generic;
using System.Linq;
using Isolation.Cgroups;
using Isolation.Interop;
using Xunit;

namespace Isolation.Tests.Cgroups;

/// <summary>Each limit on hosts of both versions: the files that it is written to, what is read back, what a version does not have, and what is restored.</summary>
public sealed class CgroupWritePlanTests
{
    private const string C = "/sys/fs/cgroup";

    private const string FirstMounts = FakeHost.V1Mounts + """

        38 28 0:35 / /sys/fs/cgroup/blkio rw - cgroup cgroup rw,blkio
        39 28 0:36 / /sys/fs/cgroup/hugetlb rw - cgroup cgroup rw,hugetlb
        41 28 0:38 / /sys/fs/cgroup/devices rw - cgroup cgroup rw,devices
        40 28 0:37 / /sys/fs/cgroup/net_cls,net_prio rw - cgroup cgroup rw,net_cls,net_prio
        """;

    private static readonly string[] s_controllers = ["cpuset", "cpu", "io", "memory", "hugetlb", "pids", "rdma", "misc", "net_cls", "net_prio"];

    private static readonly Case[] s_cases =
    [
        new("MemoryMin", new() { MemoryMin = Limit(1 << 20) }, null, "memory.min=1048576"),
        new("MemoryLow", new() { MemoryLow = Limit(1 << 20) }, "memory/memory.soft_limit_in_bytes=1048576", "memory.low=1048576"),
        new("MemoryLow none", new() { MemoryLow = LimitValue<long>.Unlimited }, "memory/memory.soft_limit_in_bytes=-1", "memory.low=max"),
        new("MemoryHigh", new() { MemoryHigh = Limit(1 << 20) }, null, "memory.high=1048576"),
        new("MemoryMax", new() { MemoryMax = Limit(1 << 20) }, "memory/memory.limit_in_bytes=1048576", "memory.max=1048576"),
        new("MemorySwapMax alone", new() { MemorySwapMax = Limit(1 << 20) }, null, "memory.swap.max=1048576"),
        new(
            "Memory and swap",
            new() { MemoryMax = Limit(4 << 20), MemorySwapMax = Limit(1 << 20) },
            "memory/memory.limit_in_bytes=4194304 memory/memory.memsw.limit_in_bytes=5242880",
            "memory.max=4194304 memory.swap.max=1048576"),
        new("No swap", new() { MemoryMax = Limit(4 << 20), MemorySwapMax = Limit(0) }, "memory/memory.limit_in_bytes=4194304 memory/memory.memsw.limit_in_bytes=4194304", "memory.max=4194304 memory.swap.max=0"),
        new("MemoryZSwapMax", new() { MemoryZSwapMax = Limit(1 << 20) }, null, "memory.zswap.max=1048576"),
        new("MemoryZSwapWriteback", new() { MemoryZSwapWriteback = false }, null, "memory.zswap.writeback=0"),
        new("MemoryOomGroup", new() { MemoryOomGroup = true }, null, "memory.oom.group=1"),
        new("MemoryOomKill", new() { MemoryOomKill = false }, "memory/memory.oom_control=1", null),
        new("MemorySwappiness", new() { MemorySwappiness = 10 }, "memory/memory.swappiness=10", null),
        new("CpuPeriod", new() { CpuMax = new LimitValue<double>(0.5), CpuPeriod = 20_000 }, "cpu,cpuacct/cpu.cfs_period_us=20000 cpu,cpuacct/cpu.cfs_quota_us=10000", "cpu.max=10000 20000"),
        new("CpuPeriod alone", new() { CpuPeriod = 20_000 }, "cpu,cpuacct/cpu.cfs_quota_us=-1 cpu,cpuacct/cpu.cfs_period_us=20000", "cpu.max=max 20000"),
        new(
            "CpuBurst rises",
            new() { CpuMax = new LimitValue<double>(1), CpuBurst = 50_000 },
            "cpu,cpuacct/cpu.cfs_quota_us=100000 cpu,cpuacct/cpu.cfs_burst_us=50000",
            "cpu.max=100000 100000 cpu.max.burst=50000"),
        new("CpuShares", new() { CpuShares = 512 }, "cpu,cpuacct/cpu.shares=512", "cpu.weight=59"),
        new("CpuIdle", new() { CpuIdle = true }, "cpu,cpuacct/cpu.idle=1", "cpu.idle=1"),
        new("A weight where it was idle", new() { CpuIdle = false, CpuWeight = 50 }, "cpu,cpuacct/cpu.idle=0 cpu,cpuacct/cpu.shares=421", "cpu.idle=0 cpu.weight=50"),
        new("CpuUtilization", new() { CpuUtilizationMin = new LimitValue<double>(12.5), CpuUtilizationMax = LimitValue<double>.Unlimited }, null, "cpu.uclamp.min=12.5 cpu.uclamp.max=max"),
        new("Real time", new() { CpuRealtimeRuntime = 10_000, CpuRealtimePeriod = 500_000 }, "cpu,cpuacct/cpu.rt_period_us=500000 cpu,cpuacct/cpu.rt_runtime_us=10000", null),
        new("MemoryNode", new() { MemoryNode = Cpus("0") }, "cpuset/cpuset.mems=0", "cpuset.mems=0"),
        new("A partition is made of its processors", new() { CpuSet = Cpus("2-3"), CpuSetPartition = CpuSetPartition.Root }, null, "cpuset.cpus=2-3 cpuset.cpus.partition=root"),
        new("A partition is given up before", new() { CpuSet = Cpus("1"), CpuSetPartition = CpuSetPartition.Member }, null, "cpuset.cpus.partition=member cpuset.cpus=1"),
        new(
            "Rates",
            new() { IoRate = [new("IoReadBytesMax", "8:0", Limit(1024)), new("IoWriteOperationsMax", "8:0", Limit(10)), new("IoWriteBytesMax", "8:16", LimitValue<long>.Unlimited)] },
            "blkio/blkio.throttle.read_bps_device=8:0 1024 blkio/blkio.throttle.write_iops_device=8:0 10 blkio/blkio.throttle.write_bps_device=8:16 0",
            "io.max=8:0 rbps=1024 io.max=8:0 wiops=10 io.max=8:16 wbps=max"),
        new("IoWeight", new() { IoWeight = 1000 }, "blkio/blkio.bfq.weight=181", "io.weight=default 1000"),
        new("BlkioWeight", new() { BlkioWeight = 500 }, "blkio/blkio.bfq.weight=500", "io.weight=default 4950"),
        new("IoDeviceWeight", new() { IoDeviceWeight = [new("IoDeviceWeight", "8:0", Limit(10000))] }, "blkio/blkio.bfq.weight_device=8:0 1000", "io.weight=8:0 10000"),
        new("IoLatencyTarget", new() { IoLatency = [new("IoLatencyTarget", "8:0", Limit(5000))] }, null, "io.latency=8:0 target=5000"),
        new("HugePageMax", new() { HugePages = [new("HugePageMax", "2MB", Limit(4 << 20)), new("HugePageReservationMax", "2MB", Limit(8 << 20))] }, "hugetlb/hugetlb.2MB.limit_in_bytes=4194304 hugetlb/hugetlb.2MB.rsvd.limit_in_bytes=8388608", "hugetlb.2MB.max=4194304 hugetlb.2MB.rsvd.max=8388608"),
        new("IoWeight as it is by default", new() { IoWeight = 100 }, "blkio/blkio.bfq.weight=100", "io.weight=default 100"),
        new("RdmaMax", new() { Rdma = [new("mlx4_0", "hca_handle=2 hca_object=2000")] }, null, "rdma.max=mlx4_0 hca_handle=2 hca_object=2000"),
        new("MiscMax", new() { Misc = [new("MiscMax", "sev", Limit(3))] }, null, "misc.max=sev 3"),
        new("NetworkClass", new() { NetworkClass = 0x100001 }, "net_cls,net_prio/net_cls.classid=1048577", null),
        new("NetworkPriority", new() { NetworkPriority = [new("NetworkPriority", "eth0", Limit(5))] }, "net_cls,net_prio/net_prio.ifpriomap=eth0 5", null),
        new("Unified", new() { Unified = [new("memory.high", "1M"), new("cgroup.max.depth", "3")] }, null, "memory.high=1M cgroup.max.depth=3"),
    ];

    public static TheoryData<string> Names => [.. s_cases.Select(one => one.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Version_1_gets_its_files(string name) => Check(name, FirstMounts, one => one.First);

    [Theory]
    [MemberData(nameof(Names))]
    public void Version_2_gets_its_files(string name) => Check(name, FakeHost.V2Mounts, one => one.Second);

    [Theory]
    [MemberData(nameof(Names))]
    public void What_was_written_is_restored_after_a_refusal(string name)
    {
        Case one = s_cases.Single(one => one.Name == name);
        foreach ((string mounts, string? writes) in new[] { (FirstMounts, one.First), (FakeHost.V2Mounts, one.Second) })
        {
            if (writes is null)
            {
                continue;
            }

            using FakeHost fake = New(mounts);
            Cgroup cgroup = Make(fake);
            Dictionary<string, string> before = Files(fake, cgroup);
            int left = writes.Split(' ').Count(word => word.Contains('=', StringComparison.Ordinal) && word.Contains('.', StringComparison.Ordinal));
            fake.OnWrite = (_, _) => left-- == 1 ? Errno.EIO : Errno.None;
            Assert.Throws<IsolationException>(() => cgroup.SetLimits(one.Request));
            foreach ((string file, string text) in Files(fake, cgroup))
            {
                // Of a file of lines the fake keeps the last, which says what was before.
                if (text != before[file])
                {
                    string[] words = text.Split(' ');
                    Assert.True(words.Length > 1 && (words[1] is "0" or "max" or "default" || words[1].EndsWith("=max", StringComparison.Ordinal) || words[1].EndsWith("=0", StringComparison.Ordinal) || before[file].Contains(text, StringComparison.Ordinal)), $"{file}: {before[file]} became {text}");
                }
            }
        }
    }

    [Fact]
    public void A_list_of_devices_of_version_1_begins_with_none_and_comes_back_after_a_refusal()
    {
        using FakeHost fake = New(FirstMounts);
        Cgroup cgroup = Make(fake);
        cgroup.SetLimits(new() { Devices = [Rule("c 1:3 rw"), Rule("b *:* m")] });
        const string Folder = C + "/devices/isolation/web";
        Assert.Equal([$"{Folder}/devices.deny=a", $"{Folder}/devices.allow=c 1:3 rw", $"{Folder}/devices.allow=b *:* m"], fake.Writes);

        fake.Put(Folder + "/devices.list", "c 1:3 rw\nb *:* m\n");
        fake.Writes.Clear();
        fake.OnWrite = (_, value) => value == "c 1:5 r" ? Errno.EPERM : Errno.None;
        IsolationException refusal = Assert.Throws<IsolationException>(() => cgroup.SetLimits(new() { Devices = [Rule("c 1:5 r")] }));
        Assert.Contains("the cgroup above allows less", refusal.Message, StringComparison.Ordinal);
        Assert.Equal([$"{Folder}/devices.deny=a", $"{Folder}/devices.deny=a", $"{Folder}/devices.allow=c 1:3 rw", $"{Folder}/devices.allow=b *:* m"], fake.Writes);
    }

    [Fact]
    public void A_list_of_devices_of_version_2_is_a_program_and_goes_with_all_of_the_call()
    {
        using FakeHost fake = New(FakeHost.V2Mounts);
        Cgroup cgroup = Make(fake);
        cgroup.SetLimits(new() { Devices = [DeviceRule.Everything] });
        cgroup.SetLimits(new() { Devices = [Rule("c 1:3 rw"), Rule("c 1:5 r")] });
        Assert.Equal([$"{C}/isolation/web/devices=all", $"{C}/isolation/web/devices=c 1:3 rw, c 1:5 r"], fake.Writes);
        Assert.Null(cgroup.GetLimits().DeviceAllow);
    }

    [Fact]
    public void A_burst_that_falls_goes_before_the_quota()
    {
        using FakeHost fake = New(FakeHost.V2Mounts);
        Cgroup cgroup = Make(fake);
        cgroup.SetLimits(new() { CpuMax = new LimitValue<double>(1), CpuBurst = 50_000 });
        fake.Writes.Clear();
        cgroup.SetLimits(new() { CpuMax = new LimitValue<double>(0.1), CpuBurst = 1_000 });
        Assert.Equal([$"{C}/isolation/web/cpu.max.burst=1000", $"{C}/isolation/web/cpu.max=10000 100000"], fake.Writes);
    }

    [Theory]
    [InlineData(20_000, "cpu.cfs_quota_us=10000,cpu.cfs_period_us=20000")] // shorter: the quota first
    [InlineData(200_000, "cpu.cfs_period_us=200000,cpu.cfs_quota_us=100000")] // longer: the period first
    public void Between_two_periods_of_version_1_lies_the_tighter_limit(long period, string writes)
    {
        using FakeHost fake = New(FirstMounts);
        Cgroup cgroup = Make(fake);
        cgroup.SetLimits(new() { CpuMax = new LimitValue<double>(0.5) });
        fake.Writes.Clear();
        cgroup.SetLimits(new() { CpuPeriod = period });
        Assert.Equal(writes.Split(',').Select(write => $"{C}/cpu,cpuacct/isolation/web/{write}"), fake.Writes);
        Assert.Equal(0.5, cgroup.GetLimits().CpuMax);
    }

    [Fact]
    public void A_partition_that_the_kernel_calls_invalid_is_refused_and_given_up()
    {
        using FakeHost fake = New(FakeHost.V2Mounts);
        Cgroup cgroup = Make(fake);
        string file = $"{C}/isolation/web/cpuset.cpus.partition";
        fake.OnRead = path =>
        {
            if (path == file && fake.Get(file) == "root")
            {
                fake.Put(file, "root invalid (Cpu list in cpuset.cpus not exclusive)");
            }

            return Errno.None;
        };
        IsolationException exception = Assert.Throws<IsolationException>(() => cgroup.SetLimits(new() { CpuSet = Cpus("0"), CpuSetPartition = CpuSetPartition.Root }));
        Assert.Equal("CgroupLimitFailed", exception.ErrorId);
        Assert.Contains("not exclusive", exception.Message, StringComparison.Ordinal);
        Assert.Equal("member", fake.Get(file));
        Assert.Null(cgroup.GetLimits().CpuSet);
    }

    [Theory]
    [InlineData(FirstMounts)]
    [InlineData(FakeHost.V2Mounts)]
    public void Limits_read_back(string mounts)
    {
        using FakeHost fake = New(mounts);
        Cgroup cgroup = Make(fake);
        cgroup.SetLimits(new()
        {
            MemoryLow = Limit(1 << 20),
            MemoryMax = Limit(4 << 20),
            MemorySwapMax = Limit(2 << 20),
            CpuMax = new LimitValue<double>(0.5),
            CpuPeriod = 20_000,
            CpuBurst = 5_000,
            CpuIdle = false,
            MemoryNode = Cpus("0"),
            IoWeight = 1090,
            HugePages = [new("HugePageMax", "2MB", Limit(4 << 20))],
        });
        CgroupLimit limit = cgroup.GetLimits();
        Assert.Equal((1 << 20, 4 << 20, 2 << 20, 2 << 20), (limit.MemoryLow, limit.MemoryMax, limit.MemorySwapMax, limit.EffectiveMemorySwapMax));
        Assert.Equal((0.5, TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(5), false), (limit.CpuMax, limit.CpuPeriod, limit.CpuBurst, limit.CpuIdle));
        Assert.Equal("0", limit.MemoryNode);
        Assert.Equal(1090, limit.IoWeight);
        HugePageLimit pages = Assert.Single(limit.HugePage);
        Assert.Equal(new HugePageLimit("2MB", 4 << 20, null), pages);
    }

    [Fact]
    public void Rates_of_a_disk_read_back_together()
    {
        using FakeHost fake = New(FakeHost.V2Mounts);
        Cgroup cgroup = Make(fake);
        fake.Put($"{C}/isolation/web/io.max", "8:16 rbps=max wbps=2048 riops=max wiops=5\n8:0 rbps=max wbps=max riops=max wiops=max");
        fake.Put($"{C}/isolation/web/io.latency", "8:16 target=75000");
        fake.Put("/sys/dev/block/8:16/uevent", "MAJOR=8\nMINOR=16\nDEVNAME=sdb\nDEVTYPE=disk\n");
        IoLimit limit = Assert.Single(cgroup.GetLimits().Io);
        Assert.Equal(("8:16", "sdb", null, 2048, null, 5, TimeSpan.FromMilliseconds(75)), (limit.Device, limit.Name, limit.ReadBytesMax, limit.WriteBytesMax, limit.ReadOperationsMax, limit.WriteOperationsMax, limit.LatencyTarget));
        Assert.Equal("sdb wbps=2048 wiops=5 target=75000", limit.ToString());
    }

    [Theory]
    [InlineData("memory")]
    [InlineData("../x.y")]
    [InlineData(".x")]
    [InlineData("memory max.x")]
    [InlineData("cgroup.procs")]
    [InlineData("cgroup.kill")]
    public void Names_that_are_no_file_of_a_limit_are_refused(string file) =>
        Assert.Equal("CgroupLimitInvalid", Assert.Throws<IsolationException>(() => UnifiedWrites.CheckName(file)).ErrorId);

    [Fact]
    public void A_file_that_the_kernel_does_not_have_is_refused()
    {
        using FakeHost fake = New(FakeHost.V2Mounts);
        Cgroup cgroup = Make(fake);
        IsolationException exception = Assert.Throws<IsolationException>(() => cgroup.SetLimits(new() { Unified = [new("memory.nosuch", "1")] }));
        Assert.Equal("CgroupLimitUnsupported", exception.ErrorId);
        Assert.Contains("this kernel has no memory.nosuch", exception.Message, StringComparison.Ordinal);
        exception = Assert.Throws<IsolationException>(() => cgroup.SetLimits(new() { Unified = [new("nosuch.max", "1")] }));
        Assert.Equal("CgroupControllerMissing", exception.ErrorId);
    }

    private static void Check(string name, string mounts, Func<Case, string?> expected)
    {
        Case one = s_cases.Single(one => one.Name == name);
        using FakeHost fake = New(mounts);
        Cgroup cgroup = Make(fake);
        if (expected(one) is not string writes)
        {
            IsolationException exception = Assert.Throws<IsolationException>(() => cgroup.SetLimits(one.Request));
            Assert.True(exception.ErrorId is "CgroupLimitUnsupported" or "CgroupControllerMissing", exception.Message);
            Assert.Empty(fake.Writes);
            return;
        }

        cgroup.SetLimits(one.Request);
        string Path(string folder, string file) => folder.Length == 0 ? $"{C}/isolation/web/{file}" : $"{C}/{folder}/isolation/web/{file}";
        List<string> all = [];
        foreach (string word in writes.Split(' '))
        {
            // A value may have spaces in it.
            int slash = word.IndexOf('/', StringComparison.Ordinal);
            int equals = word.IndexOf('=', StringComparison.Ordinal);
            bool starts = equals > 0 && word[..equals].Contains('.', StringComparison.Ordinal);
            if (starts)
            {
                all.Add(Path(slash > 0 && slash < equals ? word[..slash] : "", slash > 0 && slash < equals ? word[(slash + 1)..] : word));
            }
            else
            {
                all[^1] += " " + word;
            }
        }

        Assert.Equal(all, fake.Writes);
    }

    private static FakeHost New(string mounts) => new(mounts, unified: "cpuset cpu io memory hugetlb pids rdma misc");

    private static Cgroup Make(FakeHost fake)
    {
        CgroupHost host = fake.Read();
        Cgroup cgroup = Cgroup.ForSet(host, "web");
        cgroup.EnsureCreated([.. s_controllers.Where(controller => host.HierarchyOf(controller) is not null)]);
        foreach (CgroupDirectory directory in cgroup.Directories.Where(directory => directory.Hierarchy.Version == CgroupVersion.V2))
        {
            fake.Put(directory.FullPath[fake.Root.Length..] + "/cgroup.max.depth", "max");
        }

        fake.Writes.Clear();
        return cgroup;
    }

    private static Dictionary<string, string> Files(FakeHost fake, Cgroup cgroup) =>
        cgroup.Directories.SelectMany(directory => fake.FileNames(directory.FullPath).Select(name => directory.FullPath + "/" + name)).ToDictionary(path => path, System.IO.File.ReadAllText);

    private static LimitValue<long> Limit(long value) => new(value);

    private static DeviceRule Rule(string text) => DeviceRule.TryParse(text, out DeviceRule? rule) ? rule! : throw new FormatException(text);

    private static CpuList Cpus(string text) => CpuList.TryParse(text, out CpuList? list) ? list! : throw new FormatException(text);

    /// <summary>A request and what it writes: folder of version 1 before the file; null where a version does not have it.</summary>
    private sealed record Case(string Name, CgroupLimitRequest Request, string? First, string? Second);
}
