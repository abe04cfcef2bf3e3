using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using Isolation.Agent;
using Isolation.Cgroups;
using Isolation.Entry;
using Isolation.Interop;
using Isolation.Plans;
using Isolation.Users;

namespace Isolation.State;

/// <summary>The caller's sets: made, found, removed. What is true of them is in the kernel and in the state folder, never in this process alone.</summary>
internal sealed class NamespaceStore
{
    private static readonly TimeSpan s_lockTimeout = TimeSpan.FromSeconds(10);

    private static int s_unnamed;

    // Sets with a name that end with this process; locked while it is used.
    private static readonly HashSet<string> s_ending = [];

    // The versions of records that say nothing to a sweep, by path: most sets are made and stay, and each call would read each of them.
    private static readonly ConcurrentDictionary<string, FileVersion> s_settled = new();

    private readonly StateFolder _folder;

    public NamespaceStore(StateFolder folder) => _folder = folder;

    /// <summary>The caller's store.</summary>
    public static NamespaceStore Current { get; } = new(StateFolder.Current);

    /// <summary>The plan by which a set would be made, for -WhatIf and -Debug.</summary>
    public Plan PlanFor(NamespaceSetOptions options)
    {
        options.Check();
        using SetSurroundings? around = SetSurroundings.Of(options, this);
        return NamespacePlans.Create(PlanOptions(options, options.Name ?? "(unnamed)", around, CancellationToken.None));
    }

    /// <summary>Makes a set; where anything fails, nothing of it stays.</summary>
    /// <exception cref="IsolationException">
    /// <c>NamespaceExists</c>, <c>NamespaceNameTaken</c>, <c>NamespaceNameInvalid</c>, <c>NamespaceTypeInvalid</c>, <c>NamespaceOptionInvalid</c>,
    /// <c>NamespaceNotFound</c>, <c>NamespaceSetBroken</c>, <c>NamespaceSetBusy</c>, <c>NamespaceNestingLimit</c>, <c>IdMapInvalid</c>, <c>IdMapNotAllowed</c>,
    /// <c>IdMapRefused</c>, <c>IdMapProgramMissing</c>, <c>SubordinateIdsMissing</c>, <c>NamespaceTypeUnsupported</c>, <c>NamespaceLocked</c>,
    /// <c>StateFolderUnsafe</c>, <c>StateFolderUnavailable</c>, <c>NamespaceKeeperEnded</c>, <c>AgentMissing</c> and the agent's others.
    /// </exception>
    /// <exception cref="SyscallException">The kernel refused a step.</exception>
    public NamespaceSet Create(NamespaceSetOptions options, CancellationToken cancellation)
    {
        options.Check();
        KernelNamespaces.Require(options.Types);
        string name = options.Name ?? $"unnamed-{Environment.ProcessId}-{Interlocked.Increment(ref s_unnamed)}";
        using Descriptor use = _folder.Use();

        // The parent stays while something is made in it. In the order of the names, as everybody locks them.
        bool parentFirst = string.CompareOrdinal(options.Parent, name) < 0;
        using NameLock? before = options.Parent is not null && parentFirst ? _folder.Lock(options.Parent, s_lockTimeout, cancellation) : null;
        using NameLock locked = _folder.Lock(name, s_lockTimeout, cancellation);
        using NameLock? after = options.Parent is not null && !parentFirst && options.Parent != name ? _folder.Lock(options.Parent, s_lockTimeout, cancellation) : null;
        RefuseTaken(name, network: !Holds(options) && options.Types.HasFlag(NamespaceType.Net));
        using SetSurroundings? around = SetSurroundings.Of(options, this);
        NamespacePlanOptions planned = PlanOptions(options, name, around, cancellation);
        try
        {
            try
            {
                return Make(options, planned, around, cancellation);
            }
            catch (SyscallException exception) when (!planned.Hold && (options.Types.HasFlag(NamespaceType.Mount) || around?.Has(NamespaceType.Mount) == true) && exception is { Syscall: "mount", Errno: Errno.EINVAL })
            {
                // The kernel pins a mount namespace only in one that it numbered before, and numbers them by processor: where the caller is not in the
                // host's first one, that is chance. A process keeps the set then.
                return Make(options, planned with { Hold = true }, around, cancellation);
            }
        }
        catch (SyscallException exception) when (exception is { Syscall: "unshare", Errno: Errno.ENOSPC or Errno.EUSERS } && around?.TooDeep(name, options.Types) is IsolationException tooDeep)
        {
            throw tooDeep;
        }
    }

    private NamespaceSet Make(NamespaceSetOptions options, NamespacePlanOptions planned, SetSurroundings? around, CancellationToken cancellation)
    {
        string name = planned.Name;
        bool pinned = !planned.Hold;
        RecordedProcess owner = RecordedProcess.Own;
        AgentClient agent = AgentClient.Current;
        NamespaceRecord record = new()
        {
            Name = name,
            Types = options.Types,
            Phase = RecordPhase.Creating,
            Created = DateTimeOffset.Now,
            Owner = owner,
            Agent = RecordedProcess.Of(agent.Identity),
            EndsWithOwner = options.EndsWithOwner,
            Pinned = pinned,
            NamedNetwork = _folder.IsRoot && !options.EndsWithOwner && options.Types.HasFlag(NamespaceType.Net),
            Parent = options.Parent,
            OwnerUid = options.Types.HasFlag(NamespaceType.User) ? options.Owner?.Uid ?? Sys.EffectiveUserId : null,
            OwnerGid = options.Types.HasFlag(NamespaceType.User) && around?.User is null ? options.Owner?.Gid ?? Sys.EffectiveGroupId : null,
            AsPid1 = options.AsPid1,
            HostName = options.HostName,
            DomainName = options.DomainName,
        };
        foreach ((NamespaceType type, Descriptor descriptor) in around?.Kept(options.Types) ?? [])
        {
            record.Joined[type.ProcName()] = Sys.Status(descriptor).Inode;
        }

        SetFolder folder = new(_folder, name);
        using DescriptorReserve reserve = new();
        try
        {
            Plan plan = NamespacePlans.Create(planned);
            bool init = options.Types.HasFlag(NamespaceType.Pid) && !options.AsPid1;
            using PlanOutcome outcome = Run(agent, plan, planned, around, folder, record, staysBehind: init || planned.Hold, cancellation);
            for (int i = 0; i < plan.Outputs.Count; i++)
            {
                record.Ids[plan.Outputs[i]] = Sys.Status(outcome.Descriptors[i]).Inode;
                if (plan.Outputs[i] == "user")
                {
                    record = record with { OwnerUid = Sys.OwnerUidOfNamespace(outcome.Descriptors[i]) };
                }
            }

            if (init || planned.Hold)
            {
                RecordedProcess keeper = RecordedProcess.Of(outcome.Pid) ?? throw new IsolationException(
                    "NamespaceKeeperEnded", ErrorKind.Unavailable, $"Cannot make namespace set '{name}': the process that keeps it ended at once, killed from outside. Try again.");
                record = record with { Keeper = keeper, KeeperIsInit = init };

                // From here on a removal knows the keeper, whatever happens to this process.
                folder.Write(record);
            }

            for (int i = 0; i < plan.Outputs.Count; i++)
            {
                if (pinned)
                {
                    folder.Pin(plan.Outputs[i], outcome.Descriptors[i]);
                }

                if (record.NamedNetwork && plan.Outputs[i] == "net")
                {
                    NamedNetworkPins.Add(name, outcome.Descriptors[i]);
                }
            }

            foreach ((NamespaceType type, Descriptor descriptor) in pinned && around is not null ? around.Kept(options.Types) : [])
            {
                folder.PinJoined(type.ProcName(), descriptor);
            }

            if (options.KillChild)
            {
                lock (s_ending)
                {
                    s_ending.Add(name);
                }
            }

            record = record with { Phase = RecordPhase.Ready, Owner = options.EndsWithOwner ? owner : null, Agent = null };
            folder.Write(record);
            return new NamespaceSet(record, folder.Path, NamespaceSetState.Ready);
        }
        catch (Exception exception) when (exception is not SyscallException && exception is IOException or UnauthorizedAccessException)
        {
            reserve.Dispose();
            SetRemover.Undo(record, folder);
            throw new IsolationException(
                "StateFolderUnavailable",
                ErrorKind.Unavailable,
                $"Cannot keep set '{name}' in {folder.Path}: {exception.Message} The file system must be writable and have room.",
                exception);
        }
        catch
        {
            reserve.Dispose();
            SetRemover.Undo(record, folder);
            throw;
        }
    }

    // What stays when this process is killed is found by the record, which hence comes first. A plan that leaves no process behind leaves nothing before
    // it is pinned: the folder is made while the kernel makes the namespaces.
    private PlanOutcome Run(
        AgentClient agent,
        Plan plan,
        NamespacePlanOptions planned,
        SetSurroundings? around,
        SetFolder folder,
        NamespaceRecord record,
        bool staysBehind,
        CancellationToken cancellation)
    {
        List<Descriptor> opened = [];
        using IdMapHandshake? maps = planned.Maps is { AreAwaited: true } ? new() : null;
        Func<CancellationToken, PlanOutcome> finish;
        bool recordFirst = staysBehind || planned.BirthCgroup || planned.CgroupFiles != 0 || record.Parent is not null;
        try
        {
            if (recordFirst)
            {
                folder.Make(record);
            }

            if (record.Parent is not null)
            {
                new SetFolder(_folder, record.Parent).AddChild(record.Name);
            }

            if (planned.BirthCgroup || planned.CgroupFiles != 0)
            {
                OpenCgroup(planned.Name, agent, opened);
            }

            List<Descriptor> inputs = [.. opened];
            foreach ((_, Descriptor descriptor) in around?.Order ?? [])
            {
                inputs.Add(descriptor);
            }

            if (maps is not null)
            {
                inputs.Add(maps.Far);
            }

            finish = agent.Begin(plan, inputs, staysBehind && planned.Attached);
        }
        finally
        {
            Sys.DisposeAll(opened);
        }

        return IdMapHandshake.Finish(
            maps,
            finish,
            () =>
            {
                if (!recordFirst)
                {
                    folder.Make(record);
                }

                maps?.Serve(agent, planned.Maps!, $"set '{planned.Name}'", around?.User, cancellation);
            },
            cancellation);
    }

    // The set's own control group, in which its maker is when it makes a cgroup namespace: that is the namespace's root from then on.
    private static void OpenCgroup(string name, AgentClient agent, List<Descriptor> opened)
    {
        Cgroup cgroup = Cgroup.ForSet(SetCgroups.Host, name);
        cgroup.MakeEverywhere();
        foreach (CgroupDirectory directory in cgroup.Places)
        {
            SetCgroups.LetReach(directory, agent.Pid);
            bool unified = directory.Hierarchy.Version == CgroupVersion.V2;
            Descriptor descriptor = Sys.Open(unified ? directory.FullPath : directory.ProcsFile, unified ? OpenFlags.ReadOnly : OpenFlags.WriteOnly);
            opened.Insert(unified ? 0 : opened.Count, descriptor);
        }
    }

    /// <summary>The set of a name; null where there is none.</summary>
    /// <exception cref="IsolationException"><c>NamespaceRecordDamaged</c>, <c>NamespaceRecordTooNew</c>.</exception>
    public NamespaceSet? Find(string name)
    {
        if (!NamespaceName.IsValid(name))
        {
            return null;
        }

        SetFolder folder = new(_folder, name);
        NamespaceRecord? record = folder.Read();
        if (record is null)
        {
            return null;
        }

        Dictionary<string, ulong> living = SetNamespaces.Living(record, folder.Path);
        Dictionary<string, ulong> joined = SetNamespaces.LivingJoined(record, folder.Path);
        return new NamespaceSet(record with { Ids = living, Joined = joined }, folder.Path, StateOf(record, living, joined));
    }

    /// <summary>Whether there is a set of the name, whatever is kept of it.</summary>
    public bool Exists(string name) => NamespaceName.IsValid(name) && new SetFolder(_folder, name).Exists;

    /// <summary>The set of a name.</summary>
    /// <exception cref="IsolationException"><c>NamespaceNotFound</c> and those of <see cref="Find"/>.</exception>
    public NamespaceSet Get(string name) => Find(name) ?? throw NotFound(name);

    /// <summary>The names of all sets, sorted.</summary>
    /// <exception cref="IsolationException"><c>StateFolderUnavailable</c>.</exception>
    public IReadOnlyList<string> Names()
    {
        List<string> names = [];
        foreach (string folder in StateFolder.List(_folder.Sets, "*"))
        {
            string name = Path.GetFileName(folder);
            if (NamespaceName.IsValid(name))
            {
                names.Add(name);
            }
        }

        names.Sort(StringComparer.Ordinal);
        return names;
    }

    /// <summary>The names of all pinned namespaces of sets, for those who look at the whole host.</summary>
    public IReadOnlyDictionary<NamespaceKey, string> NamesByKey()
    {
        Dictionary<NamespaceKey, string> names = [];
        List<(NamespaceKey Key, string Name)> joined = [];
        foreach (string name in Names())
        {
            try
            {
                NamespaceSet? set = Find(name);
                foreach (NamespaceKey key in set?.Namespaces ?? [])
                {
                    names.TryAdd(key, name);
                }

                foreach (NamespaceKey key in set?.Joined ?? [])
                {
                    joined.Add((key, name));
                }
            }
            catch (IsolationException)
            {
                // A damaged record is told by Get-Namespace; here it only has no name to give.
            }
        }

        // Of the set that has them still where the one that they were made for is gone: then they are no leak either.
        foreach ((NamespaceKey key, string name) in joined)
        {
            names.TryAdd(key, name);
        }

        return names;
    }

    /// <summary>Keeps a set from being removed while something is made for it; null where there is no set of the name.</summary>
    /// <exception cref="IsolationException"><c>NamespaceLocked</c>.</exception>
    public NameLock? Hold(string name, CancellationToken cancellation)
    {
        SetFolder folder = new(_folder, name);
        if (!Exists(name))
        {
            return null;
        }

        NameLock held = _folder.Lock(name, s_lockTimeout, cancellation);
        try
        {
            if (folder.Read() is not null)
            {
                return held;
            }
        }
        catch
        {
            held.Dispose();
            throw;
        }

        held.Dispose();
        return null;
    }

    /// <summary>
    /// Whether a set is still there to be used. Who removes it writes that down first and looks for processes inside then: a program that was started
    /// before this is asked is seen.
    /// </summary>
    public bool IsStill(NamespaceSet set) =>
        new SetFolder(_folder, set.Name).Read() is { Phase: RecordPhase.Ready } record && record.Created == set.Record.Created;

    /// <summary>Notes the program that is PID 1 of a set made with -AsPid1.</summary>
    public void SetPid1(string name, int pid)
    {
        using NameLock locked = _folder.Lock(name, s_lockTimeout, CancellationToken.None);
        SetFolder folder = new(_folder, name);
        if (folder.Read() is { Phase: RecordPhase.Ready } record)
        {
            if (ProcessIdentity.Of(pid) is ProcessIdentity identity && Sys.TryStatus($"/proc/{pid}/ns/pid", out FileStatus status))
            {
                record.Ids["pid"] = status.Inode;
                folder.Write(record with { Pid1 = new RecordedProcess(pid, identity.StartTicks) });
            }
        }
    }

    /// <summary>Gives a set other names of the host, in its uts namespace and in its record.</summary>
    /// <param name="name">The set's name.</param>
    /// <param name="hostName">The new host name; null leaves it.</param>
    /// <param name="domainName">The new NIS domain name; null leaves it.</param>
    /// <param name="explain">Is told the plan as text; null where nobody is.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <returns>The set as it is then.</returns>
    /// <exception cref="IsolationException">
    /// <c>NamespaceNotFound</c>, <c>NamespaceTypeNotInSet</c>, <c>NamespaceSetBroken</c>, <c>NamespaceSetBusy</c>, <c>NamespaceOptionInvalid</c>, <c>NamespaceLocked</c>.
    /// </exception>
    /// <exception cref="SyscallException">The kernel refused a step.</exception>
    public NamespaceSet SetHostNames(string name, string? hostName, string? domainName, Action<string>? explain, CancellationToken cancellation)
    {
        using NameLock locked = Hold(name, cancellation) ?? throw NotFound(name);
        NamespaceSet set = Get(name);
        if (Array.Exists(set.Joined, static key => key.Type == NamespaceType.Uts))
        {
            throw new IsolationException(
                "NamespaceTypeNotInSet",
                ErrorKind.InvalidArgument,
                $"Set '{name}' has the uts namespace of another, whose names would change: {(set.Parent is null ? "name the one that it joined." : $"name the one in which it was made, '{set.Parent}', or make a set with Uts.")}");
        }

        using NamespaceTarget target = NamespaceTarget.Of(set, NamespaceType.Uts);
        using OwnedNamespace uts = new(target[NamespaceType.Uts], NamespaceType.Uts, target.Description);
        Plan plan = UtsPlans.SetNames(uts, name, hostName, domainName);
        explain?.Invoke(plan.ToString());
        AgentClient.Current.Run(plan, uts.Inputs, attached: true, cancellation).Dispose();
        SetFolder folder = new(_folder, name);
        if (folder.Read() is NamespaceRecord record)
        {
            folder.Write(record with { HostName = hostName ?? record.HostName, DomainName = domainName ?? record.DomainName });
        }

        return Get(name);
    }

    /// <summary>The sets that were made in a set, and those in them, the innermost first.</summary>
    public IReadOnlyList<string> Descendants(string name)
    {
        List<string> found = [];
        HashSet<string> seen = [name];
        if (NamespaceName.IsValid(name))
        {
            AddDescendants(name, found, seen);
        }

        return found;
    }

    // Records that were changed by hand can have sets go round in a circle.
    private void AddDescendants(string name, List<string> found, HashSet<string> seen)
    {
        foreach (string child in new SetFolder(_folder, name).Children())
        {
            if (seen.Add(child))
            {
                AddDescendants(child, found, seen);
                found.Add(child);
            }
        }
    }

    /// <summary>Removes sets: ends what runs in them, their pins, cgroups and folders. One look at the host's processes serves all of them.</summary>
    /// <param name="names">Their names.</param>
    /// <param name="failed">Told of each that could not be removed; the others go on.</param>
    /// <param name="cancellation">Stops between two sets.</param>
    public void Remove(IReadOnlyList<string> names, Action<string, Exception> failed, CancellationToken cancellation)
    {
        try
        {
            using (_folder.Use())
            {
                new SetRemover(_folder).Remove(names, s_lockTimeout, failed, cancellation);
            }
        }
        catch (IsolationException exception)
        {
            // The folder itself cannot be used.
            foreach (string name in names)
            {
                failed(name, exception);
            }
        }

        _folder.TryRemove();
    }

    /// <summary>
    /// Finishes what processes that are gone have left: sets half made, half removed, and unnamed ones. What stands in its way is told by the call that
    /// it goes before, where it is in its way too.
    /// </summary>
    public void Sweep()
    {
        try
        {
            SweepAll();
        }
        catch (Exception exception) when (exception is IsolationException or SyscallException or IOException or UnauthorizedAccessException)
        {
            // The next one does it.
        }
    }

    private void SweepAll()
    {
        List<string> left = [];
        IReadOnlyList<string> names = Names();
        if (s_settled.Count > 2 * names.Count)
        {
            // Mostly of sets that are gone.
            s_settled.Clear();
        }

        foreach (string name in names)
        {
            try
            {
                SetFolder folder = new(_folder, name);
                FileVersion? version = folder.RecordVersion();
                if (version is FileVersion known && s_settled.TryGetValue(folder.Path, out FileVersion settled) && settled == known)
                {
                    continue;
                }

                if (folder.Read() is NamespaceRecord record)
                {
                    if (IsAbandoned(record))
                    {
                        left.Add(name);
                    }
                    else if (version is FileVersion read && !CanBeAbandoned(record))
                    {
                        s_settled[folder.Path] = read;
                    }
                }
            }
            catch (IsolationException)
            {
                // Damaged: only Remove-Namespace, which somebody asked for, touches it.
            }
        }

        foreach (string folder in StateFolder.List(_folder.Sets, ".*-*"))
        {
            // Made or removed by a process that is gone, unless its name is locked.
            string name = Path.GetFileName(folder)[".new-".Length..];
            using NameLock? locked = _folder.TryLock(name);
            if (locked is not null)
            {
                new SetFolder(_folder, name).DeleteDrafts();
            }
        }

        foreach (string name in _folder.LockedNames())
        {
            // One that nobody holds goes with the letting go.
            _folder.TryLock(name)?.Dispose();
        }

        if (left.Count != 0)
        {
            using (_folder.Use())
            {
                new SetRemover(_folder).RemoveAbandoned(left, s_lockTimeout);
            }

            _folder.TryRemove();
        }
    }

    /// <summary>Removes the sets that end with this process, at its end.</summary>
    public void RemoveOwn()
    {
        List<string> own = [];
        foreach (string name in Names())
        {
            lock (s_ending)
            {
                if (name.StartsWith($"unnamed-{Environment.ProcessId}-", StringComparison.Ordinal) || (s_ending.Contains(name) && EndsWithThis(name)))
                {
                    own.Add(name);
                }
            }
        }

        if (own.Count != 0)
        {
            Remove(own, static (_, _) => { }, CancellationToken.None);
        }
    }

    private static IsolationException NotFound(string name) => new(
        "NamespaceNotFound", ErrorKind.NotFound, $"There is no namespace set '{name}'. Get-Namespace lists those that there are; New-Namespace makes one.");

    // One of that name may have been removed since, and another made by somebody else, or to stay.
    private bool EndsWithThis(string name)
    {
        try
        {
            return new SetFolder(_folder, name).Read() is { EndsWithOwner: true, Owner: RecordedProcess owner } && owner == RecordedProcess.Own;
        }
        catch (IsolationException)
        {
            // Damaged: what keeps the set ends with the agent.
            return false;
        }
    }

    internal static bool IsAbandoned(NamespaceRecord record) => CanBeAbandoned(record) && !record.Owner!.IsRunning();

    private static bool CanBeAbandoned(NamespaceRecord record) => record.Owner is not null && (record.EndsWithOwner || record.Phase != RecordPhase.Ready);

    private static NamespaceSetState StateOf(NamespaceRecord record, Dictionary<string, ulong> living, Dictionary<string, ulong> joined) => record.Phase switch
    {
        RecordPhase.Creating => record.Owner?.IsRunning() == true ? NamespaceSetState.Creating : NamespaceSetState.Broken,
        RecordPhase.Removing => record.Owner?.IsRunning() == true ? NamespaceSetState.Removing : NamespaceSetState.Broken,
        _ when record.Keeper is RecordedProcess keeper && !keeper.IsRunning() => NamespaceSetState.Broken,
        _ => IsWhole(record, living) && joined.Count == record.Joined.Count ? NamespaceSetState.Ready : NamespaceSetState.Broken,
    };

    // A set made with -AsPid1 is without its pid namespace while nothing runs in it.
    private static bool IsWhole(NamespaceRecord record, Dictionary<string, ulong> living)
    {
        foreach (string kind in record.Ids.Keys)
        {
            if (!living.ContainsKey(kind) && !(record.AsPid1 && kind == "pid"))
            {
                return false;
            }
        }

        return true;
    }

    private void RefuseTaken(string name, bool network)
    {
        SetFolder folder = new(_folder, name);
        NamespaceRecord? record = folder.Read();
        if (record is not null && IsAbandoned(record))
        {
            SetRemover.RemoveNow(record, folder);
            record = null;
        }

        if (record is not null || folder.Exists)
        {
            throw new IsolationException(
                "NamespaceExists", ErrorKind.AlreadyExists, $"There is a namespace set '{name}' already. Choose another name, or remove it with: Remove-Namespace {name}");
        }

        if (network && File.Exists($"{NamedNetworks.Folder}/{name}"))
        {
            throw new IsolationException(
                "NamespaceNameTaken",
                ErrorKind.AlreadyExists,
                $"{NamedNetworks.Folder}/{name} exists: a network namespace of another tool, or a stale file. Choose another name, or remove it with: ip netns delete {name}");
        }
    }

    // Without privilege nothing can be pinned where others see it, and what ends with this process is not pinned.
    private bool Holds(NamespaceSetOptions options) => !_folder.IsRoot || options.EndsWithOwner;

    private NamespacePlanOptions PlanOptions(NamespaceSetOptions options, string name, SetSurroundings? around, CancellationToken cancellation)
    {
        IReadOnlyList<CgroupDirectory> cgroups = options.Types.HasFlag(NamespaceType.Cgroup) ? Cgroup.ForSet(SetCgroups.Host, name).Places : [];
        bool unified = cgroups.Count != 0 && cgroups[0].Hierarchy.Version == CgroupVersion.V2;
        List<NamespaceType> joined = [];
        foreach ((NamespaceType type, _) in around?.Order ?? [])
        {
            joined.Add(type);
        }

        return new NamespacePlanOptions
        {
            Name = name,
            Types = options.Types,
            HostName = options.HostName,
            DomainName = options.DomainName,
            Root = options.Root,
            Maps = options.Types.HasFlag(NamespaceType.User) ? IdMapPlanner.Plan(options.IdMap, CallerOf(options, around, cancellation)) : null,
            MonotonicOffset = options.MonotonicOffset,
            BootTimeOffset = options.BootTimeOffset,
            Propagation = options.Propagation ?? MountPropagation.Private,
            Joined = joined,
            JoinedFrom = around?.Description ?? "",
            Owner = options.Owner,
            BirthCgroup = unified,
            CgroupFiles = cgroups.Count - (unified ? 1 : 0),
            AsPid1 = options.AsPid1,
            Hold = Holds(options),
            Closed = Sys.CanLookAtOthers && (options.Types.HasFlag(NamespaceType.User) || joined.Contains(NamespaceType.User)),
            Attached = options.EndsWithOwner,
        };
    }

    private static IdMapCaller CallerOf(NamespaceSetOptions options, SetSurroundings? around, CancellationToken cancellation)
    {
        IdMapCaller caller = IdMapHandshake.CallerOf(options.IdMap, around?.User, around?.Description ?? "", cancellation);

        // It is the owner who makes the namespace, and so its ids that it may map by itself.
        return options.Owner is (uint uid, uint gid) ? caller with { Uid = uid, Gid = gid } : caller;
    }
}
