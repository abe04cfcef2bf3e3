using System;
using System.Globalization;

namespace Isolation.Cgroups;

/// <summary>How long must be waited for one resource within a window for an event, PSI "Monitoring for pressure thresholds".</summary>
/// <param name="Resource">The resource.</param>
/// <param name="Full">Whether all must wait at once, and not only some.</param>
/// <param name="Threshold">The time.</param>
/// <param name="Window">The window.</param>
internal sealed record PressureTrigger(PressureResource Resource, bool Full, TimeSpan Threshold, TimeSpan Window)
{
    /// <summary>The kernel's bounds of a window (kernel/sched/psi.c, <c>WINDOW_MIN_US</c>, <c>WINDOW_MAX_US</c>).</summary>
    private static readonly TimeSpan s_least = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_most = TimeSpan.FromSeconds(10);

    /// <summary>What is written to the kernel's file. It takes the last character away.</summary>
    public string Text => string.Create(CultureInfo.InvariantCulture, $"{(Full ? "full" : "some")} {(long)Threshold.TotalMicroseconds} {(long)Window.TotalMicroseconds}\n");

    /// <summary>Refuses what the kernel does not take.</summary>
    /// <exception cref="IsolationException"><c>PressureTriggerInvalid</c>.</exception>
    public void Check()
    {
        if (Window < s_least || Window > s_most)
        {
            throw Invalid($"The window is {Window}, and the kernel takes 500ms to 10s.");
        }

        if (Threshold < TimeSpan.FromMicroseconds(1) || Threshold > Window)
        {
            throw Invalid($"The threshold is {Threshold}, and must be more than nothing and no more than the window, {Window}.");
        }

        if (Resource == PressureResource.Irq && !Full)
        {
            throw Invalid("Of interrupts the kernel knows only what all wait for. Give -Full.");
        }
    }

    /// <summary>The refusal of a trigger.</summary>
    public static IsolationException Invalid(string cause) => new("PressureTriggerInvalid", ErrorKind.InvalidArgument, cause);
}
