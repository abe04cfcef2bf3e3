using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;

namespace Isolation.Formatting;

/// <summary>A screen of a terminal that shows what control groups use and is drawn anew over and over, as that of <c>systemd-cgtop</c>.</summary>
internal sealed class UsageScreen : IDisposable
{
    // The other screen, without a cursor; and back. ECMA-48 and xterm's control sequences.
    private const string Enter = "\e[?1049h\e[?25l";
    private const string Leave = "\e[?25h\e[?1049l";

    private readonly TextWriter _terminal;

    public UsageScreen(TextWriter terminal)
    {
        _terminal = terminal;
        Write(Enter);
    }

    /// <summary>Draws what fits.</summary>
    /// <param name="usages">What there is to show, in order.</param>
    /// <param name="title">The first line.</param>
    /// <param name="width">The terminal's columns.</param>
    /// <param name="height">The terminal's lines.</param>
    public void Draw(IReadOnlyList<CgroupUsage> usages, string title, int width, int height)
    {
        StringBuilder frame = new("\e[H");
        List<string> lines = Lines(usages, title, width, height);
        for (int i = 0; i < lines.Count; i++)
        {
            // The heading of the columns is shown reversed. A line end after the last line would scroll.
            frame.Append(i == 1 ? $"\e[7m{lines[i]}\e[0m" : lines[i]).Append("\e[K").Append(i < lines.Count - 1 ? "\r\n" : "");
        }

        Write(frame.Append("\e[J").ToString());
    }

    /// <summary>The lines of one frame, none wider than the terminal and no more than it has.</summary>
    public static List<string> Lines(IReadOnlyList<CgroupUsage> usages, string title, int width, int height)
    {
        List<string> lines = [Fit(title, width), Row("Cgroup", "Cpu%", "CpuTime", "Memory", "MemoryMax", "Pids", "Read/s", "Write/s")];
        foreach (CgroupUsage usage in usages)
        {
            if (lines.Count >= height)
            {
                break;
            }

            lines.Add(Row(
                usage.ToString(),
                UsageText.Percent(usage.CpuPercent),
                UsageText.Time(usage.CpuTime),
                UsageText.Size(usage.MemoryCurrent),
                UsageText.Size(usage.EffectiveMemoryMax),
                usage.PidsCurrent?.ToString(CultureInfo.InvariantCulture) ?? "",
                UsageText.Rate(usage.IoReadBytesPerSecond),
                UsageText.Rate(usage.IoWriteBytesPerSecond)));
        }

        return lines.Count > height ? lines[..Math.Max(height, 0)] : lines;

        string Row(string name, string cpu, string time, string memory, string limit, string pids, string read, string write)
        {
            const int Columns = 63;
            int first = Math.Max(8, width - Columns);
            return Fit(string.Create(
                CultureInfo.InvariantCulture, $"{Fit(name, first).PadRight(first)} {cpu,7} {time,9} {memory,8} {limit,9} {pids,6} {read,8} {write,8}"), width);
        }
    }

    public void Dispose() => Write(Leave);

    // A name from elsewhere may have control characters in it.
    private static string Fit(string text, int width)
    {
        char[] shown = text.Length > width ? text[..Math.Max(width, 0)].ToCharArray() : text.ToCharArray();
        for (int i = 0; i < shown.Length; i++)
        {
            shown[i] = char.IsControl(shown[i]) ? '?' : shown[i];
        }

        return new string(shown);
    }

    private void Write(string text)
    {
        _terminal.Write(text);
        _terminal.Flush();
    }
}
