using System;
using Isolation.Cgroups;
using Xunit;

namespace Isolation.Tests.Cgroups;

public sealed class CgroupLimitTextTests : IDisposable
{
    private const long Unlimited = -1;

    // Four processors, 8 GiB.
    private readonly FakeHost _fake = new(FakeHost.V2Mounts);

    public void Dispose() => _fake.Dispose();

    [Theory]
    [InlineData("268435456", 268435456)]
    [InlineData("256M", 268435456)]
    [InlineData("256m", 268435456)]
    [InlineData("256MB", 268435456)]
    [InlineData("256MiB", 268435456)]
    [InlineData("262144k", 268435456)]
    [InlineData("0.25G", 268435456)]
    [InlineData("1T", 1099511627776)]
    [InlineData("4096B", 4096)]
    [InlineData("50%", 4294967296)]
    [InlineData("100 %", 8589934592)]
    [InlineData("1E9", 1000000000)]
    [InlineData("4096.9", 4096)]
    [InlineData("9223372036854775807", 9223372036854775807)]
    [InlineData("max", Unlimited)]
    [InlineData("MAX", Unlimited)]
    [InlineData(" unlimited ", Unlimited)]
    [InlineData("infinity", Unlimited)]
    public void Reads_sizes(string text, long bytes) =>
        Assert.Equal(bytes == Unlimited ? null : bytes, CgroupLimitText.Memory(text, _fake.Read()).Value);

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("-5M")]
    [InlineData("100")]
    [InlineData("0%")]
    [InlineData("101%")]
    [InlineData("abc")]
    [InlineData("M")]
    [InlineData("12X")]
    [InlineData("%")]
    [InlineData("9E")]
    [InlineData("1e300")]
    [InlineData("9223372036854775808")]
    [InlineData("NaN")]
    public void Refuses_sizes(string text) => AssertInvalid("MemoryMax", text, () => CgroupLimitText.Memory(text, _fake.Read()));

    [Theory]
    [InlineData("1.5", 1.5)]
    [InlineData("150%", 1.5)]
    [InlineData("0.01", 0.01)]
    [InlineData("4", 4.0)]
    [InlineData("400%", 4.0)]
    [InlineData("max", null)]
    public void Reads_processors(string text, double? cores) => Assert.Equal(cores, CgroupLimitText.Cpu(text, _fake.Read()).Value);

    [Theory]
    [InlineData("0")]
    [InlineData("0.009")]
    [InlineData("-1")]
    [InlineData("4.1")]
    [InlineData("401%")]
    [InlineData("79228162514264337593543950335")]
    [InlineData("1e300")]
    [InlineData("-1e300")]
    [InlineData("two")]
    public void Refuses_processors(string text) => AssertInvalid("CpuMax", text, () => CgroupLimitText.Cpu(text, _fake.Read()));

    [Theory]
    [InlineData("1", 1)]
    [InlineData("10000", 10000)]
    [InlineData("100.0", 100)]
    public void Reads_weights(string text, int weight) => Assert.Equal(weight, CgroupLimitText.Weight("CpuWeight", text));

    [Theory]
    [InlineData("0")]
    [InlineData("10001")]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("max")]
    [InlineData("x")]
    public void Refuses_weights(string text) => AssertInvalid("CpuWeight", text, () => CgroupLimitText.Weight("CpuWeight", text));

    [Theory]
    [InlineData("0", 0L)]
    [InlineData("64", 64L)]
    [InlineData("4194304", 4194304L)]
    [InlineData("max", null)]
    public void Reads_task_counts(string text, long? count) => Assert.Equal(count, CgroupLimitText.Pids(text).Value);

    [Theory]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("4194305")]
    [InlineData("many")]
    public void Refuses_task_counts(string text) => AssertInvalid("PidsMax", text, () => CgroupLimitText.Pids(text));

    [Theory]
    [InlineData("0-3", "0-3")]
    [InlineData("3,0", "0,3")]
    [InlineData("max", "")]
    public void Reads_processor_lists(string text, string list) => Assert.Equal(list, CgroupLimitText.Cpus(text, _fake.Read()).ToString());

    [Theory]
    [InlineData("4")]
    [InlineData("0-7")]
    [InlineData("x")]
    [InlineData("")]
    [InlineData("1-0")]
    public void Refuses_processor_lists(string text) => AssertInvalid("CpuSet", text, () => CgroupLimitText.Cpus(text, _fake.Read()));

    [Fact]
    public void Names_the_processors_that_are_missing()
    {
        IsolationException exception = Assert.Throws<IsolationException>(() => CgroupLimitText.Cpus("2-5", _fake.Read()));
        Assert.Contains("no processor 4-5", exception.Message, StringComparison.Ordinal);
        Assert.Contains("it has 0-3", exception.Message, StringComparison.Ordinal);
    }

    private static void AssertInvalid(string parameter, string text, Action action)
    {
        IsolationException exception = Assert.Throws<IsolationException>(action);
        Assert.Equal("CgroupLimitInvalid", exception.ErrorId);
        Assert.Equal(ErrorKind.InvalidArgument, exception.Kind);
        Assert.Contains(parameter, exception.Message, StringComparison.Ordinal);
        Assert.Contains($"'{text}'", exception.Message, StringComparison.Ordinal);
    }
}
