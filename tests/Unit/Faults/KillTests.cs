using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Isolation.Interop;
using Isolation.State;
using Xunit;
using Xunit.Abstractions;

namespace Isolation.Tests.Faults;

/// <summary>
/// SIGKILL of the host, of the agent and of the init at random moments of each operation: the next call finds what there is and finishes it, and nothing
/// is left. The moments are spread over the time that the operation takes here; ISOLATION_SEED repeats those of a failure.
/// </summary>
public sealed class KillTests(ITestOutputHelper output)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    public static TheoryData<string, string> Cases
    {
        get
        {
            TheoryData<string, string> cases = [];
            foreach (string operation in Victim.Operations)
            {
                foreach (string killed in (string[])["host", "agent", "init"])
                {
                    cases.Add(operation, killed);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_kill_at_any_moment_leaves_nothing(string operation, string killed)
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("ISOLATION_SEED"), CultureInfo.InvariantCulture, out int given) ? given : Random.Shared.Next();
        Random random = new(seed);
        double longest = Math.Max(Measure(operation), Measure(operation));
        Dictionary<string, int> found = [];
        int rounds = BuiltModule.Rounds(quick: 5, full: 50);
        for (int round = 0; round < rounds; round++)
        {
            double moment = random.NextDouble() * longest * 1.1;
            bool withPid = killed == "init" || random.Next(2) == 0;
            string what = $"seed {seed}, round {round}: {killed} killed {moment:0.00} ms after the start of {operation}{(withPid ? "" : " without Pid")}";
            try
            {
                string state = Round(operation, killed, withPid, moment);
                found[state] = found.GetValueOrDefault(state) + 1;
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"{what}: {exception.Message}", exception);
            }
        }

        output.WriteLine($"seed {seed}: {rounds} rounds over {longest:0.00} ms; found {string.Join(", ", found)}");
    }

    private static double Measure(string operation)
    {
        using Child child = new(operation, withPid: true);
        long start = Stopwatch.GetTimestamp();
        child.Go();
        string answer = child.Read();
        double time = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        Assert.Equal("done", answer);
        child.Go();
        _ = child.Read();
        child.AwaitEnd();
        AssertNothingLeft(child);
        return time;
    }

    private static string Round(string operation, string killed, bool withPid, double moment)
    {
        using Child child = new(operation, withPid);
        long start = Stopwatch.GetTimestamp();
        child.Go();
        while (Stopwatch.GetElapsedTime(start).TotalMilliseconds < moment)
        {
            Thread.SpinWait(20);
        }

        string found;
        switch (killed)
        {
            case "host":
                child.Kill();
                found = Victim.Finish(child.Name, withPid);
                Assert.Contains(found, (string[])["None", "Ready"]);
                break;
            case "agent":
                Kill([child.Agent]);
                _ = child.Read();
                child.Go();
                found = child.Read();
                Assert.Contains(found, (string[])["None", "Ready"]);
                break;
            default:
                // While a set is made its init is a child of the agent that nobody was told of.
                Kill(child.Init != 0 ? [child.Init] : Children(child.Agent));
                _ = child.Read();
                child.Go();
                found = child.Read();
                Assert.Contains(found, (string[])["None", "Ready", "Broken"]);
                break;
        }

        child.AwaitEnd();
        AssertNothingLeft(child);
        return found;
    }

    // To the end: the next call is to meet what the kill left, not the kill.
    private static void Kill(List<int> pids)
    {
        foreach (int pid in pids)
        {
            // Its pidfd and not its state: a first thread can be a zombie before the others are gone.
            using Descriptor? pidfd = Sys.OpenPidfd(pid, out _);
            if (pidfd is not null)
            {
                Sys.Signal(pidfd, pid, Sys.SIGKILL);
                Assert.True(Sys.WaitReadable(pidfd.Number, (int)s_patience.TotalMilliseconds), $"Process {pid} does not end.");
            }
        }
    }

    // Without the module: what a later call might clear up is not what is asked here.
    private static void AssertNothingLeft(Child child)
    {
        string left = "";
        bool clean = SpinWait.SpinUntil(
            () =>
            {
                left = string.Join("; ", Left(child));
                return left.Length == 0;
            },
            s_patience);
        Assert.True(clean, left);
    }

    private static List<string> Left(Child child)
    {
        string digits = Victim.Digits(child.Name);
        List<string> left = [];
        foreach (string process in Directory.GetDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(process), CultureInfo.InvariantCulture, out int pid) || pid == child.Id)
            {
                continue;
            }

            string command = ReadOrNothing(process + "/cmdline").Replace('\0', ' ');
            if (command.Contains(digits, StringComparison.Ordinal) || (pid == child.Agent && command.Contains("isolation-runtime", StringComparison.Ordinal)))
            {
                left.Add($"process {pid} ({command.Trim()})");
            }
        }

        foreach (string line in File.ReadAllLines("/proc/self/mountinfo"))
        {
            if (line.Contains(digits, StringComparison.Ordinal))
            {
                left.Add($"mount {line}");
            }
        }

        List<string> folders = [StateFolder.Current.Sets, Path.Combine(StateFolder.Current.Path, "locks"), "/run/netns"];
        foreach (string root in Directory.GetDirectories("/sys/fs/cgroup"))
        {
            folders.Add(Path.Combine(root, "isolation"));
        }

        folders.Add("/sys/fs/cgroup/isolation");
        foreach (string folder in folders)
        {
            foreach (string entry in Directory.Exists(folder) ? Directory.GetFileSystemEntries(folder, $"*{digits}*") : [])
            {
                left.Add(entry);
            }
        }

        return left;
    }

    private static List<int> Children(int pid)
    {
        List<int> children = [];
        foreach (string child in ReadOrNothing($"/proc/{pid}/task/{pid}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            children.Add(int.Parse(child, CultureInfo.InvariantCulture));
        }

        return children;
    }

    private static string ReadOrNothing(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private sealed class Child : IDisposable
    {
        private readonly Process _process;
        private readonly Task<string> _errors;

        public Child(string operation, bool withPid)
        {
            Name = $"isotest-{Random.Shared.NextInt64(100_000_000_000, 999_999_999_999)}";
            ProcessStartInfo start = new(Environment.ProcessPath!, ["exec", typeof(Victim).Assembly.Location, operation, Name, withPid ? "pid" : "nopid"])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            _process = Process.Start(start)!;
            _errors = _process.StandardError.ReadToEndAsync();
            string[] words = Read().Split(' ');
            Assert.Equal("ready", words[0]);
            Agent = int.Parse(words[1], CultureInfo.InvariantCulture);
            Init = int.Parse(words[2], CultureInfo.InvariantCulture);
        }

        public string Name { get; }

        public int Agent { get; }

        public int Init { get; }

        public int Id => _process.Id;

        public void Go()
        {
            _process.StandardInput.WriteLine();
            _process.StandardInput.Flush();
        }

        public string Read()
        {
            Task<string?> line = _process.StandardOutput.ReadLineAsync();
            Assert.True(line.Wait(s_patience), "The process said nothing for a minute.");
            return line.Result ?? throw new InvalidOperationException($"The process ended without an answer. {_errors.Result}");
        }

        public void Kill()
        {
            _process.Kill();
            _process.WaitForExit();
        }

        public void AwaitEnd() => Assert.True(_process.WaitForExit(s_patience), "The process did not end within a minute.");

        public void Dispose()
        {
            _process.Kill();
            _process.Dispose();
        }
    }
}
