using System;
using System.Collections.Generic;

namespace Isolation.Cgroups;

/// <summary>Reads the same cgroups again and again, and computes rates from one reading to the next.</summary>
/// <param name="host">The host.</param>
/// <param name="cgroups">The cgroups; null for all of this module's, those that are made later too.</param>
internal sealed class CgroupUsageSampler(CgroupHost host, IReadOnlyList<Cgroup>? cgroups)
{
    private readonly List<Cgroup>? _named = cgroups is null ? null : [.. cgroups];
    private Dictionary<string, CgroupUsage> _before = new(StringComparer.Ordinal);

    /// <summary>Whether there can be anything to read any more.</summary>
    public bool IsOver => _named is { Count: 0 };

    /// <summary>What they use now, with the rates since the last call.</summary>
    /// <param name="removed">Is told each cgroup that was there the last time and is not any more; it is left out from then on.</param>
    public IReadOnlyList<CgroupUsage> Sample(Action<string> removed)
    {
        Dictionary<string, CgroupUsage> now = new(StringComparer.Ordinal);
        List<CgroupUsage> all = [];
        foreach (Cgroup cgroup in _named is null ? Cgroup.List(host) : [.. _named])
        {
            CgroupUsage usage = cgroup.GetUsage();
            string key = $"{usage.ProcessId}{cgroup.Path}";
            bool known = _before.TryGetValue(key, out CgroupUsage? before);

            // A set may have no cgroup yet. What vanished while it was read is incomplete.
            if (!cgroup.Exists && (_named is null || before is { Path.Length: > 0 } || usage.Path.Length > 0))
            {
                _named?.Remove(cgroup);
                if (_named is not null)
                {
                    removed(cgroup.Path);
                }

                continue;
            }

            if (known)
            {
                usage.SetRates(before!);
            }

            now[key] = usage;
            all.Add(usage);
        }

        if (_named is null)
        {
            foreach (string path in _before.Keys)
            {
                if (!now.ContainsKey(path))
                {
                    removed(path);
                }
            }
        }

        _before = now;
        return all;
    }
}
