using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace Isolation.Cgroups;

/// <summary>A set of processors in the kernel's list form, <c>0-3,5</c>, cpuset(7) "List format".</summary>
internal sealed class CpuList
{
    // The kernel's own bound is NR_CPUS, 8192 at most in distributions' builds.
    private const int Highest = 65535;

    private readonly SortedSet<int> _cpus;

    private CpuList(SortedSet<int> cpus) => _cpus = cpus;

    /// <summary>No processor.</summary>
    public static CpuList Empty { get; } = new([]);

    public int Count => _cpus.Count;

    public bool IsEmpty => _cpus.Count == 0;

    public IReadOnlyCollection<int> Cpus => _cpus;

    /// <summary>Parses a list; spaces around numbers are allowed, an empty text is the empty set.</summary>
    public static bool TryParse(string text, out CpuList? list)
    {
        list = null;
        SortedSet<int> cpus = [];
        if (text.AsSpan().Trim().IsEmpty)
        {
            list = new CpuList(cpus);
            return true;
        }

        foreach (string part in text.Split(','))
        {
            string[] ends = part.Split('-', 2);
            if (!TryNumber(ends[0], out int first) || !TryNumber(ends[^1], out int last) || last < first)
            {
                return false;
            }

            for (int cpu = first; cpu <= last; cpu++)
            {
                cpus.Add(cpu);
            }
        }

        list = new CpuList(cpus);
        return true;
    }

    /// <summary>The members of this set that another lacks.</summary>
    public CpuList Except(CpuList other)
    {
        SortedSet<int> rest = [.. _cpus];
        rest.ExceptWith(other._cpus);
        return new CpuList(rest);
    }

    /// <summary>The shortest list, as the kernel writes it.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        int? start = null;
        int previous = -2;
        foreach (int cpu in _cpus)
        {
            if (cpu != previous + 1)
            {
                Close();
                start = cpu;
            }

            previous = cpu;
        }

        Close();
        return text.ToString();

        void Close()
        {
            if (start is not int first)
            {
                return;
            }

            text.Append(text.Length == 0 ? "" : ",").Append(first);
            if (previous > first)
            {
                text.Append('-').Append(previous);
            }
        }
    }

    private static bool TryNumber(string text, out int number) =>
        int.TryParse(text.AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out number) && number <= Highest;
}
