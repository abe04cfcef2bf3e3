using System;
using System.Runtime.InteropServices;
using Tmds.Linux;

namespace Isolation.Interop;

internal static unsafe partial class Sys
{
    private const int CLOCK_BOOTTIME = 7;

    /// <summary>The time since the boot, suspension included: clock_gettime(2) <c>CLOCK_BOOTTIME</c>, as the caller's time namespace sees it.</summary>
    public static TimeSpan TimeSinceBoot()
    {
        timespec now;
        return clock_gettime(CLOCK_BOOTTIME, &now) == 0
            ? TimeSpan.FromSeconds((long)now.tv_sec) + TimeSpan.FromMicroseconds((long)now.tv_nsec / 1000)
            : throw SyscallException.Last("clock_gettime", "read the time since the boot");
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int clock_gettime(int clock, timespec* time);
}
