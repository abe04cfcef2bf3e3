using System;
using System.Threading;
using System.Threading.Tasks;
using Isolation.Interop;

namespace Isolation.Entry;

/// <summary>Opens what a program's standard streams are redirected to.</summary>
internal static class RedirectedFile
{
    private const uint NewFileMode = 0b110_110_110;

    /// <summary>open(2). A fifo is waited for until somebody opens its other end, fifo(7), or the caller is cancelled.</summary>
    /// <param name="path">The file.</param>
    /// <param name="flags">How it is opened.</param>
    /// <param name="file">What was opened; null where it was refused.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <returns>The error number.</returns>
    /// <exception cref="OperationCanceledException">Cancelled while nobody had opened the other end.</exception>
    public static Errno TryOpen(string path, OpenFlags flags, out Descriptor? file, CancellationToken cancellation)
    {
        if (!Sys.TryStatus(path, out FileStatus status) || !status.IsFifo)
        {
            return Sys.TryOpen(path, flags, out file, NewFileMode);
        }

        // A thread of its own waits: nothing but the other end ends that wait.
        Task<(Errno Error, Descriptor? File)> opening = Task.Factory.StartNew(
            () => (Sys.TryOpen(path, flags, out Descriptor? opened, NewFileMode), opened),
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        try
        {
            opening.Wait(cancellation);
        }
        catch (OperationCanceledException)
        {
            _ = opening.ContinueWith(
                static task => task.Result.File?.Dispose(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
            Release(path, opening);
            throw;
        }

        file = opening.Result.File;
        return opening.Result.Error;
    }

    // Both ends opened for a moment let the thread go; again, for it may not have come to wait yet. Without the right to open both it stays.
    private static void Release(string path, Task opening)
    {
        for (int attempt = 0; attempt < 100 && !opening.IsCompleted; attempt++)
        {
            if (Sys.TryOpen(path, OpenFlags.ReadWrite | OpenFlags.NonBlock, out Descriptor? both) != Errno.None)
            {
                return;
            }

            both!.Dispose();
            opening.Wait(10);
        }
    }
}
