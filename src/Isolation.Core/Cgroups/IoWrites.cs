using System;
using System.Collections.Generic;

namespace Isolation.Cgroups;

/// <summary>Limits of input and output as values for files.</summary>
internal static class IoWrites
{
    // The first that is there: the kernel has the one or the other, by its scheduler.
    private static readonly string[] s_weightFiles = ["io.weight", "io.bfq.weight"];
    private static readonly string[] s_firstWeightFiles = ["blkio.bfq.weight", "blkio.weight"];

    public static void Add(List<CgroupWrite> writes, CgroupLimitRequest request, ControllerFolder folder)
    {
        foreach (KeyedLimit rate in request.IoRate)
        {
            IoRateKind kind = IoRates.Of(rate.Parameter);
            writes.Add(folder.IsFirst ? FirstRate(rate, kind, folder) : Rate(rate, kind, folder));
        }

        if (request.IoWeight is int weight)
        {
            string file = WeightFile("IoWeight", folder);
            writes.Add(file == "io.weight"
                ? folder.Write("IoWeight", file, $"default {ControllerFolder.Text(weight)}", $"default {Default(folder.Read("IoWeight", file))}")
                : folder.Write("IoWeight", file, ControllerFolder.Text(CgroupConversion.IoWeightToBfq(weight)), Default(folder.Read("IoWeight", file))));
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
        string file = WeightFile(limit.Parameter, folder);
        bool converted = file != "io.weight";
        string none = file == "blkio.weight" ? "0" : "default";
        string deviceFile = folder.IsFirst ? file + "_device" : file;
        string former = folder.ReadLine(deviceFile, limit.Key) ?? none;
        string value = limit.Value.Value is not long weight ? none : ControllerFolder.Text(converted ? CgroupConversion.IoWeightToBfq((int)weight) : weight);
        writes.Add(folder.Write(limit.Parameter, deviceFile, $"{limit.Key} {value}", $"{limit.Key} {former}"));
    }

    /// <summary>The file of weights that the kernel has; null for none.</summary>
    public static string? FindWeightFile(ControllerFolder folder) => Array.Find(folder.IsFirst ? s_firstWeightFiles : s_weightFiles, folder.Has);

    private static string WeightFile(string parameter, ControllerFolder folder) => FindWeightFile(folder)
        ?? throw folder.Unsupported(parameter, "no file for weights is there: the kernel has them with CONFIG_BLK_CGROUP_IOCOST, or for disks whose scheduler is bfq. The rates work with every disk");

    /// <summary>The cgroup's own weight of such a file: <c>default 100</c> before the lines of devices, or a number alone.</summary>
    public static string Default(string text)
    {
        foreach (string line in text.Split('\n'))
        {
            string[] words = line.Split(' ');
            if (words[0] == "default" && words.Length > 1)
            {
                return words[1];
            }

            if (words.Length == 1)
            {
                return words[0];
            }
        }

        return "100";
    }
}
