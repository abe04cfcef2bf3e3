using Isolation.Cgroups;
using Xunit;

namespace Isolation.Tests.Cgroups;

public sealed class IoWeightScaleTests
{
    private static readonly IoWeightScale s_bfq = new("io.bfq.weight", "io.bfq.weight", 1, 100, 1000);
    private static readonly IoWeightScale s_cfq = new("blkio.weight", "blkio.weight_device", 10, 500, 1000);

    [Theory]
    [InlineData(1, 1, 10)]
    [InlineData(50, 50, 253)]
    [InlineData(99, 99, 496)]
    [InlineData(100, 100, 500)]
    [InlineData(111, 101, 500)]
    [InlineData(200, 109, 505)]
    [InlineData(1090, 190, 550)]
    [InlineData(5050, 550, 750)]
    [InlineData(10000, 1000, 1000)]
    public void Least_default_and_greatest_stay_what_they_are(int weight, long bfq, long cfq)
    {
        Assert.Equal(weight, IoWeightScale.Unified.ToFile(weight));
        Assert.Equal(weight, IoWeightScale.Unified.FromFile(weight));
        Assert.Equal(bfq, s_bfq.ToFile(weight));
        Assert.Equal(cfq, s_cfq.ToFile(weight));
    }

    [Fact]
    public void What_a_file_says_is_read_as_a_weight_that_gives_it()
    {
        for (int weight = 1; weight <= 1000; weight++)
        {
            Assert.Equal(weight, s_bfq.ToFile(s_bfq.FromFile(weight)));
        }

        for (int weight = 500; weight <= 1000; weight++)
        {
            Assert.Equal(weight, s_cfq.ToFile(s_cfq.FromFile(weight)));
        }
    }
}
