using System.Text;
using Xunit;

namespace Isolation.Tests.Namespaces;

public sealed class NamespaceKeyTests
{
    [Theory]
    [InlineData("net:[4026531840]", NamespaceType.Net, 4026531840UL)]
    [InlineData("mnt:[1]", NamespaceType.Mount, 1UL)]
    [InlineData("cgroup:[4026531835]", NamespaceType.Cgroup, 4026531835UL)]
    [InlineData("time:[18446744073709551615]", NamespaceType.Time, ulong.MaxValue)]
    public void The_kernels_text_is_read_and_written(string text, NamespaceType type, ulong id)
    {
        Assert.True(NamespaceKey.TryParse(Encoding.ASCII.GetBytes(text), out NamespaceKey key));
        Assert.Equal(new NamespaceKey(type, id), key);
        Assert.Equal(text, key.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("net")]
    [InlineData("net:[")]
    [InlineData("net:[]")]
    [InlineData("net:[12")]
    [InlineData("net:[1x]")]
    [InlineData("net:[-1]")]
    [InlineData("net:[18446744073709551616]")]
    [InlineData("nett:[1]")]
    [InlineData("socket:[12]")]
    [InlineData("/net:[12]")]
    [InlineData("net:[12] (deleted)")]
    public void Other_text_is_refused(string text) => Assert.False(NamespaceKey.TryParse(Encoding.ASCII.GetBytes(text), out _));
}
