using System;
using System.Collections.Generic;
using System.Threading;

namespace Isolation;

/// <summary>What tells of what happens to control groups, from when it is made until nobody listens any more. <c>Register-CgroupEvent</c> makes it.</summary>
public sealed class CgroupEventSource
{
    private readonly Lock _lock = new();
    private EventHandler<CgroupEventArgs>? _occurred;
    private bool _isOver;

    // What happened before anybody listened.
    private List<CgroupEventArgs>? _held = [];

    internal CgroupEventSource(IReadOnlyList<Cgroups.Cgroup> cgroups, IReadOnlyList<CgroupEventName> events)
    {
        Cgroup = [.. Paths(cgroups)];
        EventName = [.. events];
    }

    /// <summary>The paths of the cgroups.</summary>
    public string[] Cgroup { get; }

    /// <summary>What it tells of. It always tells when one is removed.</summary>
    public CgroupEventName[] EventName { get; }

    /// <summary>Something happened.</summary>
    public event EventHandler<CgroupEventArgs>? Occurred
    {
        add
        {
            lock (_lock)
            {
                _occurred += value;
            }
        }

        remove
        {
            bool last;
            lock (_lock)
            {
                _occurred -= value;
                last = _occurred is null;
            }

            if (last)
            {
                Stop();
            }
        }
    }

    /// <summary>All cgroups are gone, and nothing more will happen.</summary>
    public event EventHandler? Ended;

    /// <summary>Called when nobody listens any more.</summary>
    internal Action? Stopped { get; set; }

    /// <inheritdoc/>
    public override string ToString() => $"{string.Join(", ", Cgroup)}: {string.Join(", ", EventName)}";

    /// <summary>Ends it.</summary>
    internal void Stop()
    {
        Cgroups.CgroupEventLoop.Remove(this);
        Stopped?.Invoke();
    }

    /// <summary>Tells from now on, and first what has happened already.</summary>
    internal void Begin()
    {
        List<CgroupEventArgs> held;
        bool isOver;
        lock (_lock)
        {
            (held, _held) = (_held ?? [], null);
            isOver = _isOver;
        }

        held.ForEach(Raise);
        if (isOver)
        {
            End();
        }
    }

    /// <summary>Tells who listens.</summary>
    internal void Raise(CgroupEventArgs happened)
    {
        EventHandler<CgroupEventArgs>? listeners;
        lock (_lock)
        {
            if (_held is not null)
            {
                _held.Add(happened);
                return;
            }

            listeners = _occurred;
        }

        Call(() => listeners?.Invoke(this, happened));
    }

    /// <summary>All cgroups are gone.</summary>
    internal void End()
    {
        lock (_lock)
        {
            _isOver = true;
            if (_held is not null)
            {
                return;
            }
        }

        Call(() => Ended?.Invoke(this, EventArgs.Empty));
    }

    // What a listener does wrong is its own affair: it must not end the thread, and with it the process.
    private static void Call(Action listeners)
    {
        try
        {
            listeners();
        }
        catch (Exception)
        {
            return;
        }
    }

    private static IEnumerable<string> Paths(IReadOnlyList<Cgroups.Cgroup> cgroups)
    {
        foreach (Cgroups.Cgroup cgroup in cgroups)
        {
            yield return cgroup.Path;
        }
    }
}
