using System;
using static Tmds.Linux.LibC;

namespace Isolation.Interop;

internal static unsafe partial class Sys
{
    private const int F_ADD_SEALS = 1033;

    /// <summary>A sealed file in memory that holds <paramref name="content"/>, memfd_create(2): who receives it knows that it will not change.</summary>
    public static Descriptor SealedMemory(string name, ReadOnlySpan<byte> content)
    {
        const int MFD_CLOEXEC = 1, MFD_ALLOW_SEALING = 2, allSeals = 0xf;
        int fd;
        fixed (byte* bytes = CString(name))
        {
            fd = memfd_create(bytes, MFD_CLOEXEC | MFD_ALLOW_SEALING);
        }

        if (fd < 0)
        {
            throw SyscallException.Last("memfd_create", $"make a file in memory for {name}");
        }

        Descriptor memory = new(fd);
        while (content.Length > 0)
        {
            fixed (byte* bytes = content)
            {
                long count = write(fd, bytes, content.Length);
                if (count < 0)
                {
                    memory.Dispose();
                    throw SyscallException.Last("write", $"fill a file in memory for {name}");
                }

                content = content[(int)count..];
            }
        }

        return fcntl(fd, F_ADD_SEALS, allSeals) == 0 ? memory : throw SyscallException.Last("fcntl", $"seal a file in memory for {name}");
    }

    /// <summary>An empty file in memory that a process writes its messages to.</summary>
    public static Descriptor LogMemory(string name)
    {
        fixed (byte* bytes = CString(name))
        {
            int fd = memfd_create(bytes, 1);
            return fd >= 0 ? new Descriptor(fd) : throw SyscallException.Last("memfd_create", $"make a file in memory for {name}");
        }
    }

    /// <summary>The whole content of a file in memory; <paramref name="limit"/> bounds what is accepted.</summary>
    public static byte[] ReadMemory(Descriptor memory, int limit)
    {
        long size = lseek(memory.Number, 0, SEEK_END);
        if (size < 0 || size > limit)
        {
            throw new SyscallException("lseek", Errno.EMSGSIZE, "read a file in memory");
        }

        byte[] content = new byte[size];
        int at = 0;
        fixed (byte* bytes = content)
        {
            while (at < size)
            {
                long count = pread(memory.Number, bytes + at, content.Length - at, at);
                if (count <= 0)
                {
                    throw SyscallException.Last("pread", "read a file in memory");
                }

                at += (int)count;
            }
        }

        return content;
    }
}
