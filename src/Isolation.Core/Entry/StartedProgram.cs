using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Isolation.Agent;
using Isolation.Cgroups;
using Isolation.Interop;
using Isolation.Plans;
using Isolation.State;

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

    private static Plan PlanFor(NamespaceTarget target, ProgramOptions program, int cgroupFiles, bool birthCgroup) => ProcessPlans.Enter(
        new EntryOptions
        {
            Target = target.Description,
            Types = target.Types,
            CgroupFiles = cgroupFiles,
            BirthCgroup = birthCgroup,
            NewPid = target.NeedsPid1,
            NewProc = target.NeedsPid1 && target.Types.HasFlag(NamespaceType.Mount),
        },
        program);

    /// <summary>Starts a program. In a set that has a cgroup it is there before its first instruction. <paramref name="explain"/>, where there is one, is given the plan as text.</summary>
    /// <exception cref="SyscallException">The kernel refused a step.</exception>
    /// <exception cref="IsolationException">The agent's, and <c>CgroupBusy</c> and the like.</exception>
    public static StartedProgram Start(NamespaceTarget target, ProgramOptions program, StandardStreams streams, Action<string>? explain, CancellationToken cancellation)
    {
        List<Descriptor> opened = [];
        try
        {
            List<Descriptor> inputs = [streams.Input, streams.Output, streams.Error];
            bool birth = false;
            int files = 0;
            if (target.Set is not null)
            {
                Cgroup cgroup = Cgroup.ForSet(SetCgroups.Host, target.Set.Name);
                foreach (CgroupDirectory directory in cgroup.Directories)
                {
                    bool unified = directory.Hierarchy.Version == CgroupVersion.V2;
                    Descriptor descriptor = Sys.Open(unified ? directory.FullPath : directory.ProcsFile, unified ? OpenFlags.ReadOnly : OpenFlags.WriteOnly);
                    opened.Add(descriptor);
                    birth |= unified;
                    files += unified ? 0 : 1;
                    inputs.Insert(unified ? 3 : inputs.Count, descriptor);
                }
            }

            foreach (NamespaceType type in ProcessPlans.Order(target.Types))
            {
                inputs.Add(target[type]);
            }

            AgentClient agent = AgentClient.Current;
            Plan plan = PlanFor(target, program, files, birth);
            explain?.Invoke(plan.ToString());
            PlanOutcome outcome = agent.Run(plan, inputs, program.Attached, cancellation);
            StartedProgram started = new(agent, outcome);
            try
            {
                if (target.NeedsPid1)
                {
                    NamespaceStore.Current.SetPid1(target.Set!.Name, outcome.Pid);
                }

                // Removed while the program was being started, and after the last look for processes inside, perhaps.
                if (target.Set is not null && !NamespaceStore.Current.IsStill(target.Set))
                {
                    throw target.Removed();
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
