using System;
using System.Collections.Generic;

namespace Isolation.Cgroups;

/// <summary>One thing about a cgroup that changes, and the events that a change is.</summary>
/// <param name="cgroup">The cgroup.</param>
/// <param name="read">What it is now; null where it cannot be read.</param>
internal abstract class CgroupGauge(Cgroup cgroup, Func<long?> read)
{
    /// <summary>What it was when it was last looked at.</summary>
    protected long Last { get; set; }

    /// <summary>Looks for the first time.</summary>
    public void Start() => Last = read() ?? 0;

    /// <summary>Looks again, and gives the events that happened in between.</summary>
    public void Check(List<CgroupEventArgs> events)
    {
        if (read() is long now && now != Last)
        {
            Change(now, events);
            Last = now;
        }
    }

    /// <summary>The cgroup is gone; what that means for what was seen last.</summary>
    public virtual void End(List<CgroupEventArgs> events)
    {
    }

    /// <summary>The event of a change.</summary>
    protected abstract void Change(long now, List<CgroupEventArgs> events);

    /// <summary>An event of this cgroup.</summary>
    protected CgroupEventArgs Event(CgroupEventName name, long count = 1, long? value = null) =>
        new() { Cgroup = cgroup.Path, Namespace = cgroup.SetName, EventName = name, Count = count, Value = value };
}

/// <summary>A counter that only grows.</summary>
internal sealed class CounterGauge(Cgroup cgroup, CgroupEventName name, Func<long?> read) : CgroupGauge(cgroup, read)
{
    protected override void Change(long now, List<CgroupEventArgs> events)
    {
        if (now > Last)
        {
            events.Add(Event(name, now - Last, now));
        }
    }
}

/// <summary>A state that comes and goes: a line of <c>cgroup.events</c>.</summary>
internal sealed class StateGauge(Cgroup cgroup, CgroupEventName? on, CgroupEventName? off, Func<long?> read) : CgroupGauge(cgroup, read)
{
    // Only what is empty can be removed.
    public override void End(List<CgroupEventArgs> events)
    {
        if (Last != 0 && off == CgroupEventName.Empty)
        {
            Change(0, events);
        }
    }

    protected override void Change(long now, List<CgroupEventArgs> events)
    {
        if ((now != 0 ? on : off) is CgroupEventName name)
        {
            events.Add(Event(name));
        }
    }
}
