using System;
using System.Collections.Generic;

namespace Isolation.Cgroups;

/// <summary>Limits of input and output as values for files.</summary>
internal static class IoWrites
{
    public static void Add(List<CgroupWrite> writes, CgroupLimitRequest request, ControllerFolder folder)
    {
        foreach (KeyedLimit rate in request.IoRate)
        {
            IoRateKind kind = IoRates.Of(rate.Parameter);
            writes.Add(folder.IsFirst ? FirstRate(rate, kind, folder) : Rate(rate, kind, folder));
        }

        if (request.IoWeight is not null || request.BlkioWeight is not null)
        {
            string parameter = request.IoWeight is null ? "BlkioWeight" : "IoWeight";
            IoWeightScale scale = Scale(parameter, folder);
            string value = ControllerFolder.Text(request.IoWeight is int weight ? scale.ToFile(weight) : scale.FromBlkio(request.BlkioWeight!.Value));

            // Among the lines of devices the cgroup's own has a word of its own.
            string word = scale == IoWeightScale.Unified ? "default " : "";
            writes.Add(folder.Write(parameter, scale.File, word + value, word + Default(folder.Read(parameter, scale.File), scale)));
        }

        foreach (KeyedLimit limit in request.IoDeviceWeight)
        {
            AddDeviceWeight(writes, limit, folder);
        }

        foreach (KeyedLimit limit in request.IoLatency)
        {
            if (folder.IsFirst)
            {
                throw folder.Unsupported(limit.Parameter, "the blkio controller of version 1 has no latencies; IoWeight and rates there are");
            }

            // 0 takes it away.
            const string File = "io.latency";
            string former = folder.ReadLine(File, limit.Key) ?? "target=0";
            folder.Read(limit.Parameter, File);
            writes.Add(folder.Write(limit.Parameter, File, $"{limit.Key} target={ControllerFolder.Text(limit.Value.Value ?? 0)}", $"{limit.Key} {former}"));
        }
    }

    private static CgroupWrite Rate(KeyedLimit rate, IoRateKind kind, ControllerFolder folder)
    {
        const string File = "io.max";
        folder.Read(rate.Parameter, File);
        string former = "max";
        foreach (string word in (folder.ReadLine(File, rate.Key) ?? "").Split(' '))
        {
            if (word.StartsWith(kind.Key + "=", StringComparison.Ordinal))
            {
                former = word[(kind.Key.Length + 1)..];
            }
        }

        string value = rate.Value.Value is long number ? ControllerFolder.Text(number) : "max";
        return folder.Write(rate.Parameter, File, $"{rate.Key} {kind.Key}={value}", $"{rate.Key} {kind.Key}={former}");
    }

    // 0 takes a rate away in version 1.
    private static CgroupWrite FirstRate(KeyedLimit rate, IoRateKind kind, ControllerFolder folder)
    {
        folder.Read(rate.Parameter, kind.FirstFile);
        string former = folder.ReadLine(kind.FirstFile, rate.Key) ?? "0";
        return folder.Write(rate.Parameter, kind.FirstFile, $"{rate.Key} {ControllerFolder.Text(rate.Value.Value ?? 0)}", $"{rate.Key} {former}");
    }

    private static void AddDeviceWeight(List<CgroupWrite> writes, KeyedLimit limit, ControllerFolder folder)
    {
        IoWeightScale scale = Scale(limit.Parameter, folder);
        string former = folder.ReadLine(scale.DeviceFile, limit.Key) ?? scale.None;
        string value = limit.Value.Value is long weight ? ControllerFolder.Text(scale.ToFile(weight)) : scale.None;
        writes.Add(folder.Write(limit.Parameter, scale.DeviceFile, $"{limit.Key} {value}", $"{limit.Key} {former}"));
    }

    private static IoWeightScale Scale(string parameter, ControllerFolder folder) => IoWeightScale.Find(folder)
        ?? throw folder.Unsupported(parameter, "no file for weights is there: the kernel has them with CONFIG_BLK_CGROUP_IOCOST, or for disks whose scheduler is bfq. The rates work with every disk");

    /// <summary>The cgroup's own weight of such a file: <c>default 100</c> before the lines of devices, or a number alone.</summary>
    public static string Default(string text, IoWeightScale scale)
    {
        foreach (string line in text.Split('\n'))
        {
            string[] words = line.Split(' ');
            if (words[0] == "default" && words.Length > 1)
            {
                return words[1];
            }

            if (words.Length == 1 && words[0].Length > 0)
            {
                return words[0];
            }
        }

        return ControllerFolder.Text(scale.Default);
    }
}
