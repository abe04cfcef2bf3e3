using System;
using System.Diagnostics;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Isolation.Interop;
using Isolation.State;
using Xunit;

namespace Isolation.Tests.State;

public sealed class StateFolderTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode OthersPass = OwnerOnly | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private readonly string _above = Directory.CreateTempSubdirectory("isolation-state-").FullName;

    private string Folder => Path.Combine(_above, "isolation");

    [Theory]
    [InlineData(null, 0u, true)]
    [InlineData(0u, 0u, true)]
    [InlineData(null, null, true)]
    [InlineData(null, 65534u, false)]
    [InlineData(65534u, 65534u, false)]
    [InlineData(1000u, 0u, false)]
    public void Root_of_a_user_namespace_uses_the_hosts_folder_only_where_it_is_root_there(uint? folder, uint? run, bool isRootsOwn) =>
        Assert.Equal(isRootsOwn, StateFolder.IsRootsOwn(path => path == "/run" ? run : folder));

    [Theory]
    [InlineData(true, OthersPass)]
    [InlineData(false, OwnerOnly)]
    public void What_is_missing_is_made_closed_to_others(bool isRoot, UnixFileMode mode)
    {
        StateFolder state = StateFolder.At(Folder, isRoot);
        state.Ensure();
        state.Ensure();
        Assert.Equal(mode, File.GetUnixFileMode(Folder));
        Assert.Equal(mode, File.GetUnixFileMode(state.Sets));
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(Path.Combine(Folder, "locks")));
    }

    [Theory]
    [InlineData(UnixFileMode.OtherWrite)]
    [InlineData(UnixFileMode.GroupWrite)]
    [InlineData(UnixFileMode.OtherWrite | UnixFileMode.StickyBit)]
    public void A_folder_that_others_may_write_to_is_refused(UnixFileMode open)
    {
        Directory.CreateDirectory(Folder);
        File.SetUnixFileMode(Folder, OwnerOnly | open);
        Refused(Folder);
    }

    [Fact]
    public void It_is_whole_for_whoever_uses_it_while_others_remove_it()
    {
        string path = Folder;
        Parallel.For(0, 4, worker =>
        {
            StateFolder folder = StateFolder.At(path, isRoot: false);
            for (int round = 0; round < 300; round++)
            {
                using (folder.Use())
                using (folder.Lock($"name-{worker}", TimeSpan.FromSeconds(30), CancellationToken.None))
                {
                    string set = Path.Combine(folder.Sets, $"name-{worker}");
                    Directory.CreateDirectory(set);
                    Directory.Delete(set);
                }

                folder.TryRemove();
            }
        });

        // A program that another test starts has a copy of every descriptor between fork and exec, and with it the lock: then the last one leaves the folder to the next.
        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                StateFolder.At(path, isRoot: false).TryRemove();
                return !Directory.Exists(path);
            },
            TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public void A_link_is_refused_though_it_leads_to_a_folder_of_the_users_own()
    {
        string target = Directory.CreateDirectory(Path.Combine(_above, "target"), OwnerOnly).FullName;
        Directory.CreateSymbolicLink(Folder, target);
        Refused(Folder);
        Assert.Empty(Directory.GetFileSystemEntries(target));
    }

    [Fact]
    public void A_link_that_leads_nowhere_is_refused_and_not_followed()
    {
        string target = Path.Combine(_above, "target");
        Directory.CreateSymbolicLink(Folder, target);
        Refused(Folder);
        Assert.False(Directory.Exists(target));
    }

    [Fact]
    public void A_plain_file_is_refused()
    {
        File.WriteAllText(Folder, "");
        Refused(Folder);
    }

    [Fact]
    public void A_folder_of_another_user_is_refused()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            // The root folder is nobody's but root's.
            Refused("/");
            return;
        }

        Directory.CreateDirectory(Folder, OwnerOnly);
        using (Process chown = Process.Start("chown", ["65534", Folder]))
        {
            chown.WaitForExit();
            Assert.Equal(0, chown.ExitCode);
        }

        Refused(Folder);
    }

    [Theory]
    [InlineData("namespaces")]
    [InlineData("locks")]
    public void A_folder_within_is_looked_at_too(string name)
    {
        Directory.CreateDirectory(Folder, OwnerOnly);
        string target = Directory.CreateDirectory(Path.Combine(_above, "target"), OwnerOnly).FullName;
        Directory.CreateSymbolicLink(Path.Combine(Folder, name), target);
        IsolationException refusal = Assert.Throws<IsolationException>(StateFolder.At(Folder, isRoot: false).Ensure);
        Assert.Equal("StateFolderUnsafe", refusal.ErrorId);
        Assert.Contains(Path.Combine(Folder, name), refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_it_cannot_be_made_the_cause_is_told()
    {
        File.WriteAllText(Path.Combine(_above, "file"), "");
        string path = Path.Combine(_above, "file", "isolation");
        IsolationException refusal = Assert.Throws<IsolationException>(StateFolder.At(path, isRoot: false).Ensure);
        Assert.Equal("StateFolderUnavailable", refusal.ErrorId);
        Assert.Equal(ErrorKind.Unavailable, refusal.Kind);
        Assert.Contains(path, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void It_is_removed_when_nothing_is_in_it_and_nobody_uses_it()
    {
        StateFolder state = StateFolder.At(Folder, isRoot: false);
        using (Descriptor used = state.Use())
        {
            state.TryRemove();
            Assert.True(Directory.Exists(Folder));
        }

        string set = Directory.CreateDirectory(Path.Combine(state.Sets, "web")).FullName;
        state.TryRemove();
        Assert.True(Directory.Exists(set));
        Directory.Delete(set);
        state.EnsureNetworks();
        string network = Directory.CreateDirectory(Path.Combine(state.Networks, "lan")).FullName;
        state.TryRemove();
        Assert.True(Directory.Exists(network));
        Directory.Delete(network);
        File.WriteAllText(Path.Combine(Folder, "locks", "left"), "");
        state.TryRemove();
        Assert.False(Directory.Exists(Folder));
        Assert.True(Directory.Exists(_above));
        state.TryRemove();
    }

    [Fact]
    public void What_is_not_ours_in_it_stays()
    {
        StateFolder state = StateFolder.At(Folder, isRoot: false);
        state.Use().Dispose();
        File.WriteAllText(Path.Combine(Folder, "letter"), "mine");
        state.TryRemove();
        Assert.Equal("mine", File.ReadAllText(Path.Combine(Folder, "letter")));
        state.Use().Dispose();
    }

    public void Dispose() => Directory.Delete(_above, recursive: true);

    private static void Refused(string path)
    {
        IsolationException refusal = Assert.Throws<IsolationException>(StateFolder.At(path, isRoot: false).Ensure);
        Assert.Equal("StateFolderUnsafe", refusal.ErrorId);
        Assert.Equal(ErrorKind.PermissionDenied, refusal.Kind);
        Assert.StartsWith(path + ",", refusal.Message, StringComparison.Ordinal);
        if (Directory.Exists(path) && path != "/")
        {
            Assert.Empty(Directory.GetFileSystemEntries(path));
        }
    }
}
