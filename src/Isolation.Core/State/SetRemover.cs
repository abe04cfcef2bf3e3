using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Threading;
using Isolation.Cgroups;
using Isolation.ContainerNetworks;
using Isolation.Interop;
using Isolation.Processes;

namespace Isolation.State;

/// <summary>
/// Removes sets, whole or half made. Every step takes what is there and passes over what is not, so that a removal that was broken off is finished by
/// the next.
/// </summary>
internal sealed class SetRemover
{
    // Each set that is begun has its lock and its namespaces open.
    private static readonly int s_ofOneSet = NamespaceTypes.All.Length + 1;

    private static readonly TimeSpan s_endTimeout = TimeSpan.FromSeconds(10);

    private readonly StateFolder _folder;

    public SetRemover(StateFolder folder) => _folder = folder;

    /// <summary>Removes sets by name.</summary>
    public void Remove(IReadOnlyList<string> names, TimeSpan lockTimeout, Action<string, Exception> failed, CancellationToken cancellation) =>
        Remove(names, name => Begin(_folder.Lock(name, lockTimeout, cancellation), name, names), failed, cancellation);

    /// <summary>Removes those sets whose maker or remover is gone. Another process may be at it: what was found is looked at again under the lock.</summary>
    public void RemoveAbandoned(IReadOnlyList<string> names, TimeSpan lockTimeout) =>
        Remove(names, name => Begin(_folder.Lock(name, lockTimeout, CancellationToken.None), name, together: null), static (_, _) => { }, CancellationToken.None);

    /// <summary>Removes one set whose lock the caller holds.</summary>
    /// <exception cref="IsolationException"><c>NamespaceBusy</c>, <c>CgroupBusy</c>: processes in it do not end. The set stays.</exception>
    public static void RemoveNow(NamespaceRecord record, SetFolder folder)
    {
        record = Complete(record, folder, ownerIsGone: true);
        using Removal removal = new(record, folder, null, SetNamespaces.Open(record, folder.Path, out List<NamespaceKey> keys), keys);
        Exception? refused = null;
        Carry([removal], (_, error) => refused = error, CancellationToken.None);
        if (refused is not null)
        {
            throw refused;
        }
    }

    /// <summary>Removes what this process has made of a set, as far as it can: why it is undone is what is to be told.</summary>
    public static void Undo(NamespaceRecord record, SetFolder folder)
    {
        record = Complete(record, folder, ownerIsGone: false);
        List<Descriptor> open = [];
        List<NamespaceKey> keys = [];
        try
        {
            open = SetNamespaces.Open(record, folder.Path, out keys);
        }
        catch (SyscallException)
        {
            // Without descriptors for more, its keeper and its folder go.
        }

        using Removal removal = new(record, folder, null, open, keys);
        Carry([removal], static (_, _) => { }, CancellationToken.None);
    }

    private static void Remove(IReadOnlyList<string> names, Func<string, Removal?> begin, Action<string, Exception> failed, CancellationToken cancellation)
    {
        // In one order, whoever removes: two that remove the same sets would wait for one another otherwise.
        List<string> sorted = [.. names];
        sorted.Sort(StringComparer.Ordinal);
        for (int next = 0; next < sorted.Count;)
        {
            next = RemoveSome(sorted, next, begin, failed, cancellation);
        }
    }

    // As many at once as there are descriptors for; the index of the first that has to wait.
    private static int RemoveSome(List<string> names, int next, Func<string, Removal?> begin, Action<string, Exception> failed, CancellationToken cancellation)
    {
        List<Removal> removals = [];
        try
        {
            for (; next < names.Count && (removals.Count == 0 || DescriptorReserve.HasRoom(s_ofOneSet + DescriptorReserve.ForUndoing)); next++)
            {
                string name = names[next];
                cancellation.ThrowIfCancellationRequested();
                Try(name, failed, () =>
                {
                    if (begin(name) is Removal removal)
                    {
                        removals.Add(removal);
                    }
                });
            }

            Carry(removals, failed, cancellation);
            return next;
        }
        finally
        {
            foreach (Removal removal in removals)
            {
                removal.Dispose();
            }
        }
    }

    private static void Carry(List<Removal> removals, Action<string, Exception> failed, CancellationToken cancellation)
    {
        try
        {
            EndProcesses(removals, failed, cancellation);
        }
        catch (Exception exception) when (exception is IsolationException or SyscallException)
        {
            // Who is in them is not known: they stay.
            foreach (Removal removal in removals)
            {
                if (!removal.IsRefused)
                {
                    removal.IsRefused = true;
                    failed(removal.Record.Name, exception);
                }
            }
        }

        foreach (Removal removal in removals)
        {
            if (!removal.IsRefused)
            {
                Try(removal.Record.Name, failed, removal.Finish);
            }
        }

        LeaveNetworks(removals);

        NamedNetworkPins.TryRemoveFolder();
    }

    // Once for all of them: the others are told their names anew.
    private static void LeaveNetworks(List<Removal> removals)
    {
        HashSet<string> gone = [];
        StateFolder? state = null;
        foreach (Removal removal in removals)
        {
            if (removal.IsFinished && removal.Record.Types.HasFlag(NamespaceType.Net))
            {
                gone.Add(removal.Record.Name);
                state = removal.State;
            }
        }

        try
        {
            if (state is not null)
            {
                ContainerNetworkConnector.Forget(state, gone);
            }
        }
        catch (Exception exception) when (exception is IsolationException or SyscallException or IOException or UnauthorizedAccessException)
        {
            // The next call on a network finds members whose sets are gone.
        }
    }

    // Of those that are removed together; null for what was abandoned, with which goes what was in it.
    private Removal? Begin(NameLock locked, string name, IReadOnlyList<string>? together)
    {
        bool onlyAbandoned = together is null;
        try
        {
            SetFolder folder = new(_folder, name);
            NamespaceRecord? record = Read(name, folder);
            if (record is null || (onlyAbandoned && !NamespaceStore.IsAbandoned(record)))
            {
                locked.Dispose();
                return onlyAbandoned ? null : throw new IsolationException(
                    "NamespaceNotFound", ErrorKind.NotFound, $"There is no namespace set '{name}'. Get-Namespace lists those that there are.");
            }

            RefuseChildren(name, folder, together);
            record = Complete(record, folder, ownerIsGone: true) with { Phase = RecordPhase.Removing, Owner = RecordedProcess.Own };
            List<Descriptor> open = SetNamespaces.Open(record, folder.Path, out List<NamespaceKey> keys);
            try
            {
                folder.Write(record);
            }
            catch
            {
                Sys.DisposeAll(open);
                throw;
            }

            return new Removal(record, folder, locked, open, keys);
        }
        catch
        {
            locked.Dispose();
            throw;
        }
    }

    private static void RefuseChildren(string name, SetFolder folder, IReadOnlyList<string>? together)
    {
        List<string> others = together is null ? [] : [.. folder.Children()];
        others.RemoveAll(new HashSet<string>(together ?? []).Contains);
        if (others.Count != 0)
        {
            throw new IsolationException(
                "NamespaceHasChildren",
                ErrorKind.Busy,
                $"Cannot remove set '{name}': the sets {string.Join(", ", others)} were made in it. Remove them as well, with: Remove-Namespace {name} -Recurse");
        }
    }

    // Of a set whose record is damaged the pins still say which namespaces it has, and its keeper's title whose keeper that is.
    private static NamespaceRecord? Read(string name, SetFolder folder)
    {
        try
        {
            return folder.Read();
        }
        catch (IsolationException exception) when (exception.ErrorId == "NamespaceRecordDamaged")
        {
            return new NamespaceRecord { Name = name, Types = NamespaceTypes.Every, Pinned = folder.HasPins, NamedNetwork = true };
        }
    }

    // Whoever was killed while making a set had made more of it than its record names: pins, and the process that keeps it.
    private static NamespaceRecord Complete(NamespaceRecord record, SetFolder folder, bool ownerIsGone)
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

        if (record.Phase != RecordPhase.Creating || record.Keeper is not null)
        {
            return record;
        }

        // A keeper shows its title first, and then ends if the agent has ended. So once the agent has, it is either seen here or never comes to stay.
        if (ownerIsGone)
        {
            AwaitEnd(record.Agent, Stopwatch.StartNew());
        }

        return record with { Keeper = FindKeeper(record.Name, record, folder) };
    }

    // Where the keeper's user namespace is one that was made from the caller's own, and the set did not join it, it is the set's, and all that is in it
    // belongs to the set.
    private static RecordedProcess? FindKeeper(string name, NamespaceRecord record, SetFolder folder)
    {
        using ProcTree proc = new();
        foreach (int pid in proc.ProcessIds())
        {
            if (proc.ReadCommandLine(pid).Trim() is string title
                && (title == $"isolation-init {name}" || title == $"isolation-hold {name}")
                && Sys.TryStatus($"/proc/{pid}", out FileStatus status)
                && (status.Uid == Sys.EffectiveUserId || IsOwned(pid, record.OwnerUid)))
            {
                if (!folder.IsJoined("user") && Sys.TryOpen($"/proc/{pid}/ns/user", OpenFlags.ReadOnly, out Descriptor? user) == Errno.None)
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

    // With maps of its own the keeper has other ids than its maker, to whom its user namespace belongs.
    private static bool IsOwned(int pid, uint? owner)
    {
        if (owner is null || Sys.TryOpen($"/proc/{pid}/ns/user", OpenFlags.ReadOnly, out Descriptor? user) != Errno.None)
        {
            return false;
        }

        using (user)
        {
            return Sys.OwnerUidOfNamespace(user!) == owner;
        }
    }

    private static void EndProcesses(List<Removal> removals, Action<string, Exception> failed, CancellationToken cancellation)
    {
        Stopwatch waited = Stopwatch.StartNew();
        HashSet<NamespaceKey> keys = [];
        foreach (Removal removal in removals)
        {
            // PID 1 first: with it the kernel kills everything in its pid namespace, pid_namespaces(7).
            EndKeeper(removal.Record.Pid1);
            EndKeeper(removal.Record.Keeper);
        }

        foreach (Removal removal in removals)
        {
            // Before anything is waited for: what is frozen ends only when its control group is thawed.
            Try(removal.Record.Name, failed, removal.EndCgroup);
            if (removal.IsRefused)
            {
                continue;
            }

            foreach (NamespaceKey key in removal.Namespaces)
            {
                keys.Add(key);
            }
        }

        foreach (Removal removal in removals)
        {
            AwaitEnd(removal.Record.Pid1, waited);
            AwaitEnd(removal.Record.Keeper, waited);
        }

        while (keys.Count != 0 && EndProcesses(keys).Count != 0)
        {
            cancellation.ThrowIfCancellationRequested();
            if (waited.Elapsed > s_endTimeout)
            {
                foreach (Removal removal in removals)
                {
                    RefuseBusy(removal, failed);
                }

                return;
            }

            Thread.Sleep(2);
        }
    }

    // Those that were there, and are to be looked at again.
    private static List<int> EndProcesses(HashSet<NamespaceKey> keys)
    {
        List<int> pids = [];
        foreach (int pid in NamespaceScanner.ProcessesInAny(keys))
        {
            // PowerShell itself may be inside: its own end is not what was asked for.
            if (pid != Environment.ProcessId)
            {
                Sys.Signal(pid, Sys.SIGKILL);
                pids.Add(pid);
            }
        }

        return pids;
    }

    private static void RefuseBusy(Removal removal, Action<string, Exception> failed)
    {
        List<int> pids = removal.IsRefused ? [] : EndProcesses([.. removal.Namespaces]);
        if (pids.Count == 0)
        {
            return;
        }

        removal.IsRefused = true;
        failed(removal.Record.Name, new IsolationException(
            "NamespaceBusy",
            ErrorKind.Timeout,
            $"Cannot remove set '{removal.Record.Name}': processes {string.Join(", ", pids)} did not end within {s_endTimeout.TotalSeconds} s of SIGKILL. They wait for a device, or a control group freezes them. Thaw it, then remove the set again."));
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

        while (process.IsRunning() && waited.Elapsed < s_endTimeout)
        {
            Thread.Sleep(2);
        }
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

    /// <summary>One set on its way. Where it is given up, its record says that nobody works on it any more.</summary>
    private sealed class Removal : IDisposable
    {
        private readonly SetFolder _folder;
        private readonly NameLock? _lock;

        // Open to the end: who is killed for being in a namespace of this number is in this one, and in no later one.
        private readonly List<Descriptor> _open;

        public Removal(NamespaceRecord record, SetFolder folder, NameLock? locked, List<Descriptor> open, List<NamespaceKey> namespaces)
        {
            Record = record;
            _folder = folder;
            _lock = locked;
            _open = open;
            Namespaces = namespaces;
        }

        public NamespaceRecord Record { get; }

        public IReadOnlyList<NamespaceKey> Namespaces { get; }

        /// <summary>Where it was kept.</summary>
        public StateFolder State => _folder.State;

        /// <summary>Whether it is gone.</summary>
        public bool IsFinished { get; private set; }

        /// <summary>Whether it stays, for something in it does not end.</summary>
        public bool IsRefused { get; set; }

        public void EndCgroup()
        {
            Cgroup cgroup = Cgroup.ForSet(SetCgroups.Host, Record.Name);
            if (cgroup.Exists)
            {
                IsRefused = true;
                cgroup.Remove(kill: true, s_endTimeout);
                IsRefused = false;
            }
        }

        public void Finish()
        {
            if (Record.NamedNetwork)
            {
                NamedNetworkPins.Remove(Record.Name, Record.Ids.TryGetValue("net", out ulong id) ? id : null);
            }

            _folder.Delete();
            IsFinished = true;
            if (Record.Parent is not null)
            {
                _folder.Beside(Record.Parent).RemoveChild(Record.Name);
            }
        }

        public void Dispose()
        {
            foreach (Descriptor descriptor in _open)
            {
                descriptor.Dispose();
            }

            if (!IsFinished && _folder.Exists)
            {
                try
                {
                    _folder.Write(Record with { Phase = RecordPhase.Removing, Owner = null });
                }
                catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or SyscallException)
                {
                    // Without room the record says what it said before.
                }
            }

            _lock?.Dispose();
        }
    }
}
