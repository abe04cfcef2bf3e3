using System;
using System.IO;
using Isolation.Interop;
using Isolation.Plans;

namespace Isolation.State;

/// <summary>
/// A small file of the state folder. Written with three system calls: <see cref="File"/> takes eight, for it locks the file, asks for its kind of file
/// system and cuts it to length.
/// </summary>
internal static class StateFile
{
    private const int Limit = 16 * 1024;

    /// <summary>Makes or replaces a file that its owner alone may read.</summary>
    /// <exception cref="SyscallException">There is no descriptor left.</exception>
    /// <exception cref="IOException">The file system is full, read-only or gone.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        Errno error = Sys.TryOpen(path, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Truncate | OpenFlags.NonBlock, out Descriptor? file, 0b110_000_000);
        if (error == Errno.None)
        {
            using (file)
            {
                error = content.IsEmpty ? Errno.None : Sys.TryWrite(file!, content);
            }
        }

        if (error != Errno.None)
        {
            throw Sys.IsExhausted(error) ? new SyscallException("open", error, $"write {path}", PlanHints.ForFork(error)) : new IOException($"{path}: {error.Describe()}.");
        }
    }

    /// <summary>Reads a file, without waiting where it is no plain one but a pipe that somebody put there.</summary>
    /// <param name="path">The file.</param>
    /// <param name="limit">The most bytes that are read.</param>
    /// <returns>What is in it; null where it is no plain file, or larger than any that is written here.</returns>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static byte[]? Read(string path, int limit = Limit)
    {
        Errno error = Sys.TryOpen(path, OpenFlags.ReadOnly | OpenFlags.NonBlock, out Descriptor? file);
        if (error != Errno.None)
        {
            throw error is Errno.ENOENT or Errno.ENOTDIR ? new FileNotFoundException(null, path) : new IOException($"{path}: {error.Describe()}.");
        }

        using (file)
        {
            if (!Sys.Status(file!).IsRegular)
            {
                return null;
            }

            byte[] buffer = new byte[Math.Min(limit, Limit) + 1];
            int length = 0;
            while (length <= limit)
            {
                if (length == buffer.Length)
                {
                    Array.Resize(ref buffer, Math.Min(2 * length, limit + 1));
                }

                int read = Sys.Read(file!, buffer.AsSpan(length));
                if (read == 0)
                {
                    return buffer[..length];
                }

                length += read;
            }

            return null;
        }
    }
}
