using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using Isolation.Agent;
using Isolation.Interop;
using Isolation.Plans;
using Isolation.Tests.Plans;
using Xunit;

namespace Isolation.Tests.Agents;

/// <summary>An agent that has too few descriptors for what it is asked: each request is refused by itself, and the agent goes on.</summary>
[Collection("agent")]
public sealed class AgentLimitTests
{
    private static readonly bool s_root = Environment.IsPrivilegedProcess;

    static AgentLimitTests() => _ = BuiltModule.Root;

    public static TheoryData<string> Requests => ["make namespaces", "run a program", "run a program with a large environment"];

    [Theory]
    [MemberData(nameof(Requests))]
    public void Each_number_of_descriptors_is_enough_or_refused(string request)
    {
        // Of its own: other tests work with the current one meanwhile.
        using AgentClient agent = AgentClient.StartOther();
        using Descriptor nothing = Sys.Open("/dev/null", OpenFlags.ReadWrite);
        Descriptor[] inputs = request == "make namespaces" ? [] : [nothing, nothing, nothing];
        End(agent, agent.Run(Make(request), inputs, attached: true, CancellationToken.None));
        string[] before = Descriptors(agent.Pid);

        // The limit is on the number of the next one, which is the lowest that is free.
        HashSet<int> taken = [.. before.Select(static path => int.Parse(Path.GetFileName(path)))];
        int next = Enumerable.Range(0, 1_000).First(number => !taken.Contains(number));
        int refused = 0;
        int done = 0;
        try
        {
            for (int limit = next; done < 2; limit++)
            {
                Assert.True(limit < next + 60, "The agent never had enough.");
                Limit(agent.Pid, limit);
                try
                {
                    End(agent, agent.Run(Make(request), inputs, attached: true, CancellationToken.None));
                    done++;
                }
                catch (SyscallException exception)
                {
                    Assert.Equal(Errno.EMFILE, exception.Errno);
                    Assert.Contains("RLIMIT_NOFILE", exception.Message, StringComparison.Ordinal);
                    Assert.Contains(Make(request).Title, exception.Message, StringComparison.Ordinal);
                    refused++;
                }

                Assert.True(
                    SpinWait.SpinUntil(() => Children(agent.Pid).Length == 0 && Descriptors(agent.Pid).Length == before.Length, TimeSpan.FromSeconds(30)),
                    $"With {limit}: children {Children(agent.Pid)}; descriptors {string.Join(' ', Descriptors(agent.Pid))}");
            }
        }
        finally
        {
            Limit(agent.Pid, null);
        }

        Assert.True(refused > 0);
        End(agent, agent.Run(Make(request), inputs, attached: true, CancellationToken.None));
    }

    private static Plan Make(string request)
    {
        if (request == "make namespaces")
        {
            NamespaceType types = (s_root ? NamespaceTypes.Every : NamespaceType.User | NamespaceType.Uts | NamespaceType.Ipc) & ~NamespaceType.Time;
            return NamespacePlans.Create(new NamespacePlanOptions { Name = "limited", Types = types, Maps = RootMap.Of(Sys.EffectiveUserId, Sys.EffectiveGroupId), Hold = true });
        }

        List<string> environment = ["PATH=/usr/bin:/bin"];
        for (int i = 0; i < (request.Contains("large", StringComparison.Ordinal) ? 20 : 0); i++)
        {
            environment.Add($"V{i}={new string('x', 10_000)}");
        }

        return ProcessPlans.Enter(
            new EntryOptions { Target = "nothing", Types = NamespaceType.None },
            new ProgramOptions { FilePath = "sleep", Arguments = ["300"], Environment = environment, Attached = true });
    }

    private static void End(AgentClient agent, PlanOutcome outcome)
    {
        using (outcome)
        {
            _ = agent.SignalProcess(outcome.Pid, Sys.SIGKILL, group: false);
            Assert.True(outcome.Exit.Wait(30_000));
        }
    }

    // The soft limit alone: it is raised again.
    private static void Limit(int pid, int? descriptors)
    {
        string hard = File.ReadLines($"/proc/{pid}/limits").First(static line => line.StartsWith("Max open files", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[4];
        using Process prlimit = Process.Start("prlimit", ["--pid", $"{pid}", $"--nofile={descriptors?.ToString() ?? hard}:{hard}"]);
        prlimit.WaitForExit();
        Assert.Equal(0, prlimit.ExitCode);
    }

    private static string Children(int pid) => File.ReadAllText($"/proc/{pid}/task/{pid}/children").Trim();

    private static string[] Descriptors(int pid) => Directory.GetFileSystemEntries($"/proc/{pid}/fd");
}
