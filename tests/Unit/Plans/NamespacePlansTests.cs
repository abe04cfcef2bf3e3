using System;
using System.Collections.Generic;
using Isolation.Plans;
using Isolation.Users;
using Xunit;

namespace Isolation.Tests.Plans;

/// <summary>The plans that make namespaces, as text: the order of the calls is what the kernel asks for.</summary>
public sealed class NamespacePlansTests
{
    [Fact]
    public void Another_root_comes_after_all_that_is_needed_of_the_old_one_and_before_the_init()
    {
        string[] steps = NamespacePlans.Create(new NamespacePlanOptions { Name = "web", Types = NamespaceType.Mount | NamespaceType.Pid, Root = "/srv/root" }).ToString().Split('\n');
        int pivot = Array.FindIndex(steps, static step => step.Contains("pivot_root", StringComparison.Ordinal));
        Assert.True(pivot > Array.FindLastIndex(steps, static step => step.Contains("/proc/self/ns/", StringComparison.Ordinal)));
        int proc = Array.FindIndex(steps, static step => step.Contains("mount(\"proc\"", StringComparison.Ordinal));
        int old = Array.FindIndex(steps, static step => step.Contains("umount2", StringComparison.Ordinal));
        Assert.True(pivot < proc && proc < old && old < Array.FindIndex(steps, static step => step.Contains("setsid", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_network_alone_needs_no_process_to_stay()
    {
        Assert.Equal(
            """
            # make namespace set 'web'
              1  unshare(CLONE_NEWNET)
              2  $socket = socket(AF_INET, SOCK_DGRAM|SOCK_CLOEXEC, 0)
              3  ioctl($socket, SIOCSIFFLAGS, {lo, IFF_UP|IFF_RUNNING})
              4  close($socket)
              5  $net = openat(AT_FDCWD, "/proc/self/ns/net", O_RDONLY|O_CLOEXEC, 0)
              6  send($net, 0)
              7  exit(0)

            """,
            NamespacePlans.Create(new NamespacePlanOptions { Name = "web", Types = NamespaceType.Net }).ToString());
    }

    [Fact]
    public void Root_makes_all_kinds_at_once_and_leaves_an_init()
    {
        Assert.Equal(
            """
            # make namespace set 'web'
              1  unshare(CLONE_NEWNS|CLONE_NEWUTS|CLONE_NEWIPC|CLONE_NEWPID|CLONE_NEWNET|CLONE_NEWCGROUP|CLONE_NEWTIME)
              2  mount("none", "/", NULL, MS_REC|MS_PRIVATE, NULL)
              3  sethostname("h1", 2)
              4  setdomainname("d1", 2)
              5  $socket = socket(AF_INET, SOCK_DGRAM|SOCK_CLOEXEC, 0)
              6  ioctl($socket, SIOCSIFFLAGS, {lo, IFF_UP|IFF_RUNNING})
              7  close($socket)
              8  $mnt = openat(AT_FDCWD, "/proc/self/ns/mnt", O_RDONLY|O_CLOEXEC, 0)
              9  send($mnt, 0)
             10  $net = openat(AT_FDCWD, "/proc/self/ns/net", O_RDONLY|O_CLOEXEC, 0)
             11  send($net, 1)
             12  $ipc = openat(AT_FDCWD, "/proc/self/ns/ipc", O_RDONLY|O_CLOEXEC, 0)
             13  send($ipc, 2)
             14  $uts = openat(AT_FDCWD, "/proc/self/ns/uts", O_RDONLY|O_CLOEXEC, 0)
             15  send($uts, 3)
             16  $cgroup = openat(AT_FDCWD, "/proc/self/ns/cgroup", O_RDONLY|O_CLOEXEC, 0)
             17  send($cgroup, 4)
             18  $time = openat(AT_FDCWD, "/proc/self/ns/time_for_children", O_RDONLY|O_CLOEXEC, 0)
             19  send($time, 5)
             20  fork(CLONE_PARENT|SIGCHLD)
             21  $pid = openat(AT_FDCWD, "/proc/self/ns/pid", O_RDONLY|O_CLOEXEC, 0)
             22  send($pid, 6)
             23  mount("proc", "/proc", "proc", MS_NOSUID|MS_NODEV|MS_NOEXEC, NULL)
             24  setsid()
             25  chdir("/")
             26  prctl(PR_SET_NAME, "isolation-init")
             27  set-title("isolation-init web")
             28  require-agent()
             29  stay(init)

            """,
            NamespacePlans.Create(new NamespacePlanOptions
            {
                Name = "web", Types = NamespaceTypes.Every & ~NamespaceType.User, HostName = "h1", DomainName = "d1",
            }).ToString());
    }

    [Fact]
    public void An_ordinary_user_makes_the_user_namespace_and_its_maps_first_and_leaves_a_holder()
    {
        Assert.Equal(
            """
            # make namespace set 'web'
              1  unshare(CLONE_NEWUSER)
              2  $file0 = openat(AT_FDCWD, "/proc/self/setgroups", O_WRONLY|O_CLOEXEC, 0)
              3  write($file0, "deny", 4)
              4  close($file0)
              5  $file1 = openat(AT_FDCWD, "/proc/self/gid_map", O_WRONLY|O_CLOEXEC, 0)
              6  write($file1, "0 1001 1", 8)
              7  close($file1)
              8  $file2 = openat(AT_FDCWD, "/proc/self/uid_map", O_WRONLY|O_CLOEXEC, 0)
              9  write($file2, "0 1000 1", 8)
             10  close($file2)
             11  unshare(CLONE_NEWUTS|CLONE_NEWTIME)
             12  $user = openat(AT_FDCWD, "/proc/self/ns/user", O_RDONLY|O_CLOEXEC, 0)
             13  send($user, 0)
             14  $uts = openat(AT_FDCWD, "/proc/self/ns/uts", O_RDONLY|O_CLOEXEC, 0)
             15  send($uts, 1)
             16  $time = openat(AT_FDCWD, "/proc/self/ns/time_for_children", O_RDONLY|O_CLOEXEC, 0)
             17  send($time, 2)
             18  setsid()
             19  chdir("/")
             20  prctl(PR_SET_NAME, "isolation-hold")
             21  set-title("isolation-hold web")
             22  require-agent()
             23  stay(holder)

            """,
            NamespacePlans.Create(new NamespacePlanOptions
            {
                Name = "web", Types = NamespaceType.User | NamespaceType.Uts | NamespaceType.Time, Maps = RootMap.Of(1000, 1001), Hold = true,
            }).ToString());
    }

    [Fact]
    public void Id_maps_that_others_write_are_waited_for_before_anything_is_made()
    {
        Assert.Equal(
            """
            # make namespace set 'web'
              1  unshare(CLONE_NEWUSER)
              2  $file1 = openat(AT_FDCWD, "/proc/self/setgroups", O_WRONLY|O_CLOEXEC, 0)
              3  write($file1, "deny", 4)
              4  close($file1)
              5  $file2 = openat(AT_FDCWD, "/proc/self/gid_map", O_WRONLY|O_CLOEXEC, 0)
              6  write($file2, "0 1001 1", 8)
              7  close($file2)
              8  write($maps, "?", 1)
              9  await($maps)
             10  setgroups(0, [])  # may fail with EPERM
             11  setresgid(0, 0, 0)  # may fail with EINVAL
             12  setresuid(0, 0, 0)  # may fail with EINVAL
             13  prctl(PR_SET_DUMPABLE, 1)
             14  $user = openat(AT_FDCWD, "/proc/self/ns/user", O_RDONLY|O_CLOEXEC, 0)
             15  send($user, 0)
             16  exit(0)

            """,
            NamespacePlans.Create(new NamespacePlanOptions
            {
                Name = "web",
                Types = NamespaceType.User,
                Maps = new(new([new(0, 100000, 65536)], IdMapWriter.Program), new([new(0, 1001, 1)], IdMapWriter.Self), DenySetGroups: true),
            }).ToString());
    }

    [Fact]
    public void A_set_in_a_set_is_made_after_all_that_is_around_it_was_entered()
    {
        Assert.Equal(
            """
            # make namespace set 'inner'
              1  write($cgroup0, "0", 1)
              2  $proc = openat(AT_FDCWD, "/proc", O_RDONLY|O_CLOEXEC|O_PATH, 0)
              3  setns($in-user, CLONE_NEWUSER)
              4  setns($in-pid, CLONE_NEWPID)
              5  setns($in-mnt, CLONE_NEWNS)
              6  setgroups(0, [])  # may fail with EPERM
              7  setresgid(0, 0, 0)  # may fail with EINVAL
              8  setresuid(0, 0, 0)  # may fail with EINVAL
              9  prctl(PR_SET_DUMPABLE, 1)
             10  fork(CLONE_PARENT|SIGCHLD)
             11  unshare(CLONE_NEWPID|CLONE_NEWCGROUP)
             12  $cgroup = openat($proc, "self/ns/cgroup", O_RDONLY|O_CLOEXEC, 0)
             13  send($cgroup, 0)
             14  fork(CLONE_PARENT|SIGCHLD)
             15  $pid = openat($proc, "self/ns/pid", O_RDONLY|O_CLOEXEC, 0)
             16  send($pid, 1)
             17  setsid()
             18  chdir("/")
             19  prctl(PR_SET_NAME, "isolation-init")
             20  set-title("isolation-init inner")
             21  require-agent()
             22  stay(init)

            """,
            NamespacePlans.Create(new NamespacePlanOptions
            {
                Name = "inner",
                Types = NamespaceType.Pid | NamespaceType.Cgroup,
                Joined = [NamespaceType.User, NamespaceType.Pid, NamespaceType.Mount],
                JoinedFrom = "set 'outer'",
                BirthCgroup = true,
                CgroupFiles = 1,
            }).ToString());
    }

    [Fact]
    public void An_owner_is_who_makes_the_user_namespace()
    {
        string plan = NamespacePlans.Create(new NamespacePlanOptions { Name = "web", Types = NamespaceType.User, Owner = (5, 6) }).ToString();
        Assert.StartsWith(
            """
            # make namespace set 'web'
              1  setgroups(0, [])
              2  setresgid(6, 6, 6)
              3  setresuid(5, 5, 5)
              4  prctl(PR_SET_DUMPABLE, 1)
              5  unshare(CLONE_NEWUSER)
            """,
            plan,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Maps_are_written_whole_from_the_namespace_around()
    {
        Assert.Equal(
            """
            # map the ids of set 'web'
              1  setns($user, CLONE_NEWUSER)
              2  $gid_map = openat($process, "gid_map", O_WRONLY|O_CLOEXEC, 0)
              3  write($gid_map, "0 5 1\n7 8 9\n", 12)
              4  close($gid_map)
              5  $uid_map = openat($process, "uid_map", O_WRONLY|O_CLOEXEC, 0)
              6  write($uid_map, "0 100000 65536\n", 15)
              7  close($uid_map)
              8  exit(0)

            """,
            UserPlans.WriteMaps(
                "set 'web'",
                [
                    ("gid_map", new([new(0, 5, 1), new(7, 8, 9)], IdMapWriter.Parent)),
                    ("uid_map", new([new(0, 100000, 65536)], IdMapWriter.Parent)),
                ],
                entersUser: true).ToString());
    }

    [Fact]
    public void Offsets_of_clocks_are_written_before_the_first_process_is_in_the_namespace()
    {
        string plan = NamespacePlans.Create(new NamespacePlanOptions
        {
            Name = "web", Types = NamespaceType.Time | NamespaceType.Pid, MonotonicOffset = TimeSpan.FromSeconds(-1.5), BootTimeOffset = TimeSpan.FromDays(7),
        }).ToString();
        int written = plan.IndexOf("write($file0, \"1 -2 500000000\", 14)", StringComparison.Ordinal);
        Assert.InRange(written, plan.IndexOf("unshare(", StringComparison.Ordinal), plan.IndexOf("fork(", StringComparison.Ordinal));
        Assert.InRange(plan.IndexOf("\"7 604800 0\"", StringComparison.Ordinal), written, plan.IndexOf("fork(", StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_attached_ends_with_the_agent()
    {
        Assert.Equal(
            """
            # make namespace set 'unnamed-1-1'
              1  unshare(CLONE_NEWPID)
              2  fork(CLONE_PARENT|SIGCHLD)
              3  $pid = openat(AT_FDCWD, "/proc/self/ns/pid", O_RDONLY|O_CLOEXEC, 0)
              4  send($pid, 0)
              5  setsid()
              6  chdir("/")
              7  prctl(PR_SET_NAME, "isolation-init")
              8  set-title("isolation-init unnamed-1-1")
              9  prctl(PR_SET_PDEATHSIG, SIGKILL)
             10  require-agent()
             11  stay(init)

            """,
            NamespacePlans.Create(new NamespacePlanOptions
            {
                Name = "unnamed-1-1", Types = NamespaceType.Pid, Hold = true, Attached = true,
            }).ToString());
    }

    [Fact]
    public void With_AsPid1_the_pid_namespace_is_left_to_the_first_program()
    {
        Assert.Equal(
            """
            # make namespace set 'web'
              1  unshare(CLONE_NEWNS)
              2  mount("none", "/", NULL, MS_REC|MS_PRIVATE, NULL)
              3  $mnt = openat(AT_FDCWD, "/proc/self/ns/mnt", O_RDONLY|O_CLOEXEC, 0)
              4  send($mnt, 0)
              5  exit(0)

            """,
            NamespacePlans.Create(new NamespacePlanOptions
            {
                Name = "web", Types = NamespaceType.Pid | NamespaceType.Mount, AsPid1 = true,
            }).ToString());
    }

    [Fact]
    public void The_descriptors_that_come_back_are_named_as_in_proc_in_the_order_of_their_sending()
    {
        Plan plan = NamespacePlans.Create(new NamespacePlanOptions { Name = "web", Types = NamespaceTypes.Every });
        Assert.Equal<IEnumerable<string>>(["mnt", "net", "ipc", "user", "uts", "cgroup", "time", "pid"], plan.Outputs);
    }

    [Fact]
    public void The_length_of_a_host_name_is_that_of_its_bytes() =>
        Assert.Contains(
            "sethostname(\"h\u00fc\", 3)",
            NamespacePlans.Create(new NamespacePlanOptions { Name = "web", Types = NamespaceType.Uts, HostName = "h\u00fc" }).ToString(),
            StringComparison.Ordinal);
}
