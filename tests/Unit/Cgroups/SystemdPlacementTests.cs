using System;
using System.Linq;
using Isolation.Cgroups;
using Isolation.Interop;
using Isolation.Processes;
using Xunit;

namespace Isolation.Tests.Cgroups;

/// <summary>Where cgroups lie on a host whose tree systemd owns, and how it is asked for the place.</summary>
public sealed class SystemdPlacementTests
{
    private const string Mount = "/sys/fs/cgroup";
    private const string Manager = "/user.slice/user-1000.slice/user@1000.service";
    private const string UserUnit = Manager + "/app.slice/isolation.service";
    private static readonly CgroupLimitRequest s_memory = new() { MemoryMax = new LimitValue<long>(1 << 20) };

    [Fact]
    public void Root_has_the_cgroup_of_a_unit_and_finding_it_changes_nothing()
    {
        using FakeHost fake = Host();
        CgroupPlacement placement = fake.Read().Placement;
        Assert.Equal("/system.slice/isolation.service", placement.Folder);
        Assert.Equal("web", placement.SetOf("/system.slice/isolation.service/web/inner"));
        Assert.Empty(fake.Systemd!.Calls);
        Assert.False(fake.Has(Mount + "/system.slice"));
    }

    [Fact]
    public void A_host_is_systemds_only_where_it_has_its_own_place_in_the_tree()
    {
        using FakeHost container = new(FakeHost.V2Mounts);
        container.Put("/run/systemd/system/.keep", "");
        Assert.Equal("/isolation", container.Read().Placement.Folder);

        using FakeHost other = new(FakeHost.V2Mounts);
        other.MakeCgroup(Mount + "/init.scope");
        Assert.Equal("/isolation", other.Read().Placement.Folder);
    }

    [Fact]
    public void What_was_delegated_to_the_unit_of_this_process_is_used_without_asking()
    {
        using FakeHost fake = Host();
        Make(fake, "/system.slice/mine.service/deep");
        fake.DelegatedFolders.Add(Mount + "/system.slice/mine.service");
        fake.Put(Mount + "/system.slice/mine.service/cgroup.controllers", "memory");
        fake.Put("/proc/self/cgroup", "0::/system.slice/mine.service/deep\n");
        CgroupHost host = fake.Read();
        Assert.Equal("/system.slice/mine.service/isolation", host.Placement.Folder);

        Cgroup.ForSet(host, "web").SetLimits(s_memory);
        Assert.True(fake.Has(Mount + "/system.slice/mine.service/isolation/web"));
        Assert.Empty(fake.Systemd!.Calls);
        Assert.DoesNotContain(fake.Writes, write => write.StartsWith(Mount + "/cgroup.", StringComparison.Ordinal));
    }

    [Fact]
    public void What_was_delegated_to_another_systemd_is_not_ours()
    {
        using FakeHost fake = Host();
        Make(fake, "/user.slice/user-0.slice/user@0.service/init.scope");
        Make(fake, "/user.slice/user-0.slice/user@0.service/app.slice/term.scope");
        fake.DelegatedFolders.Add(Mount + "/user.slice/user-0.slice/user@0.service");
        fake.Put("/proc/self/cgroup", "0::/user.slice/user-0.slice/user@0.service/app.slice/term.scope\n");
        Assert.Equal("/system.slice/isolation.service", fake.Read().Placement.Folder);
    }

    [Theory]
    [InlineData("/user.slice/user-1000.slice/session-1.scope")]
    [InlineData(Manager + "/app.slice/term.scope")]
    public void A_user_has_a_unit_of_their_own_systemd(string own)
    {
        using FakeHost fake = User(own);
        CgroupPlacement placement = fake.Read().Placement;
        Assert.Equal(UserUnit, placement.Folder);
        Assert.True(placement.Unit!.OfUser);
        Assert.Equal(UserUnit, placement.Delegated);
    }

    [Fact]
    public void A_user_in_a_service_that_was_delegated_uses_that()
    {
        using FakeHost fake = User("/system.slice/mine.service");
        Make(fake, "/system.slice/mine.service");
        fake.Owned.Add(Mount + "/system.slice/mine.service");
        Assert.Equal("/system.slice/mine.service/isolation", fake.Read().Placement.Folder);
    }

    [Fact]
    public void A_user_without_a_systemd_of_their_own_is_told_how_to_get_one()
    {
        using FakeHost fake = User("/user.slice/user-1000.slice/session-1.scope", running: false);
        IsolationException exception = Assert.Throws<IsolationException>(() => Cgroup.ForSet(fake.Read(), "web").SetLimits(s_memory));
        Assert.Equal("CgroupNotDelegated", exception.ErrorId);
        Assert.Contains("no systemd of their own running", exception.Message, StringComparison.Ordinal);
        Assert.Contains("loginctl enable-linger", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_unit_is_asked_for_when_something_is_made_in_it_and_ended_with_the_last()
    {
        using FakeHost fake = Host();
        CgroupHost host = fake.Read();
        Cgroup first = Cgroup.ForSet(host, "web");
        first.SetLimits(s_memory);
        Assert.Equal("1048576", fake.Get(Mount + "/system.slice/isolation.service/web/memory.max"));
        Assert.Equal(["StartTransientUnit", "ActiveState", "SetUnitProperties"], Methods(fake));
        string start = fake.Systemd!.Calls[0];
        Assert.Contains("ssa(sv)a(sa(sv)) isolation.service fail 9 ", start, StringComparison.Ordinal);
        Assert.Contains(" Delegate b true ", start, StringComparison.Ordinal);
        Assert.Contains(" Slice s system.slice ", start, StringComparison.Ordinal);
        Assert.Contains(" OOMPolicy s continue ", start, StringComparison.Ordinal);

        Cgroup second = Cgroup.ForSet(host, "db");
        second.SetLimits(s_memory);
        first.Remove(kill: false, TimeSpan.Zero);
        Assert.Equal(3, fake.Systemd.Calls.Count);
        second.Remove(kill: false, TimeSpan.Zero);
        Assert.Equal("StopUnit ss isolation.service replace", fake.Systemd.Calls[3]);
        Assert.False(fake.Has(Mount + "/system.slice/isolation.service"));
    }

    [Fact]
    public void Controllers_are_turned_on_in_the_unit_alone()
    {
        using FakeHost fake = Host();
        Cgroup.ForSet(fake.Read(), "web").SetLimits(s_memory);
        Assert.All(fake.Writes, write => Assert.StartsWith(Mount + "/system.slice/isolation.service/", write, StringComparison.Ordinal));
        Assert.Contains(Mount + "/system.slice/isolation.service/cgroup.subtree_control=+memory", fake.Writes);
    }

    [Fact]
    public void New_Cgroups_are_made_there_too_and_a_refusal_leaves_nothing()
    {
        using FakeHost fake = Host();
        CgroupHost host = fake.Read();
        Assert.Equal("/system.slice/isolation.service/a/b", new CgroupCreator(host).Make(new CgroupCreation("/system.slice/isolation.service/a/b")).Path);
        Assert.True(fake.Has(Mount + "/system.slice/isolation.service/a/b"));
        Assert.DoesNotContain(Mount + "/system.slice", fake.Marked);
        Assert.Contains(Mount + "/system.slice/isolation.service", fake.Marked);

        using FakeHost other = Host();
        other.OnMake = path => path.EndsWith("/b", StringComparison.Ordinal) ? Errno.ENOSPC : Errno.None;
        Assert.Throws<IsolationException>(() => new CgroupCreator(other.Read()).Make(new CgroupCreation("/system.slice/isolation.service/a/b")));
        Assert.False(other.Has(Mount + "/system.slice/isolation.service"));
        Assert.Equal("inactive", other.Systemd!.State);
    }

    [Fact]
    public void A_unit_that_another_makes_at_the_same_time_is_taken()
    {
        using FakeHost fake = Host();
        int asked = 0;
        fake.Systemd!.Answer = method =>
        {
            if (method == "ActiveState" && ++asked == 2)
            {
                // The other has gone on.
                Make(fake, FakeSystemd.Root);
                fake.Put(Mount + FakeSystemd.Root + "/cgroup.controllers", "memory");
                fake.Mark(fake.Root + Mount + FakeSystemd.Root);
            }

            return null;
        };
        fake.Systemd.State = "active";
        Cgroup.ForSet(fake.Read(), "web").SetLimits(s_memory);
        Assert.DoesNotContain("SetUnitProperties", Methods(fake));
    }

    [Fact]
    public void A_cgroup_that_is_there_only_while_its_unit_ends_is_not_taken()
    {
        using FakeHost fake = Host();
        Make(fake, FakeSystemd.Root + "/.control");
        fake.Systemd!.State = "deactivating";
        int asked = 0;
        fake.Systemd.Answer = method =>
        {
            if (method == "ActiveState" && ++asked == 2)
            {
                fake.TryRemoveDirectory(fake.Root + Mount + FakeSystemd.Root + "/.control");
                fake.TryRemoveDirectory(fake.Root + Mount + FakeSystemd.Root);
                fake.Systemd.State = "inactive";
            }

            return method == "StartTransientUnit" && fake.Systemd.State == "deactivating" ? FakeSystemd.Refused("already loaded") : null;
        };
        Cgroup.ForSet(fake.Read(), "web").SetLimits(s_memory);
        Assert.Equal(["StartTransientUnit", "ActiveState", "ActiveState", "StartTransientUnit", "ActiveState", "SetUnitProperties"], Methods(fake));
    }

    [Fact]
    public void A_unit_that_another_is_ending_is_made_anew()
    {
        using FakeHost fake = Host();
        fake.Systemd!.State = "active";
        int asked = 0;
        fake.Systemd.Answer = method =>
        {
            if (method == "ActiveState" && ++asked == 2)
            {
                fake.Systemd.State = "inactive";
            }

            return null;
        };
        Cgroup.ForSet(fake.Read(), "web").SetLimits(s_memory);
        Assert.Equal(["StartTransientUnit", "ActiveState", "ActiveState", "StartTransientUnit", "ActiveState", "SetUnitProperties"], Methods(fake));
    }

    [Theory]
    [InlineData("Interactive authentication required.", ErrorKind.PermissionDenied)]
    [InlineData("Access denied", ErrorKind.PermissionDenied)]
    [InlineData("Unit name isolation.service is masked.", ErrorKind.Unavailable)]
    public void What_systemd_says_is_told(string words, ErrorKind kind)
    {
        using FakeHost fake = Host();
        fake.Systemd!.Answer = method => method == "StartTransientUnit" ? FakeSystemd.Refused(words) : null;
        IsolationException exception = Assert.Throws<IsolationException>(() => Cgroup.ForSet(fake.Read(), "web").SetLimits(s_memory));
        Assert.Equal("SystemdUnitFailed", exception.ErrorId);
        Assert.Equal(kind, exception.Kind);
        Assert.Contains(words.TrimEnd('.'), exception.Message, StringComparison.Ordinal);
        Assert.Contains("systemctl status isolation", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_busctl_or_a_bus_the_next_step_is_told()
    {
        using FakeHost fake = Host();
        fake.Systemd!.IsInstalled = false;
        AssertUnreachable(fake, "there is no busctl");

        using FakeHost user = User("/user.slice/user-1000.slice/session-1.scope");
        user.Systemd!.Answer = _ => new CommandResult(1, "", "Failed to set bus address: $DBUS_SESSION_BUS_ADDRESS and $XDG_RUNTIME_DIR not defined\n");
        AssertUnreachable(user, "XDG_RUNTIME_DIR");
    }

    [Fact]
    public void A_users_bus_is_found_without_the_variables_of_a_login()
    {
        using FakeHost fake = User("/user.slice/user-1000.slice/session-1.scope");
        fake.Put("/run/user/1000/bus", "");
        Cgroup.ForSet(fake.Read(), "web").SetLimits(s_memory);
        Assert.Equal("--user", fake.Systemd!.Last.Arguments[0]);
        Assert.Equal("/run/user/1000", fake.Systemd.Last.Environment["XDG_RUNTIME_DIR"]);
        Assert.Contains(" Slice s app.slice ", fake.Systemd.Calls[0], StringComparison.Ordinal);

        Assert.False(fake.Systemd.Last.Environment.ContainsKey("DBUS_SESSION_BUS_ADDRESS"));

        fake.Systemd.Variables["DBUS_SESSION_BUS_ADDRESS"] = "";
        fake.Systemd.Variables["XDG_RUNTIME_DIR"] = "/elsewhere";
        Cgroup.ForSet(fake.Read(), "web").Remove(kill: false, TimeSpan.Zero);
        Assert.False(fake.Systemd.Last.Environment.ContainsKey("XDG_RUNTIME_DIR"));
        Assert.Equal("unix:path=/elsewhere/bus", fake.Systemd.Last.Environment["DBUS_SESSION_BUS_ADDRESS"]);
    }

    [Fact]
    public void A_process_that_the_user_may_not_move_is_moved_by_systemd()
    {
        using FakeHost fake = User("/user.slice/user-1000.slice/session-1.scope");
        fake.PutProcess(7, "0::/user.slice/user-1000.slice/session-1.scope");
        CgroupHost host = fake.Read();
        Cgroup cgroup = Cgroup.ForSet(host, "web");
        cgroup.SetLimits(s_memory);
        fake.OnWrite = (path, _) => path.EndsWith("/cgroup.procs", StringComparison.Ordinal) ? Errno.EACCES : Errno.None;
        cgroup.AddProcess(7);
        Assert.Equal("AttachProcessesToUnit ssau isolation.service /web 1 7", fake.Systemd!.Calls[^1]);

        fake.Systemd.Answer = method => method == "AttachProcessesToUnit" ? FakeSystemd.Refused("Process 7 not owned by client's UID. Refusing.") : null;
        IsolationException exception = Assert.Throws<IsolationException>(() => cgroup.AddProcess(7));
        Assert.Equal("CgroupNotDelegated", exception.ErrorId);
        Assert.Contains("not owned by client's UID", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_agents_of_a_user_do_not_keep_the_unit_once_they_have_ended()
    {
        using FakeHost fake = User("/user.slice/user-1000.slice/session-1.scope");
        CgroupHost host = fake.Read();
        Cgroup cgroup = Cgroup.ForSet(host, "web");
        cgroup.SetLimits(s_memory);
        fake.MakeCgroup($"{Mount}{UserUnit}/.agents");
        Assert.Equal([UserUnit + "/web"], Cgroup.List(host).Select(one => one.Path));

        cgroup.Remove(kill: false, TimeSpan.Zero);
        Assert.False(fake.Has(Mount + UserUnit));
        Assert.Equal("inactive", fake.Systemd!.State);
    }

    [Theory]
    [InlineData("/foo", "/")]
    [InlineData("/system.slice/foo", "/system.slice")]
    [InlineData("/system.slice/ssh.service/foo", "/system.slice/ssh.service")]
    [InlineData("/system.slice/isolation.service/foo", null)]
    [InlineData("/system.slice/mine.service/deep/foo", null)]
    [InlineData("/made/foo/bar", null)]
    [InlineData(Manager + "/app.slice/foo", Manager + "/app.slice")]
    public void Knows_what_is_systemds(string path, string? owner)
    {
        using FakeHost fake = Host();
        Make(fake, "/system.slice/ssh.service");
        Make(fake, "/system.slice/mine.service/deep");
        Make(fake, "/made");
        Make(fake, Manager + "/init.scope");
        Make(fake, Manager + "/app.slice");
        fake.DelegatedFolders.Add(Mount + "/system.slice/mine.service");
        fake.DelegatedFolders.Add(Mount + Manager);
        fake.Marked.Add(Mount + "/made");
        Assert.Equal(owner, fake.Read().Placement.OwnerOf(path));
        fake.EffectiveUser = 1000;
        Assert.Null(fake.Read().Placement.OwnerOf(path));
    }

    [Fact]
    public void A_hierarchy_that_systemd_does_not_use_gets_the_same_path()
    {
        using FakeHost fake = new(FakeHost.HybridMounts);
        fake.Put("/run/systemd/system/.keep", "");
        fake.MakeCgroup(Mount + "/unified/init.scope");
        fake.Systemd = new FakeSystemd(fake, "/unified" + FakeSystemd.Root);
        CgroupHost host = fake.Read();
        Cgroup cgroup = Cgroup.ForSet(host, "web");
        cgroup.SetLimits(s_memory);
        Assert.Equal("1048576", fake.Get(Mount + "/memory/system.slice/isolation.service/web/memory.limit_in_bytes"));
        Assert.True(fake.Has(Mount + "/unified/system.slice/isolation.service/web"));

        cgroup.Remove(kill: false, TimeSpan.Zero);
        Assert.False(fake.Has(Mount + "/memory/system.slice"));
        Assert.False(fake.Has(Mount + "/unified/system.slice/isolation.service"));
    }

    [Theory]
    [InlineData("""{"type":"s","data":"active"}""", "active")]
    [InlineData("{\"type\":\"o\",\"data\":\"/org/freedesktop/systemd1/job/55\"}\n", "/org/freedesktop/systemd1/job/55")]
    [InlineData("""{"data":"later","type":"s","more":[1,{"a":2}]}""", "later")]
    [InlineData("""{"type":"b","data":true}""", null)]
    [InlineData("""{"type":"o","data":["/org/freedesktop/systemd1/job/55"]}""", null)]
    [InlineData("", null)]
    [InlineData("s \"active\"", null)]
    [InlineData("[1]", null)]
    [InlineData("{\"type\":\"s\"", null)]
    public void Reads_busctls_replies(string reply, string? text) => Assert.Equal(text, SystemdBus.ParseText(reply));

    private static FakeHost Host()
    {
        FakeHost fake = new(FakeHost.V2Mounts);
        fake.Put("/run/systemd/system/.keep", "");
        fake.MakeCgroup(Mount + "/init.scope");
        fake.Systemd = new FakeSystemd(fake, FakeSystemd.Root);
        return fake;
    }

    private static FakeHost User(string own, bool running = true)
    {
        FakeHost fake = Host();
        fake.EffectiveUser = 1000;
        fake.Put("/proc/self/cgroup", $"0::{own}\n");
        fake.Systemd = new FakeSystemd(fake, UserUnit);
        Make(fake, own);
        if (running)
        {
            Make(fake, Manager + "/init.scope");
            fake.Owned.Add(Mount + Manager);
        }

        return fake;
    }

    private static void Make(FakeHost fake, string path)
    {
        string at = Mount;
        foreach (string name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            at += "/" + name;
            if (!fake.Has(at))
            {
                fake.MakeCgroup(at);
            }
        }
    }

    private static string[] Methods(FakeHost fake) => [.. fake.Systemd!.Calls.Select(call => call.Split(' ')[0])];

    private static void AssertUnreachable(FakeHost fake, string cause)
    {
        IsolationException exception = Assert.Throws<IsolationException>(() => Cgroup.ForSet(fake.Read(), "web").SetLimits(s_memory));
        Assert.Equal("SystemdUnreachable", exception.ErrorId);
        Assert.Contains(cause, exception.Message, StringComparison.Ordinal);
    }
}
