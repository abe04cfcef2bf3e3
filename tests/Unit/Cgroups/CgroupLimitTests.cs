using System;
using System.Collections.Generic;
using System.Linq;
using Isolation.Cgroups;
using Isolation.Interop;
using Xunit;

namespace Isolation.Tests.Cgroups;

/// <summary>Limits set and read on hosts of every kind: which files get which values in which order, and what is left after a refusal.</summary>
public sealed class CgroupLimitTests
{
    private const string C = "/sys/fs/cgroup";

    private static readonly CgroupLimitRequest s_all = new()
    {
        MemoryMax = new LimitValue<long>(256 << 20),
        CpuMax = new LimitValue<double>(1.5),
        CpuWeight = 200,
        PidsMax = new LimitValue<long>(64),
        CpuSet = Cpus("0-1"),
    };

    [Fact]
    public void Version_2_gets_its_files()
    {
        using FakeHost fake = new(FakeHost.V2Mounts);
        Cgroup.ForSet(fake.Read(), "web").SetLimits(s_all);
        Assert.Equal(
            [
                $"{C}/cgroup.subtree_control=+memory +cpu +pids +cpuset",
                $"{C}/isolation/cgroup.subtree_control=+memory +cpu +pids +cpuset",
                $"{C}/isolation/web/memory.max=268435456",
                $"{C}/isolation/web/cpu.max=150000 100000",
                $"{C}/isolation/web/cpu.weight=200",
                $"{C}/isolation/web/pids.max=64",
                $"{C}/isolation/web/cpuset.cpus=0-1",
            ],
            fake.Writes);
    }

    [Fact]
    public void Version_1_gets_its_files()
    {
        using FakeHost fake = new(FakeHost.V1Mounts);
        Cgroup.ForSet(fake.Read(), "web").SetLimits(s_all);
        Assert.Equal(
            [
                $"{C}/cpuset/isolation/cpuset.cpus=0-3",
                $"{C}/cpuset/isolation/cpuset.mems=0",
                $"{C}/cpuset/isolation/web/cpuset.cpus=0-3",
                $"{C}/cpuset/isolation/web/cpuset.mems=0",
                $"{C}/memory/isolation/web/memory.limit_in_bytes=268435456",
                $"{C}/cpu,cpuacct/isolation/web/cpu.cfs_quota_us=150000",
                $"{C}/cpu,cpuacct/isolation/web/cpu.shares=2451",
                $"{C}/pids/isolation/web/pids.max=64",
                $"{C}/cpuset/isolation/web/cpuset.cpus=0-1",
            ],
            fake.Writes);
        Assert.False(fake.Has($"{C}/freezer/isolation"));
        Assert.False(fake.Has($"{C}/systemd/isolation"));
    }

    [Fact]
    public void A_hybrid_host_gets_each_limit_where_its_controller_lives()
    {
        using FakeHost fake = new(FakeHost.HybridMounts, unified: "cpu pids");
        Cgroup.ForSet(fake.Read(), "web").SetLimits(s_all);
        Assert.Contains($"{C}/memory/isolation/web/memory.limit_in_bytes=268435456", fake.Writes);
        Assert.Contains($"{C}/unified/isolation/web/cpu.max=150000 100000", fake.Writes);
        Assert.Contains($"{C}/unified/isolation/web/pids.max=64", fake.Writes);
        Assert.Contains($"{C}/cpuset/isolation/web/cpuset.cpus=0-1", fake.Writes);
        Assert.Contains($"{C}/unified/cgroup.subtree_control=+cpu +pids", fake.Writes);
    }

    [Theory]
    [InlineData(FakeHost.V1Mounts)]
    [InlineData(FakeHost.V2Mounts)]
    public void What_was_set_reads_back(string mounts)
    {
        using FakeHost fake = new(mounts);
        Cgroup cgroup = Cgroup.ForSet(fake.Read(), "web");
        cgroup.SetLimits(s_all);
        CgroupLimit limit = cgroup.GetLimits();
        Assert.Equal("web", limit.Namespace);
        Assert.Equal("/isolation/web", limit.Cgroup);
        Assert.Equal(256 << 20, limit.MemoryMax);
        Assert.Equal(1.5, limit.CpuMax);
        Assert.Equal(200, limit.CpuWeight);
        Assert.Equal(64, limit.PidsMax);
        Assert.Equal("0-1", limit.CpuSet);
    }

    [Theory]
    [InlineData(FakeHost.V1Mounts, "0-3")]
    [InlineData(FakeHost.V2Mounts, null)]
    public void Limits_are_taken_away_with_max(string mounts, string? cpus)
    {
        using FakeHost fake = new(mounts);
        Cgroup cgroup = Cgroup.ForSet(fake.Read(), "web");
        cgroup.SetLimits(s_all);
        cgroup.SetLimits(new CgroupLimitRequest
        {
            MemoryMax = LimitValue<long>.Unlimited,
            CpuMax = LimitValue<double>.Unlimited,
            PidsMax = LimitValue<long>.Unlimited,
            CpuSet = CpuList.Empty,
        });
        CgroupLimit limit = cgroup.GetLimits();
        Assert.Null(limit.MemoryMax);
        Assert.Null(limit.CpuMax);
        Assert.Null(limit.PidsMax);
        Assert.Equal(cpus, limit.CpuSet);
    }

    [Theory]
    [InlineData(FakeHost.V1Mounts)]
    [InlineData(FakeHost.V2Mounts)]
    public void A_set_without_a_cgroup_has_no_limits_and_reading_makes_none(string mounts)
    {
        using FakeHost fake = new(mounts);
        CgroupLimit limit = Cgroup.ForSet(fake.Read(), "web").GetLimits();
        Assert.Null(limit.MemoryMax);
        Assert.Null(limit.EffectiveMemoryMax);
        Assert.Null(limit.CpuWeight);
        Assert.Equal("0-3", limit.EffectiveCpuSet);
        Assert.Empty(limit.Path);
        Assert.Equal(CgroupVersion.None, limit.Version);
        Assert.Empty(fake.Writes);
    }

    [Theory]
    [InlineData(FakeHost.V1Mounts)]
    [InlineData(FakeHost.V2Mounts)]
    public void The_tightest_limit_above_is_in_force(string mounts)
    {
        using FakeHost fake = new(mounts);
        CgroupHost host = fake.Read();
        Cgroup web = Cgroup.ForSet(host, "web");
        web.SetLimits(new CgroupLimitRequest { MemoryMax = new LimitValue<long>(8 << 20), CpuMax = new LimitValue<double>(1), PidsMax = new LimitValue<long>(50) });
        Cgroup.ForPath(host, "/isolation").SetLimits(
            new CgroupLimitRequest { MemoryMax = new LimitValue<long>(4 << 20), CpuMax = new LimitValue<double>(2), PidsMax = new LimitValue<long>(10) });
        CgroupLimit limit = web.GetLimits();
        Assert.Equal(8 << 20, limit.MemoryMax);
        Assert.Equal(4 << 20, limit.EffectiveMemoryMax);
        Assert.Equal(1, limit.CpuMax);
        Assert.Equal(1, limit.EffectiveCpuMax);
        Assert.Equal(50, limit.PidsMax);
        Assert.Equal(10, limit.EffectivePidsMax);
    }

    [Fact]
    public void A_weight_comes_from_the_nearest_cgroup_that_has_one()
    {
        using FakeHost fake = new(FakeHost.V2Mounts);
        CgroupHost host = fake.Read();
        Cgroup.ForSet(host, "web").SetLimits(new CgroupLimitRequest { CpuWeight = 300 });
        fake.MakeCgroup($"{C}/isolation/web/inner");
        CgroupLimit limit = Cgroup.ForPath(host, "/isolation/web/inner").GetLimits();
        Assert.Null(limit.CpuWeight);
        Assert.Equal(300, limit.EffectiveCpuWeight);
    }

    [Theory]
    [InlineData(100, 150, 200, "memory.memsw.limit_in_bytes=250,memory.limit_in_bytes=200")] // rises: the sum first
    [InlineData(100, 150, 50, "memory.limit_in_bytes=50,memory.memsw.limit_in_bytes=100")] // falls: the sum last
    [InlineData(100, 100, 300, "memory.memsw.limit_in_bytes=300,memory.limit_in_bytes=300")] // no swap allowed: none after it either
    [InlineData(100, 150, null, "memory.memsw.limit_in_bytes=-1,memory.limit_in_bytes=-1")]
    [InlineData(100, null, 200, "memory.limit_in_bytes=200")] // swap without a limit stays so
    [InlineData(null, null, 200, "memory.limit_in_bytes=200")]
    public void Memory_and_swap_of_version_1_move_in_the_order_the_kernel_takes(int? limit, int? sum, int? target, string writes)
    {
        using FakeHost fake = new(FakeHost.V1Mounts);
        CgroupHost host = fake.Read();
        Cgroup cgroup = Cgroup.ForSet(host, "web");
        cgroup.EnsureCreated(["memory"]);
        const string Unlimited = "9223372036854771712";
        fake.Put($"{C}/memory/isolation/web/memory.limit_in_bytes", limit?.ToString() ?? Unlimited);
        fake.Put($"{C}/memory/isolation/web/memory.memsw.limit_in_bytes", sum?.ToString() ?? Unlimited);

        // What the kernel would say: the sum is never below the limit.
        fake.OnWrite = (path, value) =>
        {
            long Now(string file) => CgroupConversion.ParseNumber(fake.Get($"{C}/memory/isolation/web/{file}"))!.Value;
            long number = value == "-1" ? long.MaxValue : long.Parse(value);
            return path.EndsWith("memory.memsw.limit_in_bytes", StringComparison.Ordinal) ? number < Now("memory.limit_in_bytes") ? Errno.EINVAL : Errno.None
                : path.EndsWith("memory.limit_in_bytes", StringComparison.Ordinal) && number > Now("memory.memsw.limit_in_bytes") && number != long.MaxValue ? Errno.EINVAL
                : Errno.None;
        };
        fake.Writes.Clear();
        cgroup.SetLimits(new CgroupLimitRequest { MemoryMax = new LimitValue<long>(target) });
        Assert.Equal(writes.Split(',').Select(write => $"{C}/memory/isolation/web/{write}"), fake.Writes);
    }

    [Theory]
    [InlineData(-1, 100000, 0.5, "cpu.cfs_quota_us=50000")]
    [InlineData(-1, 50000, 0.5, "cpu.cfs_period_us=100000,cpu.cfs_quota_us=50000")] // without a quota the period has no effect
    [InlineData(25000, 50000, 1.5, "cpu.cfs_quota_us=75000")] // another's period is kept: one write, no third state
    [InlineData(25000, 50000, 0.01, "cpu.cfs_period_us=100000,cpu.cfs_quota_us=1000")] // below the least quota of that period; 0.25 lies between
    [InlineData(25000, 50000, null, "cpu.cfs_quota_us=-1")]
    [InlineData(50000, 100000, 0.25, "cpu.cfs_quota_us=25000")]
    public void Quota_and_period_of_version_1_pass_through_no_third_limit(long quota, long period, double? target, string writes)
    {
        using FakeHost fake = new(FakeHost.V1Mounts);
        CgroupHost host = fake.Read();
        Cgroup cgroup = Cgroup.ForSet(host, "web");
        cgroup.EnsureCreated(["cpu"]);
        string folder = $"{C}/cpu,cpuacct/isolation/web";
        fake.Put($"{folder}/cpu.cfs_quota_us", quota.ToString());
        fake.Put($"{folder}/cpu.cfs_period_us", period.ToString());
        double? former = CgroupConversion.Cores(quota, period);
        fake.Writes.Clear();
        List<double?> states = [];
        fake.OnWrite = (_, _) =>
        {
            states.Add(CgroupConversion.Cores(CgroupConversion.ParseNumber(fake.Get($"{folder}/cpu.cfs_quota_us"))!.Value, CgroupConversion.ParseNumber(fake.Get($"{folder}/cpu.cfs_period_us"))!.Value));
            return Errno.None;
        };
        cgroup.SetLimits(new CgroupLimitRequest { CpuMax = new LimitValue<double>(target) });
        Assert.Equal(writes.Split(',').Select(write => $"{folder}/{write}"), fake.Writes);
        Assert.Equal(target, cgroup.GetLimits().CpuMax);
        double low = Math.Min(former ?? double.MaxValue, target ?? double.MaxValue);
        double high = Math.Max(former ?? double.MaxValue, target ?? double.MaxValue);
        Assert.All(states, state => Assert.InRange(state ?? double.MaxValue, low, high));
    }

    [Theory]
    [InlineData(FakeHost.V1Mounts, "memory.limit_in_bytes")]
    [InlineData(FakeHost.V1Mounts, "cpu.cfs_quota_us")]
    [InlineData(FakeHost.V1Mounts, "cpu.shares")]
    [InlineData(FakeHost.V1Mounts, "pids.max")]
    [InlineData(FakeHost.V1Mounts, "cpuset.cpus")]
    [InlineData(FakeHost.V2Mounts, "memory.max")]
    [InlineData(FakeHost.V2Mounts, "cpu.max")]
    [InlineData(FakeHost.V2Mounts, "cpu.weight")]
    [InlineData(FakeHost.V2Mounts, "pids.max")]
    [InlineData(FakeHost.V2Mounts, "cpuset.cpus")]
    public void All_is_restored_when_one_write_is_refused(string mounts, string refused)
    {
        using FakeHost fake = new(mounts);
        CgroupHost host = fake.Read();
        Cgroup cgroup = Cgroup.ForSet(host, "web");
        cgroup.SetLimits(new CgroupLimitRequest
        {
            MemoryMax = new LimitValue<long>(1 << 20),
            CpuMax = new LimitValue<double>(0.5),
            CpuWeight = 50,
            PidsMax = new LimitValue<long>(5),
            CpuSet = Cpus("3"),
        });
        CgroupLimit before = cgroup.GetLimits();
        fake.OnWrite = (path, _) => path.EndsWith("/" + refused, StringComparison.Ordinal) ? Errno.EIO : Errno.None;
        IsolationException exception = Assert.Throws<IsolationException>(() => cgroup.SetLimits(s_all));
        Assert.Equal("CgroupLimitFailed", exception.ErrorId);
        Assert.Contains(refused, exception.Message, StringComparison.Ordinal);
        CgroupLimit after = cgroup.GetLimits();
        Assert.Equal(
            (before.MemoryMax, before.CpuMax, before.CpuWeight, before.PidsMax, before.CpuSet),
            (after.MemoryMax, after.CpuMax, after.CpuWeight, after.PidsMax, after.CpuSet));
    }

    [Theory]
    [InlineData(FakeHost.V1Mounts)]
    [InlineData(FakeHost.V2Mounts)]
    public void A_cgroup_that_was_made_for_refused_limits_is_removed_again(string mounts)
    {
        using FakeHost fake = new(mounts);
        CgroupHost host = fake.Read();
        fake.OnWrite = (path, _) => path.EndsWith("/web/cpuset.cpus", StringComparison.Ordinal) && fake.Writes.Any(write => write.Contains("pids.max", StringComparison.Ordinal)) ? Errno.EIO : Errno.None;
        Assert.Throws<IsolationException>(() => Cgroup.ForSet(host, "web").SetLimits(s_all));
        Assert.False(Cgroup.ForSet(host, "web").Exists);
        Assert.All(host.Hierarchies, hierarchy => Assert.Empty(fake.Subdirectories(hierarchy.MountPoint)));
    }

    [Fact]
    public void Values_that_cannot_be_restored_are_named()
    {
        using FakeHost fake = new(FakeHost.V2Mounts);
        CgroupHost host = fake.Read();
        Cgroup cgroup = Cgroup.ForSet(host, "web");
        cgroup.SetLimits(s_all);
        fake.OnWrite = (path, value) =>
            path.EndsWith("pids.max", StringComparison.Ordinal) || (path.EndsWith("memory.max", StringComparison.Ordinal) && value == "268435456") ? Errno.EIO : Errno.None;
        IsolationException exception = Assert.Throws<IsolationException>(
            () => cgroup.SetLimits(new CgroupLimitRequest { MemoryMax = new LimitValue<long>(1 << 20), PidsMax = new LimitValue<long>(1) }));
        Assert.Contains("could not be restored", exception.Message, StringComparison.Ordinal);
        Assert.Contains("memory.max (EIO)", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Members_come_into_a_cgroup_that_is_made_and_only_then()
    {
        using FakeHost fake = new(FakeHost.V1Mounts);
        CgroupHost host = fake.Read();
        fake.PutProcess(7, "4:memory:/", "3:pids:/");
        fake.PutProcess(8, "4:memory:/isolation/web", "3:pids:/");
        Cgroup cgroup = Cgroup.ForSet(host, "web");
        int asked = 0;
        int[] Members() => asked++ == 0 ? [7] : [7, 8, 999];
        cgroup.SetLimits(new CgroupLimitRequest { MemoryMax = new LimitValue<long>(1 << 20) }, Members);
        Assert.Equal("7\n", fake.Get($"{C}/memory/isolation/web/cgroup.procs")); // 8 is there already, 999 has ended
        Assert.Equal(3, asked);
        Assert.True(fake.Writes.FindIndex(write => write.Contains("limit_in_bytes", StringComparison.Ordinal)) < fake.Writes.FindIndex(write => write.Contains("cgroup.procs", StringComparison.Ordinal)));

        cgroup.SetLimits(new CgroupLimitRequest { MemoryMax = new LimitValue<long>(2 << 20) }, Members);
        Assert.Equal(3, asked);
    }

    [Fact]
    public void Members_go_back_when_one_cannot_be_moved()
    {
        using FakeHost fake = new(FakeHost.V1Mounts);
        CgroupHost host = fake.Read();
        fake.MakeCgroup($"{C}/memory/old");
        fake.PutProcess(7, "4:memory:/old");
        fake.PutProcess(8, "4:memory:/old");
        fake.OnWrite = (path, value) => path.EndsWith("/web/cgroup.procs", StringComparison.Ordinal) && value == "8" ? Errno.EPERM : Errno.None;
        IsolationException exception = Assert.Throws<IsolationException>(
            () => Cgroup.ForSet(host, "web").SetLimits(new CgroupLimitRequest { MemoryMax = new LimitValue<long>(1 << 20) }, () => [7, 8]));
        Assert.Equal("CgroupNotDelegated", exception.ErrorId);
        Assert.Contains("process 8 sleeper", exception.Message, StringComparison.Ordinal);
        Assert.Equal("7\n", fake.Get($"{C}/memory/old/cgroup.procs"));
        Assert.False(fake.Has($"{C}/memory/isolation"));
    }

    [Fact]
    public void One_folder_means_one_hierarchy()
    {
        using FakeHost fake = new(FakeHost.V1Mounts);
        CgroupHost host = fake.Read();
        fake.MakeCgroup($"{C}/memory/x");
        Cgroup cgroup = Cgroup.ForPath(host, $"{fake.Root}{C}/memory/x");
        cgroup.SetLimits(new CgroupLimitRequest { MemoryMax = new LimitValue<long>(1 << 20) });
        Assert.Equal("1048576", fake.Get($"{C}/memory/x/memory.limit_in_bytes"));
        IsolationException exception = Assert.Throws<IsolationException>(() => cgroup.SetLimits(new CgroupLimitRequest { PidsMax = new LimitValue<long>(1) }));
        Assert.Equal("CgroupControllerMissing", exception.ErrorId);
        Assert.Contains("/sys/fs/cgroup/pids", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Anothers_cgroup_is_limited_where_it_is_and_never_made()
    {
        using FakeHost fake = new(FakeHost.V1Mounts);
        CgroupHost host = fake.Read();
        fake.MakeCgroup($"{C}/memory/x");
        IsolationException exception = Assert.Throws<IsolationException>(() => Cgroup.ForPath(host, "/x").SetLimits(new CgroupLimitRequest { PidsMax = new LimitValue<long>(1) }));
        Assert.Equal("CgroupNotFound", exception.ErrorId);
        Assert.Contains("New-Cgroup ", exception.Message, StringComparison.Ordinal);
        Assert.False(fake.Has($"{C}/pids/x"));
        Assert.Empty(fake.Writes);
    }

    [Fact]
    public void A_controller_that_is_not_on_for_anothers_cgroup_is_named_with_the_place()
    {
        using FakeHost fake = new(FakeHost.V2Mounts);
        CgroupHost host = fake.Read();
        fake.Put($"{C}/cgroup.subtree_control", "memory");
        fake.MakeCgroup($"{C}/a");
        fake.MakeCgroup($"{C}/a/b");
        IsolationException exception = Assert.Throws<IsolationException>(() => Cgroup.ForPath(host, "/a/b").SetLimits(new CgroupLimitRequest { MemoryMax = new LimitValue<long>(1 << 20) }));
        Assert.Equal("CgroupControllerNotEnabled", exception.ErrorId);
        Assert.Contains($"{C}/a/cgroup.subtree_control", exception.Message, StringComparison.Ordinal);
        Assert.EndsWith("Enable-CgroupController /a -Controller memory", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_root_takes_no_limits()
    {
        using FakeHost fake = new(FakeHost.V1Mounts);
        fake.PutProcess(7, "4:memory:/", "3:pids:/");
        IsolationException exception = Assert.Throws<IsolationException>(
            () => Cgroup.ForProcess(fake.Read(), 7).SetLimits(new CgroupLimitRequest { MemoryMax = new LimitValue<long>(1 << 20) }));
        Assert.Contains("root of the memory hierarchy", exception.Message, StringComparison.Ordinal);
        Assert.Empty(fake.Writes);
    }

    [Theory]
    [InlineData(FakeHost.V1Mounts, "memory.limit_in_bytes", Errno.EBUSY, "CgroupBusy", "use 4096 bytes")]
    [InlineData(FakeHost.V1Mounts, "memory.limit_in_bytes", Errno.EINVAL, "CgroupLimitFailed", "memory and swap")]
    [InlineData(FakeHost.V1Mounts, "cpu.cfs_quota_us", Errno.EINVAL, "CgroupLimitFailed", "-1 of 100000 µs")]
    [InlineData(FakeHost.V1Mounts, "pids.max", Errno.EACCES, "CgroupNotDelegated", "Run as root")]
    [InlineData(FakeHost.V1Mounts, "pids.max", Errno.EROFS, "CgroupLimitFailed", "read-only")]
    [InlineData(FakeHost.V2Mounts, "memory.max", Errno.EINVAL, "CgroupLimitInvalid", "bytes or max")]
    [InlineData(FakeHost.V2Mounts, "cpu.weight", Errno.ERANGE, "CgroupLimitInvalid", "1 to 10000")]
    [InlineData(FakeHost.V2Mounts, "pids.max", Errno.EINVAL, "CgroupLimitInvalid", "4194304")]
    [InlineData(FakeHost.V2Mounts, "memory.max", Errno.EOPNOTSUPP, "CgroupLimitFailed", "'domain'")]
    [InlineData(FakeHost.V2Mounts, "cpuset.cpus", Errno.EBUSY, "CgroupBusy", "other processors")]
    public void The_kernels_refusal_is_explained(string mounts, string file, Errno error, string errorId, string words)
    {
        using FakeHost fake = new(mounts);
        CgroupHost host = fake.Read();
        Cgroup cgroup = Cgroup.ForSet(host, "web");
        cgroup.EnsureCreated(CgroupControllers.OfLimits);
        fake.OnWrite = (path, _) => path.EndsWith("/" + file, StringComparison.Ordinal) ? error : Errno.None;
        IsolationException exception = Assert.Throws<IsolationException>(() => cgroup.SetLimits(s_all));
        Assert.Equal(errorId, exception.ErrorId);
        Assert.Contains(words, exception.Message, StringComparison.Ordinal);
        Assert.Contains("/isolation/web", exception.Message, StringComparison.Ordinal);
    }

    private static CpuList Cpus(string text) => CpuList.TryParse(text, out CpuList? list) ? list! : throw new FormatException(text);
}
