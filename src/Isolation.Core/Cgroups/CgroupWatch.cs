using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using Isolation.Host;
using Isolation.Interop;

namespace Isolation.Cgroups;

/// <summary>What is watched of one cgroup for one listener, and with which of the kernel's means.</summary>
internal sealed class CgroupWatch : IDisposable
{
    private readonly CgroupEventLoop _loop;
    private readonly List<int> _watches = [];
    private readonly List<int> _ids = [];
    private readonly List<CgroupGauge> _gauges = [];

    private CgroupWatch(CgroupEventLoop loop, CgroupEventSource source, Cgroup cgroup)
    {
        _loop = loop;
        Source = source;
        Cgroup = cgroup;
    }

    /// <summary>Who is told.</summary>
    public CgroupEventSource Source { get; }

    /// <summary>The cgroup.</summary>
    public Cgroup Cgroup { get; }

    /// <summary>Watches a cgroup.</summary>
    /// <param name="loop">What waits.</param>
    /// <param name="source">Who is told.</param>
    /// <param name="cgroup">The cgroup.</param>
    /// <param name="events">The events, each of which must be possible; null for all that are, but pressure.</param>
    /// <param name="triggers">The thresholds of pressure.</param>
    /// <exception cref="IsolationException">The host cannot tell of one of the events.</exception>
    public static CgroupWatch Start(
        CgroupEventLoop loop, CgroupEventSource source, Cgroup cgroup, IReadOnlyCollection<CgroupEventName>? events, IReadOnlyList<PressureTrigger> triggers)
    {
        if (!cgroup.Exists)
        {
            throw new IsolationException(
                "CgroupNotFound", ErrorKind.NotFound, $"{cgroup} has no cgroup yet, so nothing can happen to it. Setting a limit makes one: Set-CgroupLimit {cgroup} -PidsMax max");
        }

        CgroupWatch watch = new(loop, source, cgroup);
        try
        {
            watch.WatchRemoval();
            foreach (Func<HashSet<CgroupEventName>, IsolationException?> add in (Func<HashSet<CgroupEventName>, IsolationException?>[])[watch.AddMemory, watch.AddPids, watch.AddStates])
            {
                HashSet<CgroupEventName> wanted = [.. events ?? Enum.GetValues<CgroupEventName>()];
                try
                {
                    if (add(wanted) is IsolationException refusal && events is not null)
                    {
                        throw refusal;
                    }
                }
                catch (SyscallException exception) when (events is null && exception.Errno is Errno.EACCES or Errno.EPERM)
                {
                    // All that this user may know of was asked for.
                }
            }

            foreach (PressureTrigger trigger in triggers)
            {
                watch.AddPressure(trigger);
            }

            return watch;
        }
        catch
        {
            watch.Dispose();
            throw;
        }
    }

    /// <summary>Looks at everything again.</summary>
    public void Check(List<CgroupEventArgs> events)
    {
        foreach (CgroupGauge gauge in _gauges)
        {
            gauge.Check(events);
        }
    }

    /// <summary>Looks whether the cgroup is there; where it is not, gives the last events.</summary>
    public bool CheckEnd(List<CgroupEventArgs> events)
    {
        if (Cgroup.Exists)
        {
            return false;
        }

        foreach (CgroupGauge gauge in _gauges)
        {
            gauge.End(events);
        }

        events.Add(new CgroupEventArgs { Cgroup = Cgroup.Path, Namespace = Cgroup.SetName, EventName = CgroupEventName.Removed });
        return true;
    }

    public void Dispose()
    {
        foreach (int watch in _watches)
        {
            _loop.Unwatch(watch, this);
        }

        foreach (int id in _ids)
        {
            _loop.Close(id);
        }
    }

    // A removed folder tells nobody itself; the one above it does.
    private void WatchRemoval()
    {
        foreach (string directory in Cgroup.DirectoryPaths)
        {
            if (Path.GetDirectoryName(directory) is string above && Cgroup.Path != "/")
            {
                _watches.Add(_loop.Watch(above, Sys.WatchRemoval, this));
            }
        }
    }

    private IsolationException? AddMemory(HashSet<CgroupEventName> wanted)
    {
        List<CgroupEventName> names = [.. Array.FindAll([CgroupEventName.OomKill, CgroupEventName.MemoryHigh, CgroupEventName.MemoryMax], wanted.Contains)];
        if (names.Count == 0)
        {
            return null;
        }

        if (Cgroup.FolderOf(CgroupControllers.Memory) is not ControllerFolder folder || !folder.Has(folder.IsFirst ? "memory.oom_control" : "memory.events"))
        {
            return NotOn(names[0], CgroupControllers.Memory, "-MemoryMax max");
        }

        IsolationException? refusal = folder.IsFirst && names.Remove(CgroupEventName.MemoryHigh)
            ? Unsupported(CgroupEventName.MemoryHigh, "version 1 has no such limit. MemoryMax is the event of the limit that it has, and Pressure tells of processes that wait for memory")
            : null;
        if (names.Count == 0)
        {
            return refusal;
        }

        foreach (CgroupEventName name in names)
        {
            Add(new CounterGauge(Cgroup, name, () => CgroupUsageReader.MemoryEvents(folder) is not CgroupMemoryEvents events ? null
                : name == CgroupEventName.OomKill ? events.OomKill
                : name == CgroupEventName.MemoryHigh ? events.High
                : events.Max));
        }

        if (!folder.IsFirst)
        {
            _watches.Add(_loop.Watch(folder.PathOf("memory.events"), Sys.WatchChange, this));
        }
        else
        {
            // Memory ran out: the kernel says so before it kills, so the counter is looked at for a while. The limit was hit: then memory is taken back, of
            // which the kernel tells too. cgroup-v1/memory.rst, parts 9 to 11.
            AddFirst(folder, "memory.oom_control", "", afterwards: true);
            if (names.Contains(CgroupEventName.MemoryMax))
            {
                AddFirst(folder, "memory.pressure_level", " low,hierarchy", afterwards: false);
            }
        }

        StartGauges();
        return refusal;
    }

    private void AddFirst(ControllerFolder folder, string file, string arguments, bool afterwards)
    {
        using Descriptor watched = Sys.Open(folder.PathOf(file), OpenFlags.ReadOnly);
        Descriptor counter = Sys.EventCounter();
        try
        {
            using Descriptor control = Sys.Open(folder.PathOf("cgroup.event_control"), OpenFlags.WriteOnly);
            Errno error = Sys.TryWrite(control, System.Text.Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{counter.Number} {watched.Number}{arguments}")));
            if (error != Errno.None)
            {
                throw new SyscallException("write", error, $"be told of {folder.PathOf(file)}");
            }
        }
        catch
        {
            counter.Dispose();
            throw;
        }

        _ids.Add(_loop.Open(counter, Sys.PollRead, (descriptor, _) =>
        {
            Sys.TryRead(descriptor, stackalloc byte[8]);
            if (afterwards)
            {
                _loop.CheckAgain(this);
            }

            _loop.CheckNow(this);
            return true;
        }));
    }

    private IsolationException? AddPids(HashSet<CgroupEventName> wanted)
    {
        if (!wanted.Contains(CgroupEventName.PidsMax))
        {
            return null;
        }

        if (Cgroup.FolderOf(CgroupControllers.Pids) is not ControllerFolder folder || !folder.Has("pids.events"))
        {
            return NotOn(CgroupEventName.PidsMax, CgroupControllers.Pids, "-PidsMax max");
        }

        if (folder.IsFirst
            && Cgroup.Host.Files.TryRead(Cgroup.Host.Root + "/proc/sys/kernel/osrelease", out string release) == Errno.None
            && KernelVersion.TryParse(release, out KernelVersion version) && version >= new KernelVersion(6, 11))
        {
            return Unsupported(CgroupEventName.PidsMax, "since Linux 6.11 the kernel does not tell of it in version 1. Get-CgroupUsage -Continuous has its counter, PidsRefused");
        }

        _watches.Add(_loop.Watch(folder.PathOf("pids.events"), Sys.WatchChange, this));
        Add(new CounterGauge(Cgroup, CgroupEventName.PidsMax, () => folder.TryRead("pids.events", out string text) && CgroupCounters.Parse(text).TryGetValue("max", out long count) ? count : null));
        StartGauges();
        return null;
    }

    private IsolationException? AddStates(HashSet<CgroupEventName> wanted)
    {
        IsolationException? refusal = null;
        string? file = Cgroup.UnifiedDirectory is string directory ? directory + "/cgroup.events" : null;
        AddState("populated", CgroupEventName.Populated, CgroupEventName.Empty);
        AddState("frozen", CgroupEventName.Frozen, CgroupEventName.Thawed);
        StartGauges();
        return refusal;

        void AddState(string key, CgroupEventName on, CgroupEventName off)
        {
            CgroupEventName? first = wanted.Contains(on) ? on : null;
            CgroupEventName? second = wanted.Contains(off) ? off : null;
            if ((first ?? second) is not CgroupEventName name)
            {
                return;
            }

            if (file is null || Read(key) is null)
            {
                refusal = Unsupported(name, file is null ? "only version 2 tells of it, where this cgroup has no folder" : "the kernel tells of it since Linux 5.2");
                return;
            }

            _watches.Add(_loop.Watch(file, Sys.WatchChange, this));
            Add(new StateGauge(Cgroup, first, second, () => Read(key)));
        }

        long? Read(string key) => Cgroup.Host.Files.TryRead(file!, out string text) == Errno.None && CgroupCounters.Parse(text).TryGetValue(key, out long value) ? value : null;
    }

    private void AddPressure(PressureTrigger trigger)
    {
        string? directory = Cgroup.UnifiedDirectory;
        if (directory is null && Cgroup.Path != "/")
        {
            throw CgroupPressureReader.Absence(Cgroup.Host, Cgroup.Path, null);
        }

        string path = CgroupPressureReader.FileOf(Cgroup.Host, directory, trigger.Resource);
        Errno error = Sys.TryOpen(path, OpenFlags.ReadWrite | OpenFlags.NonBlock, out Descriptor? file);
        if (error == Errno.None)
        {
            error = Sys.TryWrite(file!, System.Text.Encoding.ASCII.GetBytes(trigger.Text));
        }

        if (error != Errno.None)
        {
            file?.Dispose();
            throw error switch
            {
                Errno.ENOENT or Errno.EOPNOTSUPP => CgroupPressureReader.Absence(Cgroup.Host, Cgroup.Path, directory),
                Errno.EINVAL or Errno.EPERM => PressureTrigger.Invalid(
                    $"The kernel refuses to watch {path} for {trigger.Threshold.TotalMilliseconds:0.###} ms in {trigger.Window.TotalMilliseconds:0.###} ms. Without the right CAP_SYS_RESOURCE a window must be a multiple of 2 s (-Window 2s), which Linux takes since 6.5."),
                _ => new SyscallException("write", error, $"watch {path}"),
            };
        }

        _ids.Add(_loop.Open(file!, Sys.PollPriority, (_, found) =>
        {
            if ((found & Sys.PollError) != 0)
            {
                // The cgroup is gone, and would say so for ever.
                return false;
            }

            long? total = Cgroup.Host.Files.TryRead(path, out string text) == Errno.None && CgroupCounters.ParsePressure(text, trigger.Full ? "full" : "some").Total is TimeSpan time
                ? (long)time.TotalMicroseconds
                : null;
            _loop.Tell(this, new CgroupEventArgs { Cgroup = Cgroup.Path, Namespace = Cgroup.SetName, EventName = CgroupEventName.Pressure, Value = total, Resource = trigger.Resource });
            return true;
        }));
    }

    // What is watched already is not missed while the first value is read.
    private readonly List<CgroupGauge> _fresh = [];

    private void Add(CgroupGauge gauge) => _fresh.Add(gauge);

    private void StartGauges()
    {
        foreach (CgroupGauge gauge in _fresh)
        {
            gauge.Start();
        }

        _gauges.AddRange(_fresh);
        _fresh.Clear();
    }

    private IsolationException Unsupported(CgroupEventName name, string cause) =>
        new("CgroupEventUnsupported", ErrorKind.NotSupported, $"This host does not tell of {name} of cgroup {Cgroup.Path}: {cause}.");

    private IsolationException NotOn(CgroupEventName name, string controller, string limit) => Cgroup.Host.HierarchyOf(controller) is null
        ? new IsolationException("CgroupControllerMissing", ErrorKind.NotSupported, $"The {controller} controller is not on this host: {Cgroup.Host.CauseOfAbsence(controller)}.")
        : Unsupported(name, Cgroup.Path == "/" ? "the root has no limits" : $"the {controller} controller is not on for it. Setting a limit turns it on: Set-CgroupLimit {Cgroup} {limit}");
}
