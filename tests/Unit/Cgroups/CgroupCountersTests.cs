using System;
using System.Collections.Generic;
using Isolation.Cgroups;
using Xunit;

namespace Isolation.Tests.Cgroups;

/// <summary>The texts of the files of both versions that count what is used, as the kernel writes them.</summary>
public sealed class CgroupCountersTests
{
    /// <summary><c>memory.stat</c> of version 1, shortened.</summary>
    public const string FirstMemoryStat =
        "cache 4096\nrss 8192\nmapped_file 0\nswap 0\npgfault 10\nhierarchical_memory_limit 9223372036854771712\n"
        + "total_cache 40960\ntotal_rss 81920\ntotal_rss_huge 2097152\ntotal_shmem 12\ntotal_mapped_file 3\ntotal_dirty 4\ntotal_writeback 5\n"
        + "total_swap 6\ntotal_pgfault 100\ntotal_inactive_anon 7";

    /// <summary>The two files of version 1.</summary>
    public const string FirstBytes = "254:0 Read 4096\n254:0 Write 8192\n254:0 Sync 12288\n254:0 Async 0\n254:0 Discard 512\n254:0 Total 12800\n8:16 Read 1\nTotal 12801";

    public const string FirstOperations = "254:0 Read 1\n254:0 Write 2\n254:0 Sync 3\n254:0 Async 0\n254:0 Discard 4\n254:0 Total 7\nTotal 7";

    public const string SecondIo =
        "8:16 8:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=512 dios=4\n254:0 \n253:0 rbytes=7 wbytes=0 rios=1 wios=0 dbytes=0 dios=0 cost.usage=12";

    public const string Pressure = "some avg10=40.29 avg60=57.41 avg300=33.28 total=19498875502\nfull avg10=0.50 avg60=0.00 avg300=0.00 total=7";

    [Fact]
    public void Counters_of_version_1_have_the_names_of_version_2_and_count_what_is_below()
    {
        Dictionary<string, long> stat = CgroupCounters.ParseMemoryStat(FirstMemoryStat, isFirst: true);
        Assert.Equal(40960, stat["file"]);
        Assert.Equal(81920, stat["anon"]);
        Assert.Equal(2097152, stat["anon_thp"]);
        Assert.Equal(3, stat["file_mapped"]);
        Assert.Equal(4, stat["file_dirty"]);
        Assert.Equal(5, stat["file_writeback"]);
        Assert.Equal(100, stat["pgfault"]);
        Assert.Equal(7, stat["inactive_anon"]);
        Assert.Equal(9223372036854771712, stat["hierarchical_memory_limit"]);
        Assert.DoesNotContain(stat.Keys, key => key.StartsWith("total_", StringComparison.Ordinal) || key is "cache" or "rss");
    }

    [Fact]
    public void Counters_of_version_2_are_all_there()
    {
        Dictionary<string, long> stat = CgroupCounters.ParseMemoryStat("anon 1\nfile 2\nworkingset_refault_anon 3\nbroken\nbig 99999999999999999999\n", isFirst: false);
        Assert.Equal(new Dictionary<string, long> { ["anon"] = 1, ["file"] = 2, ["workingset_refault_anon"] = 3 }, stat);
    }

    [Fact]
    public void Disks_of_version_2()
    {
        List<CgroupIoUsage> disks = CgroupCounters.ParseIo(SecondIo);
        Assert.Equal(["253:0", "8:0"], disks.ConvertAll(disk => disk.Device));
        Assert.Equal((4096, 8192, 512, 1, 2, 4), Values(disks[1]));
        Assert.Equal((7, 0, 0, 1, 0, 0), Values(disks[0]));
    }

    [Fact]
    public void Disks_of_version_1()
    {
        List<CgroupIoUsage> disks = CgroupCounters.ParseFirstIo(FirstBytes, FirstOperations);
        Assert.Equal(["254:0", "8:16"], disks.ConvertAll(disk => disk.Device));
        Assert.Equal((4096, 8192, 512, 1, 2, 4), Values(disks[0]));
        Assert.Equal((1, 0, 0, 0, 0, 0), Values(disks[1]));
    }

    [Fact]
    public void Pressure_is_read_line_by_line()
    {
        Assert.Equal((40.29, 57.41, 33.28, TimeSpan.FromMicroseconds(19498875502)), CgroupCounters.ParsePressure(Pressure, "some"));
        Assert.Equal((0.5, 0, 0, TimeSpan.FromMicroseconds(7)), CgroupCounters.ParsePressure(Pressure, "full"));
        Assert.Equal((null, null, null, null), CgroupCounters.ParsePressure("full avg10=0.50", "some"));
    }

    [Fact]
    public void Times_have_their_units_and_no_end()
    {
        Assert.Equal(TimeSpan.FromMilliseconds(1.5), CgroupCounters.Microseconds(1500));
        Assert.Equal(TimeSpan.FromMilliseconds(1.5), CgroupCounters.Nanoseconds(1_500_000));
        Assert.Equal(TimeSpan.FromSeconds(1.5), CgroupCounters.ClockTicks(150));
        Assert.Equal(TimeSpan.MaxValue, CgroupCounters.Microseconds(long.MaxValue));
        Assert.Equal(TimeSpan.MaxValue, CgroupCounters.ClockTicks(long.MaxValue));
    }

    private static (long, long, long, long, long, long) Values(CgroupIoUsage disk) =>
        (disk.ReadBytes, disk.WriteBytes, disk.DiscardBytes, disk.ReadOperations, disk.WriteOperations, disk.DiscardOperations);
}
