using System.Collections.Generic;
using System.IO;
using Xunit;

namespace Isolation.Tests.Mounts;

public sealed class MountInfoTests
{
    [Fact]
    public void Reads_every_field()
    {
        Assert.True(MountInfo.TryParseLine(
            "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 propagate_from:2 - ext3 /dev/root rw,errors=continue", out MountInfo? mount));
        Assert.Equal(36, mount!.Id);
        Assert.Equal(35, mount.ParentId);
        Assert.Equal("98:0", mount.Device);
        Assert.Equal("/mnt1", mount.Root);
        Assert.Equal("/mnt2", mount.MountPoint);
        Assert.Equal(["rw", "noatime"], mount.Options);
        Assert.Equal(["master:1", "propagate_from:2"], mount.OptionalFields);
        Assert.Equal("ext3", mount.FileSystemType);
        Assert.Equal("/dev/root", mount.Source);
        Assert.Equal(["rw", "errors=continue"], mount.SuperOptions);
    }

    [Fact]
    public void Reads_a_private_mount_without_optional_fields()
    {
        Assert.True(MountInfo.TryParseLine("31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755", out MountInfo? mount));
        Assert.Empty(mount!.OptionalFields);
        Assert.Equal("tmpfs", mount.FileSystemType);
    }

    [Theory]
    [InlineData("1 0 0:1 / /a\\040b rw - tmpfs none rw", "/a b")]
    [InlineData("1 0 0:1 / /tab\\011x rw - tmpfs none rw", "/tab\tx")]
    [InlineData("1 0 0:1 / /new\\012line rw - tmpfs none rw", "/new\nline")]
    [InlineData("1 0 0:1 / /back\\134slash rw - tmpfs none rw", "/back\\slash")]
    [InlineData("1 0 0:1 / /hash\\043 rw - tmpfs none rw", "/hash#")]
    [InlineData("1 0 0:1 / /not\\0 rw - tmpfs none rw", "/not\\0")]
    [InlineData("1 0 0:1 / /grüße rw - tmpfs none rw", "/grüße")]
    public void Turns_escapes_back(string line, string mountPoint)
    {
        Assert.True(MountInfo.TryParseLine(line, out MountInfo? mount));
        Assert.Equal(mountPoint, mount!.MountPoint);
    }

    [Theory]
    [InlineData("1 0 0:1 / /x rw - fuse.sshfs host: rw,user_id=0", "host:")]
    [InlineData("1 0 0:1 / /x rw - tmpfs  rw", "")]
    public void Reads_odd_sources(string line, string source)
    {
        Assert.True(MountInfo.TryParseLine(line, out MountInfo? mount));
        Assert.Equal(source, mount!.Source);
    }

    [Theory]
    [InlineData("")]
    [InlineData("36 35 98:0 /mnt1 /mnt2 rw")]
    [InlineData("x 35 98:0 / / rw - ext3 /dev/root rw")]
    [InlineData("36 35 98:0 / / rw -")]
    [InlineData("36 - 98:0 / / rw ext3 x y")]
    public void Refuses_other_lines(string line)
    {
        Assert.False(MountInfo.TryParseLine(line, out MountInfo? mount));
        Assert.Null(mount);
    }

    [Fact]
    public void Leaves_bad_lines_out()
    {
        IReadOnlyList<MountInfo> mounts = MountInfo.Parse(new StringReader("junk\n1 0 0:1 / / rw - tmpfs none rw\n\n2 1 0:2 / /x rw - proc proc rw\n"));
        Assert.Equal(["/", "/x"], System.Linq.Enumerable.Select(mounts, mount => mount.MountPoint));
    }

    [Fact]
    public void Reads_this_process()
    {
        IReadOnlyList<MountInfo> mounts = MountInfo.Read();
        Assert.Contains(mounts, mount => mount.MountPoint == "/proc" && mount.FileSystemType == "proc");
    }
}
