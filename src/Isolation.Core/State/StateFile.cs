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
    /// <summary>Makes or replaces a file that its owner alone may read.</summary>
    /// <exception cref="SyscallException">There is no descriptor left.</exception>
    /// <exception cref="IOException">The file system is full, read-only or gone.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        Errno error = Sys.TryOpen(path, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Truncate, out Descriptor? file, 0b110_000_000);
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
}
