using System;
using System.IO;
using System.Linq;
using System.Text;
using Isolation.Cgroups;
using Isolation.Interop;
using Isolation.Ipc;
using Isolation.Processes;
using Isolation.Tests.Cgroups;
using Isolation.Tests.Ipc;
using Isolation.Users;
using Xunit;

namespace Isolation.Tests.Fuzz;

/// <summary>
/// The readers of what the kernel, and whoever can make it up, writes: on damaged text they refuse or leave out, and throw nothing. A bounded run, with
/// the same texts each time; a long one with ISOLATION_SOAK=1.
/// </summary>
public sealed class ParserFuzzTests
{
    private static readonly int s_count = Environment.GetEnvironmentVariable("ISOLATION_SOAK") == "1" ? 2_000_000 : 20_000;

    private const string Status =
        "Name:\tsleep\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t120\nPid:\t121\nPPid:\t119\nTracerPid:\t5\nUid:\t1000\t1001\t1002\t1003\n"
        + "Gid:\t100\t101\t102\t103\nGroups:\t4 24 1000 \nNStgid:\t120\t7\nNSpid:\t121\t8\nNSpgid:\t118\t6\nNSsid:\t117\t5\nThreads:\t2\n";

    [Fact]
    public void Status_is_read_or_refused() => Run(11, [Status], static text =>
    {
        if (ProcStatus.TryParse(text, out ProcStatus? status))
        {
            // What every reader of it uses.
            _ = (status.EffectiveUserId, status.EffectiveGroupId);
            Assert.NotEmpty(status.NamespaceIds);
        }
    });

    [Fact]
    public void Stat_is_read_or_refused() => Run(
        12,
        ["121 (sl ee)p) S 119 118 117 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 1 0 12345 2000000 300 18446744073709551615 1 1 0\n"],
        static text => _ = ProcStat.TryParse(text, out _));

    [Fact]
    public void Id_maps_are_read_line_by_line() => Run(13, ["         0     100000      65536\n     65536       1000          1\n", "0 0 4294967295\n"], static text =>
    {
        foreach (IdMap line in IdMapCaller.ParseMap(Bytes.Text(text)))
        {
            Assert.InRange(line.Count, 1, IdMap.IdCount);
            Assert.True(line.Inside >= 0 && line.Outside >= 0 && line.Inside + line.Count <= IdMap.IdCount && line.Outside + line.Count <= IdMap.IdCount);
        }
    });

    [Fact]
    public void Tables_of_System_V_IPC_are_read_line_by_line() => Run(14, [SysVTableTests.SharedMemory, SysVTableTests.Semaphores, SysVTableTests.Queues], static text =>
    {
        SysVObjects objects = new(1, null, new IpcIdMap([new IdMap(0, 100000, 65536)], []), UserDatabase.Parse(default, default));
        foreach (IpcType type in (IpcType[])[IpcType.SharedMemory, IpcType.Semaphore, IpcType.MessageQueue])
        {
            foreach (IpcObject item in objects.Read(type, text))
            {
                Assert.NotEmpty(item.ToString());
            }
        }
    });

    [Fact]
    public void Files_of_POSIX_queues_are_read_or_left_out() =>
        Run(15, ["QSIZE:129     NOTIFY:2     SIGNO:0     NOTIFY_PID:8260\n"], static text => PosixQueues.Parse(text, out _, out _));

    [Fact]
    public void Pins_in_mountinfo_are_found_or_left_out() => Run(
        16,
        ["36 35 0:4 net:[4026532281] /run/netns/x\\040y rw shared:1 - nsfs nsfs rw\n37 1 8:1 / / rw,noatime - ext4 /dev/sda1 rw\n38 35 0:4 mnt:[1] /a rw master:2 - nsfs nsfs rw\n"],
        static text =>
        {
            NsfsMounts mounts = new(text);
            while (mounts.MoveNext())
            {
                _ = NsfsMounts.Unescape(mounts.EscapedPath);
            }
        });

    [Fact]
    public void Counters_of_control_groups_are_read_line_by_line() => Run(
        21,
        [CgroupCountersTests.FirstMemoryStat, CgroupCountersTests.FirstBytes, CgroupCountersTests.SecondIo, CgroupCountersTests.Pressure, "usage_usec 5\nuser_usec 3\n"],
        static text =>
        {
            string counters = Bytes.Text(text);
            Assert.All(CgroupCounters.Parse(counters).Values, static value => Assert.True(value >= 0));
            Assert.All(CgroupCounters.ParseMemoryStat(counters, isFirst: true).Values, static value => Assert.True(value >= 0));
            foreach (CgroupIoUsage disk in (CgroupIoUsage[])[.. CgroupCounters.ParseIo(counters), .. CgroupCounters.ParseFirstIo(counters, counters)])
            {
                Assert.True(disk.ReadBytes >= 0 && disk.WriteOperations >= 0 && disk.Device.Contains(':'));
            }

            foreach (string line in (string[])["some", "full"])
            {
                (double? average, _, _, TimeSpan? total) = CgroupCounters.ParsePressure(counters, line);
                Assert.True(average is null or >= 0 && (total is null || total >= TimeSpan.Zero));
            }
        });

    [Fact]
    public void Links_of_namespaces_are_read_or_refused() =>
        Run(17, ["net:[4026531840]", "user:[4026531837]", "pid_for_children:[1]"], static text => _ = NamespaceKey.TryParse(text, out _));

    [Fact]
    public void Command_lines_have_no_control_characters_left() =>
        Run(18, ["/usr/bin/sleep\0" + "300\0", "\u001b]0;title\u0007\0-c\0"], static text => Assert.DoesNotContain(CommandLine.Format(text), char.IsControl));

    [Fact]
    public void A_scan_of_a_damaged_proc_leaves_out_what_it_cannot_read()
    {
        using Processes.ProcFixture fixture = new();
        (string, ulong)[] host = [("mnt", 1), ("net", 2), ("ipc", 3), ("user", 4), ("pid", 5), ("uts", 6), ("cgroup", 7), ("time", 8)];
        fixture.Self("", host).Process(1, 0, 0, "init", "/sbin/init", host).Process(20, 1, 1000, "x", "x", [("net", 9)]);
        Mutation status = new(19, [Encoding.Latin1.GetBytes(Status)]);
        Mutation mounts = new(20, [Encoding.Latin1.GetBytes("36 35 0:4 uts:[70] /run/u rw - nsfs nsfs rw\n")]);
        for (int i = 0; i < 200; i++)
        {
            File.WriteAllBytes(Path.Combine(fixture.Root, "20/status"), status.Next());
            File.WriteAllBytes(Path.Combine(fixture.Root, "self/mountinfo"), mounts.Next());

            NamespaceInfo[] found = fixture.Scan(deep: true);

            Assert.Contains(found, info => info is { Type: NamespaceType.Net, Id: 2 } && info.ProcessIds.Contains(1));
        }
    }

    private static void Run(int seed, string[] samples, Action<byte[]> parse)
    {
        Mutation mutation = new(seed, [.. samples.Select(Encoding.Latin1.GetBytes)]);
        for (int i = 0; i < s_count; i++)
        {
            byte[] text = mutation.Next();
            try
            {
                parse(text);
            }
            catch (Exception exception)
            {
                Assert.Fail($"Text {i} of seed {seed}, {Convert.ToHexString(text)}: {exception}");
            }
        }
    }
}
