using System;
using System.Collections.Generic;
using System.Globalization;
using Isolation.Interop;
using Isolation.Processes;

namespace Isolation.Mounts;

/// <summary>Looks for processes that use a mount: by their working directory, root, program, or an open file.</summary>
internal static class MountHolders
{
    /// <summary>Says who uses what lies on a mount; processes that may not be looked at are passed over.</summary>
    /// <param name="namespaceId">The mount namespace; paths of processes in others mean other files.</param>
    /// <param name="mountPoint">The mount point there.</param>
    /// <param name="most">How many are named.</param>
    public static IReadOnlyList<string> Find(ulong? namespaceId, string mountPoint, int most)
    {
        byte[] point = KernelText.Encode(mountPoint);
        List<string> found = [];
        using ProcTree proc = new();
        foreach (int pid in proc.ProcessIds())
        {
            if (found.Count == most)
            {
                found.Add("and perhaps others");
                break;
            }

            if (namespaceId is not null && (!NamespaceKey.TryParse(proc.ReadLink(proc.PathOf(pid, "ns/mnt"u8), out _), out NamespaceKey key) || key.Id != namespaceId))
            {
                continue;
            }

            if (Use(proc, pid, point) is string use)
            {
                string name = proc.TryReadStat(pid, out _) && proc.TryReadFile(proc.PathOf(pid, "comm"u8), out ReadOnlySpan<byte> comm) ? KernelText.Plain(KernelText.Decode(comm.TrimEnd((byte)'\n'))) : "?";
                found.Add($"process {pid.ToString(CultureInfo.InvariantCulture)} ({name}) has {use}");
            }
        }

        return found;
    }

    private static string? Use(ProcTree proc, int pid, byte[] point)
    {
        if (On(proc.ReadLink(proc.PathOf(pid, "cwd"u8), out _), point) is string cwd)
        {
            return $"its working directory {cwd}";
        }

        if (On(proc.ReadLink(proc.PathOf(pid, "root"u8), out _), point) is string root)
        {
            return $"its root {root}";
        }

        if (On(proc.ReadLink(proc.PathOf(pid, "exe"u8), out _), point) is string program)
        {
            return $"its program {program}";
        }

        foreach (int number in proc.Numbers(pid, "fd"u8))
        {
            if (On(proc.ReadLink(proc.PathOf(pid, "fd"u8, number, default), out _), point) is string file)
            {
                return $"{file} open";
            }
        }

        return null;
    }

    private static string? On(ReadOnlySpan<byte> path, ReadOnlySpan<byte> point) =>
        point.Length > 1 && path.StartsWith(point) && (path.Length == point.Length || path[point.Length] == '/') ? KernelText.Plain(KernelText.Decode(path)) : null;
}
