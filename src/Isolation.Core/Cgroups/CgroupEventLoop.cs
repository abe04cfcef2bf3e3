using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;
using Isolation.Entry;
using Isolation.Interop;

namespace Isolation.Cgroups;

/// <summary>
/// Waits for what happens to cgroups: one thread and one epoll(7) for all listeners, from the first to the last. Nothing is asked over and over: files are
/// watched with inotify(7), pressure with poll, and version 1 tells over eventfd(2).
/// </summary>
internal sealed class CgroupEventLoop : IDisposable
{
    private const int WakerId = 0;
    private const int InotifyId = 1;

    private static readonly Lock s_lock = new();
    private static CgroupEventLoop? s_current;

    private readonly Waker _waker = new();
    private readonly Descriptor _epoll = Sys.CreateEpoll();
    private readonly Descriptor _inotify = Sys.CreateInotify();
    private readonly List<CgroupWatch> _all = [];
    private readonly Dictionary<int, List<CgroupWatch>> _byWatch = [];
    private readonly Dictionary<int, (Descriptor Descriptor, Func<Descriptor, uint, bool> Ready)> _open = [];
    private readonly List<(CgroupWatch Watch, CgroupEventArgs Happened)> _told = [];
    private readonly HashSet<CgroupWatch> _due = [];
    private readonly Dictionary<CgroupWatch, (long At, int Delay)> _later = [];
    private int _lastId = InotifyId;
    private bool _isOver;

    private CgroupEventLoop()
    {
        Sys.AddToEpoll(_epoll, _waker.Counter, Sys.PollRead, WakerId);
        Sys.AddToEpoll(_epoll, _inotify, Sys.PollRead, InotifyId);
    }

    /// <summary>Whether there is a thread; for tests.</summary>
    public static bool IsRunning
    {
        get
        {
            lock (s_lock)
            {
                return s_current is not null;
            }
        }
    }

    /// <summary>Watches cgroups for a listener, until it is taken away or they are all gone.</summary>
    /// <exception cref="IsolationException">The host cannot tell of one of the events; nothing is watched then.</exception>
    public static CgroupEventSource Start(IReadOnlyList<Cgroup> cgroups, IReadOnlyList<CgroupEventName>? events, IReadOnlyList<PressureTrigger> triggers)
    {
        List<CgroupEventName> names = [.. events ?? Enum.GetValues<CgroupEventName>()];
        if (triggers.Count == 0)
        {
            names.Remove(CgroupEventName.Pressure);
        }
        else if (!names.Contains(CgroupEventName.Pressure))
        {
            names.Add(CgroupEventName.Pressure);
        }

        CgroupEventSource source = new(cgroups, names);
        lock (s_lock)
        {
            bool isNew = s_current is null;
            CgroupEventLoop loop = s_current ?? new CgroupEventLoop();
            List<CgroupWatch> made = [];
            try
            {
                foreach (Cgroup cgroup in cgroups)
                {
                    made.Add(CgroupWatch.Start(loop, source, cgroup, events, triggers));
                }
            }
            catch
            {
                made.ForEach(static watch => watch.Dispose());
                if (isNew)
                {
                    loop.Dispose();
                }

                throw;
            }

            // What was removed just before it was watched is noticed at once.
            loop._all.AddRange(made);
            loop._due.UnionWith(made);
            if (isNew)
            {
                s_current = loop;
                new Thread(loop.Run) { IsBackground = true, Name = "cgroup events" }.Start();
            }
            else
            {
                loop._waker.Wake();
            }
        }

        return source;
    }

    /// <summary>Watches nothing for a listener any more; with the last one the thread ends.</summary>
    public static void Remove(CgroupEventSource source)
    {
        lock (s_lock)
        {
            s_current?.Drop(watch => watch.Source == source);
        }
    }

    /// <summary>Watches a file or a folder; the same one is watched once for all.</summary>
    public int Watch(string path, uint events, CgroupWatch watch)
    {
        Errno error = Sys.TryWatch(_inotify, path, events, out int number);
        if (error != Errno.None)
        {
            throw error == Errno.ENOSPC
                ? new IsolationException("CgroupEventLimit", ErrorKind.LimitsExceeded, $"Cannot watch {path}: this user watches as many files as may be. Raise the number in /proc/sys/fs/inotify/max_user_watches")
                : new SyscallException("inotify_add_watch", error, $"watch {path}");
        }

        if (!_byWatch.TryGetValue(number, out List<CgroupWatch>? watches))
        {
            _byWatch[number] = watches = [];
        }

        watches.Add(watch);
        return number;
    }

    /// <summary>Undoes one <see cref="Watch"/>.</summary>
    public void Unwatch(int number, CgroupWatch watch)
    {
        if (_byWatch.TryGetValue(number, out List<CgroupWatch>? watches) && watches.Remove(watch) && watches.Count == 0)
        {
            _byWatch.Remove(number);
            Sys.Unwatch(_inotify, number);
        }
    }

    /// <summary>Waits for a descriptor, which is closed in the end.</summary>
    /// <param name="descriptor">The descriptor.</param>
    /// <param name="events">What of.</param>
    /// <param name="ready">Is told what came; false where nothing more will.</param>
    public int Open(Descriptor descriptor, uint events, Func<Descriptor, uint, bool> ready)
    {
        int id = ++_lastId;
        _open[id] = (descriptor, ready);
        Sys.AddToEpoll(_epoll, descriptor, events, id);
        return id;
    }

    /// <summary>Undoes <see cref="Open"/>.</summary>
    public void Close(int id)
    {
        if (_open.Remove(id, out (Descriptor Descriptor, Func<Descriptor, uint, bool>) entry))
        {
            Sys.RemoveFromEpoll(_epoll, entry.Descriptor);
            entry.Descriptor.Dispose();
        }
    }

    /// <summary>Tells of something.</summary>
    public void Tell(CgroupWatch watch, CgroupEventArgs happened) => _told.Add((watch, happened));

    /// <summary>Has a cgroup looked at.</summary>
    public void CheckNow(CgroupWatch watch) => _due.Add(watch);

    /// <summary>Has a cgroup looked at a few times more, within some 5 seconds.</summary>
    public void CheckAgain(CgroupWatch watch) => _later[watch] = (Stopwatch.GetTimestamp(), 5);

    private void Run()
    {
        while (true)
        {
            List<(int Id, uint Events)> ready = Sys.WaitEpoll(_epoll, Timeout());
            List<(CgroupWatch Watch, CgroupEventArgs Happened)> told;
            List<CgroupEventSource> ended = [];
            lock (s_lock)
            {
                if (_isOver)
                {
                    Dispose();
                    return;
                }

                Take(ready);
                told = CheckDue(ended);
            }

            // Who listens has locks of its own, and may take itself away meanwhile.
            foreach ((CgroupWatch watch, CgroupEventArgs happened) in told)
            {
                watch.Source.Raise(happened);
            }

            ended.ForEach(static source => source.End());
        }
    }

    private int Timeout()
    {
        lock (s_lock)
        {
            int least = _due.Count > 0 ? 0 : -1;
            foreach ((long at, int delay) in _later.Values)
            {
                int left = Math.Max(0, delay - (int)Stopwatch.GetElapsedTime(at).TotalMilliseconds);
                least = least < 0 ? left : Math.Min(least, left);
            }

            return least;
        }
    }

    private void Take(List<(int Id, uint Events)> ready)
    {
        Span<byte> count = stackalloc byte[8];
        foreach ((int id, uint events) in ready)
        {
            if (id == WakerId)
            {
                Sys.TryRead(_waker.Counter, count);
            }
            else if (id == InotifyId)
            {
                foreach (FileChange change in Sys.ReadChanges(_inotify))
                {
                    // Where changes were lost anything may have happened.
                    _due.UnionWith(change.Watch < 0 ? _all : _byWatch.GetValueOrDefault(change.Watch) ?? []);
                }
            }
            else if (_open.TryGetValue(id, out (Descriptor Descriptor, Func<Descriptor, uint, bool> Ready) entry) && !entry.Ready(entry.Descriptor, events))
            {
                Close(id);
            }
        }

        foreach ((CgroupWatch watch, (long at, int delay)) in _later)
        {
            if (Stopwatch.GetElapsedTime(at).TotalMilliseconds >= delay)
            {
                _due.Add(watch);
            }
        }
    }

    private List<(CgroupWatch Watch, CgroupEventArgs Happened)> CheckDue(List<CgroupEventSource> ended)
    {
        const int LastDelay = 2560;
        List<(CgroupWatch, CgroupEventArgs)> told = [.. _told];
        _told.Clear();
        foreach (CgroupWatch watch in (CgroupWatch[])[.. _due])
        {
            List<CgroupEventArgs> events = [];
            watch.Check(events);
            bool isGone = watch.CheckEnd(events);
            foreach (CgroupEventArgs happened in events)
            {
                told.Add((watch, happened));
            }

            if (_later.TryGetValue(watch, out (long At, int Delay) later) && Stopwatch.GetElapsedTime(later.At).TotalMilliseconds >= later.Delay)
            {
                if (later.Delay >= LastDelay)
                {
                    _later.Remove(watch);
                }
                else
                {
                    _later[watch] = (Stopwatch.GetTimestamp(), later.Delay * 2);
                }
            }

            if (isGone)
            {
                Drop(other => other == watch);
                if (!_all.Exists(other => other.Source == watch.Source))
                {
                    ended.Add(watch.Source);
                }
            }
        }

        _due.Clear();
        return told;
    }

    private void Drop(Predicate<CgroupWatch> which)
    {
        foreach (CgroupWatch watch in _all.FindAll(which))
        {
            _all.Remove(watch);
            _due.Remove(watch);
            _later.Remove(watch);
            watch.Dispose();
        }

        if (_all.Count == 0 && !_isOver)
        {
            _isOver = true;
            s_current = null;
            _waker.Wake();
        }
    }

    /// <summary>Closes everything; the thread does it at its end.</summary>
    public void Dispose()
    {
        foreach (int id in (int[])[.. _open.Keys])
        {
            Close(id);
        }

        _inotify.Dispose();
        _epoll.Dispose();
        _waker.Dispose();
    }
}
