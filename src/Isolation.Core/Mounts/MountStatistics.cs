using System;
using System.Collections.Generic;
using Isolation.Interop;

namespace Isolation.Mounts;

/// <summary>The text of <c>/proc/PID/mountstats</c>: a block a mount, of which only those of NFS have more than a line.</summary>
internal static class MountStatistics
{
    /// <summary>Whether a file system has statistics there.</summary>
    public static bool IsKept(string fileSystemType) => fileSystemType is "nfs" or "nfs4";

    /// <summary>Gives each mount of NFS its block, without the indents. Of mounts on the same point the blocks are in the order of the mounts.</summary>
    public static void Add(IReadOnlyList<MountInfo> mounts, ReadOnlySpan<byte> text)
    {
        Dictionary<string, Queue<string>> blocks = [];
        while (!text.IsEmpty)
        {
            ReadOnlySpan<byte> head = Bytes.Cut(ref text, (byte)'\n');

            // device HOST:/PATH mounted on /POINT with fstype nfs4 statvers=1.1
            List<string> lines = [KernelText.Decode(head)];
            while (text.StartsWith("\t"u8))
            {
                lines.Add(KernelText.Decode(Bytes.Cut(ref text, (byte)'\n').Trim("\t "u8)));
            }

            int on = head.IndexOf(" mounted on "u8);
            int with = head.LastIndexOf(" with fstype "u8);
            if (on >= 0 && with > on && lines.Count > 1)
            {
                int start = on + " mounted on ".Length;
                string point = MountInfo.Unescape(head[Math.Min(start, with)..with]);
                if (!blocks.TryGetValue(point, out Queue<string>? queue))
                {
                    blocks[point] = queue = new();
                }

                queue.Enqueue(string.Join('\n', lines));
            }
        }

        foreach (MountInfo mount in mounts)
        {
            if (IsKept(mount.FileSystemType) && blocks.TryGetValue(mount.MountPoint, out Queue<string>? queue) && queue.TryDequeue(out string? block))
            {
                mount.Statistics = block;
            }
        }
    }
}
