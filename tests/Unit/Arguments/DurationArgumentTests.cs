using System;
using Isolation.Arguments;
using Xunit;

namespace Isolation.Tests.Arguments;

/// <summary>Lengths of time as users write them.</summary>
public sealed class DurationArgumentTests
{
    [Theory]
    [InlineData("2", 2000)]
    [InlineData("0.5", 500)]
    [InlineData("150ms", 150)]
    [InlineData("150 MS", 150)]
    [InlineData("500us", 0.5)]
    [InlineData("1s", 1000)]
    [InlineData("1.5m", 90_000)]
    [InlineData("1h", 3_600_000)]
    [InlineData("1d", 86_400_000)]
    [InlineData("00:00:02", 2000)]
    [InlineData("-1", -1000)]
    public void Text_is_read(string text, double milliseconds) => Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), new DurationArgument(text).Time);

    [Theory]
    [InlineData("")]
    [InlineData("ms")]
    [InlineData("1x")]
    [InlineData("1,5")]
    [InlineData("1e400")]
    [InlineData("99999999999999999999d")]
    [InlineData("1:2:3:4:5:6")]
    public void What_is_none_is_refused(string text) => Assert.Throws<ArgumentException>(() => new DurationArgument(text));

    [Fact]
    public void A_number_is_seconds() => Assert.Equal(TimeSpan.FromSeconds(2), new DurationArgument(2).Time);
}
