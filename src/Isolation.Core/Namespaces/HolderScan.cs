using System;
using System.Collections.Generic;
using Isolation.Interop;
using Isolation.Processes;

namespace Isolation;

/// <summary>Looks for processes that keep a namespace without being in it.</summary>
internal sealed class HolderScan(ProcTree proc, NamespaceTable table, NamespacePins pins, ulong? device, Action<NamespaceEntry, Descriptor> resolve)
{
    // unshare(2), setns(2): all threads of a process share its user and pid namespaces, and a time namespace is only ever entered alone.
    private const NamespaceType ThreadTypes = NamespaceType.Mount | NamespaceType.Net | NamespaceType.Ipc | NamespaceType.Uts | NamespaceType.Cgroup;

    private static readonly int s_pid = NamespaceFiles.Slot(NamespaceType.Pid);
    private static readonly int s_time = NamespaceFiles.Slot(NamespaceType.Time);
    private static readonly int s_net = NamespaceFiles.Slot(NamespaceType.Net);

    private readonly Dictionary<ulong, ulong> _socketNamespaces = [];

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
            table.Entry(key)?.AddHolder(pid, proc.PathOf(pid, file));
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
                    table.Entry(key)?.AddHolder(pid, proc.PathOf(pid, "task"u8, thread, file));
                }
            }
        }
    }

    private void LookAtDescriptors(int pid, ulong ownNet)
    {
        Descriptor? pidfd = null;
        foreach (int number in proc.Numbers(pid, "fd"u8))
        {
            ReadOnlySpan<byte> link = proc.ReadLink(proc.PathOf(pid, "fd"u8, number, default), out _);
            if (link.StartsWith("socket:"u8))
            {
                if (table.Wants(s_net) && NamespaceKey.TryParseId(link["socket"u8.Length..], out ulong socket))
                {
                    LookAtSocket(pid, number, socket, ownNet, ref pidfd);
                }
            }
            else if (NamespaceKey.TryParse(link, out NamespaceKey key) || IsPin(pid, number, link, out key))
            {
                table.Entry(key)?.AddHolder(pid, proc.PathOf(pid, "fd"u8, number, default));
            }
        }

        pidfd?.Dispose();
    }

    // A descriptor that was opened through a mount shows the mount point.
    private bool IsPin(int pid, int number, ReadOnlySpan<byte> link, out NamespaceKey key) =>
        pins.TryGet(link, out key)
        && proc.Status(proc.PathOf(pid, "fd"u8, number, default), out _) is FileStatus status && status.Device == device && status.Inode == key.Id;

    // A socket keeps the network namespace in which it was made, wherever its process went.
    private void LookAtSocket(int pid, int number, ulong socket, ulong ownNet, ref Descriptor? pidfd)
    {
        if (!_socketNamespaces.TryGetValue(socket, out ulong id))
        {
            pidfd ??= Sys.OpenPidfd(pid, out _);
            using Descriptor? copy = pidfd is null ? null : Sys.CopyDescriptor(pidfd, number);
            using Descriptor? ns = copy is null ? null : Sys.NamespaceOfSocket(copy);
            id = ns is null ? 0 : Sys.Status(ns).Inode;
            _socketNamespaces.Add(socket, id);
            if (ns is not null && id != ownNet)
            {
                // The descriptor is at hand now, and no path leads to this namespace.
                resolve(table.Entry(s_net, id)!, ns);
            }
        }

        if (id != 0 && id != ownNet)
        {
            table.Entry(s_net, id)?.AddHolder(pid, default);
        }
    }
}
