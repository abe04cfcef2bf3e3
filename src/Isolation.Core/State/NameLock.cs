using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Text;
using System.Threading;
using Isolation.Interop;

namespace Isolation.State;

/// <summary>A lock on a name, between processes and between threads; flock(2) on a file that says who holds it.</summary>
internal sealed class NameLock : IDisposable
{
    private readonly Descriptor _file;
    private readonly string _path;

    private NameLock(Descriptor file, string path)
    {
        _file = file;
        _path = path;
    }

    public static NameLock Acquire(string path, string name, TimeSpan timeout)
    {
        Stopwatch waited = Stopwatch.StartNew();
        while (true)
        {
            Errno error = Sys.TryOpen(path, OpenFlags.ReadWrite | OpenFlags.Create, out Descriptor? file, 0x180);
            if (error != Errno.None)
            {
                throw new IsolationException(
                    "StateFolderUnavailable", ErrorKind.Unavailable, $"Cannot lock the name '{name}' with {path}: {error.Describe()}. The file system must be writable and have room.");
            }

            // The last holder may have removed the file between the opening and the locking: then it is another's, or nobody's.
            if (Sys.TryLock(file!, exclusive: true) == Errno.None && StateFolder.IsStill(file!, path))
            {
                WriteHolder(file!);
                return new NameLock(file!, path);
            }

            file!.Dispose();
            if (waited.Elapsed > timeout)
            {
                throw new IsolationException(
                    "NamespaceLocked",
                    ErrorKind.Timeout,
                    $"The name '{name}' is in use by {Holder(path)} for longer than {timeout.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s. Wait for it, or end it, and try again.");
            }

            Thread.Sleep(5);
        }
    }

    /// <summary>Lets go. The file goes with it: it is of no use without a holder.</summary>
    public void Dispose()
    {
        try
        {
            File.Delete(_path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It stays, unlocked: no harm.
        }

        _file.Dispose();
    }

    // On a full file system the lock holds all the same, only its holder is not told. The line's end sets it off from what a killed holder left.
    private static void WriteHolder(Descriptor file) =>
        _ = Sys.TryWrite(file, Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n"));

    private static string Holder(string path)
    {
        // Not with File, which takes a lock of the same sort on what it opens and so cannot read a file that is locked.
        if (Sys.TryOpen(path, OpenFlags.ReadOnly, out Descriptor? file) != Errno.None)
        {
            return "another process";
        }

        Span<byte> buffer = stackalloc byte[16];
        int length;
        using (file)
        {
            length = Sys.TryRead(file!, buffer);
        }

        string text = Encoding.ASCII.GetString(buffer[..length]);
        int end = text.IndexOf('\n', StringComparison.Ordinal);
        if (end <= 0)
        {
            return "another process";
        }

        try
        {
            string pid = text[..end];
            string command = File.ReadAllText($"/proc/{pid}/comm").Trim();
            return $"process {pid} ({command})";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "another process";
        }
    }
}
