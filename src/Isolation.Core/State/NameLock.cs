using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Threading;
using Isolation.Interop;
using Isolation.Plans;

namespace Isolation.State;

/// <summary>A lock on a name, between processes and between threads; flock(2) on a file.</summary>
internal sealed class NameLock : IDisposable
{
    private readonly Descriptor _file;
    private readonly string _path;

    private NameLock(Descriptor file, string path)
    {
        _file = file;
        _path = path;
    }

    /// <summary>Waits for the lock.</summary>
    /// <exception cref="IsolationException"><c>NamespaceLocked</c>: another holds it too long; the message says who. <c>StateFolderUnavailable</c>.</exception>
    public static NameLock Acquire(string path, string name, TimeSpan timeout, CancellationToken cancellation = default)
    {
        Stopwatch waited = Stopwatch.StartNew();
        while (true)
        {
            Descriptor file = Open(path, name);
            if (TryTake(file, path) is NameLock taken)
            {
                return taken;
            }

            using (file)
            {
                if (waited.Elapsed > timeout)
                {
                    throw new IsolationException(
                        "NamespaceLocked",
                        ErrorKind.Timeout,
                        $"The name '{name}' is in use by {LockHolder.Describe(file)} for longer than {timeout.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s. Wait for it, or end it, and try again.");
                }
            }

            cancellation.ThrowIfCancellationRequested();
            Thread.Sleep(5);
        }
    }

    /// <summary>The lock, if nobody holds it now.</summary>
    /// <exception cref="IsolationException"><c>StateFolderUnavailable</c>.</exception>
    public static NameLock? TryAcquire(string path, string name)
    {
        Descriptor file = Open(path, name);
        if (TryTake(file, path) is NameLock taken)
        {
            return taken;
        }

        file.Dispose();
        return null;
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

    private static Descriptor Open(string path, string name)
    {
        Errno error = Sys.TryOpen(path, OpenFlags.ReadWrite | OpenFlags.Create, out Descriptor? file, 0b110_000_000);
        if (Sys.IsExhausted(error))
        {
            throw new SyscallException("open", error, $"lock the name '{name}'", PlanHints.ForFork(error));
        }

        return error == Errno.None ? file! : throw new IsolationException(
            "StateFolderUnavailable", ErrorKind.Unavailable, $"Cannot lock the name '{name}' with {path}: {error.Describe()}. The file system must be writable and have room.");
    }

    // The last holder may have removed the file between the opening and the locking: then it is another's, or nobody's.
    private static NameLock? TryTake(Descriptor file, string path) =>
        Sys.TryLock(file, exclusive: true) == Errno.None && StateFolder.IsStill(file, path) ? new NameLock(file, path) : null;
}
