using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Isolation.Tests.Processes;
using Xunit;

namespace Isolation.Tests.Namespaces;

/// <summary>The scan of made-up processes; what the kernel alone knows (owners, parents, ids of networks) is tested on the host.</summary>
public sealed class NamespaceScanTests
{
    private static readonly (string, ulong)[] s_host =
        [("mnt", 1), ("net", 2), ("ipc", 3), ("user", 4), ("pid", 5), ("uts", 6), ("cgroup", 7), ("time", 8)];

    [Fact]
    public void Namespaces_are_listed_by_kind_and_number_with_their_processes()
    {
        using ProcFixture fixture = Host();
        fixture.Process(30, 20, 1000, "b", "b 2", [("net", 20), .. Without("net")]);
        fixture.Process(9, 1, 0, "a", "a 1", [("net", 10), .. Without("net")]);

        NamespaceInfo[] found = fixture.Scan();

        Assert.Equal(
            ["mnt:[1]", "net:[2]", "net:[10]", "net:[20]", "ipc:[3]", "user:[4]", "pid:[5]", "uts:[6]", "cgroup:[7]", "time:[8]"],
            found.Select(info => info.ToString()));
        Assert.Equal([1, 9, 20, 30], found[0].ProcessIds);
        Assert.Equal(4, found[0].ProcessCount);
        NamespaceInfo second = found[3];
        Assert.Equal((30, 20, "b 2", 1000u), (second.ProcessId, second.ParentProcessId, second.Command, second.UserId));
        Assert.Equal([9], found[2].ProcessIds);
        Assert.Equal("root", found[2].User);
        Assert.True(found[0].IsOwn);
        Assert.False(found[2].IsOwn);
    }

    [Fact]
    public void Only_the_kinds_asked_for_are_listed()
    {
        using ProcFixture fixture = Host();

        Assert.Equal(["net:[2]", "uts:[6]"], fixture.Scan(NamespaceType.Uts | NamespaceType.Net).Select(info => info.ToString()));
    }

    [Fact]
    public void A_process_without_command_line_shows_its_name()
    {
        using ProcFixture fixture = Host();
        fixture.Process(40, 2, 0, "kdevtmpfs", string.Empty, [("mnt", 11)]);

        Assert.Equal("kdevtmpfs", fixture.Scan(NamespaceType.Mount).Single(info => info.Id == 11).Command);
    }

    [Fact]
    public void What_ended_meanwhile_is_left_out()
    {
        using ProcFixture fixture = Host();
        fixture.Process(40, 1, 0, "x", "x", [("net", 50)]).Remove("40/status");
        fixture.Process(41, 1, 0, "y", "y", [("net", 51)]).Remove("41/status");
        fixture.Process(42, 1, 0, "z", "z", [("net", 51)]);
        fixture.Process(43, 1, 0, "cut", "cut", [("net", 52)]).Write("43/status", "Name:\tcut\nPid:\t4");
        fixture.Process(44, 1, 0, "zombie", string.Empty, [("user", 4), ("pid", 5)]);

        NamespaceInfo[] found = fixture.Scan();

        Assert.DoesNotContain(found, info => info.Id is 50 or 52);
        Assert.Equal([42], found.Single(info => info.Id == 51).ProcessIds);
        Assert.Contains(44, found.Single(info => info.Type is NamespaceType.Pid).ProcessIds);
        Assert.DoesNotContain(44, found.Single(info => info is { Type: NamespaceType.Net, Id: 2 }).ProcessIds);
    }

    [Fact]
    public void Pins_are_found_in_every_mount_namespace_once()
    {
        const string Pin = "36 35 0:4 net:[70] /run/netns/blue rw - nsfs nsfs rw\n";
        using ProcFixture fixture = Host(Pin);
        fixture.Process(40, 1, 0, "x", "x", [("mnt", 60), .. Without("mnt")]);
        fixture.MountInfo(40, Pin + "37 35 0:4 net:[71] /run/netns/red rw - nsfs nsfs rw\n38 35 0:4 uts:[72] /run/\\040u rw - nsfs nsfs rw\n");

        NamespaceInfo[] found = fixture.Scan(NamespaceType.Net);

        NamespaceInfo blue = found.Single(info => info.Id == 70);
        Assert.Equal(["/run/netns/blue"], blue.Paths);
        Assert.Equal("blue", blue.Name);
        Assert.Equal(0, blue.ProcessCount);
        Assert.Null(blue.ProcessId);
        Assert.Null(blue.Command);
        Assert.Equal([$"{fixture.Root}/40/root/run/netns/red"], found.Single(info => info.Id == 71).Paths);
        Assert.DoesNotContain(found, info => info.Id == 72);
        Assert.Equal([$"{fixture.Root}/40/root/run/ u"], fixture.Scan(NamespaceType.Uts).Single(info => info.Id == 72).Paths);
    }

    [Fact]
    public void The_same_path_may_pin_different_namespaces()
    {
        using ProcFixture fixture = Host("36 35 0:4 net:[70] /run/netns/blue rw - nsfs nsfs rw\n");
        fixture.Process(40, 1, 0, "x", "x", [("mnt", 60)]).MountInfo(40, "36 35 0:4 net:[71] /run/netns/blue rw - nsfs nsfs rw\n");

        NamespaceInfo[] found = fixture.Scan(NamespaceType.Net);

        Assert.Equal(["/run/netns/blue"], found.Single(info => info.Id == 70).Paths);
        Assert.Equal([$"{fixture.Root}/40/root/run/netns/blue"], found.Single(info => info.Id == 71).Paths);
    }

    [Fact]
    public void Names_that_the_caller_knows_come_first()
    {
        using ProcFixture fixture = Host("36 35 0:4 net:[70] /run/netns/blue rw - nsfs nsfs rw\n");
        Dictionary<NamespaceKey, string> names = new() { [new(NamespaceType.Net, 70)] = "web", [new(NamespaceType.Uts, 6)] = "host" };

        NamespaceInfo[] found = fixture.Scan(names: names);

        Assert.Equal("web", found.Single(info => info.Id == 70).Name);
        Assert.Equal("host", found.Single(info => info.Type is NamespaceType.Uts).Name);
    }

    [Fact]
    public void Without_deep_holders_are_not_looked_for()
    {
        using ProcFixture fixture = Held();

        NamespaceInfo[] found = fixture.Scan();

        Assert.DoesNotContain(found, info => info.Id is 80 or 81 or 82 or 83);
        Assert.All(found, info => Assert.Empty(info.HolderIds));
    }

    [Fact]
    public void Deep_finds_threads_descriptors_and_namespaces_for_children()
    {
        using ProcFixture fixture = Held();

        NamespaceInfo[] found = fixture.Scan(deep: true);

        Assert.Equal([20], found.Single(info => info.Id == 80).HolderIds);
        Assert.Equal([1, 20], found.Single(info => info.Id == 81).HolderIds);
        Assert.Equal([20], found.Single(info => info.Id == 82).HolderIds);
        Assert.Equal([20], found.Single(info => info.Id == 83).HolderIds);
        Assert.Equal(NamespaceType.Time, found.Single(info => info.Id == 83).Type);
        Assert.Empty(found.Single(info => info is { Type: NamespaceType.Mount, Id: 1 }).HolderIds);
        Assert.Equal([new(1, NamespaceHoldKind.Descriptor, 9), new(20, NamespaceHoldKind.Descriptor, 3)], found.Single(info => info.Id == 81).Holds);
        Assert.Equal([new(20, NamespaceHoldKind.Thread, 22)], found.Single(info => info.Id == 80).Holds);
        Assert.Equal([new(20, NamespaceHoldKind.Children, 20)], found.Single(info => info.Id == 82).Holds);
        Assert.All(found.Where(info => info.Id >= 80), info => Assert.Equal(0, info.ProcessCount));
    }

    [Theory]
    [InlineData("pos:\t0\nflags:\t02000000\nmnt_id:\t4\nino:\t70\n", true)]
    [InlineData("pos:\t0\nflags:\t02000000\nmnt_id:\t4\nino:\t71\n", false)]
    [InlineData("pos:\t0\nflags:\t02000000\nmnt_id:\t4\n", true)]
    [InlineData(null, false)]
    public void A_descriptor_that_was_opened_through_a_pin_holds_it_when_it_is_that_file(string? info, bool holds)
    {
        using ProcFixture fixture = Host("36 35 0:4 net:[70] /run/netns/blue rw - nsfs nsfs rw\n");
        fixture.Descriptor(20, 7, "/run/netns/blue");
        if (info is not null)
        {
            fixture.Folder("20/fdinfo").Write("20/fdinfo/7", info);
        }

        int[] holders = fixture.Scan(NamespaceType.Net, deep: true).Single(found => found.Id == 70).HolderIds;

        Assert.Equal(holds ? [20] : [], holders);
    }

    [Fact]
    public void Leaked_is_what_a_pin_or_a_descriptor_keeps_and_nothing_is_in()
    {
        using ProcFixture fixture = Held();

        ulong[] leaked = [.. fixture.Scan(deep: true).Where(info => info.IsLeaked).Select(info => info.Id)];

        // Not 80, where a thread is, nor 82 and 83, where children will be.
        Assert.Equal([70UL, 81UL], leaked);
    }

    [Fact]
    public void A_namespace_has_the_path_of_its_first_process_its_pin_or_its_holder()
    {
        using ProcFixture fixture = Held();

        NamespaceInfo[] found = fixture.Scan(deep: true);

        Assert.Equal($"{fixture.Root}/1/ns/net", found.Single(info => info is { Type: NamespaceType.Net, Id: 2 }).Path);
        Assert.Equal("/run/netns/blue", found.Single(info => info.Id == 70).Path);
        Assert.Contains(found.Single(info => info.Id == 81).Path, new[] { $"{fixture.Root}/1/fd/9", $"{fixture.Root}/20/fd/3" });
        Assert.Equal($"{fixture.Root}/20/ns/pid_for_children", found.Single(info => info.Id == 82).Path);
    }

    [Fact]
    public void Deep_too_lists_only_the_kinds_asked_for()
    {
        using ProcFixture fixture = Held();

        Assert.Equal([6UL, 81UL], fixture.Scan(NamespaceType.Uts, deep: true).Select(info => info.Id));
    }

    [Fact]
    public void Many_processes_are_shared_out_without_losing_one()
    {
        using ProcFixture fixture = Host();
        for (int pid = 1000; pid < 1600; pid++)
        {
            fixture.Process(pid, 1, 0, "x", "x", [("net", (ulong)pid / 100)]).Descriptor(pid, 0, "uts:[90]");
        }

        NamespaceInfo[] found = fixture.Scan(deep: true);

        Assert.Equal(Enumerable.Range(1200, 100), found.Single(info => info is { Type: NamespaceType.Net, Id: 12 }).ProcessIds);
        Assert.Equal(Enumerable.Range(1000, 600), found.Single(info => info.Id == 90).HolderIds);
    }

    [Fact]
    public void A_scan_can_be_cancelled()
    {
        using ProcFixture fixture = Host();
        using CancellationTokenSource source = new();
        source.Cancel();

        Assert.ThrowsAny<OperationCanceledException>(() => NamespaceScanner.Scan(new ScanOptions { ProcRoot = fixture.Root }, source.Token));
    }

    [Fact]
    public void Without_a_proc_there_is_an_error_that_says_so()
    {
        IsolationException refusal = Assert.Throws<IsolationException>(() => NamespaceScanner.Scan(new ScanOptions { ProcRoot = "/nonexistent/proc" }));

        Assert.Equal("ProcUnavailable", refusal.ErrorId);
        Assert.Contains("/nonexistent/proc", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Processes_are_found_by_any_of_several_namespaces()
    {
        using ProcFixture fixture = Host();
        fixture.Process(30, 1, 0, "a", "a", [("net", 10), ("uts", 6)]).Process(9, 1, 0, "b", "b", [("net", 11), ("uts", 66)]);

        Assert.Equal([9, 30], NamespaceScanner.ProcessesInAny([new(NamespaceType.Net, 10), new(NamespaceType.Uts, 66)], fixture.Root));
        Assert.Equal([1, 20, 30], NamespaceScanner.ProcessesInAny([new(NamespaceType.Uts, 6), new(NamespaceType.Net, 10)], fixture.Root));
        Assert.Empty(NamespaceScanner.ProcessesInAny([new(NamespaceType.Net, 6)], fixture.Root));
        Assert.Empty(NamespaceScanner.ProcessesInAny([], fixture.Root));
    }

    private static (string, ulong)[] Without(string kind) => [.. s_host.Where(pair => pair.Item1 != kind)];

    private static ProcFixture Host(string mountInfo = "") =>
        new ProcFixture().Self(mountInfo, s_host).Process(1, 0, 0, "init", "/sbin/init", s_host).Process(20, 1, 1000, "sh", "-sh", s_host);

    private static ProcFixture Held()
    {
        ProcFixture fixture = Host("36 35 0:4 net:[70] /run/netns/blue rw - nsfs nsfs rw\n");
        fixture.Thread(20, 21, s_host).Thread(20, 22, [("mnt", 80), ("net", 2), ("user", 4)]);
        fixture.Descriptor(20, 3, "uts:[81]").Descriptor(1, 9, "uts:[81]").Descriptor(20, 4, "/dev/null").Descriptor(20, 5, "pipe:[81]");
        fixture.Descriptor(20, 6, "socket:[81]").Descriptor(20, 7, "/run/netns/blue").Descriptor(20, 8, "anon_inode:[eventfd]");
        fixture.Link("20/ns/pid_for_children", "pid:[82]").Link("20/ns/time_for_children", "time:[83]");
        fixture.Link("1/ns/pid_for_children", "pid:[5]").Link("1/ns/time_for_children", "time:[8]");
        return fixture;
    }
}
