using System.Collections.Generic;
using System.IO;
using Isolation.Mounts;
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

    [Theory]
    [InlineData("", MountPropagation.Private, null, null, null)]
    [InlineData("shared:7 ", MountPropagation.Shared, 7, null, null)]
    [InlineData("master:8 ", MountPropagation.Slave, null, 8, null)]
    [InlineData("shared:7 master:8 propagate_from:2 ", MountPropagation.Shared | MountPropagation.Slave, 7, 8, 2)]
    [InlineData("unbindable ", MountPropagation.Unbindable, null, null, null)]
    [InlineData("later:9 shared:x ", MountPropagation.Private, null, null, null)]
    public void Reads_the_kind_of_propagation(string fields, MountPropagation kind, int? group, int? master, int? from)
    {
        Assert.True(MountInfo.TryParseLine($"36 35 98:1 / /m rw {fields}- ext3 /dev/root rw", out MountInfo? mount));
        Assert.Equal(kind, mount!.Propagation);
        Assert.Equal(group, mount.PeerGroup);
        Assert.Equal(master, mount.Master);
        Assert.Equal(from, mount.PropagateFrom);
        Assert.Equal((98u, 1u), (mount.DeviceMajor, mount.DeviceMinor));
    }

    [Fact]
    public void Reads_flags_of_the_mount_and_of_its_file_system()
    {
        Assert.True(MountInfo.TryParseLine("36 35 98:1 / /m ro,nosuid,nodev,noexec,noatime,nodiratime,nosymfollow - ext3 /dev/root rw,sync,lazytime", out MountInfo? mount));
        Assert.Equal(
            MountFlag.ReadOnly | MountFlag.NoSuid | MountFlag.NoDev | MountFlag.NoExec | MountFlag.NoAccessTime | MountFlag.NoDirectoryAccessTime
            | MountFlag.NoSymlinkFollow | MountFlag.Synchronous | MountFlag.LazyTime,
            mount!.Flags);
    }

    [Fact]
    public void A_name_that_is_not_UTF8_survives()
    {
        byte[] line = [.. "1 0 0:1 / /a\\040"u8, 0xff, .. " rw - tmpfs none rw"u8];
        Assert.True(MountInfo.TryParseLine(line, out MountInfo? mount));
        Assert.Equal("/a \udcff", mount!.MountPoint);
    }

    [Fact]
    public void Statistics_go_to_the_mounts_of_NFS()
    {
        IReadOnlyList<MountInfo> mounts = MountInfo.Parse("1 0 0:1 / /n\\040x rw - nfs4 h:/x rw\n2 1 0:2 / /t rw - tmpfs none rw\n"u8);
        MountStatistics.Add(mounts, "device none mounted on /t with fstype tmpfs\ndevice h:/x mounted on /n\\040x with fstype nfs4 statvers=1.1\n\topts:\trw\n\tage:\t7\n\ndevice y mounted on /y with fstype nfs\n"u8);
        Assert.Equal("device h:/x mounted on /n\\040x with fstype nfs4 statvers=1.1\nopts:\trw\nage:\t7", mounts[0].Statistics);
        Assert.Null(mounts[1].Statistics);
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
