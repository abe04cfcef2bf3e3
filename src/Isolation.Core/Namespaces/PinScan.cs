using System;
using System.Collections.Generic;
using Isolation.Processes;

namespace Isolation;

/// <summary>A mount of a namespace.</summary>
/// <param name="Key">The namespace.</param>
/// <param name="Path">The mount point.</param>
/// <param name="ProcessId">The process that sees it there; null for the caller.</param>
internal readonly record struct NamespacePin(NamespaceKey Key, byte[] Path, int? ProcessId);

/// <summary>Looks for mounts of namespaces.</summary>
internal static class PinScan
{
    /// <summary>Those that the caller sees.</summary>
    public static List<NamespacePin> Own(ProcTree proc, NamespaceTable table)
    {
        List<NamespacePin> pins = [];
        Collect(proc, "self/mountinfo\0"u8, pid: null, table, new NamespacePins(), pins);
        return pins;
    }

    /// <summary>Those that processes see in other mount namespaces and that are not known.</summary>
    public static List<NamespacePin> Through(List<int> pids, ProcWork work, NamespaceTable table, NamespacePins known)
    {
        List<NamespacePin> pins = [];
        work.Share(
            pids.Count,
            static proc => (Proc: proc, Pins: new List<NamespacePin>()),
            (local, i) => Collect(local.Proc, local.Proc.PathOf(pids[i], "mountinfo"u8), pids[i], table, known, local.Pins),
            local => ProcWork.AddAll(pins, local.Pins));
        pins.Sort(static (a, b) => a.ProcessId.GetValueOrDefault().CompareTo(b.ProcessId.GetValueOrDefault()));
        return pins;
    }

    private static void Collect(ProcTree proc, ReadOnlySpan<byte> file, int? pid, NamespaceTable table, NamespacePins known, List<NamespacePin> pins)
    {
        if (!proc.TryReadFile(file, out ReadOnlySpan<byte> content))
        {
            return;
        }

        NsfsMounts mounts = new(content);
        while (mounts.MoveNext())
        {
            if (table.Wants(mounts.Key.Type))
            {
                byte[] path = NsfsMounts.Unescape(mounts.EscapedPath);
                // A new mount namespace starts with a copy of all mounts, so most are the caller's own too.
                if (!known.TryGet(path, out NamespaceKey same) || same != mounts.Key)
                {
                    pins.Add(new NamespacePin(mounts.Key, path, pid));
                }
            }
        }
    }
}
