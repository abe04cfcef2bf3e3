using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Isolation.Mounts;
using Xunit;

namespace Isolation.Tests.Mounts;

/// <summary>The readers of mountinfo and mountstats on what no kernel writes: they say what they can, and never throw.</summary>
public sealed class MountInfoFuzzTests
{
    private static readonly int s_count = Environment.GetEnvironmentVariable("ISOLATION_SOAK") == "1" ? 200_000 : 3_000;

    private static readonly byte[] s_sample = Encoding.UTF8.GetBytes(
        """
        36 35 98:0 /mnt1 /mnt2 rw,noatime shared:1 master:2 propagate_from:3 unbindable - ext3 /dev/root rw,errors=continue
        1 0 0:1 / /a\040b\011\012\134\043 ro,nosuid - tmpfs  rw
        22 27 0:23 /../x /grüße rw - nfs4 host:/x rw,vers=4.2

        """);

    private static readonly byte[] s_statistics = Encoding.UTF8.GetBytes(
        "device host:/x mounted on /grüße with fstype nfs4 statvers=1.1\n\topts:\trw,vers=4.2\n\tage:\t5\ndevice tmpfs mounted on /a with fstype tmpfs\n");

    [Fact]
    public void Any_bytes_are_read()
    {
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(s_count), Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), static bytes => IsSane(bytes)));
    }

    [Fact]
    public void Lines_of_the_kernel_with_any_damage_are_read()
    {
        Gen<byte> part = Gen.OneOf(Gen.Elements(" \t\n\\-:,/#07\0\u007f".Select(static c => (byte)c).ToArray()), ArbMap.Default.GeneratorFor<byte>());
        Gen<byte[]> damaged =
            from at in Gen.Choose(0, s_sample.Length).ListOf(4)
            from put in part.ListOf(4)
            from cut in Gen.Choose(0, 12)
            select Damage(s_sample, at, put, cut);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(s_count), Prop.ForAll(damaged.ToArbitrary(), static bytes => IsSane(bytes)));
    }

    [Fact]
    public void Damaged_statistics_are_read()
    {
        IReadOnlyList<MountInfo> mounts = MountInfo.Parse(s_sample);
        Gen<byte[]> damaged =
            from at in Gen.Choose(0, s_statistics.Length).ListOf(3)
            from put in ArbMap.Default.GeneratorFor<byte>().ListOf(3)
            from cut in Gen.Choose(0, 40)
            select Damage(s_statistics, at, put, cut);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(s_count), Prop.ForAll(damaged.ToArbitrary(), bytes =>
        {
            MountStatistics.Add(mounts, bytes);
            return true;
        }));
    }

    [Fact]
    public void A_line_without_an_end_is_refused_in_time()
    {
        byte[] line = new byte[64 * 1024 * 1024];
        Array.Fill(line, (byte)'a');
        "1 0 0:1 / "u8.CopyTo(line);
        Assert.Empty(MountInfo.Parse(line));
    }

    private static byte[] Damage(byte[] text, IEnumerable<int> places, IEnumerable<byte> bytes, int cut)
    {
        List<byte> damaged = [.. text];
        foreach ((int at, byte put) in places.Zip(bytes))
        {
            int place = Math.Min(at, damaged.Count - 1);
            if ((at & 1) == 0)
            {
                damaged[place] = put;
            }
            else
            {
                damaged.Insert(place, put);
            }
        }

        damaged.RemoveRange(damaged.Count / 2, Math.Min(cut, damaged.Count / 2));
        return [.. damaged];
    }

    // What is read has the form that it says it has.
    private static bool IsSane(byte[] bytes) => MountInfo.Parse(bytes).All(static mount =>
        mount.Id >= 0 && mount.FileSystemType.Length > 0 && mount.Propagation != MountPropagation.None
        && mount.Device.Contains(':', StringComparison.Ordinal) && mount.Propagation.HasFlag(MountPropagation.Shared) == (mount.PeerGroup is not null));
}
