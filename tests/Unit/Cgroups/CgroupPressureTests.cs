using System.Linq;
using Isolation.Cgroups;
using Isolation.Interop;
using Xunit;

namespace Isolation.Tests.Cgroups;

/// <summary>Pressure where it is measured, and the cause where it is not.</summary>
public sealed class CgroupPressureTests
{
    private const string C = "/sys/fs/cgroup";

    [Fact]
    public void The_root_is_the_host()
    {
        using FakeHost fake = new(FakeHost.V1Mounts);
        fake.Put("/proc/pressure/cpu", "some avg10=1.50 avg60=0.00 avg300=0.00 total=7\n");
        fake.Put("/proc/pressure/irq", "full avg10=2.00 avg60=0.00 avg300=0.00 total=8\n");
        CgroupPressure[] found = [.. Cgroup.ForPath(fake.Read(), "/").GetPressure()];
        Assert.Equal([PressureResource.Cpu, PressureResource.Irq], found.Select(one => one.Resource));
        Assert.Equal((1.5, null), (found[0].SomeAverage10, found[0].FullAverage10));
        Assert.Equal((null, 2.0, 8), (found[1].SomeAverage10, found[1].FullAverage10, found[1].FullTotal!.Value.TotalMicroseconds));
        Assert.Equal(2, Cgroup.ForPath(fake.Read(), "/").GetUsage().Pressure!.Count);
    }

    [Fact]
    public void A_cgroup_has_its_own()
    {
        using FakeHost fake = new(FakeHost.HybridMounts);
        fake.MakeCgroup(C + "/unified/web");
        fake.Put(C + "/unified/web/io.pressure", CgroupCountersTests.Pressure);
        CgroupPressure one = Assert.Single(Cgroup.ForPath(fake.Read(), "/web").GetPressure());
        Assert.Equal(("/web", PressureResource.Io, 40.29), (one.Cgroup, one.Resource, one.SomeAverage10));
    }

    [Theory]
    [InlineData("quiet psi=0", null, "booted with psi=0. Boot it with psi=1")]
    [InlineData("quiet", null, "Try to boot it with psi=1")]
    [InlineData("quiet", "#\nCONFIG_PSI=y\nCONFIG_PSI_DEFAULT_DISABLED=y\n", "CONFIG_PSI_DEFAULT_DISABLED")]
    [InlineData("quiet", "#\n# CONFIG_PSI is not set\n", "built without CONFIG_PSI. Install")]
    public void A_kernel_without_it_is_named(string line, string? config, string cause)
    {
        using FakeHost fake = new(FakeHost.V2Mounts);
        fake.Put("/proc/cmdline", line + "\n");
        fake.Put("/proc/sys/kernel/osrelease", "6.1.0-test\n");
        if (config is not null)
        {
            fake.Put("/boot/config-6.1.0-test", config);
        }

        fake.MakeCgroup(C + "/web");
        foreach (string path in (string[])["/", "/web"])
        {
            IsolationException refusal = Assert.Throws<IsolationException>(() => Cgroup.ForPath(fake.Read(), path).GetPressure());
            Assert.Equal(("PressureUnavailable", ErrorKind.NotSupported), (refusal.ErrorId, refusal.Kind));
            Assert.Contains(cause, refusal.Message, System.StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(FakeHost.V1Mounts, "/memory/web", "none are mounted")]
    [InlineData(FakeHost.HybridMounts, "/memory/web", "in hierarchies of version 1 alone")]
    [InlineData(FakeHost.HybridMounts, "/unified/web", "switched off there. Write 1 to ")]
    public void A_cgroup_without_it_is_told_why(string mounts, string folder, string cause)
    {
        using FakeHost fake = new(mounts);
        fake.Put("/proc/pressure/cpu", "some avg10=1.50 avg60=0.00 avg300=0.00 total=7\n");
        fake.MakeCgroup(C + folder);
        fake.Put($"{C}{folder}/cgroup.pressure", "0\n");
        IsolationException refusal = Assert.Throws<IsolationException>(() => Cgroup.ForPath(fake.Read(), "/web").GetPressure());
        Assert.Equal("PressureUnavailable", refusal.ErrorId);
        Assert.Contains(cause, refusal.Message, System.StringComparison.Ordinal);
    }

    [Fact]
    public void A_process_in_the_root_of_version_2_has_none_of_its_own()
    {
        using FakeHost fake = new(FakeHost.HybridMounts);
        fake.Put("/proc/pressure/cpu", "some avg10=1.50 avg60=0.00 avg300=0.00 total=7\n");
        fake.MakeCgroup(C + "/memory/web");
        fake.PutProcess(7, "2:memory:/web", "0::/");
        Cgroup cgroup = Cgroup.ForProcess(fake.Read(), 7);
        Assert.Equal("/web", cgroup.Path);
        Assert.Throws<IsolationException>(cgroup.GetPressure);
        Assert.Null(cgroup.GetUsage().Pressure);
        Assert.Null(cgroup.GetUsage().CpuTime);
    }
}
