using System;
using System.Diagnostics;
using System.Linq;
using Isolation.Processes;
using Isolation.Users;
using Xunit;

namespace Isolation.Tests.Processes;

public sealed class NamespaceProcessTests
{
    private static readonly UserDatabase s_users = UserDatabase.Parse("web:x:33:33::/:/bin/false\n"u8, default);

    [Fact]
    public void A_process_of_a_fixture_is_read_whole()
    {
        using ProcFixture fixture = new();
        fixture.Process(40, 1, 33, "nginx) S 9 (", "nginx -g daemon");
        fixture.Write("40/status", "Pid:\t40\nTgid:\t40\nPPid:\t1\nUid:\t33\t33\t33\t33\nGid:\t33\t33\t33\t33\nNSpid:\t40\t5\t1\nThreads:\t1\n");
        using ProcTree proc = new(fixture.Root);

        NamespaceProcess process = NamespaceProcess.Read(proc, 40, s_users)!;

        Assert.Equal(40, process.Id);
        Assert.Equal(1, process.NamespaceId);
        Assert.Equal([40, 5, 1], process.NamespaceIds);
        Assert.Equal(1, process.ParentId);
        Assert.Equal("nginx) S 9 (", process.Name);
        Assert.Equal("nginx -g daemon", process.CommandLine);
        Assert.Equal("web", process.User);
        Assert.Equal(33u, process.UserId);
        Assert.Equal('S', process.State);
        Assert.Equal(new ProcessIdentity(40, 400), process.Identity);
        Assert.Null(process.Namespace);
    }

    [Fact]
    public void A_kernel_thread_has_no_command_line_and_an_unknown_user_shows_as_digits()
    {
        using ProcFixture fixture = new();
        fixture.Process(7, 2, 4242, "kworker/0:1", string.Empty);
        using ProcTree proc = new(fixture.Root);

        NamespaceProcess process = NamespaceProcess.Read(proc, 7, s_users)!;

        Assert.Null(process.CommandLine);
        Assert.Equal("4242", process.User);
    }

    [Theory]
    [InlineData("stat")]
    [InlineData("status")]
    public void A_process_that_ends_while_it_is_read_is_not_there(string missing)
    {
        using ProcFixture fixture = new();
        fixture.Process(7, 2, 0, "x", "x").Remove($"7/{missing}");
        using ProcTree proc = new(fixture.Root);

        Assert.Null(NamespaceProcess.Read(proc, 7, s_users));
        Assert.Null(NamespaceProcess.Read(proc, 8, s_users));
    }

    [Fact]
    public void This_process_is_found_as_the_system_describes_it()
    {
        using Process self = Process.GetCurrentProcess();

        NamespaceProcess found = NamespaceProcess.Find(self.Id)!;

        Assert.Equal(self.Id, found.Id);
        Assert.Equal(self.StartTime, found.StartTime, TimeSpan.FromSeconds(2));
        Assert.Equal(DateTimeKind.Local, found.StartTime.Kind);
        Assert.Equal(Environment.UserName, found.User);
        Assert.Contains(found.Name, found.CommandLine, StringComparison.Ordinal);
        Assert.Equal(found.StartTime, NamespaceProcess.Find(self.Id)!.StartTime);
    }

    [Fact]
    public void This_process_is_among_those_of_its_namespaces()
    {
        int[] found = NamespaceProcess.FindIn(NamespaceScanner.NamespacesOf(Environment.ProcessId)).Select(process => process.Id).ToArray();

        Assert.Contains(Environment.ProcessId, found);
        Assert.Equal(found.Order(), found);
    }

    [Fact]
    public void An_identity_lasts_as_long_as_its_process()
    {
        using Process child = Process.Start("sleep", "60");
        ProcessIdentity identity = ProcessIdentity.Of(child.Id)!.Value;

        Assert.True(identity.IsAlive());
        Assert.False((identity with { StartTicks = identity.StartTicks - 1 }).IsAlive());

        child.Kill();
        child.WaitForExit();
        Assert.False(identity.IsAlive());
        Assert.Null(ProcessIdentity.Of(child.Id));
    }
}
