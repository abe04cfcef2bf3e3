using System;
using System.Collections.Generic;
using System.IO;
using Isolation.Interop;

namespace Isolation.Cgroups;

/// <summary>Reads the limits of input and output back.</summary>
internal static class IoLimitReader
{
    /// <summary>The cgroup's own weight; null where the kernel has none.</summary>
    public static int? Weight(ControllerFolder? folder)
    {
        if (folder is null || IoWeightScale.Find(folder) is not IoWeightScale scale || !folder.TryRead(scale.File, out string text))
        {
            return null;
        }

        return CgroupConversion.ParseNumber(IoWrites.Default(text, scale)) is long weight ? scale.FromFile(weight) : null;
    }

    /// <summary>The disks that have limits of their own.</summary>
    public static IReadOnlyList<IoLimit> Devices(ControllerFolder? folder, CgroupHost host)
    {
        if (folder is null)
        {
            return [];
        }

        SortedDictionary<string, Dictionary<string, long>> byDevice = new(StringComparer.Ordinal);
        if (folder.IsFirst)
        {
            foreach (IoRateKind kind in IoRates.All)
            {
                ReadLines(kind.FirstFile, kind.Key);
            }
        }
        else
        {
            ReadLines("io.max", null);
            ReadLines("io.latency", null);
        }

        IoWeightScale? scale = IoWeightScale.Find(folder);
        if (scale is not null)
        {
            ReadLines(scale.DeviceFile, "weight");
        }

        List<IoLimit> limits = [];
        foreach ((string device, Dictionary<string, long> values) in byDevice)
        {
            limits.Add(new IoLimit
            {
                Device = device,
                Name = NameOf(device, host),
                ReadBytesMax = Of(values, "rbps"),
                WriteBytesMax = Of(values, "wbps"),
                ReadOperationsMax = Of(values, "riops"),
                WriteOperationsMax = Of(values, "wiops"),
                Weight = Of(values, "weight") is long weight ? scale!.FromFile(weight) : null,
                LatencyTarget = Of(values, "target") is long time ? TimeSpan.FromMicroseconds(time) : null,
            });
        }

        return limits;

        // 254:0 rbps=1024 wbps=max    254:0 1024
        void ReadLines(string file, string? key)
        {
            if (!folder.TryRead(file, out string text))
            {
                return;
            }

            foreach (string line in text.Split('\n'))
            {
                string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                for (int i = 1; i < words.Length && words[0].Contains(':', StringComparison.Ordinal); i++)
                {
                    string[] pair = key is null ? words[i].Split('=', 2) : [key, words[i]];
                    if (pair.Length == 2 && CgroupConversion.ParseNumber(pair[1]) is long value && value > 0)
                    {
                        if (!byDevice.TryGetValue(words[0], out Dictionary<string, long>? values))
                        {
                            byDevice[words[0]] = values = [];
                        }

                        values[pair[0]] = value;
                    }
                }
            }
        }
    }

    private static long? Of(Dictionary<string, long> values, string key) => values.TryGetValue(key, out long value) ? value : null;

    /// <summary>The name of a disk by its number; null where it is gone.</summary>
    public static string? NameOf(string device, CgroupHost host)
    {
        if (host.Files.TryRead($"{host.Root}/sys/dev/block/{device}/uevent", out string text) == Errno.None)
        {
            foreach (string line in text.Split('\n'))
            {
                if (line.StartsWith("DEVNAME=", StringComparison.Ordinal))
                {
                    return Path.GetFileName(line["DEVNAME=".Length..]);
                }
            }
        }

        return null;
    }
}
