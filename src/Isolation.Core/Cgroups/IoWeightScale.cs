using System;

namespace Isolation.Cgroups;

/// <summary>
/// The range of a file of weights for disks. The kernel's files have different ones, and a default somewhere in them: least, default and greatest of
/// <c>io.weight</c> (1, 100, 10000) become those of the file, and what lies between is in proportion, as systemd has it.
/// </summary>
/// <param name="File">The file of a cgroup's own weight.</param>
/// <param name="DeviceFile">The file of its weights for single disks.</param>
/// <param name="Least">The least weight.</param>
/// <param name="Default">That of a new cgroup.</param>
/// <param name="Most">The greatest weight.</param>
internal sealed record IoWeightScale(string File, string DeviceFile, int Least, int Default, int Most)
{
    public static readonly IoWeightScale Unified = new("io.weight", "io.weight", LeastWeight, DefaultWeight, MostWeight);

    private const int LeastWeight = 1;
    private const int DefaultWeight = 100;
    private const int MostWeight = 10_000;

    // The first that is there: the kernel has the one or the other, by its scheduler.
    private static readonly IoWeightScale[] s_second = [Unified, new("io.bfq.weight", "io.bfq.weight", 1, 100, 1000)];
    private static readonly IoWeightScale[] s_first =
        [new("blkio.bfq.weight", "blkio.bfq.weight_device", 1, 100, 1000), new("blkio.weight", "blkio.weight_device", 10, 500, 1000)];

    /// <summary>The scale of the file that a folder has; null for none.</summary>
    public static IoWeightScale? Find(ControllerFolder folder) => Array.Find(folder.IsFirst ? s_first : s_second, scale => folder.Has(scale.File));

    /// <summary>What takes a weight for a single disk away.</summary>
    public string None => Default == 500 ? "0" : "default";

    /// <summary>A weight of <c>io.weight</c> as one of this file.</summary>
    public long ToFile(long weight) => weight <= DefaultWeight
        ? Default - ((DefaultWeight - weight) * (Default - Least) / (DefaultWeight - LeastWeight))
        : Default + ((weight - DefaultWeight) * (Most - Default) / (MostWeight - DefaultWeight));

    /// <summary>A weight of this file as the least of <c>io.weight</c> that gives it.</summary>
    public int FromFile(long weight) => (int)(weight <= Default
        ? DefaultWeight - ((Default - weight) * (DefaultWeight - LeastWeight) / (Default - Least))
        : DefaultWeight + CeilingOf((weight - Default) * (MostWeight - DefaultWeight), Most - Default));

    /// <summary>A weight on the scale of <c>blkio.weight</c>, 10 to 1000, as one of this file: as it is, but for <c>io.weight</c>.</summary>
    public long FromBlkio(long weight) => this == Unified ? CgroupConversion.BlkioToIoWeight(weight) : weight;

    private static long CeilingOf(long number, long divisor) => (number + divisor - 1) / divisor;
}
