using System;
using Isolation.Interop;

namespace Isolation.Processes;

/// <summary>Turns the start times of proc(5), which count from the boot, into dates.</summary>
internal static class BootTime
{
    // USER_HZ, sysconf(3) _SC_CLK_TCK: 100 on every architecture that .NET runs on.
    private const long TicksPerSecond = 100;

    // Read once: otherwise the same process would start some microseconds earlier or later each time that it is looked at.
    private static readonly Lazy<DateTime> s_boot = new(static () => DateTime.UtcNow - Sys.TimeSinceBoot());

    /// <summary>The local time of a moment.</summary>
    /// <param name="ticks">The moment, in clock ticks since the boot.</param>
    public static DateTime ToLocalTime(ulong ticks) =>
        s_boot.Value.AddTicks((long)ticks * (TimeSpan.TicksPerSecond / TicksPerSecond)).ToLocalTime();
}
