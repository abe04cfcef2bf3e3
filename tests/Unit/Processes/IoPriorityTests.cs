using Isolation.Processes;
using Xunit;

namespace Isolation.Tests.Processes;

/// <summary>Priorities of input and output as text, by the numbers of <c>linux/ioprio.h</c>.</summary>
public sealed class IoPriorityTests
{
    [Theory]
    [InlineData("None", 0, "None")]
    [InlineData("idle", 3 << 13, "Idle")]
    [InlineData("BestEffort", (2 << 13) | 4, "BestEffort:4")]
    [InlineData("best-effort:7", (2 << 13) | 7, "BestEffort:7")]
    [InlineData(" RealTime : 0 ", 1 << 13, "RealTime:0")]
    public void A_class_and_a_level_are_read_and_written(string text, int value, string shown)
    {
        Assert.True(IoPriority.TryParse(text, out IoPriority? priority));
        Assert.Equal(value, priority.Value.Value);
        Assert.Equal(shown, priority.Value.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("First")]
    [InlineData("Idle:0")]
    [InlineData("None:1")]
    [InlineData("BestEffort:8")]
    [InlineData("BestEffort:-1")]
    [InlineData("BestEffort:")]
    [InlineData("BestEffort:1:2")]
    public void Anything_else_is_none(string text) => Assert.False(IoPriority.TryParse(text, out _));

    [Fact]
    public void A_class_that_a_later_kernel_has_is_shown_as_a_number() => Assert.Equal("5", new IoPriority(5 << 13).ToString());
}
