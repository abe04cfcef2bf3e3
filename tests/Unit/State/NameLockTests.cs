using System;
using System.Diagnostics;
using System.IO;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Isolation.Interop;
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
        Assert.StartsWith($"The name 'web' is in use by process {Environment.ProcessId} ({command}) for longer than 0.3 s.", refusal.Message, StringComparison.Ordinal);
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
        ProcessStartInfo start = new("/bin/sh", ["-c", "exec 9<> \"$0\"; flock -x 9; echo held; exec sleep 300", LockFile]) { RedirectStandardOutput = true };
        using Process holder = Process.Start(start)!;
        try
        {
            Assert.Equal("held", holder.StandardOutput.ReadLine());

            // It has not said who it is yet.
            Assert.Contains("in use by another process", Refused(), StringComparison.Ordinal);
            WriteLocked($"{holder.Id}\n");
            SpinWait.SpinUntil(() => File.ReadAllText($"/proc/{holder.Id}/comm") == "sleep\n", TimeSpan.FromSeconds(30));
            Assert.Contains($"in use by process {holder.Id} (sleep)", Refused(), StringComparison.Ordinal);
        }
        finally
        {
            holder.Kill();
            holder.WaitForExit();
        }

        using NameLock free = NameLock.Acquire(LockFile, "web", s_long);
        Assert.Contains($"in use by process {Environment.ProcessId} (", Refused(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_holder_with_a_longer_number_left_is_not_taken_for_part_of_the_next_ones()
    {
        File.WriteAllText(LockFile, "123456789012\n");
        using NameLock held = NameLock.Acquire(LockFile, "web", s_long);
        Assert.Contains($"in use by process {Environment.ProcessId} (", Refused(), StringComparison.Ordinal);
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

    // .NET's own files cannot be opened while another process has the lock.
    private void WriteLocked(string text)
    {
        using Descriptor file = Sys.Open(LockFile, OpenFlags.WriteOnly);
        Assert.Equal(Errno.None, Sys.TryWrite(file, Encoding.ASCII.GetBytes(text)));
    }

    private string Refused() => Assert.Throws<IsolationException>(() => NameLock.Acquire(LockFile, "web", TimeSpan.Zero)).Message;
}
