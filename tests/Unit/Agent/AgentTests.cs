using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Isolation.Agent;
using Isolation.Interop;
using Isolation.Plans;
using Xunit;

namespace Isolation.Tests.Agents;

[Collection("agent")]
public sealed class AgentTests
{
    private static readonly string[] s_environment = ["PATH=/usr/bin:/bin"];

    static AgentTests() => _ = BuiltModule.Root;

    [Fact]
    public void The_runtime_is_static()
    {
        // A dynamic executable has a PT_INTERP or a PT_DYNAMIC program header, elf(5).
        byte[] elf = File.ReadAllBytes(BuiltModule.Runtime);
        int offset = (int)BitConverter.ToInt64(elf, 32);
        int size = BitConverter.ToInt16(elf, 54);
        int count = BitConverter.ToInt16(elf, 56);
        Assert.True(count > 0);
        for (int i = 0; i < count; i++)
        {
            int type = BitConverter.ToInt32(elf, offset + (i * size));
            Assert.NotEqual(3, type);
            Assert.NotEqual(2, type);
        }
    }

    [Fact]
    public void The_agent_has_one_managed_thread()
    {
        AgentClient agent = AgentClient.Current;
        for (int i = 0; i < 50; i++)
        {
            using PlanOutcome outcome = agent.Run(Program("/bin/true"), Nothing(), attached: true, CancellationToken.None);
        }

        // The main thread, and the runtime's finalizer thread, which is never given work.
        string[] tasks = Directory.GetDirectories($"/proc/{agent.Pid}/task");
        Assert.InRange(tasks.Length, 1, 2);
    }

    [Fact]
    public void A_program_reports_its_exit_code()
    {
        Assert.Equal(7, Run("/bin/sh", "-c", "exit 7").Code);
        Assert.Equal(Sys.SIGKILL, Run("/bin/sh", "-c", "kill -9 $$").Signal);
    }

    [Fact]
    public void A_program_that_is_missing_is_an_error_of_execve()
    {
        SyscallException error = Assert.Throws<SyscallException>(() => Run("/no/such/program"));
        Assert.Equal("execve", error.Syscall);
        Assert.Equal(Errno.ENOENT, error.Errno);
        Assert.Contains("/no/such/program", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_large_environment_travels_in_memory()
    {
        List<string> environment = [.. s_environment];
        for (int i = 0; i < 40; i++)
        {
            environment.Add($"V{i}={new string('x', 10_000)}");
        }

        Plan plan = ProcessPlans.Enter(
            new EntryOptions { Target = "nothing", Types = NamespaceType.None },
            new ProgramOptions { FilePath = "/bin/sh", Arguments = ["-c", "test ${#V39} = 10000"], Environment = environment, Attached = true });
        Assert.Equal(0, Run(plan).Code);
    }

    [Fact]
    public void The_programs_signals_are_the_default_ones()
    {
        string path = Path.GetTempFileName();
        Assert.Equal(0, Run("/bin/sh", "-c", $"grep -E 'Sig(Blk|Ign)' /proc/self/status > {path}").Code);
        Assert.All(File.ReadAllLines(path), line => Assert.EndsWith("0000000000000000", line, StringComparison.Ordinal));
        File.Delete(path);
    }

    [Fact]
    public void A_program_inherits_no_descriptor_of_the_agent()
    {
        string path = Path.GetTempFileName();
        Assert.Equal(0, Run("/bin/sh", "-c", $"ls -l /proc/$$/fd > {path}").Code);
        string[] lines = [.. File.ReadAllLines(path).Where(line => line.Contains("->", StringComparison.Ordinal) && !line.Contains(path, StringComparison.Ordinal))];
        Assert.True(lines.Length <= 3, string.Join('\n', lines));
        File.Delete(path);
    }

    [Fact]
    public void Requests_beside_garbage_collections_never_hang_or_fail()
    {
        int rounds = BuiltModule.Rounds(quick: 2_000, full: 50_000);
        AgentClient agent = AgentClient.Current;
        using (PlanOutcome warm = agent.Run(NamespacePlan(), [], attached: true, CancellationToken.None))
        {
        }

        int before = Descriptors(agent);
        int failures = 0;
        string padding = new('p', 20_000);
        Parallel.For(0, rounds, new ParallelOptions { MaxDegreeOfParallelism = 4 }, (round, state) =>
        {
            if (failures != 0)
            {
                state.Stop();
            }

            // Large requests make the agent allocate, and so collect, while others are being forked.
            Plan plan = round % 2 == 0 ? NamespacePlan() : round % 4 == 1 && Environment.IsPrivilegedProcess ? ForkingProgram() : Program("/bin/true", padding);
            using CancellationTokenSource timeout = new(TimeSpan.FromSeconds(20));
            using PlanOutcome outcome = agent.Run(plan, round % 2 == 0 ? [] : Nothing(), attached: true, timeout.Token);
            if (round % 2 == 1)
            {
                if (!outcome.Exit.Wait(20_000) || outcome.Exit.Result.Code != 0)
                {
                    Interlocked.Increment(ref failures);
                }
            }
            else if (outcome.Descriptors.Count != 1)
            {
                Interlocked.Increment(ref failures);
            }
        });

        Assert.Equal(0, failures);

        // A plan without a program is answered before its process has ended and been reaped.
        SpinWait.SpinUntil(() => Children(agent).Length == 0 && Descriptors(agent) <= before, TimeSpan.FromSeconds(30));
        Assert.Empty(Children(agent));
        Assert.InRange(Descriptors(agent), 1, before);
        Assert.InRange(Directory.GetDirectories($"/proc/{agent.Pid}/task").Length, 1, 2);
    }

    private static int Descriptors(AgentClient agent) => Directory.GetFileSystemEntries($"/proc/{agent.Pid}/fd").Length;

    private static string Children(AgentClient agent) => File.ReadAllText($"/proc/{agent.Pid}/task/{agent.Pid}/children").Trim();

    private static Plan NamespacePlan() =>
        NamespacePlans.Create(new NamespacePlanOptions { Name = "soak", Types = Environment.IsPrivilegedProcess ? NamespaceType.Uts : NamespaceType.User });

    private static Plan Program(string path, params string[] arguments) =>
        ProcessPlans.Enter(
            new EntryOptions { Target = "nothing", Types = NamespaceType.None },
            new ProgramOptions { FilePath = path, Arguments = arguments, Environment = s_environment, Attached = true });

    // The plan goes on in a second process, which may end before the first one does.
    private static Plan ForkingProgram() =>
        ProcessPlans.Enter(
            new EntryOptions { Target = "nothing", Types = NamespaceType.None, NewPid = true },
            new ProgramOptions { FilePath = "/bin/true", Environment = s_environment, Attached = true });

    private static Descriptor[] Nothing()
    {
        Descriptor nothing = Sys.Open("/dev/null", OpenFlags.ReadWrite);
        return [nothing, nothing, nothing];
    }

    private static ExitStatus Run(string path, params string[] arguments) => Run(Program(path, arguments));

    private static ExitStatus Run(Plan plan)
    {
        using PlanOutcome outcome = AgentClient.Current.Run(plan, Nothing(), attached: true, CancellationToken.None);
        Assert.True(outcome.Exit.Wait(30_000));
        return outcome.Exit.Result;
    }
}
