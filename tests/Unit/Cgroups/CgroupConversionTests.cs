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
    [InlineData(7, 3)]
    [InlineData(8, 3)]
    [InlineData(9, 3)]
    [InlineData(10, 4)]
    [InlineData(12, 4)]
    [InlineData(16, 5)]
    [InlineData(20, 6)]
    [InlineData(24, 6)]
    [InlineData(32, 8)]
    [InlineData(48, 10)]
    [InlineData(50, 10)]
    [InlineData(64, 12)]
    [InlineData(77, 14)]
    [InlineData(96, 17)]
    [InlineData(100, 17)]
    [InlineData(102, 17)]
    [InlineData(128, 21)]
    [InlineData(150, 23)]
    [InlineData(192, 28)]
    [InlineData(200, 29)]
    [InlineData(256, 35)]
    [InlineData(300, 39)]
    [InlineData(384, 47)]
    [InlineData(400, 49)]
    [InlineData(500, 58)]
    [InlineData(512, 59)]
    [InlineData(600, 66)]
    [InlineData(700, 75)]
    [InlineData(768, 80)]
    [InlineData(800, 83)]
    [InlineData(900, 91)]
    [InlineData(1000, 99)]
    [InlineData(1023, 100)]
    [InlineData(1024, 100)]
    [InlineData(1025, 101)]
    [InlineData(1100, 106)]
    [InlineData(1200, 114)]
    [InlineData(1500, 136)]
    [InlineData(1536, 138)]
    [InlineData(2000, 170)]
    [InlineData(2048, 174)]
    [InlineData(2500, 204)]
    [InlineData(3000, 236)]
    [InlineData(3072, 240)]
    [InlineData(4096, 303)]
    [InlineData(5000, 356)]
    [InlineData(6000, 413)]
    [InlineData(8192, 532)]
    [InlineData(10000, 627)]
    [InlineData(10240, 639)]
    [InlineData(12288, 742)]
    [InlineData(16384, 942)]
    [InlineData(20000, 1112)]
    [InlineData(20480, 1134)]
    [InlineData(32768, 1681)]
    [InlineData(50000, 2402)]
    [InlineData(65536, 3023)]
    [InlineData(100000, 4340)]
    [InlineData(131072, 5478)]
    [InlineData(200000, 7899)]
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

    // blkio.weight and docker run --blkio-weight, in whole numbers as the OCI runtimes count.
    [Theory]
    [InlineData(10, 1)]
    [InlineData(11, 11)]
    [InlineData(12, 21)]
    [InlineData(20, 102)]
    [InlineData(25, 152)]
    [InlineData(50, 405)]
    [InlineData(64, 546)]
    [InlineData(99, 899)]
    [InlineData(100, 910)]
    [InlineData(101, 920)]
    [InlineData(128, 1192)]
    [InlineData(200, 1920)]
    [InlineData(250, 2425)]
    [InlineData(256, 2485)]
    [InlineData(300, 2930)]
    [InlineData(333, 3263)]
    [InlineData(400, 3940)]
    [InlineData(499, 4939)]
    [InlineData(500, 4950)]
    [InlineData(512, 5071)]
    [InlineData(600, 5960)]
    [InlineData(700, 6970)]
    [InlineData(750, 7475)]
    [InlineData(777, 7747)]
    [InlineData(800, 7980)]
    [InlineData(900, 8990)]
    [InlineData(950, 9495)]
    [InlineData(999, 9989)]
    [InlineData(1000, 10000)]
    public void A_weight_of_blkio_becomes_one_of_io(long blkio, int io) => Assert.Equal(io, CgroupConversion.BlkioToIoWeight(blkio));

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
