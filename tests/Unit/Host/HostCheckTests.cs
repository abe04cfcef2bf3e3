using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Text;
using Isolation.Host;
using Isolation.Interop;
using Isolation.Plans;
using Isolation.Tests.Cgroups;
using Xunit;

namespace Isolation.Tests.Host;

/// <summary>The checks on folders that look like hosts.</summary>
public sealed class HostCheckTests : IDisposable
{
    private const string AllCapabilities = "000001ffffffffff";
    private const string NoCapabilities = "0000000000000000";

    private readonly List<FakeHost> _hosts = [];

    [Fact]
    public void On_a_complete_host_everything_works_for_root()
    {
        (FakeHost host, FakeKernel kernel) = CompleteHost(FakeHost.V2Mounts);
        Dictionary<string, HostCheck> checks = Check(host, kernel);
        foreach (HostCheck check in checks.Values)
        {
            Assert.True(check.Status == HostCheckStatus.Works, $"{check}: {check.Value}");
            Assert.Null(check.Remedy);
            Assert.NotEmpty(check.Effect);
            Assert.NotEmpty(check.Value);
        }
    }

    [Fact]
    public void The_catalogue_has_each_name_once_and_its_areas_together()
    {
        Assert.Equal(HostChecks.All.Count, HostChecks.All.Select(check => check.Name.ToUpperInvariant()).Distinct().Count());
        List<string> areas = [.. HostChecks.All.Select(check => check.Area)];
        Assert.Equal(areas.Distinct().Count(), 1 + areas.Zip(areas.Skip(1)).Count(pair => pair.First != pair.Second));
    }

    [Fact]
    public void An_empty_host_gives_every_row_and_no_exception()
    {
        FakeHost host = New("", new FakeHost(""));
        File.Delete(host.Root + "/proc/self/mountinfo");
        FakeKernel kernel = new(host) { NoAgent = new IsolationException("AgentMissing", ErrorKind.Unavailable, "It is missing. Build the module.") };
        Dictionary<string, HostCheck> checks = Check(host, kernel);
        Assert.Equal(HostChecks.All.Count, checks.Count);
        Is(checks["Version"], HostCheckStatus.Unknown, "/proc/sys/kernel/osrelease");
        Is(checks["Layout"], HostCheckStatus.Unknown, "/proc/self/mountinfo");
        Is(checks["Launcher"], HostCheckStatus.Missing, "It is missing", "Build the module.");
        Is(checks["openat2"], HostCheckStatus.Unknown, "It is missing", "Build the module.");
        Is(checks["Net"], HostCheckStatus.Missing, "not in this kernel");
        Is(checks["veth"], HostCheckStatus.Unknown, "osrelease");
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(1000u)]
    public void A_host_whose_files_may_not_be_read_gives_every_row_and_says_so(uint user)
    {
        (FakeHost host, FakeKernel kernel) = CompleteHost(FakeHost.V2Mounts);
        host.EffectiveUser = user;
        host.OnRead = _ => Errno.EACCES;
        Dictionary<string, HostCheck> checks = Check(host, kernel);
        Assert.Equal(HostChecks.All.Count, checks.Count);
        foreach (string name in (string[])["Version", "Layout", "cpu", "Capabilities", "Initial user namespace", "user.max_user_namespaces", "Pressure", "Rootless overlay"])
        {
            Is(checks[name], HostCheckStatus.Unknown, "Permission denied (EACCES)");
        }
    }

    [Theory]
    [InlineData("6.1.0-28-amd64", HostCheckStatus.Works)]
    [InlineData("5.6.0", HostCheckStatus.Works)]
    [InlineData("5.5.19", HostCheckStatus.Limited)]
    [InlineData("4.18.0-553.el8", HostCheckStatus.Limited)]
    [InlineData("4.17.19", HostCheckStatus.Missing)]
    [InlineData("3.10.0", HostCheckStatus.Missing)]
    [InlineData("odd", HostCheckStatus.Unknown)]
    [InlineData("", HostCheckStatus.Unknown)]
    public void The_version_is_compared_with_the_floors(string release, HostCheckStatus status)
    {
        (FakeHost host, FakeKernel kernel) = CompleteHost(FakeHost.V2Mounts);
        host.Put("/proc/sys/kernel/osrelease", release + "\n");
        Is(Check(host, kernel)["Version"], status, release);
    }

    [Theory]
    [InlineData("pidfd_open", HostCheckStatus.Limited)]
    [InlineData("pidfd_send_signal", HostCheckStatus.Limited)]
    [InlineData("pidfd_getfd", HostCheckStatus.Limited)]
    [InlineData("close_range", HostCheckStatus.Limited)]
    [InlineData("openat2", HostCheckStatus.Missing)]
    [InlineData("open_tree", HostCheckStatus.Missing)]
    [InlineData("mount_setattr", HostCheckStatus.Missing)]
    [InlineData("memfd_create", HostCheckStatus.Missing)]
    public void A_call_that_is_not_there_or_refused_is_told_apart_from_one_that_is(string call, HostCheckStatus without)
    {
        (FakeHost host, FakeKernel kernel) = CompleteHost(FakeHost.V2Mounts);
        foreach ((Errno errno, string value) in ((Errno, string)[])[(Errno.ENOSYS, "not in this kernel; since "), (Errno.EPERM, "refused by a filter (EPERM)")])
        {
            kernel.OnTry = plan => plan.Steps[0].Call == call ? new SyscallException(call, errno, "ask") : null;
            Dictionary<string, HostCheck> checks = Check(host, kernel);
            Is(checks[call], without, value, "");
            Assert.Equal(HostCheckStatus.Works, checks["CLONE_INTO_CGROUP"].Status);
        }

        kernel.OnTry = plan => plan.Steps[0].Call == call ? new SyscallException(call, Errno.EBADF, "ask") : null;
        Assert.Equal(HostCheckStatus.Works, Check(host, kernel)[call].Status);
    }

    [Theory]
    [InlineData(Errno.E2BIG)]
    [InlineData(Errno.ENOSYS)]
    [InlineData(Errno.EPERM)]
    public void Without_the_longer_form_of_clone3_programs_move_themselves(Errno errno)
    {
        (FakeHost host, FakeKernel kernel) = CompleteHost(FakeHost.V2Mounts);
        kernel.OnTry = plan => plan.Steps[0].Call == "clone3" ? new SyscallException("clone3", errno, "ask") : null;
        HostCheck check = Check(host, kernel)["CLONE_INTO_CGROUP"];
        Assert.Equal(HostCheckStatus.Limited, check.Status);
        Assert.StartsWith("A program moves itself", check.Effect, StringComparison.Ordinal);
    }

    [Fact]
    public void A_probe_that_kills_its_process_is_unknown_and_the_others_go_on()
    {
        (FakeHost host, FakeKernel kernel) = CompleteHost(FakeHost.V2Mounts);
        kernel.OnTry = plan => plan.Steps[0].Call == "openat2" ? throw new IsolationException("AgentFailed", ErrorKind.Unspecified, "It was killed by signal 31.") : null;
        Dictionary<string, HostCheck> checks = Check(host, kernel);
        Is(checks["openat2"], HostCheckStatus.Unknown, "killed by signal 31");
        Assert.Equal(HostCheckStatus.Works, checks["open_tree"].Status);
    }

    [Fact]
    public void Root_without_some_capabilities_is_told_which()
    {
        (FakeHost host, FakeKernel kernel) = CompleteHost(FakeHost.V2Mounts);
        PutStatus(host, "000001fffeffffff");
        HostCheck check = Check(host, kernel)["Capabilities"];
        Assert.Equal("root (0), without CAP_SYS_RESOURCE", check.Value);
        Assert.Equal(HostCheckStatus.Limited, check.Status);
        Assert.Contains("--cap-add=SYS_RESOURCE", check.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void A_filter_no_new_privileges_and_a_user_namespace_are_told()
    {
        (FakeHost host, FakeKernel kernel) = CompleteHost(FakeHost.V2Mounts);
        PutStatus(host, AllCapabilities, noNewPrivileges: 1, seccomp: 2);
        host.Put("/proc/self/uid_map", "         0       1000          1\n");
        Dictionary<string, HostCheck> checks = Check(host, kernel);
        Is(checks["No filter"], HostCheckStatus.Limited, "1 filter of");
        Is(checks["New privileges"], HostCheckStatus.Limited, "no_new_privs");
        Is(checks["Initial user namespace"], HostCheckStatus.Limited, "0 1000 1");
    }

    [Fact]
    public void Each_kind_of_namespace_is_tried_and_counted()
    {
        (FakeHost host, FakeKernel kernel) = CompleteHost(FakeHost.V2Mounts);
        host.Put("/proc/sys/user/max_net_namespaces", "500\n");
        HostCheck net = Check(host, kernel)["Net"];
        Assert.Equal("500 allowed, 3 in use", net.Value);
        Assert.True(net.IsRequired);
        foreach (string flag in (string[])["NEWNS", "NEWNET", "NEWIPC", "NEWUSER", "NEWPID", "NEWUTS", "NEWCGROUP", "NEWTIME"])
        {
            Assert.Single(kernel.Tried, plan => plan.Contains("\n  1  unshare(CLONE_" + flag + ")\n", StringComparison.Ordinal) || (flag != "NEWUSER" && plan.Contains($"unshare(CLONE_{flag})\n  2  exit(0)", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public void An_ordinary_user_tries_each_kind_within_a_user_namespace()
    {
        (FakeHost host, FakeKernel kernel) = Ordinary(FakeHost.V2Mounts);
        Check(host, kernel);
        Assert.Contains("# try a new Net namespace\n  1  unshare(CLONE_NEWUSER)\n  2  unshare(CLONE_NEWNET)\n  3  exit(0)\n", kernel.Tried);
        Assert.Contains("# try a user namespace\n  1  unshare(CLONE_NEWUSER)\n  2  unshare(CLONE_NEWUTS)\n  3  exit(0)\n", kernel.Tried);
    }

    [Fact]
    public void Root_tries_a_user_namespace_as_nobody()
    {
        (FakeHost host, FakeKernel kernel) = CompleteHost(FakeHost.V2Mounts);
        Assert.Contains("65534", Check(host, kernel)["User namespaces"].Value, StringComparison.Ordinal);
        string plan = Assert.Single(kernel.Tried, plan => plan.StartsWith("# try a user namespace\n", StringComparison.Ordinal));
        Assert.Contains("  3  setresuid(65534, 65534, 65534)\n  4  unshare(CLONE_NEWUSER)\n", plan, StringComparison.Ordinal);
        kernel.OnTry = _ => new SyscallException("setresuid", Errno.EPERM, "");
        Is(Check(host, kernel)["User namespaces"], HostCheckStatus.Unknown, "may not become user 65534", "");
    }

    [Fact]
    public void A_kind_that_is_missing_forbidden_used_up_or_refused_says_which()
    {
        (FakeHost host, FakeKernel kernel) = CompleteHost(FakeHost.V2Mounts);
        File.Delete(host.Root + "/proc/self/ns/time");
        host.Put("/proc/sys/user/max_ipc_namespaces", "0\n");
        File.Delete(host.Root + "/proc/sys/user/max_uts_namespaces");
        kernel.OnTry = plan => plan.Title switch
        {
            "try a new Net namespace" => new SyscallException("unshare", Errno.ENOSPC, ""),
            "try a new Mount namespace" => new SyscallException("unshare", Errno.EPERM, ""),
            "try a new User namespace" => new SyscallException("unshare", Errno.EUSERS, ""),
            _ => null,
        };
        Dictionary<string, HostCheck> checks = Check(host, kernel);
        Is(checks["Time"], HostCheckStatus.Missing, "not in this kernel", "CONFIG_TIME_NS, 5.6");
        Is(checks["Ipc"], HostCheckStatus.Missing, "user.max_ipc_namespaces = 0", "sysctl -w user.max_ipc_namespaces=");
        Is(checks["Net"], HostCheckStatus.Missing, "a limit is reached", "sysctl -w user.max_net_namespaces=");
        Is(checks["Mount"], HostCheckStatus.Missing, "unshare: Operation not permitted (EPERM)", "CAP_SYS_ADMIN");
        Is(checks["User"], HostCheckStatus.Missing, "32 deep", "");
        Is(checks["Uts"], HostCheckStatus.Works, "limit unknown");
    }

    [Fact]
    public void A_covered_proc_is_told()
    {
        (FakeHost host, FakeKernel kernel) = CompleteHost(FakeHost.V2Mounts);
        kernel.OnTry = plan => plan.Title == "try a /proc of its own" ? new SyscallException("mount", Errno.EPERM, "") : null;
        Is(Check(host, kernel)["New /proc"], HostCheckStatus.Missing, "covered", "unmask");
    }

    [Theory]
    [InlineData("/proc/sys/user/max_user_namespaces", "0", "sysctl -w user.max_user_namespaces=")]
    [InlineData("/proc/sys/kernel/unprivileged_userns_clone", "0", "sysctl -w kernel.unprivileged_userns_clone=1")]
    [InlineData("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0")]
    public void What_keeps_user_namespaces_from_ordinary_users_is_named(string file, string value, string remedy)
    {
        (FakeHost host, FakeKernel kernel) = Ordinary(FakeHost.V2Mounts);
        Dictionary<string, HostCheck> before = Check(host, kernel);
        string name = file["/proc/sys/".Length..].Replace('/', '.');
        Assert.Equal(HostCheckStatus.Works, before[name].Status);
        Assert.Equal(HostCheckStatus.Works, before["User namespaces"].Status);
        host.Put(file, value + "\n");
        kernel.OnTry = plan => plan.Steps.Any(step => step.Call == "unshare") ? new SyscallException("unshare", Errno.EPERM, "") : null;
        Dictionary<string, HostCheck> checks = Check(host, kernel);
        Assert.NotEqual(HostCheckStatus.Works, checks[name].Status);
        Assert.StartsWith(remedy, checks[name].Remedy, StringComparison.Ordinal);
        Is(checks["User namespaces"], HostCheckStatus.Missing, "EPERM", remedy);
        Is(checks["Net"], HostCheckStatus.Missing, "EPERM", remedy);
    }

    [Fact]
    public void Newuidmap_needs_its_bit_or_its_capability()
    {
        (FakeHost host, FakeKernel kernel) = Ordinary(FakeHost.V2Mounts);
        Is(Check(host, kernel)["newuidmap"], HostCheckStatus.Works, "/usr/bin/newuidmap, setuid root");
        Chmod(host, "/usr/bin/newuidmap", UnixFileMode.None);
        Is(Check(host, kernel)["newuidmap"], HostCheckStatus.Missing, "neither setuid root nor", "chmod u+s /usr/bin/newuidmap");

        // cap_setuid=ep, revision 2, as getfattr(1) shows it on Fedora; then without the effective flag; then cap_setgid alone.
        kernel.Capabilities["/usr/bin/newuidmap"] = [1, 0, 0, 2, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        Is(Check(host, kernel)["newuidmap"], HostCheckStatus.Works, "/usr/bin/newuidmap, cap_setuid");
        kernel.Capabilities["/usr/bin/newuidmap"] = [0, 0, 0, 2, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        Assert.Equal(HostCheckStatus.Missing, Check(host, kernel)["newuidmap"].Status);
        kernel.Capabilities["/usr/bin/newuidmap"] = [1, 0, 0, 2, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        Assert.Equal(HostCheckStatus.Missing, Check(host, kernel)["newuidmap"].Status);

        Chmod(host, "/usr/bin/newuidmap", UnixFileMode.SetUser);
        kernel.Owners["/usr/bin/newuidmap"] = 65534;
        kernel.Capabilities.Clear();
        Is(Check(host, kernel)["newuidmap"], HostCheckStatus.Missing, "not to root of this user namespace", "");
        File.Delete(host.Root + "/usr/bin/newuidmap");
        Is(Check(host, kernel)["newuidmap"], HostCheckStatus.Missing, "not found", "apt-get install uidmap");
    }

    [Fact]
    public void Newuidmap_has_no_effect_where_nothing_is_setuid()
    {
        (FakeHost host, FakeKernel kernel) = Ordinary(FakeHost.V2Mounts + "\n50 22 8:1 / /usr rw,nosuid,relatime - ext4 /dev/sda1 rw\n");
        Is(Check(host, kernel)["newgidmap"], HostCheckStatus.Missing, "mounted nosuid", "mount -o remount,suid /usr");
        (host, kernel) = Ordinary(FakeHost.V2Mounts);
        PutStatus(host, NoCapabilities, noNewPrivileges: 1);
        Is(Check(host, kernel)["newgidmap"], HostCheckStatus.Missing, "no_new_privs", "");
    }

    [Fact]
    public void A_program_is_found_through_PATH()
    {
        (FakeHost host, FakeKernel kernel) = CompleteHost(FakeHost.V2Mounts);
        File.Delete(host.Root + "/usr/bin/pasta");
        PutProgram(host, "/opt/net/bin/pasta");
        Is(Check(host, kernel)["pasta"], HostCheckStatus.Missing, "not found", "apt-get install passt");
        kernel.Variables["PATH"] = "relative::/opt/net/bin/:/bin";
        Is(Check(host, kernel)["pasta"], HostCheckStatus.Works, "/opt/net/bin/pasta");
        Chmod(host, "/opt/net/bin/pasta", UnixFileMode.None, executable: false);
        Assert.Equal(HostCheckStatus.Missing, Check(host, kernel)["pasta"].Status);
    }

    [Theory]
    [InlineData("alice:100000:65536\n", HostCheckStatus.Works, "65536 for alice", null)]
    [InlineData("1000:100000:65536\n", HostCheckStatus.Works, "65536 for alice", null)]
    [InlineData("alice:100000:30000\nalice:200000:35536", HostCheckStatus.Works, "65536 for alice", null)]
    [InlineData("alice:100000:1000\n", HostCheckStatus.Limited, "1000 for alice", "usermod --add-subuids 101000-166535 alice")]
    [InlineData("bob:100000:65536\n", HostCheckStatus.Missing, "no range for alice", "usermod --add-subuids 165536-231071 alice")]
    [InlineData("# alice:1:2\nalice:x:65536\nalice\n\nalice:1:0\n", HostCheckStatus.Missing, "no range for alice", "usermod --add-subuids 100000-165535 alice")]
    [InlineData(null, HostCheckStatus.Missing, "no range for alice", "usermod --add-subuids 100000-165535 alice")]
    public void Subordinate_ids_are_those_of_the_user(string? file, HostCheckStatus status, string value, string? remedy)
    {
        (FakeHost host, FakeKernel kernel) = Ordinary(FakeHost.V2Mounts);
        if (file is null)
        {
            File.Delete(host.Root + "/etc/subuid");
        }
        else
        {
            host.Put("/etc/subuid", file);
        }

        Is(Check(host, kernel)["/etc/subuid"], status, value, remedy);
    }

    [Fact]
    public void Subordinate_ids_of_a_directory_service_are_unknown()
    {
        (FakeHost host, FakeKernel kernel) = Ordinary(FakeHost.V2Mounts);
        host.Put("/etc/nsswitch.conf", "passwd: files\nsubid:   sss\n");
        Is(Check(host, kernel)["/etc/subgid"], HostCheckStatus.Unknown, "sss", "getsubids alice");
        host.Put("/etc/nsswitch.conf", "subid: files\n");
        Assert.Equal(HostCheckStatus.Works, Check(host, kernel)["/etc/subgid"].Status);
    }

    [Fact]
    public void Version_1_serves_root_and_not_ordinary_users()
    {
        (FakeHost host, FakeKernel kernel) = CompleteHost(FakeHost.V1Mounts);
        Dictionary<string, HostCheck> checks = Check(host, kernel);
        Is(checks["Layout"], HostCheckStatus.Works, "6 of version 1");
        Is(checks["memory"], HostCheckStatus.Works, "version 1 at /sys/fs/cgroup/memory");
        Is(checks["Freezing"], HostCheckStatus.Works, "version 1 at /sys/fs/cgroup/freezer");
        Is(checks["cgroup.kill"], HostCheckStatus.Limited, "version 2 alone");
        Is(checks["io"], HostCheckStatus.Missing, "no mounted hierarchy does", "mount -t cgroup -o blkio none");

        (host, kernel) = Ordinary(FakeHost.V1Mounts);
        checks = Check(host, kernel);
        Is(checks["Layout"], HostCheckStatus.Limited, "6 of version 1", "systemd.unified_cgroup_hierarchy=1");
        Is(checks["New cgroups"], HostCheckStatus.Missing, "never given to ordinary users", "Run as root.");
        Is(checks["memory"], HostCheckStatus.Missing, "for root alone", "Run as root");
    }

    [Fact]
    public void A_hybrid_host_tells_where_each_controller_is()
    {
        (FakeHost host, FakeKernel kernel) = CompleteHost(FakeHost.HybridMounts, unified: "io pids");
        Dictionary<string, HostCheck> checks = Check(host, kernel);
        Is(checks["Layout"], HostCheckStatus.Works, "version 2 at /sys/fs/cgroup/unified and 2 of version 1");
        Is(checks["memory"], HostCheckStatus.Works, "version 1 at /sys/fs/cgroup/memory");
        Is(checks["pids"], HostCheckStatus.Works, "version 2 at /sys/fs/cgroup/unified");
        Is(checks["io"], HostCheckStatus.Works, "version 2 at /sys/fs/cgroup/unified");
        Is(checks["cpu"], HostCheckStatus.Missing, "built without it");
        host.Put("/proc/cgroups", "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t0\t1\t0\n");
        Is(Check(host, kernel)["cpu"], HostCheckStatus.Missing, "switched off", "cgroup_disable=cpu");
    }

    [Fact]
    public void On_version_2_what_is_delegated_to_a_user_counts()
    {
        (FakeHost host, FakeKernel kernel) = Ordinary(FakeHost.V2Mounts);
        Dictionary<string, HostCheck> checks = Check(host, kernel);
        Is(checks["New cgroups"], HostCheckStatus.Missing, "no cgroup from /sys/fs/cgroup upwards belongs to this user", "chown -R alice /sys/fs/cgroup/alice");
        Is(checks["memory"], HostCheckStatus.Missing, "for root alone", "New cgroups");
        Directory.CreateDirectory(host.Root + "/run/systemd/system");
        Is(Check(host, kernel)["New cgroups"], HostCheckStatus.Missing, "no cgroup", "As root: loginctl enable-linger alice");

        host.Put("/sys/fs/cgroup/cgroup.subtree_control", "memory pids");
        host.MakeCgroup("/sys/fs/cgroup/alice");
        host.Owned.Add("/sys/fs/cgroup/alice");
        host.Put("/proc/self/cgroup", "0::/alice\n");
        checks = Check(host, kernel);
        Is(checks["New cgroups"], HostCheckStatus.Works, "/alice/isolation in /sys/fs/cgroup, delegated to alice");
        Is(checks["memory"], HostCheckStatus.Works, "version 2 at /sys/fs/cgroup");
        Is(checks["cpu"], HostCheckStatus.Missing, "not delegated to alice", "Delegate=cpu cpuset io memory pids");
        Is(checks["cgroup.kill"], HostCheckStatus.Limited, "since 5.14", "");
        host.Put("/sys/fs/cgroup/alice/cgroup.kill", "");
        Is(Check(host, kernel)["cgroup.kill"], HostCheckStatus.Works, "there");
    }

    [Fact]
    public void Control_groups_that_are_read_only_or_not_mounted_are_told()
    {
        (FakeHost host, FakeKernel kernel) = CompleteHost(FakeHost.V2Mounts.Replace("rw,nosuid shared:4", "ro,nosuid shared:4", StringComparison.Ordinal));
        Dictionary<string, HostCheck> checks = Check(host, kernel);
        Is(checks["New cgroups"], HostCheckStatus.Missing, "no hierarchy may be written to", "remount,rw");
        Is(checks["memory"], HostCheckStatus.Missing, "may not be written to", "New cgroups");

        (host, kernel) = CompleteHost("22 27 0:21 / /sys rw,nosuid shared:7 - sysfs sysfs rw\n");
        checks = Check(host, kernel);
        Is(checks["Layout"], HostCheckStatus.Missing, "none is mounted", "mount -t cgroup2");
        Is(checks["cpu"], HostCheckStatus.Missing, "no cgroup file system is mounted", "mount -t cgroup2");
    }

    [Fact]
    public void The_state_folder_is_judged_and_not_made()
    {
        (FakeHost host, FakeKernel kernel) = CompleteHost(FakeHost.V2Mounts);
        Is(Check(host, kernel)["State folder"], HostCheckStatus.Works, "/run/isolation, made when it is needed");
        Assert.False(host.Has("/run/isolation"));
        kernel.Closed.Add("/run");
        Is(Check(host, kernel)["State folder"], HostCheckStatus.Missing, "cannot be made", "XDG_RUNTIME_DIR");

        Directory.CreateDirectory(host.Root + "/run/isolation", (UnixFileMode)0b111_001_001);
        Is(Check(host, kernel)["State folder"], HostCheckStatus.Works, "/run/isolation");
        kernel.Owners["/run/isolation"] = 7;
        Is(Check(host, kernel)["State folder"], HostCheckStatus.Missing, "only user 0 may write to", "look at it");
        kernel.Owners.Clear();
        File.SetUnixFileMode(host.Root + "/run/isolation", (UnixFileMode)0b111_111_111);
        Assert.Equal(HostCheckStatus.Missing, Check(host, kernel)["State folder"].Status);
        Directory.Delete(host.Root + "/run/isolation");
        File.CreateSymbolicLink(host.Root + "/run/isolation", host.Root + "/etc");
        Assert.Equal(HostCheckStatus.Missing, Check(host, kernel)["State folder"].Status);
    }

    [Fact]
    public void A_driver_is_found_wherever_the_host_tells_of_it()
    {
        (FakeHost host, FakeKernel kernel) = CompleteHost(FakeHost.V2Mounts);
        string[] drivers = ["veth", "bridge", "ipvlan", "vxlan", "ifb", "tbf"];
        Directory.Delete(host.Root + "/sys/module", recursive: true);
        Assert.All(drivers, name => Is(Check(host, kernel)[name], HostCheckStatus.Unknown, "neither /lib/modules nor"));

        host.Put("/lib/modules/6.1.0-test/modules.builtin", "kernel/net/bridge/bridge.ko\n");
        host.Put("/lib/modules/6.1.0-test/modules.dep", "kernel/drivers/net/veth.ko.xz:\nkernel/net/sched/sch-tbf.ko: kernel/net/x.ko\nkernel/drivers/net/ipvlan/ipvlan_l3.ko:\n");
        Dictionary<string, HostCheck> checks = Check(host, kernel);
        Is(checks["bridge"], HostCheckStatus.Works, "in the kernel");
        Is(checks["veth"], HostCheckStatus.Works, "module veth, loaded when needed");
        Is(checks["tbf"], HostCheckStatus.Works, "module sch_tbf, loaded when needed");
        Is(checks["ipvlan"], HostCheckStatus.Missing, "not in this kernel", "CONFIG_IPVLAN");

        Directory.Delete(host.Root + "/lib/modules", recursive: true);
        host.Put("/boot/config-6.1.0-test", "CONFIG_VETH=m\nCONFIG_BRIDGE=y\n# CONFIG_IPVLAN is not set\n");
        checks = Check(host, kernel);
        Is(checks["bridge"], HostCheckStatus.Works, "in the kernel");
        Is(checks["veth"], HostCheckStatus.Limited, "not in /lib/modules", "6.1.0-test");
        Is(checks["ipvlan"], HostCheckStatus.Missing, "not in this kernel", "CONFIG_IPVLAN");

        using (GZipStream config = new(File.Create(host.Root + "/proc/config.gz"), CompressionLevel.Fastest))
        {
            config.Write(Encoding.ASCII.GetBytes("CONFIG_VETH=y\n"));
        }

        checks = Check(host, kernel);
        Is(checks["veth"], HostCheckStatus.Works, "in the kernel");
        Assert.Equal(HostCheckStatus.Missing, checks["bridge"].Status);
        File.WriteAllText(host.Root + "/proc/config.gz", "damaged");
        Assert.Equal(HostCheckStatus.Unknown, Check(host, kernel)["veth"].Status);
    }

    [Fact]
    public void Packages_and_devices_for_networks_and_containers_are_looked_for()
    {
        (FakeHost host, FakeKernel kernel) = CompleteHost(FakeHost.V2Mounts);
        File.Delete(host.Root + "/usr/sbin/nft");
        Is(Check(host, kernel)["nft"], HostCheckStatus.Missing, "not found", "apt-get install nftables");
        Chmod(host, "/dev/net/tun", UnixFileMode.None, executable: false);
        Is(Check(host, kernel)["/dev/net/tun"], HostCheckStatus.Limited, "closed to ordinary users", "chmod 666");
        File.Delete(host.Root + "/dev/net/tun");
        Is(Check(host, kernel)["/dev/net/tun"], HostCheckStatus.Missing, "not there", "mknod");

        host.Put("/proc/filesystems", "nodev\tsysfs\n\text4\n");
        Is(Check(host, kernel)["overlay"], HostCheckStatus.Unknown, "neither");
        host.Put("/proc/sys/kernel/osrelease", "5.10.0-test\n");
        Is(Check(host, kernel)["Rootless overlay"], HostCheckStatus.Missing, "before 5.11", "apt-get install fuse-overlayfs");
        PutProgram(host, "/usr/bin/fuse-overlayfs");
        Is(Check(host, kernel)["Rootless overlay"], HostCheckStatus.Missing, "no /dev/fuse", "modprobe fuse");
        host.Put("/dev/fuse", "");
        Is(Check(host, kernel)["Rootless overlay"], HostCheckStatus.Limited, "/usr/bin/fuse-overlayfs", "5.11");

        Directory.Delete(host.Root + "/proc/pressure", recursive: true);
        Is(Check(host, kernel)["Pressure"], HostCheckStatus.Missing, "no /proc/pressure", "psi=1");
        Directory.Delete(host.Root + "/proc/sys/kernel/seccomp", recursive: true);
        Is(Check(host, kernel)["seccomp"], HostCheckStatus.Works, "not told");
        host.Put("/proc/self/status", "CapEff:\t" + AllCapabilities + "\n");
        Is(Check(host, kernel)["seccomp"], HostCheckStatus.Missing, "not in this kernel", "CONFIG_SECCOMP_FILTER");
    }

    [Fact]
    public void The_real_host_gives_every_row()
    {
        _ = BuiltModule.Root;
        using HostView view = new();
        List<HostCheck> checks = [.. HostChecks.All.Select(definition => definition.Run(view))];
        Assert.Equal(HostChecks.All.Count, checks.Count);
        Assert.DoesNotContain(checks, check => check.Name is "Version" or "Launcher" or "close_range" && check.Status != HostCheckStatus.Works);
    }

    public void Dispose() => _hosts.ForEach(host => host.Dispose());

    private static void Is(HostCheck check, HostCheckStatus status, string value, string? remedy = null)
    {
        Assert.True(check.Status == status, $"{check}: {check.Value}");
        Assert.Contains(value, check.Value, StringComparison.Ordinal);
        if (remedy is not null)
        {
            Assert.NotNull(check.Remedy);
            Assert.Contains(remedy, check.Remedy, StringComparison.Ordinal);
        }
    }

    private static Dictionary<string, HostCheck> Check(FakeHost host, FakeKernel kernel)
    {
        kernel.Tried.Clear();
        using HostView view = new(host.Root, host, kernel);
        return HostChecks.All.ToDictionary(definition => definition.Name, definition => definition.Run(view));
    }

    private static void PutStatus(FakeHost host, string capabilities, int noNewPrivileges = 0, int seccomp = 0) =>
        host.Put("/proc/self/status", $"Name:\tpwsh\nCapEff:\t{capabilities}\nNoNewPrivs:\t{noNewPrivileges}\nSeccomp:\t{seccomp}\nSeccomp_filters:\t{(seccomp == 0 ? 0 : 1)}\n");

    private static void PutProgram(FakeHost host, string path, UnixFileMode special = UnixFileMode.None)
    {
        host.Put(path, "");
        Chmod(host, path, special);
    }

    private static void Chmod(FakeHost host, string path, UnixFileMode special, bool executable = true) =>
        File.SetUnixFileMode(host.Root + path, special | (UnixFileMode)(executable ? 0b111_101_101 : 0b110_000_000));

    private FakeHost New(string mounts, FakeHost? host = null, string unified = "cpuset cpu io memory pids")
    {
        host ??= new FakeHost(mounts, unified);
        _hosts.Add(host);
        return host;
    }

    private (FakeHost Host, FakeKernel Kernel) Ordinary(string mounts)
    {
        (FakeHost host, FakeKernel kernel) = CompleteHost(mounts);
        host.EffectiveUser = 1000;
        PutStatus(host, NoCapabilities);
        return (host, kernel);
    }

    private (FakeHost Host, FakeKernel Kernel) CompleteHost(string mounts, string unified = "cpuset cpu io memory pids")
    {
        FakeHost host = New(mounts, unified: unified);
        host.Put("/proc/sys/kernel/osrelease", "6.1.0-test\n");
        host.Put("/proc/sys/kernel/seccomp/actions_avail", "kill_process allow\n");
        host.Put("/proc/pressure/memory", "some avg10=0.00\n");
        host.Put("/proc/filesystems", "nodev\tsysfs\nnodev\toverlay\n");
        host.Put("/proc/self/uid_map", "         0          0 4294967295\n");
        PutStatus(host, AllCapabilities);
        foreach (NamespaceType type in NamespaceTypes.All)
        {
            host.Put($"/proc/self/ns/{type.ProcName()}", "");
            host.Put($"/proc/sys/user/max_{type.ProcName()}_namespaces", "10000\n");
        }

        host.Put("/etc/passwd", "root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n");
        host.Put("/etc/subuid", "alice:100000:65536\n");
        host.Put("/etc/subgid", "alice:100000:65536\n");
        PutProgram(host, "/usr/sbin/nft");
        host.Put("/dev/net/tun", "");
        File.SetUnixFileMode(host.Root + "/dev/net/tun", (UnixFileMode)0b110_110_110);
        PutProgram(host, "/usr/bin/newuidmap", UnixFileMode.SetUser);
        PutProgram(host, "/usr/bin/newgidmap", UnixFileMode.SetUser);
        PutProgram(host, "/usr/bin/pasta");
        PutProgram(host, "/usr/bin/crun");
        foreach (string module in (string[])["veth", "bridge", "macvlan", "ipvlan", "vxlan", "ifb", "sch_tbf", "nf_tables"])
        {
            Directory.CreateDirectory($"{host.Root}/sys/module/{module}");
        }

        Directory.CreateDirectory(host.Root + "/run");
        return (host, new FakeKernel(host));
    }
}
