using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Threading;
using Isolation.Cgroups;
using Isolation.Interop;
using Isolation.Processes;

namespace Isolation.State;

/// <summary>
/// Removes sets, whole or half made. Every step takes what is there and passes over what is not, so that a removal that was broken off is finished by
/// the next.
/// </summary>
internal sealed class SetRemover
{
    private static readonly TimeSpan s_endTimeout = TimeSpan.FromSeconds(10);

    private readonly StateFolder _folder;

    public SetRemover(StateFolder folder) => _folder = folder;

    public void Remove(IReadOnlyList<string> names, TimeSpan lockTimeout, Action<string, Exception> failed, CancellationToken cancellation)
    {
        List<(NamespaceRecord Record, SetFolder Folder, NameLock Lock)> sets = [];
        try
        {
            foreach (string name in names)
            {
                cancellation.ThrowIfCancellationRequested();
                Try(name, failed, () => sets.Add(Begin(name, lockTimeout)));
            }

            EndProcesses(sets, failed);
            foreach ((NamespaceRecord record, SetFolder folder, NameLock _) in sets)
            {
                Try(record.Name, failed, () => Finish(record, folder));
            }

            NamedNetworkPins.TryRemoveFolder();
        }
        finally
        {
            foreach ((NamespaceRecord _, SetFolder _, NameLock locked) in sets)
            {
                locked.Dispose();
            }
        }
    }

    /// <summary>Removes one set whose lock the caller holds; for undoing.</summary>
    public static void RemoveNow(NamespaceRecord record, SetFolder folder)
    {
        AddPinned(record, folder);
        List<(NamespaceRecord, SetFolder, NameLock)> one = [(record, folder, null!)];
        EndProcesses(one, static (_, _) => { });
        Finish(record, folder);
        NamedNetworkPins.TryRemoveFolder();
    }

    private (NamespaceRecord Record, SetFolder Folder, NameLock Lock) Begin(string name, TimeSpan lockTimeout)
    {
        NameLock locked = _folder.Lock(name, lockTimeout);
        try
        {
            SetFolder folder = new(_folder, name);
            NamespaceRecord record = ReadOrRebuild(name, folder);
            record = record with { Phase = RecordPhase.Removing, Owner = RecordedProcess.Own };
            folder.Write(record);
            return (record, folder, locked);
        }
        catch
        {
            locked.Dispose();
            throw;
        }
    }

    // Of a set whose record is damaged the pins still say which namespaces it has, and its keeper's title whose keeper that is.
    private static NamespaceRecord ReadOrRebuild(string name, SetFolder folder)
    {
        try
        {
            NamespaceRecord record = folder.Read() ?? throw new IsolationException(
                "NamespaceNotFound", ErrorKind.NotFound, $"There is no namespace set '{name}'. Get-Namespace lists those that there are.");
            AddPinned(record, folder);
            return record;
        }
        catch (IsolationException exception) when (exception.ErrorId == "NamespaceRecordDamaged")
        {
            NamespaceRecord record = new() { Name = name, Types = NamespaceTypes.Every, Pinned = true, NamedNetwork = true };
            AddPinned(record, folder);
            return record with { Keeper = FindKeeper(name, record) };
        }
    }

    // Whoever was killed while making a set had pinned namespaces that its record does not name yet.
    private static void AddPinned(NamespaceRecord record, SetFolder folder)
    {
        foreach (NamespaceType type in NamespaceTypes.All)
        {
            string kind = type.ProcName();
            if (record.Pinned && record.Types.HasFlag(type) && !record.Ids.ContainsKey(kind)
                && Sys.IsNamespaceFile(folder.Pin(kind)) && Sys.TryStatus(folder.Pin(kind), out FileStatus status))
            {
                record.Ids[kind] = status.Inode;
            }
        }
    }

    // Where the keeper's user namespace is one that was made from the caller's own, it is the set's, and all that is in it belongs to the set.
    private static RecordedProcess? FindKeeper(string name, NamespaceRecord record)
    {
        using ProcTree proc = new();
        foreach (int pid in proc.ProcessIds())
        {
            if (proc.ReadCommandLine(pid).Trim() is string title
                && (title == $"isolation-init {name}" || title == $"isolation-hold {name}")
                && Sys.TryStatus($"/proc/{pid}", out FileStatus status)
                && status.Uid == Sys.EffectiveUserId)
            {
                if (Sys.TryOpen($"/proc/{pid}/ns/user", OpenFlags.ReadOnly, out Descriptor? user) == Errno.None)
                {
                    using (user)
                    using (Descriptor? parent = Sys.ParentOfNamespace(user!, out _))
                    {
                        if (parent is not null && Sys.TryStatus("/proc/self/ns/user", out FileStatus own) && Sys.Status(parent).Inode == own.Inode)
                        {
                            record.Ids["user"] = Sys.Status(user!).Inode;
                        }
                    }
                }

                return RecordedProcess.Of(pid);
            }
        }

        return null;
    }

    private static void EndProcesses(List<(NamespaceRecord Record, SetFolder Folder, NameLock Lock)> sets, Action<string, Exception> failed)
    {
        Stopwatch waited = Stopwatch.StartNew();
        HashSet<NamespaceKey> keys = [];
        foreach ((NamespaceRecord record, SetFolder folder, NameLock _) in sets)
        {
            // PID 1 first: with it the kernel kills everything in its pid namespace, pid_namespaces(7).
            EndKeeper(record.Pid1);
            EndKeeper(record.Keeper);
            foreach (NamespaceKey key in new NamespaceSet(record, folder.Path, NamespaceSetState.Removing).Namespaces)
            {
                keys.Add(key);
            }
        }

        foreach ((NamespaceRecord record, SetFolder _, NameLock _) in sets)
        {
            AwaitEnd(record.Pid1, waited);
            AwaitEnd(record.Keeper, waited);
        }

        while (keys.Count != 0)
        {
            int[] pids = NamespaceScanner.ProcessesInAny(keys);
            bool any = false;
            foreach (int pid in pids)
            {
                if (pid == Environment.ProcessId)
                {
                    continue; // PowerShell itself is inside: its own end is not what was asked for.
                }

                any = true;
                Sys.Signal(pid, Sys.SIGKILL);
            }

            if (!any)
            {
                return;
            }

            if (waited.Elapsed > s_endTimeout)
            {
                IsolationException stuck = new(
                    "NamespaceBusy",
                    ErrorKind.Timeout,
                    $"Processes {string.Join(", ", pids)} did not end within {s_endTimeout.TotalSeconds} s of SIGKILL: they wait for a device, or a control group freezes them. Thaw it, then remove the set again.");
                foreach ((NamespaceRecord record, SetFolder _, NameLock _) in sets)
                {
                    failed(record.Name, stuck);
                }

                return;
            }

            Thread.Sleep(2);
        }
    }

    private static void EndKeeper(RecordedProcess? process)
    {
        if (process is null)
        {
            return;
        }

        // The pidfd first, the start time second: what is opened is what is compared.
        using Descriptor? pidfd = Sys.OpenPidfd(process.Pid, out _);
        if (process.Identity.IsAlive())
        {
            _ = Sys.Signal(pidfd, process.Pid, Sys.SIGKILL);
        }
    }

    private static void AwaitEnd(RecordedProcess? process, Stopwatch waited)
    {
        if (process is null)
        {
            return;
        }

        using Descriptor? pidfd = Sys.OpenPidfd(process.Pid, out _);
        if (pidfd is not null && process.Identity.IsAlive())
        {
            _ = Sys.WaitReadable(pidfd.Number, (int)Math.Max(0, (s_endTimeout - waited.Elapsed).TotalMilliseconds));
            return;
        }

        while (process.Identity.IsAlive() && Sys.TryStatus($"/proc/{process.Pid}/ns/mnt", out _) && waited.Elapsed < s_endTimeout)
        {
            Thread.Sleep(2);
        }
    }

    private static void Finish(NamespaceRecord record, SetFolder folder)
    {
        Cgroup cgroup = Cgroup.ForSet(SetCgroups.Host, record.Name);
        if (cgroup.Exists)
        {
            cgroup.Remove(kill: true, s_endTimeout);
        }

        if (record.NamedNetwork)
        {
            NamedNetworkPins.Remove(record.Name, record.Ids.TryGetValue("net", out ulong id) ? id : null);
        }

        folder.Delete();
    }

    private static void Try(string name, Action<string, Exception> failed, Action action)
    {
        try
        {
            action();
        }
        catch (Exception exception) when (exception is IsolationException or SyscallException)
        {
            failed(name, exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            failed(name, new IsolationException(
                "StateFolderUnavailable", ErrorKind.Unavailable, $"Cannot remove what is kept of set '{name}': {exception.Message}", exception));
        }
    }
}
