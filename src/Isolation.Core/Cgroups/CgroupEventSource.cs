using System;
using System.Collections.Generic;
using System.Threading;

namespace Isolation;

/// <summary>What tells of what happens to control groups, from when it is made until nobody listens any more. <c>Register-CgroupEvent</c> makes it.</summary>
public sealed class CgroupEventSource
{
    private readonly Lock _lock = new();
    // What is to be told, in the order in which it happened: one at a time, for who listens may take long, and who comes second must not be told first.
    private readonly Queue<Action> _calls = [];
    private EventHandler<CgroupEventArgs>? _occurred;
    private EventHandler<CgroupEventArgs>? _replaced;
    private Action<CgroupEventArgs>? _tell;
    private bool _hasBegun;
    private bool _isCalling;

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

    /// <summary>Tells in another way than by calling who listens now; that they end to listen ends it still.</summary>
    internal void TellBy(Action<CgroupEventArgs> tell)
    {
        lock (_lock)
        {
            _tell = tell;
            _replaced = _occurred;
        }
    }

    /// <summary>Tells from now on, and first what has happened already.</summary>
    internal void Begin()
    {
        lock (_lock)
        {
            _hasBegun = true;
            Continue();
        }
    }

    /// <summary>Has who listens told, soon and in order; the caller does not wait for it.</summary>
    internal void Raise(CgroupEventArgs happened) => Add(() =>
    {
        Action<CgroupEventArgs>? tell;
        EventHandler<CgroupEventArgs>? listeners;
        lock (_lock)
        {
            tell = _occurred is null ? null : _tell;
            listeners = (EventHandler<CgroupEventArgs>?)Delegate.RemoveAll(_occurred, _replaced);
        }

        tell?.Invoke(happened);
        listeners?.Invoke(this, happened);
    });

    /// <summary>All cgroups are gone.</summary>
    internal void End() => Add(() => Ended?.Invoke(this, EventArgs.Empty));

    private void Add(Action call)
    {
        lock (_lock)
        {
            _calls.Enqueue(call);
            Continue();
        }
    }

    private void Continue()
    {
        if (_hasBegun && !_isCalling && _calls.Count > 0)
        {
            _isCalling = true;
            ThreadPool.QueueUserWorkItem(_ => CallAll());
        }
    }

    private void CallAll()
    {
        while (true)
        {
            Action call;
            lock (_lock)
            {
                if (!_calls.TryDequeue(out call!))
                {
                    _isCalling = false;
                    return;
                }
            }

            try
            {
                call();
            }
            catch (Exception)
            {
                // What a listener does wrong is its own affair: it must not end the thread, and with it the process.
                continue;
            }
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
