using System.Text;
using Isolation.Processes;
using Xunit;

namespace Isolation.Tests.Processes;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("sleep\0infinity\0", "sleep infinity")]
    [InlineData("sh\0-c\0echo a  b\0", "sh -c echo a  b")]
    [InlineData("nginx: master process", "nginx: master process")]
    [InlineData("a\0\0b\0", "a  b")]
    [InlineData("x\0\0\0\0", "x")]
    [InlineData("", "")]
    [InlineData("\0\0", "")]
    public void Arguments_are_joined_with_blanks(string arguments, string expected) =>
        Assert.Equal(expected, CommandLine.Format(Encoding.UTF8.GetBytes(arguments)));

    [Fact]
    public void What_would_steer_a_terminal_is_not_passed_on() =>
        Assert.Equal("a ?]0;title? ?c ?", CommandLine.Format(Encoding.UTF8.GetBytes("a\0\u001b]0;title\u0007\0\nc\0\u009b\0")));

    [Fact]
    public void What_is_not_UTF8_is_replaced() => Assert.Equal("a\ufffdb", CommandLine.Format([(byte)'a', 0xff, (byte)'b', 0]));
}
