using System;
using System.Collections.Generic;
using Isolation.Interop;
using Isolation.Processes;

namespace Isolation;

/// <summary>A process that keeps a namespace without being in it.</summary>
/// <param name="Key">The namespace.</param>
/// <param name="Hold">The process, and how it keeps it.</param>
/// <param name="Source">The path below /proc under which the namespace can be opened, with a NUL at its end.</param>
internal readonly record struct NamespaceHolder(NamespaceKey Key, NamespaceHold Hold, byte[] Source);

/// <summary>An open socket of a process.</summary>
/// <param name="ProcessId">The process.</param>
/// <param name="Number">The descriptor's number there.</param>
/// <param name="Inode">The socket's number, the same for every descriptor of it.</param>
/// <param name="OwnNetwork">The network namespace that the process itself is in.</param>
internal readonly record struct OpenSocket(int ProcessId, int Number, ulong Inode, ulong OwnNetwork);

/// <summary>Looks for processes that keep a namespace without being in it. Several of these work at once, each on processes of its own.</summary>
internal sealed class HolderScan(ProcTree proc, NamespaceTable table, NamespacePins pins)
{
    // unshare(2), setns(2): all threads of a process share its user and pid namespaces, and a time namespace is only ever entered alone.
    private const NamespaceType ThreadTypes = NamespaceType.Mount | NamespaceType.Net | NamespaceType.Ipc | NamespaceType.Uts | NamespaceType.Cgroup;

    private static readonly int s_pid = NamespaceFiles.Slot(NamespaceType.Pid);
    private static readonly int s_time = NamespaceFiles.Slot(NamespaceType.Time);
    private static readonly int s_net = NamespaceFiles.Slot(NamespaceType.Net);

    /// <summary>What was found so far.</summary>
    public List<NamespaceHolder> Holders { get; } = [];

    /// <summary>The sockets that were met; which namespaces they keep is yet to be asked.</summary>
    public List<OpenSocket> Sockets { get; } = [];

    /// <summary>Looks at one process.</summary>
    /// <param name="pid">The process.</param>
    /// <param name="ids">The namespaces that it is in, in the order of <see cref="NamespaceTypes.All"/>; 0 where one could not be read.</param>
    public void Look(int pid, ReadOnlySpan<ulong> ids)
    {
        if (ids.IndexOfAnyExcept(0UL) < 0)
        {
            return;
        }

        LookForChildren(pid, "ns/pid_for_children"u8, s_pid, ids[s_pid]);
        LookForChildren(pid, "ns/time_for_children"u8, s_time, ids[s_time]);
        LookAtThreads(pid, ids);
        LookAtDescriptors(pid, ids[s_net]);
    }

    private void LookForChildren(int pid, ReadOnlySpan<byte> file, int slot, ulong own)
    {
        if (table.Wants(slot) && NamespaceKey.TryParse(proc.ReadLink(proc.PathOf(pid, file), out _), out NamespaceKey key) && key.Id != own)
        {
            Holders.Add(new NamespaceHolder(key, new NamespaceHold(pid, NamespaceHoldKind.Children, pid), proc.PathOf(pid, file).ToArray()));
        }
    }

    private void LookAtThreads(int pid, ReadOnlySpan<ulong> ids)
    {
        // The folder counts its sub-folders among its links, beside the two that every folder has.
        if (proc.Status(proc.PathOf(pid, "task"u8), out uint links) is null || links == 3)
        {
            return;
        }

        foreach (int thread in proc.Numbers(pid, "task"u8))
        {
            for (int slot = 0; slot < NamespaceFiles.Count && thread != pid; slot++)
            {
                if (!table.Wants(slot) || !ThreadTypes.HasFlag(NamespaceTypes.All[slot]))
                {
                    continue;
                }

                ReadOnlySpan<byte> file = NamespaceFiles.SlashLink(slot);
                if (NamespaceKey.TryParse(proc.ReadLink(proc.PathOf(pid, "task"u8, thread, file), out _), out NamespaceKey key) && key.Id != ids[slot])
                {
                    Holders.Add(new NamespaceHolder(key, new NamespaceHold(pid, NamespaceHoldKind.Thread, thread), proc.PathOf(pid, "task"u8, thread, file).ToArray()));
                }
            }
        }
    }

    private void LookAtDescriptors(int pid, ulong ownNetwork)
    {
        foreach (int number in proc.Numbers(pid, "fd"u8))
        {
            ReadOnlySpan<byte> link = proc.ReadLink(proc.PathOf(pid, "fd"u8, number, default), out _);
            if (link.StartsWith("socket:"u8))
            {
                if (table.Wants(s_net) && NamespaceKey.TryParseId(link["socket"u8.Length..], out ulong socket))
                {
                    Sockets.Add(new OpenSocket(pid, number, socket, ownNetwork));
                }
            }
            else if ((NamespaceKey.TryParse(link, out NamespaceKey key) || IsPin(pid, number, link, out key) || IsFormerPin(pid, number, link, out key)) && table.Wants(key.Type))
            {
                Holders.Add(new NamespaceHolder(key, new NamespaceHold(pid, NamespaceHoldKind.Descriptor, number), proc.PathOf(pid, "fd"u8, number, default).ToArray()));
            }
        }
    }

    // Once that mount is gone it shows the root of nothing.
    private bool IsFormerPin(int pid, int number, ReadOnlySpan<byte> link, out NamespaceKey key)
    {
        key = default;
        if (!link.SequenceEqual("/"u8))
        {
            return false;
        }

        // First without opening it: whatever else is the root of a mount that is gone, nothing is done to it.
        using Descriptor? file = proc.Open(proc.PathOf(pid, "fd"u8, number, default), OpenFlags.Path, out _);
        if (file is null || NamespaceScanner.NumberOf(file) is not ulong id || Sys.TryOpen(file.ProcPath, OpenFlags.ReadOnly, out Descriptor? opened) != Errno.None)
        {
            return false;
        }

        using (opened)
        {
            key = new NamespaceKey(Sys.TypeOfNamespace(opened!), id);
            return NamespaceFiles.Slot(key.Type) >= 0;
        }
    }

    // A descriptor that was opened through a mount shows the mount point. Its inode is taken from fdinfo, proc_pid_fdinfo(5) (Linux 5.14): stat(2) would
    // ask the file system, and that of another file with this path may be one that does not answer.
    private bool IsPin(int pid, int number, ReadOnlySpan<byte> link, out NamespaceKey key)
    {
        if (!pins.TryGet(link, out key) || !proc.TryReadFile(proc.PathOf(pid, "fdinfo"u8, number, default), out ReadOnlySpan<byte> info))
        {
            return false;
        }

        while (!info.IsEmpty)
        {
            ReadOnlySpan<byte> line = Bytes.Cut(ref info, (byte)'\n');
            if (line.StartsWith("ino:"u8))
            {
                return Bytes.TryParseNumber(line["ino:"u8.Length..].Trim(" \t"u8), out ulong inode) && inode == key.Id;
            }
        }

        return true;
    }
}
