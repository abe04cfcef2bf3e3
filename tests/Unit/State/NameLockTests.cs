using System;
using System.Diagnostics;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Isolation.State;
using Xunit;

namespace Isolation.Tests.State;

public sealed class NameLockTests : IDisposable
{
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("isolation-lock-").FullName;

    private string LockFile => Path.Combine(_folder, "web");

    [Fact]
    public void A_name_that_is_held_is_refused_with_its_holder_after_the_time_that_was_given()
    {
        using NameLock held = NameLock.Acquire(LockFile, "web", s_long);
        Stopwatch waited = Stopwatch.StartNew();
        IsolationException refusal = Assert.Throws<IsolationException>(() => NameLock.Acquire(LockFile, "web", TimeSpan.FromMilliseconds(300)));
        Assert.True(waited.ElapsedMilliseconds >= 300);
        Assert.Equal("NamespaceLocked", refusal.ErrorId);
        Assert.Equal(ErrorKind.Timeout, refusal.Kind);
        string command = File.ReadAllText("/proc/self/comm").Trim();
        Assert.StartsWith($"The name 'web' is in use by process {Environment.ProcessId} ({command}), which is this one, for longer than 0.3 s.", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Other_names_are_not_held()
    {
        using NameLock held = NameLock.Acquire(LockFile, "web", s_long);
        using NameLock other = NameLock.Acquire(Path.Combine(_folder, "db"), "db", TimeSpan.Zero);
    }

    [Fact]
    public void A_name_that_was_let_go_is_free_and_its_file_gone()
    {
        NameLock.Acquire(LockFile, "web", s_long).Dispose();
        Assert.False(File.Exists(LockFile));
        NameLock.Acquire(LockFile, "web", TimeSpan.Zero).Dispose();
    }

    [Fact]
    public void One_thread_at_a_time_has_it_though_each_removes_the_file()
    {
        int inside = 0;
        int most = 0;
        int rounds = 0;
        Parallel.For(0, 4, new ParallelOptions { MaxDegreeOfParallelism = 4 }, _ =>
        {
            for (int i = 0; i < BuiltModule.Rounds(quick: 50, full: 2_000); i++)
            {
                using NameLock held = NameLock.Acquire(LockFile, "web", s_long);
                most = Math.Max(most, Interlocked.Increment(ref inside));
                rounds++;
                Thread.Yield();
                Interlocked.Decrement(ref inside);
            }
        });
        Assert.Equal(1, most);
        Assert.Equal(4 * BuiltModule.Rounds(quick: 50, full: 2_000), rounds);
    }

    [Fact]
    public void Another_process_is_named_and_when_it_is_killed_the_name_is_free()
    {
        ProcessStartInfo start = new("flock", ["--close", LockFile, "sh", "-c", "echo held; exec sleep 300"]) { RedirectStandardOutput = true };
        using Process holder = Process.Start(start)!;
        try
        {
            Assert.Equal("held", holder.StandardOutput.ReadLine());
            Assert.Contains($"in use by process {holder.Id} (flock)", Refused(), StringComparison.Ordinal);
        }
        finally
        {
            holder.Kill(entireProcessTree: true);
            holder.WaitForExit();
        }

        using NameLock free = NameLock.Acquire(LockFile, "web", s_long);
        Assert.Contains($"in use by process {Environment.ProcessId} (", Refused(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_holder_whose_name_would_rewrite_the_terminal_is_named_without_that()
    {
        string program = Path.Combine(_folder, "\u001b[31mx\nq");
        File.Copy("/usr/bin/flock", program);
        ProcessStartInfo start = new(program, ["--close", LockFile, "sh", "-c", "echo held; exec sleep 300"]) { RedirectStandardOutput = true };
        using Process holder = Process.Start(start)!;
        try
        {
            Assert.Equal("held", holder.StandardOutput.ReadLine());
            Assert.Contains($"in use by process {holder.Id} (?[31mx?q)", Refused(), StringComparison.Ordinal);
        }
        finally
        {
            holder.Kill(entireProcessTree: true);
            holder.WaitForExit();
        }
    }

    [Fact]
    public void Waiting_ends_when_it_is_cancelled()
    {
        using NameLock held = NameLock.Acquire(LockFile, "web", s_long);
        using CancellationTokenSource cancellation = new(TimeSpan.FromMilliseconds(100));
        Assert.ThrowsAny<OperationCanceledException>(() => NameLock.Acquire(LockFile, "web", s_long, cancellation.Token));
    }

    [Fact]
    public void A_try_takes_what_is_free_and_waits_for_nothing()
    {
        using (NameLock held = NameLock.Acquire(LockFile, "web", s_long))
        {
            Assert.Null(NameLock.TryAcquire(LockFile, "web"));
        }

        using NameLock? free = NameLock.TryAcquire(LockFile, "web");
        Assert.NotNull(free);
    }

    [Fact]
    public void Where_no_file_can_be_made_the_cause_is_told()
    {
        IsolationException refusal = Assert.Throws<IsolationException>(() => NameLock.Acquire(Path.Combine(_folder, "gone", "web"), "web", s_long));
        Assert.Equal("StateFolderUnavailable", refusal.ErrorId);
        Assert.Contains("'web'", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("No such file or directory", refusal.Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Refused() => Assert.Throws<IsolationException>(() => NameLock.Acquire(LockFile, "web", TimeSpan.Zero)).Message;
}
