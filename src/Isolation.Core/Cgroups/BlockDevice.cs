using System;
using System.Globalization;
using System.IO;
using Isolation.Interop;

namespace Isolation.Cgroups;

/// <summary>The disk that is meant by a path, a mount point, a partition or a number: limits are those of whole disks.</summary>
internal static class BlockDevice
{
    /// <summary>The number of the whole disk, <c>major:minor</c>.</summary>
    /// <param name="parameter">The limit, for the refusal.</param>
    /// <param name="text">A device's file, a folder that lies on a file system of a disk, or <c>major:minor</c>.</param>
    /// <param name="host">The host.</param>
    /// <exception cref="IsolationException"><c>BlockDeviceInvalid</c>, <c>BlockDeviceNotFound</c>.</exception>
    public static string Resolve(string parameter, string text, CgroupHost host)
    {
        string number = IsNumber(text) ? text : NumberOf(parameter, text, host);
        string folder = $"{host.Root}/sys/dev/block/{number}";
        if (!host.Files.FileExists(folder + "/dev"))
        {
            throw new IsolationException(
                "BlockDeviceNotFound", ErrorKind.NotFound, $"{parameter}: there is no block device {text}{(text == number ? "" : $" ({number})")} on this host any more. lsblk lists those that there are.");
        }

        if (!host.Files.FileExists(folder + "/partition"))
        {
            return number;
        }

        // A partition's folder lies in its disk's.
        string? disk = Path.GetDirectoryName(Directory.ResolveLinkTarget(folder, returnFinalTarget: true)?.FullName);
        return disk is not null && host.Files.TryRead(disk + "/dev", out string whole) == Errno.None ? whole.Trim() : number;
    }

    private static bool IsNumber(string text)
    {
        string[] halves = text.Split(':');
        return halves.Length == 2 && Array.TrueForAll(halves, half => uint.TryParse(half, NumberStyles.None, CultureInfo.InvariantCulture, out _));
    }

    private static string NumberOf(string parameter, string path, CgroupHost host)
    {
        if (!Sys.TryStatus(host.Root + path, out FileStatus status))
        {
            throw new IsolationException(
                "BlockDeviceNotFound", ErrorKind.NotFound, $"{parameter}: there is no {path}. Give a disk such as /dev/sda, a folder on it, or its number such as 8:0; lsblk lists them.");
        }

        if (status.IsBlockDevice)
        {
            return Text(status.Special);
        }

        string? number = Major(status.Device) != 0 ? Text(status.Device) : SourceOf(status.Device, host);
        if (status.IsDirectory && number is not null)
        {
            return number;
        }

        throw new IsolationException(
            "BlockDeviceInvalid",
            ErrorKind.InvalidArgument,
            status.IsDirectory
                ? $"{parameter}: {path} lies on no disk, but on a file system in memory, of a network or of several disks. Give a disk such as /dev/sda; lsblk lists them."
                : $"{parameter}: {path} is no disk{(status.IsRegular && number is not null ? $", but a file on the disk {number}: give that, or a folder" : "")}. lsblk lists the disks.");
    }

    // Some file systems (btrfs) have a number of their own, and name their disk in mountinfo.
    private static string? SourceOf(ulong device, CgroupHost host)
    {
        foreach (MountInfo mount in MountInfo.Read(host.Root + "/proc/self/mountinfo"))
        {
            if (mount.Device == Text(device) && mount.Source.StartsWith('/') && Sys.TryStatus(mount.Source, out FileStatus status) && status.IsBlockDevice)
            {
                return Text(status.Special);
            }
        }

        return null;
    }

    /// <summary>The major number of a device, makedev(3).</summary>
    public static uint Major(ulong device) => (uint)(((device >> 8) & 0xFFF) | ((device >> 32) & ~0xFFFUL));

    /// <summary>The minor number of a device.</summary>
    public static uint Minor(ulong device) => (uint)((device & 0xFF) | ((device >> 12) & ~0xFFUL & 0xFFFFFFFF));

    private static string Text(ulong device) => string.Create(CultureInfo.InvariantCulture, $"{Major(device)}:{Minor(device)}");
}
