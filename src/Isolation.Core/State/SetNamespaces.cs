using System;
using System.Collections.Generic;
using Isolation.Interop;
using Isolation.Plans;

namespace Isolation.State;

/// <summary>
/// Where a set's namespaces are to be found, and whether they are still those of its record. The kernel gives the number of a namespace that is gone to
/// the next one: a number in a record says nothing unless a pin, or a process that was told apart by its start time, still has it.
/// </summary>
internal static class SetNamespaces
{
    /// <summary>The file of one of a set's namespaces; null where what kept it has ended.</summary>
    /// <param name="record">The set's record.</param>
    /// <param name="folder">The set's folder.</param>
    /// <param name="type">One kind.</param>
    public static string? PathOf(NamespaceRecord record, string folder, NamespaceType type)
    {
        if (type == NamespaceType.Pid && record.AsPid1)
        {
            return record.Pid1 is { } pid1 && pid1.IsRunning() ? $"/proc/{pid1.Pid}/ns/pid" : null;
        }

        if (record.Pinned)
        {
            return $"{folder}/{(record.Joined.ContainsKey(type.ProcName()) ? "in" : "ns")}/{type.ProcName()}";
        }

        // A holder that is no init stays outside the time namespace that it made for its children.
        string entry = type == NamespaceType.Time && !record.KeeperIsInit ? "time_for_children" : type.ProcName();
        return record.Keeper is { } keeper && keeper.IsRunning() ? $"/proc/{keeper.Pid}/ns/{entry}" : null;
    }

    /// <summary>Those of the record's ids that still are the set's.</summary>
    public static Dictionary<string, ulong> Living(NamespaceRecord record, string folder) => Living(record, folder, record.Ids);

    /// <summary>Those of the record's ids of others' namespaces that are still kept.</summary>
    public static Dictionary<string, ulong> LivingJoined(NamespaceRecord record, string folder) => Living(record, folder, record.Joined);

    private static Dictionary<string, ulong> Living(NamespaceRecord record, string folder, Dictionary<string, ulong> ids)
    {
        Dictionary<string, ulong> living = [];
        foreach (NamespaceType type in NamespaceTypes.All)
        {
            string kind = type.ProcName();
            if (ids.TryGetValue(kind, out ulong id) && PathOf(record, folder, type) is string path
                && Sys.TryStatus(path, out FileStatus status) && status.Inode == id)
            {
                living.Add(kind, id);
            }
        }

        return living;
    }

    /// <summary>Opens what still is the set's: while it is open, its numbers are given to no other.</summary>
    /// <exception cref="SyscallException">There is no descriptor left: what cannot be opened for that reason is not gone.</exception>
    public static List<Descriptor> Open(NamespaceRecord record, string folder, out List<NamespaceKey> keys)
    {
        List<Descriptor> open = [];
        keys = [];
        foreach (NamespaceType type in NamespaceTypes.All)
        {
            if (!record.Ids.TryGetValue(type.ProcName(), out ulong id) || PathOf(record, folder, type) is not string path)
            {
                continue;
            }

            Errno error = Sys.TryOpen(path, OpenFlags.ReadOnly | OpenFlags.NonBlock, out Descriptor? descriptor);
            if (Sys.IsExhausted(error))
            {
                Sys.DisposeAll(open);
                throw new SyscallException("open", error, $"open the namespaces of set '{record.Name}'", PlanHints.ForFork(error));
            }

            if (error != Errno.None)
            {
                continue;
            }

            // The process that the path leads through was looked at before it was opened, and is looked at again.
            if (Sys.Status(descriptor!).Inode == id && Sys.TypeOfNamespace(descriptor!) == type && PathOf(record, folder, type) == path)
            {
                open.Add(descriptor!);
                keys.Add(new NamespaceKey(type, id));
            }
            else
            {
                descriptor!.Dispose();
            }
        }

        return open;
    }
}
