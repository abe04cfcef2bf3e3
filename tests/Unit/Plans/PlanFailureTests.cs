using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using Isolation.Agent;
using Isolation.Cgroups;
using Isolation.Interop;
using Isolation.Plans;
using Xunit;

namespace Isolation.Tests.Plans;

/// <summary>
/// Every plan that the module makes, with each step failing in turn: the error names the step, nothing is left, and the agent goes on. A step is made
/// to fail by giving it the number of a system call that no kernel has.
/// </summary>
[Collection("agent")]
public sealed class PlanFailureTests : IDisposable
{
    private const int NoSuchCall = 99_999;

    private static readonly bool s_root = Environment.IsPrivilegedProcess;
    private static readonly string[] s_environment = ["PATH=/usr/bin:/bin"];

    private readonly List<IDisposable> _held = [];

    static PlanFailureTests() => _ = BuiltModule.Root;

    public static TheoryData<string> Shapes => new(s_root ? [.. CreateShapes.Keys, .. EnterShapes] : [.. CreateShapes.Keys.Where(static name => name.StartsWith("rootless", StringComparison.Ordinal))]);

    private static Dictionary<string, NamespacePlanOptions> CreateShapes { get; } = new()
    {
        ["one kind"] = new() { Name = "x", Types = NamespaceType.Uts },
        ["network and names"] = new() { Name = "x", Types = NamespaceType.Net | NamespaceType.Uts | NamespaceType.Ipc | NamespaceType.Cgroup, HostName = "h", DomainName = "d" },
        ["every kind, pinned, with an init"] = new() { Name = "x", Types = NamespaceTypes.Every & ~NamespaceType.User, HostName = "h" },
        ["every kind, held"] = new() { Name = "x", Types = NamespaceTypes.Every, Maps = RootMap.Of(0, 0), HostName = "h", Hold = true, Attached = true },
        ["first program as PID 1"] = new() { Name = "x", Types = NamespaceType.Pid | NamespaceType.Mount, AsPid1 = true, Hold = true },
        ["rootless, with an init"] = new()
        {
            Name = "x",
            Types = NamespaceType.User | NamespaceType.Pid | NamespaceType.Mount | NamespaceType.Net | NamespaceType.Uts,
            Maps = RootMap.Of(Sys.EffectiveUserId, Sys.EffectiveGroupId),
            HostName = "h",
            Hold = true,
        },
        ["rootless, held"] = new() { Name = "x", Types = NamespaceType.User | NamespaceType.Time, Maps = RootMap.Of(Sys.EffectiveUserId, Sys.EffectiveGroupId), Hold = true },
        ["rootless, with clocks"] = new()
        {
            Name = "x",
            Types = NamespaceType.User | NamespaceType.Time,
            Maps = RootMap.Of(Sys.EffectiveUserId, Sys.EffectiveGroupId),
            MonotonicOffset = TimeSpan.FromDays(1),
            BootTimeOffset = TimeSpan.FromDays(2),
            Hold = true,
        },
        ["rootless, without a map"] = new() { Name = "x", Types = NamespaceType.User, Hold = true, Attached = true },
    };

    private static string[] EnterShapes { get; } =
    [
        "make in a set", "enter nothing", "enter all, as another user", "enter with a user namespace", "enter as PID 1 with a /proc", "enter with control groups", "find the users",
        "enter new ones, with a root and capabilities",
    ];

    public void Dispose()
    {
        _held.Reverse();
        _held.ForEach(static one => one.Dispose());
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Each_step_that_fails_is_named_and_leaves_nothing(string shape)
    {
        AgentClient agent = AgentClient.Current;
        (Func<Plan> make, List<Descriptor> inputs) = Prepare(shape);
        Plan whole = make();

        // The plan as it is goes well: what fails below fails for the step that was broken.
        using (PlanOutcome outcome = agent.Run(make(), inputs, attached: true, CancellationToken.None))
        {
            Assert.Equal(whole.Outputs.Count, outcome.Descriptors.Count);
            End(agent, outcome);
        }

        string[] mounts = Mounts();

        // Among them may be one that has ended and is not reaped yet.
        HashSet<string> kept = [.. Children(agent.Pid)];
        int descriptors = Descriptors(agent.Pid);
        for (int i = 0; i < whole.Steps.Count; i++)
        {
            Plan plan = make();
            PlanStep step = plan.Steps[i];
            Break(plan, i);
            SyscallException error = Assert.Throws<SyscallException>(() => agent.Run(plan, inputs, attached: true, CancellationToken.None).Dispose());
            Assert.Equal(step.Call, error.Syscall);
            Assert.Equal(Errno.ENOSYS, error.Errno);
            Assert.Equal($"{plan.Title}: {step.Attempt}", error.Attempt);
        }

        // A namespace lives by its processes, descriptors and mounts; the agent reaps at its own time.
        Assert.True(
            SpinWait.SpinUntil(() => kept.IsSupersetOf(Children(agent.Pid)), TimeSpan.FromSeconds(30)),
            $"{shape}: processes are left: {string.Join(' ', Children(agent.Pid))}");
        Assert.Equal(descriptors, Descriptors(agent.Pid));
        Assert.Equal(mounts, Mounts());
        Assert.Same(agent, AgentClient.Current);
        using PlanOutcome after = agent.Run(make(), inputs, attached: true, CancellationToken.None);
        End(agent, after);
    }

    [Fact]
    public void A_control_group_that_takes_no_process_is_named()
    {
        if (!s_root)
        {
            return; // An ordinary user has no control group here.
        }

        AgentClient agent = AgentClient.Current;
        int descriptors = Descriptors(agent.Pid);

        // A folder that is no control group: born into it a process cannot be, and there is no cgroup.procs to write to either.
        using Descriptor folder = Sys.Open("/tmp", OpenFlags.ReadOnly);
        using Descriptor nothing = Sys.Open("/dev/null", OpenFlags.ReadWrite);
        Plan plan = Enter(NamespaceType.None, new EntryOptions { Target = "nothing", Types = NamespaceType.None, BirthCgroup = true });
        SyscallException error = Assert.Throws<SyscallException>(() => agent.Run(plan, [nothing, nothing, nothing, folder], attached: true, CancellationToken.None).Dispose());
        Assert.Contains("in nothing", error.Attempt, StringComparison.Ordinal);

        // A file that takes no number.
        using Descriptor readOnly = Sys.Open("/proc/self/status", OpenFlags.ReadOnly);
        Plan v1 = Enter(NamespaceType.None, new EntryOptions { Target = "nothing", Types = NamespaceType.None, CgroupFiles = 1 });
        error = Assert.Throws<SyscallException>(() => agent.Run(v1, [nothing, nothing, nothing, readOnly], attached: true, CancellationToken.None).Dispose());
        Assert.EndsWith(Plan.JoinAttempt, error.Attempt, StringComparison.Ordinal);
        Assert.Equal(descriptors, Descriptors(agent.Pid));
    }

    private static Plan Enter(NamespaceType types, EntryOptions? entry = null, uint? user = null, string? directory = null, ulong? keep = null) => ProcessPlans.Enter(
        entry ?? new EntryOptions { Target = "nothing", Types = types },
        new ProgramOptions
        {
            FilePath = "sleep",
            Arguments = ["300"],
            Environment = s_environment,
            WorkingDirectory = directory,
            WorkingDirectoryRequired = directory is not null,
            Uid = user,
            Gid = user,
            Groups = user is null ? [] : [user.Value],
            KeptCapabilities = keep,
            Attached = true,
        });

    private static void Break(Plan plan, int step)
    {
        List<PlanStep> steps = (List<PlanStep>)plan.Steps;
        steps[step] = steps[step] with { Operation = PlanOperation.Syscall, Number = NoSuchCall, Arguments = [], Ignored = 0 };
    }

    // Those that a plan changes; others mount and unmount elsewhere meanwhile.
    private static string[] Mounts() => [.. File.ReadLines("/proc/self/mountinfo").Where(static line => line.Split(' ')[4] is "/" or "/proc")];

    private static string[] Children(int pid) =>
        File.ReadAllText($"/proc/{pid}/task/{pid}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static int Descriptors(int pid) => Directory.GetFileSystemEntries($"/proc/{pid}/fd").Length;

    private (Func<Plan> Make, List<Descriptor> Inputs) Prepare(string shape)
    {
        if (CreateShapes.TryGetValue(shape, out NamespacePlanOptions? options))
        {
            return (() => NamespacePlans.Create(options), []);
        }

        Descriptor nothing = Hold(Sys.Open("/dev/null", OpenFlags.ReadWrite));
        List<Descriptor> inputs = [nothing, nothing, nothing];
        switch (shape)
        {
            case "enter nothing":
                return (() => Enter(NamespaceType.None, directory: "/"), inputs);
            case "enter all, as another user":
                NamespaceType all = NamespaceTypes.Every & ~NamespaceType.User;
                return (() => Enter(all, user: 12345, directory: "/tmp"), [.. inputs, .. MakeSet(all, map: false)]);
            case "enter with a user namespace":
                NamespaceType types = NamespaceType.User | NamespaceType.Uts | NamespaceType.Pid;
                return (() => Enter(types), [.. inputs, .. MakeSet(types, map: true)]);
            case "make in a set":
                NamespaceType around = NamespaceType.User | NamespaceType.Uts | NamespaceType.Pid;
                NamespacePlanOptions inner = new()
                {
                    Name = "x", Types = NamespaceType.User | NamespaceType.Pid | NamespaceType.Uts, Joined = ProcessPlans.Order(around, NamespaceType.None), Attached = true,
                };
                return (() => NamespacePlans.Create(inner), [.. MakeSet(around, map: true)]);
            case "enter as PID 1 with a /proc":
                return (
                    () => Enter(NamespaceType.None, new EntryOptions { Target = "nothing", Types = NamespaceType.Mount, NewPid = true, NewProc = true }),
                    [.. inputs, .. MakeSet(NamespaceType.Mount, map: false)]);
            case "enter new ones, with a root and capabilities":
                NamespacePlanOptions made = new() { Name = "x", Types = NamespaceTypes.Every, Maps = RootMap.Of(0, 0), HostName = "box" };
                return (
                    () => Enter(NamespaceType.None, new EntryOptions { Target = "nothing", Types = NamespaceType.None, New = made, NewProc = true, RootDirectory = true, Root = "/", StartDirectory = true }, keep: 1),
                    [.. inputs, Hold(Sys.Open("/", OpenFlags.Path)), Hold(Sys.Open("/tmp", OpenFlags.Path))]);
            case "enter with control groups":
                Cgroup cgroup = Cgroup.ForSet(CgroupHost.Read(), $"isotest-plan-{Guid.NewGuid():n}"[..24]);
                cgroup.EnsureCreated(["memory", "pids"]);
                _held.Add(new Removal(() => cgroup.Remove(kill: true, TimeSpan.FromSeconds(30))));
                bool birth = cgroup.Directories[0].Hierarchy.Version == CgroupVersion.V2;
                int files = 0;
                foreach (CgroupDirectory directory in cgroup.Directories)
                {
                    bool unified = directory.Hierarchy.Version == CgroupVersion.V2;
                    files += unified ? 0 : 1;
                    inputs.Add(Hold(Sys.Open(unified ? directory.FullPath : directory.ProcsFile, unified ? OpenFlags.ReadOnly : OpenFlags.WriteOnly)));
                }

                return (
                    () => Enter(NamespaceType.None, new EntryOptions { Target = "nothing", Types = NamespaceType.None, BirthCgroup = birth, CgroupFiles = files }),
                    inputs);
            default:
                return (() => UserPlans.OpenDatabases(new EntryOptions { Target = "nothing", Types = NamespaceType.Mount }), [.. MakeSet(NamespaceType.Mount, map: false)]);
        }
    }

    // The namespaces of a set, in the order in which they are entered; its init stays until the test's end.
    private IEnumerable<Descriptor> MakeSet(NamespaceType types, bool map)
    {
        Plan plan = NamespacePlans.Create(new NamespacePlanOptions { Name = "y", Types = types, Maps = map ? RootMap.Of(0, 0) : null, Attached = true });
        PlanOutcome outcome = AgentClient.Current.Run(plan, [], attached: true, CancellationToken.None);
        _held.Add(new Removal(() =>
        {
            End(AgentClient.Current, outcome);
            outcome.Dispose();
        }));
        return ProcessPlans.Order(types, NamespaceType.None).Select(type => outcome.Descriptors[plan.Outputs.IndexOf(type.ProcName())]);
    }

    private static void End(AgentClient agent, PlanOutcome outcome)
    {
        // ESRCH where the plan's process has ended by itself.
        _ = agent.SignalProcess(outcome.Pid, Sys.SIGKILL, group: false);
        Assert.True(outcome.Exit.Wait(30_000));
    }

    private Descriptor Hold(Descriptor descriptor)
    {
        _held.Add(descriptor);
        return descriptor;
    }

    private sealed class Removal(Action action) : IDisposable
    {
        public void Dispose() => action();
    }
}
