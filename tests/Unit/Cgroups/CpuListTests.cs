using Isolation.Cgroups;
using Xunit;

namespace Isolation.Tests.Cgroups;

public sealed class CpuListTests
{
    [Theory]
    [InlineData("0", "0", 1)]
    [InlineData("0-3,5", "0-3,5", 5)]
    [InlineData("5,0-3", "0-3,5", 5)]
    [InlineData("0,1,2,3", "0-3", 4)]
    [InlineData("0-1,1-2", "0-2", 3)]
    [InlineData(" 1 , 3 - 4 ", "1,3-4", 3)]
    [InlineData("7-7", "7", 1)]
    [InlineData("", "", 0)]
    [InlineData("\n", "", 0)]
    public void Parses_and_shortens(string text, string shortest, int count)
    {
        Assert.True(CpuList.TryParse(text, out CpuList? list));
        Assert.Equal(shortest, list!.ToString());
        Assert.Equal(count, list.Count);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("-1")]
    [InlineData("3-1")]
    [InlineData("1,,2")]
    [InlineData("1-")]
    [InlineData("0-99999999")]
    [InlineData("0x1")]
    [InlineData("1.5")]
    public void Refuses_what_is_no_list(string text) => Assert.False(CpuList.TryParse(text, out _));

    [Fact]
    public void Tells_what_another_lacks()
    {
        Assert.True(CpuList.TryParse("0-7", out CpuList? wanted));
        Assert.True(CpuList.TryParse("0-1,4", out CpuList? present));
        Assert.Equal("2-3,5-7", wanted!.Except(present!).ToString());
        Assert.True(present!.Except(wanted).IsEmpty);
    }
}
