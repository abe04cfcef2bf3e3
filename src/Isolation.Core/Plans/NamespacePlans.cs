using System;
using System.Collections.Generic;
using System.Globalization;
using Isolation.Interop;
using Isolation.Users;

namespace Isolation.Plans;

/// <summary>What a new set of namespaces is to be.</summary>
internal sealed record NamespacePlanOptions
{
    /// <summary>The set's name, for titles.</summary>
    public required string Name { get; init; }

    /// <summary>The kinds to make.</summary>
    public required NamespaceType Types { get; init; }

    /// <summary>The new host name; null leaves the copy of the host's.</summary>
    public string? HostName { get; init; }

    /// <summary>The new NIS domain name; null leaves the copy of the host's.</summary>
    public string? DomainName { get; init; }

    /// <summary>The id maps of the new user namespace, null makes none.</summary>
    public PlannedIdMaps? Maps { get; init; }

    /// <summary>How far the monotonic clock of the new time namespace goes ahead of the host's; null leaves it where the caller's is.</summary>
    public TimeSpan? MonotonicOffset { get; init; }

    /// <summary>How far the boot-time clock of the new time namespace goes ahead of the host's; null leaves it where the caller's is.</summary>
    public TimeSpan? BootTimeOffset { get; init; }

    /// <summary>Who makes the user namespace stays who that is there, and does not become its root, once others have written the maps.</summary>
    public bool KeepIds { get; init; }

    /// <summary>The kinds that are entered before anything is made, in this order; a descriptor of each is passed with the plan.</summary>
    public IReadOnlyList<NamespaceType> Joined { get; init; } = [];

    /// <summary>Whose those are, for errors: <c>set 'web'</c>.</summary>
    public string JoinedFrom { get; init; } = "";

    /// <summary>The user and group to whom the new user namespace belongs; null for the caller.</summary>
    public (uint Uid, uint Gid)? Owner { get; init; }

    /// <summary>Files <c>cgroup.procs</c> of v1, open for writing, passed with the plan.</summary>
    public int CgroupFiles { get; init; }

    /// <summary>A directory of cgroup v2 is passed with the plan; the process is born in it.</summary>
    public bool BirthCgroup { get; init; }

    /// <summary>The folder that becomes the root of the new mount namespace, which keeps nothing of the old one; null leaves the root.</summary>
    public string? Root { get; init; }

    /// <summary>How the mounts of a new mount namespace pass mounts on; <see cref="MountPropagation.None"/> leaves them as they are.</summary>
    public MountPropagation Propagation { get; init; } = MountPropagation.Private;

    /// <summary>The first program is PID 1: the pid namespace is made with it, not now.</summary>
    public bool AsPid1 { get; init; }

    /// <summary>A process stays and keeps the namespaces; otherwise they are handed over as descriptors.</summary>
    public bool Hold { get; init; }

    /// <summary>
    /// The process that stays is closed to those of its user namespace: its memory began as a copy of the agent's. It takes <c>CAP_SYS_PTRACE</c> to look at it then.
    /// </summary>
    public bool Closed { get; init; }

    /// <summary>The process that stays ends with the agent.</summary>
    public bool Attached { get; init; }
}

/// <summary>The plans for making and entering namespaces.</summary>
internal static class NamespacePlans
{
    /// <summary>
    /// Makes the namespaces of a set. The inputs are: the v2 directory; the v1 files; the namespaces that are entered first; the socket to those who
    /// write its id maps. The descriptors of all new kinds are sent, in the order of <see cref="Plan.Outputs"/>, named as in <c>/proc/PID/ns</c>. Equivalent to <c>unshare --mount --net ... --fork --mount-proc</c>.
    /// </summary>
    public static Plan Create(NamespacePlanOptions options)
    {
        Plan plan = new($"make namespace set '{options.Name}'");
        if (options.BirthCgroup)
        {
            plan.BirthCgroup = plan.Input("cgroup");
        }

        List<PlanSlot> cgroups = [];
        for (int i = 0; i < options.CgroupFiles; i++)
        {
            cgroups.Add(plan.Input("cgroup" + i.ToString(CultureInfo.InvariantCulture)));
        }

        List<(NamespaceType Type, PlanSlot Slot)> joined = [];
        foreach (NamespaceType type in options.Joined)
        {
            joined.Add((type, plan.Input("in-" + type.ProcName())));
        }

        PlanSlot? maps = options.Maps is { AreAwaited: true } ? plan.Input("maps") : null;
        foreach (PlanSlot cgroup in cgroups)
        {
            // 0 is the writer itself, cgroups(7).
            plan.Write(cgroup, "0", Plan.JoinAttempt);
        }

        Join(plan, options, joined);
        bool pid = options.Types.HasFlag(NamespaceType.Pid) && !options.AsPid1;
        NamespaceType types = options.AsPid1 ? options.Types & ~NamespaceType.Pid : options.Types;

        Make(plan, options, types, maps);
        foreach (NamespaceType type in NamespaceTypes.All)
        {
            if (types.HasFlag(type) && type != NamespaceType.Pid)
            {
                // Its maker stays outside a new time namespace, time_namespaces(7): only its children are in it.
                SendNamespace(plan, type, type == NamespaceType.Time ? "time_for_children" : type.ProcName());
            }
        }

        if (pid)
        {
            plan.Fork();
            SendNamespace(plan, NamespaceType.Pid, "pid");
            if (types.HasFlag(NamespaceType.Mount) && options.Root is null)
            {
                MountProc(plan, options.Propagation);
            }
        }

        if (options.Root is string root)
        {
            PivotPlans.Into(plan, root, freshProc: pid, options.Propagation);
        }

        if (pid || options.Hold)
        {
            if (options.Closed)
            {
                plan.SetDumpable(false);
            }

            plan.SetSession();
            plan.ChangeDirectory("/", mayFail: false);
            plan.SetName(pid ? "isolation-init" : "isolation-hold");
            plan.SetTitle($"{(pid ? "isolation-init" : "isolation-hold")} {options.Name}");
            if (options.Attached)
            {
                plan.DieWithAgent();
            }
            else
            {
                // After the title: where nobody was told of this process, it is found by that, or ends here.
                plan.RequireAgent();
            }

            plan.Stay(init: pid);
        }
        else
        {
            plan.Exit();
        }

        return plan;
    }

    private static void Join(Plan plan, NamespacePlanOptions options, List<(NamespaceType Type, PlanSlot Slot)> joined)
    {
        if (joined.Exists(static one => one.Type == NamespaceType.Mount))
        {
            // The one that is entered may show another pid namespace's processes, or be missing.
            plan.UseProc();
        }

        foreach ((NamespaceType type, PlanSlot slot) in joined)
        {
            plan.SetNs(slot, type, options.JoinedFrom);
        }

        if (joined.Exists(static one => one.Type == NamespaceType.User))
        {
            // Only a user whom it knows makes another in it, user_namespaces(7).
            plan.BecomeRoot();
            plan.SetDumpable();
        }

        if (joined.Exists(static one => one.Type == NamespaceType.Pid) && (options.Types.HasFlag(NamespaceType.Pid) || options.Hold))
        {
            // Only a process that is in it keeps it, or makes another in it, pid_namespaces(7).
            plan.Fork();
        }

        if (options.Owner is (uint uid, uint gid))
        {
            plan.SetGroups([], mayFail: false);
            plan.SetGroup(gid, mayFail: false);
            plan.SetUser(uid, mayFail: false);
            plan.SetDumpable();
        }
    }

    /// <summary>The steps that make namespaces and set them up, up to where a pid namespace needs a fork. Equivalent to <c>unshare</c>.</summary>
    /// <param name="plan">The plan; the steps are added to it.</param>
    /// <param name="options">Maps and names.</param>
    /// <param name="types">The kinds that are made now.</param>
    /// <param name="maps">The socket over which the process waits for its id maps; null where it writes them itself.</param>
    internal static void Make(Plan plan, NamespacePlanOptions options, NamespaceType types, PlanSlot? maps = null)
    {
        // The user namespace first, and its maps before anything else: what is made after it belongs to it.
        if (types.HasFlag(NamespaceType.User))
        {
            plan.Unshare(NamespaceType.User);
            if (options.Maps is not null)
            {
                WriteMaps(plan, options.Maps, maps, options.KeepIds);
            }
        }

        if ((types & ~NamespaceType.User) != NamespaceType.None)
        {
            plan.Unshare(types & ~NamespaceType.User);
        }

        if (types.HasFlag(NamespaceType.Time))
        {
            // Before the first process is in it: then they are what they are, time_namespaces(7).
            WriteOffset(plan, ClockMonotonic, options.MonotonicOffset);
            WriteOffset(plan, ClockBootTime, options.BootTimeOffset);
        }

        if (types.HasFlag(NamespaceType.Mount))
        {
            // The copied mounts still are peers of the host's: a mount made in one would appear in the other, mount_namespaces(7).
            if (options.Propagation != MountPropagation.None)
            {
                plan.Mount("none", "/", null, MountFlags.Recursive | (MountFlags)options.Propagation);
            }
        }

        if (options.HostName is not null)
        {
            plan.SetHostName(options.HostName);
        }

        if (options.DomainName is not null)
        {
            plan.SetDomainName(options.DomainName);
        }

        if (types.HasFlag(NamespaceType.Net))
        {
            plan.LoopbackUp();
        }
    }

    /// <summary>Mounts a /proc that shows the pid namespace of the process.</summary>
    /// <param name="plan">A plan that is in a mount namespace of its own.</param>
    /// <param name="propagation">How its mounts pass mounts on.</param>
    /// <param name="ignored">An error number that is no failure.</param>
    public static void MountProc(Plan plan, MountPropagation propagation, Errno ignored = Errno.None)
    {
        if (propagation is MountPropagation.None or MountPropagation.Shared)
        {
            // Otherwise it would be mounted on the host's too.
            plan.Mount("none", "/proc", null, MountFlags.Recursive | MountFlags.Private, ignored: ignored);
        }

        plan.Mount("proc", "/proc", "proc", MountFlags.NoSuid | MountFlags.NoDev | MountFlags.NoExec, ignored: ignored);
    }

    /// <summary>Whether what is made is set up with files of <c>/proc</c>.</summary>
    public static bool WritesToProc(NamespacePlanOptions? options) =>
        options is not null && (options.Maps is not null || options.MonotonicOffset is not null || options.BootTimeOffset is not null);

    private static void WriteMaps(Plan plan, PlannedIdMaps maps, PlanSlot? socket, bool keepIds)
    {
        if (maps.DenySetGroups)
        {
            // An ordinary user may write gid_map only then, user_namespaces(7).
            plan.WriteFile("/proc/self/setgroups", "deny");
        }

        if (maps.Groups is { Writer: IdMapWriter.Self } groups)
        {
            plan.WriteFile("/proc/self/gid_map", groups.Lines[0].Line);
        }

        if (maps.Users is { Writer: IdMapWriter.Self } users)
        {
            plan.WriteFile("/proc/self/uid_map", users.Lines[0].Line);
        }

        if (socket is PlanSlot asked)
        {
            plan.Await(asked, "its id maps");

            if (!keepIds)
            {
                // Otherwise it goes on as a user of the host, over whom those inside have the rights of the namespace's root.
                plan.BecomeRoot();
            }

            plan.SetDumpable();
        }
    }

    // The clocks by their numbers: Linux 5.6 does not know their names.
    private const int ClockMonotonic = 1;
    private const int ClockBootTime = 7;

    private static void WriteOffset(Plan plan, int clock, TimeSpan? offset)
    {
        if (offset is not TimeSpan span)
        {
            return;
        }

        // Nanoseconds are never negative, and go forward from the second before.
        (long seconds, long ticks) = Math.DivRem(span.Ticks, TimeSpan.TicksPerSecond);
        if (ticks < 0)
        {
            (seconds, ticks) = (seconds - 1, ticks + TimeSpan.TicksPerSecond);
        }

        plan.WriteFile("/proc/self/timens_offsets", string.Create(CultureInfo.InvariantCulture, $"{clock} {seconds} {ticks * TimeSpan.NanosecondsPerTick}"));
    }

    private static void SendNamespace(Plan plan, NamespaceType type, string entry)
    {
        PlanSlot slot = plan.NewSlot(type.ProcName());
        plan.Open($"/proc/self/ns/{entry}", OpenFlags.ReadOnly, slot);
        plan.Send(slot);
    }
}
