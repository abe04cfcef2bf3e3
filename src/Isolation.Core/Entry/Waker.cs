using System;
using Isolation.Interop;

namespace Isolation.Entry;

/// <summary>Wakes a thread that waits in poll(2), from any other thread.</summary>
internal sealed class Waker : IDisposable
{
    /// <summary>What the waiting thread polls, and reads when it is woken.</summary>
    public Descriptor Counter { get; } = Sys.EventCounter();

    /// <summary>Wakes it, now or when it next waits.</summary>
    public void Wake()
    {
        // It may be closed by now, and the number given to something else: what is written to it would land there.
        bool held = false;
        try
        {
            Counter.DangerousAddRef(ref held);
            Sys.Count(Counter);
        }
        catch (ObjectDisposedException)
        {
            // Nobody waits any more.
        }
        finally
        {
            if (held)
            {
                Counter.DangerousRelease();
            }
        }
    }

    public void Dispose() => Counter.Dispose();
}
