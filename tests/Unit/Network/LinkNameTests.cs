using Isolation.Network;
using Xunit;

namespace Isolation.Tests.Network;

/// <summary>Names of links, as <c>dev_valid_name</c> of the kernel takes them.</summary>
public sealed class LinkNameTests
{
    [Theory]
    [InlineData("eth0")]
    [InlineData("a23456789012345")]
    [InlineData("ü2345678901234")]
    [InlineData("...")]
    [InlineData("a@b")]
    public void What_the_kernel_takes_is_taken(string name) => Assert.Equal(name, LinkName.Check(name));

    [Theory]
    [InlineData("", "empty")]
    [InlineData(".", "folder")]
    [InlineData("..", "folder")]
    [InlineData("a234567890123456", "16 bytes")]
    [InlineData("ü23456789012345", "16 bytes")]
    [InlineData("a/b", "'/'")]
    [InlineData("a:1", "':'")]
    [InlineData("eth%d", "'%'")]
    [InlineData("a b", "blank")]
    [InlineData("a\n", "blank")]
    public void What_it_does_not_take_is_refused_with_the_reason(string name, string cause)
    {
        IsolationException refusal = Assert.Throws<IsolationException>(() => LinkName.Check(name));
        Assert.Equal("LinkNameInvalid", refusal.ErrorId);
        Assert.Contains(cause, refusal.Message, System.StringComparison.Ordinal);
    }
}
