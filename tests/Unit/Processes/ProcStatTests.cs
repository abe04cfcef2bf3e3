using System;
using System.Text;
using Isolation.Processes;
using Xunit;

namespace Isolation.Tests.Processes;

public sealed class ProcStatTests
{
    private const string After = " S 7 8 9 34816 10 4194560 100 0 0 0 1 2 0 0 20 0 3 0 12345 2000000 300 18446744073709551615 1 1";

    [Fact]
    public void Reads_the_fields()
    {
        ProcStat stat = Parse($"4711 (nginx){After}\n");

        Assert.Equal(4711, stat.Pid);
        Assert.Equal("nginx", stat.Name);
        Assert.Equal('S', stat.State);
        Assert.Equal(7, stat.ParentId);
        Assert.Equal(8, stat.ProcessGroupId);
        Assert.Equal(9, stat.SessionId);
        Assert.Equal(3, stat.ThreadCount);
        Assert.Equal(12345UL, stat.StartTicks);
        Assert.False(stat.IsKernelThread);
    }

    [Theory]
    [InlineData("a b")]
    [InlineData(") R 1 1 1")]
    [InlineData("((()")]
    [InlineData("x) Z 0 0 0 (y")]
    [InlineData("line\nline")]
    [InlineData("")]
    [InlineData(" ")]
    public void A_name_may_hold_anything(string name)
    {
        ProcStat stat = Parse($"12 ({name}){After}");

        Assert.Equal(name, stat.Name);
        Assert.Equal(7, stat.ParentId);
        Assert.Equal(12345UL, stat.StartTicks);
    }

    [Fact]
    public void A_name_that_is_not_UTF8_is_kept_as_far_as_it_is()
    {
        byte[] text = Encoding.Latin1.GetBytes($"12 (a\u00ff\u00feb){After}");

        Assert.Equal("a\ufffd\ufffdb", ProcStat.Parse(text).Name);
    }

    [Fact]
    public void A_process_group_of_minus_one_is_read() =>
        Assert.Equal(-1, Parse($"12 (x) S 7 -1 -1 0 -1 0 100 0 0 0 1 2 0 0 20 0 3 0 1").ProcessGroupId);

    [Fact]
    public void A_thread_of_the_kernel_is_told() =>
        Assert.True(Parse("2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 3 0 0").IsKernelThread);

    [Fact]
    public void Cut_anywhere_it_is_refused_or_whole()
    {
        byte[] text = Encoding.ASCII.GetBytes($"4711 (a) b){After}");
        int enough = Encoding.ASCII.GetString(text).IndexOf("12345", StringComparison.Ordinal);
        for (int length = 0; length < text.Length; length++)
        {
            bool parsed = ProcStat.TryParse(text.AsSpan(0, length), out _);
            Assert.False(parsed && length <= enough, $"{length} bytes were taken for whole");
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("no stat file at all")]
    [InlineData("(x) S 1")]
    [InlineData("-5 (x) S 7 8 9 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 1")]
    [InlineData("5 (x) SLEEPING 7 8 9 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 1")]
    [InlineData("5 (x) S 7 8 9 zero -1 0 0 0 0 0 0 0 0 0 20 0 1 0 1")]
    public void Other_text_is_refused_with_an_id(string text)
    {
        IsolationException refusal = Assert.Throws<IsolationException>(() => Parse(text));

        Assert.Equal("ProcFileInvalid", refusal.ErrorId);
        Assert.Equal(ErrorKind.InvalidData, refusal.Kind);
    }

    private static ProcStat Parse(string text) => ProcStat.Parse(Encoding.UTF8.GetBytes(text));
}
