using System;
using System.Runtime.InteropServices;
using Tmds.Linux;

namespace Isolation.Interop;

internal static unsafe partial class Sys
{
    private const int CLOCK_MONOTONIC = 1;
    private const int CLOCK_BOOTTIME = 7;

    /// <summary>The time since the boot, suspension included: clock_gettime(2) <c>CLOCK_BOOTTIME</c>, as the caller's time namespace sees it.</summary>
    public static TimeSpan TimeSinceBoot() => Clock(CLOCK_BOOTTIME, "read the time since the boot");

    /// <summary>The monotonic clock: clock_gettime(2) <c>CLOCK_MONOTONIC</c>, as the caller's time namespace sees it.</summary>
    public static TimeSpan MonotonicTime() => Clock(CLOCK_MONOTONIC, "read the monotonic clock");

    private static TimeSpan Clock(int clock, string attempt)
    {
        timespec now;
        return clock_gettime(clock, &now) == 0
            ? TimeSpan.FromSeconds((long)now.tv_sec) + TimeSpan.FromMicroseconds((long)now.tv_nsec / 1000)
            : throw SyscallException.Last("clock_gettime", attempt);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int clock_gettime(int clock, timespec* time);
}
