using System;
using System.Collections.Generic;
using System.Text;
using Xunit;

namespace Isolation.Tests.Namespaces;

public sealed class NsfsMountsTests
{
    private const string Text =
        "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"
        + "36 35 0:4 net:[4026532281] /run/netns/x rw shared:9 - nsfs nsfs rw\n"
        + "37 35 0:4 net:[4026532282] /run/a\\040b\\134c\\012d rw - nsfs nsfs rw\n"
        + "38 35 0:4 uts:[4026532283] /run/u rw shared:9 master:3 propagate_from:2 unbindable - nsfs nsfs rw\n"
        + "39 35 0:4 /net:[1] /run/fake rw - ext4 /dev/vda rw\n"
        + "40 35 0:4 net:[2] /run/other rw - btrfs nsfs rw\n";

    [Fact]
    public void Only_pins_of_namespaces_are_found() =>
        Assert.Equal(
            ["net:[4026532281] /run/netns/x", "net:[4026532282] /run/a b\\c\nd", "uts:[4026532283] /run/u"],
            Read(Encoding.ASCII.GetBytes(Text)));

    [Fact]
    public void A_path_need_not_be_UTF8()
    {
        byte[] line = Encoding.Latin1.GetBytes("36 35 0:4 net:[5] /run/\u00ff\u00fe rw - nsfs nsfs rw\n");
        NsfsMounts mounts = new(line);

        Assert.True(mounts.MoveNext());
        Assert.Equal([(byte)'/', (byte)'r', (byte)'u', (byte)'n', (byte)'/', 0xff, 0xfe], NsfsMounts.Unescape(mounts.EscapedPath));
    }

    [Theory]
    [InlineData("/a\\", "/a\\")]
    [InlineData("/a\\04", "/a\\04")]
    [InlineData("/a\\089", "/a\\089")]
    [InlineData("\\057\\057", "//")]
    public void An_escape_that_is_none_stays(string escaped, string path) =>
        Assert.Equal(path, Encoding.ASCII.GetString(NsfsMounts.Unescape(Encoding.ASCII.GetBytes(escaped))));

    [Fact]
    public void Cut_anywhere_it_is_read_as_far_as_it_goes()
    {
        byte[] text = Encoding.ASCII.GetBytes(Text);
        for (int length = 0; length <= text.Length; length++)
        {
            Assert.InRange(Read(text.AsSpan(0, length)).Count, 0, 3);
        }
    }

    private static List<string> Read(ReadOnlySpan<byte> text)
    {
        List<string> found = [];
        NsfsMounts mounts = new(text);
        while (mounts.MoveNext())
        {
            found.Add($"{mounts.Key} {Encoding.UTF8.GetString(NsfsMounts.Unescape(mounts.EscapedPath))}");
        }

        return found;
    }
}
