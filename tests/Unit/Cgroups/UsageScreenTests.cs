using System;
using System.Collections.Generic;
using System.IO;
using Isolation.Formatting;
using Xunit;

namespace Isolation.Tests.Cgroups;

/// <summary>The screen that is drawn over and over.</summary>
public sealed class UsageScreenTests
{
    private static readonly CgroupUsage s_web = new()
    {
        Namespace = "web\e[2J", CpuPercent = 150, CpuTime = TimeSpan.FromSeconds(75), MemoryCurrent = 1 << 20, EffectiveMemoryMax = 64 << 20, PidsCurrent = 3, IoReadBytesPerSecond = 2048,
    };

    [Theory]
    [InlineData(120, 24)]
    [InlineData(80, 3)]
    [InlineData(20, 2)]
    [InlineData(1, 1)]
    public void No_line_is_wider_than_the_terminal_and_no_more_are_drawn_than_it_has(int width, int height)
    {
        List<string> lines = UsageScreen.Lines([s_web, s_web, s_web], "title of some length", width, height);
        Assert.InRange(lines.Count, 1, height);
        Assert.All(lines, line => Assert.InRange(line.Length, 0, width));
        Assert.All(lines, line => Assert.DoesNotContain('\e', line));
    }

    [Fact]
    public void A_row_has_what_is_used_under_its_heading()
    {
        List<string> lines = UsageScreen.Lines([s_web], "title", 100, 24);
        Assert.Equal(["Cgroup", "Cpu%", "CpuTime", "Memory", "MemoryMax", "Pids", "Read/s", "Write/s"], lines[1].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(["web?[2J", "150.0", "0:01:15", "1M", "64M", "3", "2K"], lines[2].Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void The_former_screen_comes_back()
    {
        using StringWriter terminal = new();
        using (UsageScreen screen = new(terminal))
        {
            screen.Draw([s_web], "title", 80, 24);
        }

        Assert.StartsWith("\e[?1049h\e[?25l", terminal.ToString(), StringComparison.Ordinal);
        Assert.EndsWith("\e[?25h\e[?1049l", terminal.ToString(), StringComparison.Ordinal);
    }
}
