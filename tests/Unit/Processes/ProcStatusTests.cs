using System;
using System.Text;
using Isolation.Processes;
using Xunit;

namespace Isolation.Tests.Processes;

public sealed class ProcStatusTests
{
    private const string Text =
        "Name:\tsleep\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t120\nNgid:\t0\nPid:\t121\nPPid:\t119\nTracerPid:\t5\n"
        + "Uid:\t1000\t1001\t1002\t1003\nGid:\t100\t101\t102\t103\nFDSize:\t64\nGroups:\t4 24 1000 \n"
        + "NStgid:\t120\t7\t1\nNSpid:\t121\t8\t2\nNSpgid:\t118\t6\t0\nNSsid:\t117\t5\t0\nKthread:\t0\nVmPeak:\t    2944 kB\nThreads:\t2\n"
        + "SigQ:\t0/15360\nCapEff:\t0000000000000000\nnonvoluntary_ctxt_switches:\t0\n";

    [Fact]
    public void Reads_the_lines()
    {
        ProcStatus status = Parse(Text);

        Assert.Equal(121, status.Pid);
        Assert.Equal(120, status.ProcessId);
        Assert.Equal(119, status.ParentId);
        Assert.Equal(5, status.TracerId);
        Assert.Equal(2, status.ThreadCount);
        Assert.Equal([1000u, 1001u, 1002u, 1003u], status.UserIds);
        Assert.Equal([100u, 101u, 102u, 103u], status.GroupIds);
        Assert.Equal([4u, 24u, 1000u], status.SupplementaryGroupIds);
        Assert.Equal([121, 8, 2], status.NamespaceIds);
        Assert.Equal([118, 6, 0], status.NamespaceGroupIds);
        Assert.Equal([117, 5, 0], status.NamespaceSessionIds);
        Assert.Equal(1001u, status.EffectiveUserId);
        Assert.Equal(101u, status.EffectiveGroupId);
    }

    [Fact]
    public void A_kernel_without_pid_namespaces_has_one_id() =>
        Assert.Equal([121], Parse(Text.Replace("NSpid:\t121\t8\t2\n", string.Empty, StringComparison.Ordinal)).NamespaceIds);

    [Fact]
    public void The_largest_ids_are_read()
    {
        ProcStatus status = Parse(Text.Replace("Uid:\t1000\t1001", "Uid:\t4294967295\t4294967294", StringComparison.Ordinal));

        Assert.Equal(uint.MaxValue, status.UserIds[0]);
        Assert.Equal(4294967294u, status.EffectiveUserId);
    }

    [Fact]
    public void A_name_cannot_forge_a_line()
    {
        // The kernel escapes the line end of a name.
        ProcStatus status = Parse(Text.Replace("Name:\tsleep", "Name:\tx\\nUid:\t0 0 0 0", StringComparison.Ordinal));

        Assert.Equal(1001u, status.EffectiveUserId);
    }

    [Fact]
    public void Cut_anywhere_it_is_refused_or_whole()
    {
        byte[] text = Encoding.ASCII.GetBytes(Text);
        int enough = Text.IndexOf("Threads:", StringComparison.Ordinal);
        for (int length = 0; length < text.Length; length++)
        {
            bool parsed = ProcStatus.TryParse(text.AsSpan(0, length), out _);
            Assert.False(parsed && length <= enough, $"{length} bytes were taken for whole");
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\n\n")]
    [InlineData(":\n::\nPid:\n")]
    [InlineData("Pid:\t5\nUid:\t0\nGid:\t0\nThreads:\t1\n")]
    public void Other_text_is_refused_with_an_id(string text) =>
        Assert.Equal("ProcFileInvalid", Assert.Throws<IsolationException>(() => Parse(text)).ErrorId);

    private static ProcStatus Parse(string text) => ProcStatus.Parse(Encoding.ASCII.GetBytes(text));
}
