using System.Runtime.InteropServices;

namespace Isolation.Interop;

internal static unsafe partial class Sys
{
    private const int LOCK_SH = 1;
    private const int LOCK_EX = 2;
    private const int LOCK_NB = 4;

    /// <summary>flock(2) without waiting; <see cref="Errno.EAGAIN"/> where another holds it.</summary>
    public static Errno TryLock(Descriptor file, bool exclusive) =>
        flock(file.Number, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();

    [LibraryImport("libc", SetLastError = true)]
    private static partial int flock(int fd, int operation);
}
