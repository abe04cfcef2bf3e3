using System;
using System.IO;
using System.Text;
using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace Isolation.Interop;

internal static unsafe partial class Sys
{
    /// <summary>
    /// A loop device over an open file, loop(4), which goes away with its last user: the mount, or this descriptor where nothing is mounted. Equivalent to
    /// <c>losetup --find</c>. Where the whole file has one already, that is given: two over one file know nothing of each other, and two mounts would
    /// write over what the other has written.
    /// </summary>
    /// <param name="file">The file with the file system.</param>
    /// <param name="name">Its name, for whoever lists loop devices.</param>
    /// <param name="readOnly">Whether the device refuses to be written.</param>
    /// <exception cref="SyscallException">There is no free device, or the kernel refuses the file.</exception>
    public static Descriptor AttachLoop(Descriptor file, string name, bool readOnly)
    {
        const int LOOP_CTL_GET_FREE = 0x4C82, LOOP_CONFIGURE = 0x4C0A, LOOP_SET_FD = 0x4C00, LOOP_CLR_FD = 0x4C01, LOOP_SET_STATUS64 = 0x4C04;
        const int LO_FLAGS_READ_ONLY = 1, LO_FLAGS_AUTOCLEAR = 4;
        const int Tries = 64;

        // struct loop_config: descriptor, block size, struct loop_info64 (232 bytes: flags at 52, name at 56), reserved.
        byte* config = stackalloc byte[304];
        new Span<byte>(config, 304).Clear();
        *(int*)config = file.Number;
        byte* info = config + 8;
        *(int*)(info + 52) = LO_FLAGS_AUTOCLEAR | (readOnly ? LO_FLAGS_READ_ONLY : 0);
        byte[] bytes = Encoding.UTF8.GetBytes(name);
        bytes.AsSpan(0, Math.Min(63, bytes.Length)).CopyTo(new Span<byte>(info + 56, 63));

        if (FindLoop(file, readOnly) is Descriptor present)
        {
            return present;
        }

        using Descriptor control = Open("/dev/loop-control", OpenFlags.ReadWrite);
        for (int tried = 0; ; tried++)
        {
            int number = ioctl(control.Number, LOOP_CTL_GET_FREE);
            if (number < 0)
            {
                throw SyscallException.Last("ioctl", "find a free loop device");
            }

            Descriptor device = Open($"/dev/loop{number}", readOnly ? OpenFlags.ReadOnly : OpenFlags.ReadWrite);
            if (ioctl(device.Number, LOOP_CONFIGURE, config) == 0)
            {
                return device;
            }

            Errno error = (Errno)errno;
            if (error is Errno.EINVAL or Errno.ENOTTY && ioctl(device.Number, LOOP_SET_FD, (void*)file.Number) == 0)
            {
                // Before Linux 5.8: two calls, the second of which may be refused.
                if (ioctl(device.Number, LOOP_SET_STATUS64, info) == 0)
                {
                    return device;
                }

                error = (Errno)errno;
                _ = ioctl(device.Number, LOOP_CLR_FD);
            }

            device.Dispose();
            // Somebody else took it between the two calls.
            if (error != Errno.EBUSY || tried == Tries)
            {
                throw new SyscallException("ioctl", error, $"make {name} a loop device");
            }
        }
    }
    private static Descriptor? FindLoop(Descriptor file, bool readOnly)
    {
        const int LOOP_GET_STATUS64 = 0x4C05;
        const uint LO_FLAGS_READ_ONLY = 1;
        FileStatus wanted = Status(file);

        // struct loop_info64: device and inode of the file, and at 24 the offset, 32 the size limit, 52 the flags.
        byte* info = stackalloc byte[232];
        foreach (string folder in Directory.EnumerateDirectories("/sys/block", "loop*"))
        {
            if (!File.Exists($"{folder}/loop/backing_file")
                || TryOpen($"/dev/{Path.GetFileName(folder)}", readOnly ? OpenFlags.ReadOnly : OpenFlags.ReadWrite, out Descriptor? device) != Errno.None)
            {
                continue;
            }

            // Now that it is open it stays; before, it may have been taken from the file.
            if (ioctl(device!.Number, LOOP_GET_STATUS64, info) == 0
                && *(ulong*)info == wanted.Device && *(ulong*)(info + 8) == wanted.Inode && *(ulong*)(info + 24) == 0 && *(ulong*)(info + 32) == 0
                && (readOnly || (*(uint*)(info + 52) & LO_FLAGS_READ_ONLY) == 0))
            {
                return device;
            }

            device.Dispose();
        }

        return null;
    }
}
