using System;
using System.Collections.Generic;
using System.Globalization;

namespace Isolation.Cgroups;

/// <summary>The counters in the texts of the kernel's files. What cannot be read is left out.</summary>
internal static class CgroupCounters
{
    // Names of version 1 that mean what another name means in version 2 (kernel: mm/memcontrol.c, mm/memcontrol-v1.c).
    private static readonly Dictionary<string, string> s_secondNames = new(StringComparer.Ordinal)
    {
        ["cache"] = "file",
        ["rss"] = "anon",
        ["rss_huge"] = "anon_thp",
        ["mapped_file"] = "file_mapped",
        ["dirty"] = "file_dirty",
        ["writeback"] = "file_writeback",
    };

    /// <summary>Lines of a name and a number.</summary>
    public static Dictionary<string, long> Parse(string text)
    {
        Dictionary<string, long> counters = new(StringComparer.Ordinal);
        foreach (ReadOnlySpan<char> line in text.AsSpan().EnumerateLines())
        {
            int space = line.IndexOf(' ');
            if (space > 0 && TryNumber(line[(space + 1)..], out long value))
            {
                counters[line[..space].ToString()] = value;
            }
        }

        return counters;
    }

    /// <summary>
    /// <c>memory.stat</c>. Of version 1 the lines <c>total_X</c> take the place of <c>X</c>, as they count the cgroups below too, under the names of
    /// version 2 where there is one that means the same.
    /// </summary>
    public static Dictionary<string, long> ParseMemoryStat(string text, bool isFirst)
    {
        Dictionary<string, long> lines = Parse(text);
        if (!isFirst)
        {
            return lines;
        }

        const string Total = "total_";
        Dictionary<string, long> counters = new(StringComparer.Ordinal);
        foreach ((string name, long value) in lines)
        {
            bool counted = name.StartsWith(Total, StringComparison.Ordinal);
            if (counted || !lines.ContainsKey(Total + name))
            {
                string plain = counted ? name[Total.Length..] : name;
                counters[s_secondNames.GetValueOrDefault(plain, plain)] = value;
            }
        }

        return counters;
    }

    /// <summary>The disks of <c>io.stat</c>: lines such as <c>8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6</c>.</summary>
    public static List<CgroupIoUsage> ParseIo(string text)
    {
        SortedDictionary<string, CgroupIoUsage> disks = new(StringComparer.Ordinal);
        foreach (string line in text.Split('\n'))
        {
            CgroupIoUsage? disk = null;
            foreach (string word in line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                // Before Linux 6.0 the number of a disk without counters may stand before the next one in the same line.
                string[] pair = word.Split('=', 2);
                if (pair.Length == 1)
                {
                    disk = IsDevice(word) ? new CgroupIoUsage { Device = word } : null;
                }
                else if (disk is not null && TryNumber(pair[1], out long value) && Set(disk, pair[0], value))
                {
                    disks[disk.Device] = disk;
                }
            }
        }

        return [.. disks.Values];

        static bool Set(CgroupIoUsage disk, string key, long value)
        {
            switch (key)
            {
                case "rbytes": disk.ReadBytes = value; return true;
                case "wbytes": disk.WriteBytes = value; return true;
                case "dbytes": disk.DiscardBytes = value; return true;
                case "rios": disk.ReadOperations = value; return true;
                case "wios": disk.WriteOperations = value; return true;
                case "dios": disk.DiscardOperations = value; return true;
                default: return false;
            }
        }
    }

    /// <summary>The disks of the two files of version 1: lines such as <c>8:0 Read 4096</c>.</summary>
    /// <param name="bytes"><c>blkio.throttle.io_service_bytes</c>.</param>
    /// <param name="operations"><c>blkio.throttle.io_serviced</c>.</param>
    public static List<CgroupIoUsage> ParseFirstIo(string bytes, string operations)
    {
        SortedDictionary<string, CgroupIoUsage> disks = new(StringComparer.Ordinal);
        foreach ((CgroupIoUsage disk, string kind, long value) in Lines(bytes))
        {
            switch (kind)
            {
                case "Read": disk.ReadBytes = value; break;
                case "Write": disk.WriteBytes = value; break;
                case "Discard": disk.DiscardBytes = value; break;
            }
        }

        foreach ((CgroupIoUsage disk, string kind, long value) in Lines(operations))
        {
            switch (kind)
            {
                case "Read": disk.ReadOperations = value; break;
                case "Write": disk.WriteOperations = value; break;
                case "Discard": disk.DiscardOperations = value; break;
            }
        }

        return [.. disks.Values];

        IEnumerable<(CgroupIoUsage Disk, string Kind, long Value)> Lines(string text)
        {
            foreach (string line in text.Split('\n'))
            {
                string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (words.Length == 3 && IsDevice(words[0]) && TryNumber(words[2], out long value))
                {
                    if (!disks.TryGetValue(words[0], out CgroupIoUsage? disk))
                    {
                        disks[words[0]] = disk = new CgroupIoUsage { Device = words[0] };
                    }

                    yield return (disk, words[1], value);
                }
            }
        }
    }

    /// <summary>One line of a file of pressure: <c>some avg10=0.00 avg60=0.00 avg300=0.00 total=0</c>; all null where it is not there.</summary>
    public static (double? Average10, double? Average60, double? Average300, TimeSpan? Total) ParsePressure(string text, string line)
    {
        Dictionary<string, string> values = new(StringComparer.Ordinal);
        foreach (string one in text.Split('\n'))
        {
            if (one.StartsWith(line + " ", StringComparison.Ordinal))
            {
                foreach (string word in one.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                {
                    string[] pair = word.Split('=', 2);
                    values[pair[0]] = pair[^1];
                }
            }
        }

        return (Average("avg10"), Average("avg60"), Average("avg300"), TryNumber(values.GetValueOrDefault("total"), out long total) ? Microseconds(total) : null);

        double? Average(string key) =>
            double.TryParse(values.GetValueOrDefault(key), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value) ? value : null;
    }

    /// <summary>A number that is not negative and fits a signed 64-bit one.</summary>
    public static bool TryNumber(ReadOnlySpan<char> text, out long value) =>
        long.TryParse(text, NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out value);

    /// <summary>Microseconds as a time; the longest where it is too long for one.</summary>
    public static TimeSpan Microseconds(long value) => Time(value, TimeSpan.TicksPerMicrosecond);

    /// <summary>Nanoseconds as a time.</summary>
    public static TimeSpan Nanoseconds(long value) => TimeSpan.FromTicks(value / TimeSpan.NanosecondsPerTick);

    /// <summary>Hundredths of a second as a time: <c>USER_HZ</c> is 100 on x64 and arm64 (<c>asm-generic/param.h</c>).</summary>
    public static TimeSpan ClockTicks(long value) => Time(value, TimeSpan.TicksPerMillisecond * 10);

    private static TimeSpan Time(long value, long ticks) => value > long.MaxValue / ticks ? TimeSpan.MaxValue : TimeSpan.FromTicks(value * ticks);

    private static bool IsDevice(string word)
    {
        string[] halves = word.Split(':');
        return halves.Length == 2 && Array.TrueForAll(halves, half => uint.TryParse(half, NumberStyles.None, CultureInfo.InvariantCulture, out _));
    }
}
