using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Isolation.Agent;
using Isolation.Cgroups;
using Isolation.Interop;
using Isolation.Plans;
using Isolation.State;
using Isolation.Users;

namespace Isolation.Entry;

/// <summary>A program that was started inside namespaces by this process' agent.</summary>
internal sealed class StartedProgram : IDisposable
{
    private readonly AgentClient _agent;
    private readonly Descriptor? _pidfd;

    private StartedProgram(AgentClient agent, PlanOutcome outcome)
    {
        _agent = agent;
        _pidfd = outcome.Pidfd;
        Pid = outcome.Pid;
        Exit = outcome.Exit;
    }

    /// <summary>Its pid, as this process sees it. It leads a session and a process group of its own.</summary>
    public int Pid { get; }

    /// <summary>Completes with how it ended.</summary>
    public Task<ExitStatus> Exit { get; }

    /// <summary>Starts a program. In a set that has a cgroup it is there before its first instruction.</summary>
    /// <param name="target">The namespaces that it enters.</param>
    /// <param name="settings">How it enters them.</param>
    /// <param name="program">The program.</param>
    /// <param name="streams">Its standard streams; they stay the caller's.</param>
    /// <param name="explain">Given the plan as text, where there is one.</param>
    /// <param name="cancellation">Stops waiting and ends what was begun.</param>
    /// <exception cref="SyscallException">The kernel refused a step.</exception>
    /// <exception cref="IsolationException">The agent's, those of <see cref="EntrySettings.Check"/>, and <c>CgroupBusy</c> and the like.</exception>
    public static StartedProgram Start(
        NamespaceTarget target, EntrySettings settings, ProgramOptions program, StandardStreams streams, Action<string>? explain, CancellationToken cancellation)
    {
        settings.Check(target);
        List<Descriptor> opened = [];
        try
        {
            List<Descriptor> inputs = [streams.Input, streams.Output, streams.Error];
            EntryOptions entry = OpenInputs(target, settings, inputs, opened);
            entry = entry with { New = WithMaps(entry.New, target, settings, program.PreserveCredentials, cancellation) };
            AgentClient agent = AgentClient.Current;
            Plan plan = ProcessPlans.Enter(entry, program);
            explain?.Invoke(plan.ToString());
            StartedProgram started = new(agent, Run(agent, plan, inputs, target, entry.New?.Maps, program, cancellation));
            try
            {
                if (target.NeedsPid1 is not null)
                {
                    NamespaceStore.Current.SetPid1(target.NeedsPid1.Name, started.Pid);
                }

                // Removed while the program was being started, and after the last look for processes inside, perhaps.
                if (RemovedSet(target) is { } set)
                {
                    throw NamespaceTarget.Removed(set);
                }
            }
            catch
            {
                started.Abandon();
                throw;
            }

            return started;
        }
        finally
        {
            foreach (Descriptor descriptor in opened)
            {
                descriptor.Dispose();
            }
        }
    }

    private static PlanOutcome Run(
        AgentClient agent, Plan plan, List<Descriptor> inputs, NamespaceTarget target, PlannedIdMaps? planned, ProgramOptions program, CancellationToken cancellation)
    {
        using IdMapHandshake? maps = planned is { AreAwaited: true } ? new() : null;
        if (maps is not null)
        {
            inputs.Add(maps.Far);
        }

        try
        {
            Func<CancellationToken, PlanOutcome> finish = agent.Begin(plan, inputs, program.Attached);
            return maps is null
                ? finish(cancellation)
                : IdMapHandshake.Finish(
                    maps, finish, () => maps.Serve(agent, planned!, $"the new user namespace for {program.FilePath}", UserOf(target), cancellation), cancellation);
        }
        catch (SyscallException exception) when (exception is { Syscall: "setns", Errno: Errno.EPERM })
        {
            throw target.Explain(exception);
        }
        catch (Exception exception) when (exception is SyscallException or IsolationException { ErrorId: "AgentFailed" } && RemovedSet(target) is { } set)
        {
            // Its removal killed the process that was to become the program, or what that was to enter went away.
            throw NamespaceTarget.Removed(set);
        }
    }

    private static NamespaceSet? RemovedSet(NamespaceTarget target)
    {
        foreach (NamespaceSet set in target.Sets)
        {
            if (!NamespaceStore.Current.IsStill(set))
            {
                return set;
            }
        }

        return null;
    }

    // The maps are written by whoever is in the user namespace around the new one, and name its ids.
    private static NamespacePlanOptions? WithMaps(NamespacePlanOptions? made, NamespaceTarget target, EntrySettings settings, bool keepIds, CancellationToken cancellation)
    {
        if (made is null || !made.Types.HasFlag(NamespaceType.User))
        {
            return made;
        }

        IdMapCaller caller = IdMapHandshake.CallerOf(settings.IdMap, UserOf(target), target.Description, cancellation);
        PlannedIdMaps? maps = IdMapPlanner.Plan(settings.IdMap, caller);
        return made with { Maps = maps, KeepIds = keepIds || (maps?.Users?.Has(caller.Uid) == true && maps.Groups?.Has(caller.Gid) == true) };
    }

    private static Descriptor? UserOf(NamespaceTarget target) => target.Types.HasFlag(NamespaceType.User) ? target[NamespaceType.User] : null;

    // The one that is named, and in the hierarchies where that is not the set's own. Version 2 first.
    private static List<CgroupDirectory> Cgroups(NamespaceTarget target, EntrySettings settings)
    {
        Cgroup? own = target.Sets.Count != 0 ? Cgroup.ForSet(SetCgroups.Host, target.Sets[0].Name)
            : settings.JoinCgroup ? Cgroup.ForProcess(SetCgroups.Host, target.Process!.Value.Pid)
            : null;
        List<CgroupDirectory> directories = [];
        foreach (CgroupHierarchy hierarchy in SetCgroups.Host.Hierarchies)
        {
            if ((settings.Cgroup?.DirectoryIn(hierarchy) ?? own?.DirectoryIn(hierarchy)) is CgroupDirectory directory)
            {
                directories.Add(directory);
            }
        }

        // Where nothing changes, no right is needed.
        if (settings.JoinCgroup || settings.Cgroup is not null)
        {
            HashSet<CgroupDirectory> here = [.. Cgroup.ForProcess(SetCgroups.Host, AgentClient.Current.Pid).Directories];
            directories.RemoveAll(here.Contains);
        }

        return directories;
    }

    // Adds the descriptors for the plan's inputs, in its order; those that are opened for it are the caller's to close.
    private static EntryOptions OpenInputs(NamespaceTarget target, EntrySettings settings, List<Descriptor> inputs, List<Descriptor> opened)
    {
        Descriptor Add(Descriptor descriptor, int at)
        {
            opened.Add(descriptor);
            inputs.Insert(at, descriptor);
            return descriptor;
        }

        bool birth = false;
        int files = 0;
        foreach (CgroupDirectory directory in Cgroups(target, settings))
        {
            SetCgroups.LetReach(directory, AgentClient.Current.Pid);
            bool unified = directory.Hierarchy.Version == CgroupVersion.V2;
            string path = unified ? directory.FullPath : directory.ProcsFile;
            Errno error = Sys.TryOpen(path, unified ? OpenFlags.ReadOnly : OpenFlags.WriteOnly, out Descriptor? descriptor);
            Add(descriptor ?? throw new SyscallException("open", error, $"open {path}", PlanHints.ForJoin(error)), unified ? 3 : inputs.Count);
            birth |= unified;
            files += unified ? 0 : 1;
        }

        NamespaceType before = target.BeforeUser;
        Descriptor? outer = target.OpenOuterUser();
        if (outer is not null)
        {
            Add(outer, inputs.Count);
        }

        foreach (NamespaceType type in ProcessPlans.Order(target.Types, before))
        {
            inputs.Add(target[type]);
        }

        bool processRoot = settings.Root is not null && target.Process is not null;
        if (processRoot)
        {
            Add(target.OpenOfProcess("root", OpenFlags.Path), inputs.Count);
        }

        if (settings.StartDirectory is not null)
        {
            Errno error = Sys.TryOpen(settings.StartDirectory, OpenFlags.Path, out Descriptor? start);
            Add(
                start ?? throw new SyscallException("open", error, $"open the working directory {settings.StartDirectory}", "It is looked for outside, before anything is entered."),
                inputs.Count);
        }

        if (settings.JoinCgroup && target.Process is not null)
        {
            target.RequireProcess();
        }

        NamespaceType made = settings.New?.Types ?? NamespaceType.None;
        bool entersPid = (target.Types | made).HasFlag(NamespaceType.Pid);
        return new EntryOptions
        {
            Target = target.Description,
            Types = target.Types,
            Before = before,
            Outer = outer is not null,
            New = settings.New,
            NoFork = settings.NoFork,
            CgroupFiles = files,
            BirthCgroup = birth,
            RootDirectory = processRoot,
            Root = settings.Root,
            StartDirectory = settings.StartDirectory is not null,
            NewPid = target.NeedsPid1 is not null,
            NewProc = (target.NeedsPid1 is not null && target.Types.HasFlag(NamespaceType.Mount))
                || (made.HasFlag(NamespaceType.Mount) && (entersPid || target.NeedsPid1 is not null) && !settings.NoFork),
        };
    }

    /// <summary>Sends a signal to the program, or to all of its process group.</summary>
    public Errno Signal(int signal, bool group) => _agent.SignalProcess(Pid, signal, group);

    /// <summary>
    /// Ends the program and its process group: SIGINT or SIGTERM first, SIGKILL after a while, and for what the program leaves: a shell's background
    /// programs ignore SIGINT.
    /// </summary>
    public void End(int signal, TimeSpan grace)
    {
        if (_agent.SignalProcess(Pid, signal, group: true, endsGroup: true) == Errno.None && !Exit.Wait(grace))
        {
            Signal(Sys.SIGKILL, group: true);
            Exit.Wait(TimeSpan.FromSeconds(5));
        }
    }

    /// <summary>Ends it at once, with its process group, where its starter cannot give it to the caller.</summary>
    public void Abandon()
    {
        _agent.SignalProcess(Pid, Sys.SIGKILL, group: true, endsGroup: true);
        Dispose();
    }

    /// <summary>Lets go of the descriptor; the program goes on.</summary>
    public void Dispose() => _pidfd?.Dispose();
}

/// <summary>What a program gets as standard input, output and error.</summary>
/// <param name="Input">Standard input.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
internal readonly record struct StandardStreams(Descriptor Input, Descriptor Output, Descriptor Error) : IDisposable
{
    /// <summary>Closes this process' copies, so that their other ends see the program's end.</summary>
    public void Dispose()
    {
        Input.Dispose();
        Output.Dispose();
        Error.Dispose();
    }
}
