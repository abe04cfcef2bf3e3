using Isolation.Cgroups;
using Xunit;

namespace Isolation.Tests.Cgroups;

public sealed class CgroupConversionTests
{
    // Worked out from the formula with 50 digits, apart from this code.
    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    [InlineData(4, 2)]
    [InlineData(5, 2)]
    [InlineData(6, 3)]
    [InlineData(8, 3)]
    [InlineData(10, 4)]
    [InlineData(16, 5)]
    [InlineData(32, 8)]
    [InlineData(64, 12)]
    [InlineData(102, 17)]
    [InlineData(128, 21)]
    [InlineData(256, 35)]
    [InlineData(512, 59)]
    [InlineData(1023, 100)]
    [InlineData(1024, 100)]
    [InlineData(1025, 101)]
    [InlineData(2048, 174)]
    [InlineData(4096, 303)]
    [InlineData(8192, 532)]
    [InlineData(16384, 942)]
    [InlineData(65536, 3023)]
    [InlineData(131072, 5478)]
    [InlineData(262143, 10000)]
    [InlineData(262144, 10000)]
    [InlineData(999999, 10000)]
    public void Shares_become_a_weight(long shares, int weight) => Assert.Equal(weight, CgroupConversion.SharesToWeight(shares));

    [Theory]
    [InlineData(1, 2)]
    [InlineData(100, 1024)]
    [InlineData(10000, 262144)]
    public void Least_default_and_greatest_weight_become_those_of_shares(int weight, long shares) =>
        Assert.Equal(shares, CgroupConversion.WeightToShares(weight));

    [Fact]
    public void Every_weight_reads_back_as_it_was_set()
    {
        for (int weight = 1; weight <= 10_000; weight++)
        {
            Assert.Equal(weight, CgroupConversion.SharesToWeight(CgroupConversion.WeightToShares(weight)));
        }
    }

    [Fact]
    public void A_greater_weight_never_has_fewer_shares()
    {
        for (int weight = 2; weight <= 10_000; weight++)
        {
            Assert.True(CgroupConversion.WeightToShares(weight) > CgroupConversion.WeightToShares(weight - 1));
        }
    }

    [Theory]
    [InlineData(0.01, 1000)]
    [InlineData(0.5, 50000)]
    [InlineData(1, 100000)]
    [InlineData(1.5, 150000)]
    [InlineData(0.333333, 33333)]
    [InlineData(64, 6400000)]
    public void Processors_become_a_quota(double cores, long quota) => Assert.Equal(quota, CgroupConversion.Quota(cores));

    [Theory]
    [InlineData("max 100000", null)]
    [InlineData("50000 100000", 0.5)]
    [InlineData("150000 100000", 1.5)]
    [InlineData("25000 50000", 0.5)]
    [InlineData("1000 1000000", 0.001)]
    [InlineData("", null)]
    [InlineData("junk", null)]
    [InlineData("1 0", null)]
    public void Reads_cpu_max(string text, double? cores) => Assert.Equal(cores, CgroupConversion.ParseCpuMax(text));

    [Theory]
    [InlineData("max", null)]
    [InlineData("268435456", 268435456L)]
    [InlineData("0", 0L)]
    [InlineData("9223372036854771712", null)]
    [InlineData("9223372036854775807", null)]
    [InlineData("9223372036854710272", null)] // pages of 64 KiB
    [InlineData("-1", null)]
    [InlineData("", null)]
    public void Reads_memory_limits_of_both_versions(string text, long? bytes) => Assert.Equal(bytes, CgroupConversion.ParseMemory(text));
}
