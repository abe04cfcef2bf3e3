using System;
using System.Collections.Generic;
using System.Linq;
using Isolation.Plans;
using Isolation.Users;
using Xunit;

namespace Isolation.Tests.Plans;

/// <summary>The plans that start a program, as text.</summary>
public sealed class ProcessPlansTests
{
    private static readonly ProgramOptions s_program = new()
    {
        FilePath = "id", Arguments = ["-u", "a \"b\""], Environment = ["PATH=/usr/bin:/bin", "X=1"], Attached = true,
    };

    [Fact]
    public void The_user_namespace_is_entered_first_and_the_mount_namespace_last()
    {
        Assert.Equal(
            """
            # run id in set 'web'
              1  setns($user, CLONE_NEWUSER)
              2  setns($cgroup, CLONE_NEWCGROUP)
              3  setns($ipc, CLONE_NEWIPC)
              4  setns($uts, CLONE_NEWUTS)
              5  setns($net, CLONE_NEWNET)
              6  setns($pid, CLONE_NEWPID)
              7  setns($time, CLONE_NEWTIME)
              8  setns($mnt, CLONE_NEWNS)
              9  fork(CLONE_PARENT|SIGCHLD)
             10  setsid()
             11  setgroups(0, [])  # may fail with EPERM
             12  setresgid(0, 0, 0)  # may fail with EINVAL
             13  setresuid(0, 0, 0)  # may fail with EINVAL
             14  dup3($stdin, 0, 0)
             15  dup3($stdout, 1, 0)
             16  dup3($stderr, 2, 0)
             17  prctl(PR_SET_PDEATHSIG, SIGKILL)
             18  require-agent()
             19  reset-signals()
             20  execve(/usr/bin/id:/bin/id, ["id", "-u", "a \"b\""], /* 2 variables */)

            """,
            ProcessPlans.Enter(new EntryOptions { Target = "set 'web'", Types = NamespaceTypes.Every }, s_program).ToString());
    }

    [Fact]
    public void Control_groups_are_joined_before_anything_else_and_the_user_is_taken_before_the_directory()
    {
        Assert.Equal(
            """
            # run id in set 'web'
              1  write($cgroup0, "0", 1)
              2  write($cgroup1, "0", 1)
              3  setns($uts, CLONE_NEWUTS)
              4  setsid()
              5  setgroups(2, [34 50])
              6  setresgid(34, 34, 34)
              7  setresuid(33, 33, 33)
              8  chdir("/srv")
              9  dup3($stdin, 0, 0)
             10  dup3($stdout, 1, 0)
             11  dup3($stderr, 2, 0)
             12  require-agent()
             13  reset-signals()
             14  execve(/usr/bin/id:/bin/id, ["id", "-u", "a \"b\""], /* 2 variables */)

            """,
            ProcessPlans.Enter(
                new EntryOptions { Target = "set 'web'", Types = NamespaceType.Uts, CgroupFiles = 2, BirthCgroup = true },
                s_program with { Attached = false, WorkingDirectory = "/srv", WorkingDirectoryRequired = true, Uid = 33, Gid = 34, Groups = [34, 50] }).ToString());
    }

    [Fact]
    public void The_first_program_makes_the_pid_namespace_and_its_proc()
    {
        Assert.Equal(
            """
            # run id in set 'web'
              1  setns($mnt, CLONE_NEWNS)
              2  unshare(CLONE_NEWPID)
              3  fork(CLONE_PARENT|SIGCHLD)
              4  mount("proc", "/proc", "proc", MS_NOSUID|MS_NODEV|MS_NOEXEC, NULL)
              5  setsid()
              6  chdir("/home")  # may fail
              7  dup3($stdin, 0, 0)
              8  dup3($stdout, 1, 0)
              9  dup3($stderr, 2, 0)
             10  prctl(PR_SET_PDEATHSIG, SIGKILL)
             11  require-agent()
             12  reset-signals()
             13  execve(/usr/bin/id:/bin/id, ["id", "-u", "a \"b\""], /* 2 variables */)

            """,
            ProcessPlans.Enter(
                new EntryOptions { Target = "set 'web'", Types = NamespaceType.Mount, NewPid = true, NewProc = true },
                s_program with { WorkingDirectory = "/home" }).ToString());
    }

    [Fact]
    public void Kinds_that_the_user_namespace_does_not_own_are_entered_before_it_and_the_others_after_it()
    {
        NamespaceType types = NamespaceType.User | NamespaceType.Mount | NamespaceType.Net | NamespaceType.Uts;
        Assert.Equal([NamespaceType.User, NamespaceType.Uts, NamespaceType.Net, NamespaceType.Mount], ProcessPlans.Order(types, NamespaceType.None));
        Assert.Equal([NamespaceType.Uts, NamespaceType.Net, NamespaceType.Mount, NamespaceType.User], ProcessPlans.Order(types, types));
        Assert.Equal([NamespaceType.Net, NamespaceType.User, NamespaceType.Uts, NamespaceType.Mount], ProcessPlans.Order(types, NamespaceType.Net | NamespaceType.Ipc));
        Assert.Equal([NamespaceType.Net, NamespaceType.Mount], ProcessPlans.Order(NamespaceType.Net | NamespaceType.Mount, NamespaceType.None));
    }

    [Fact]
    public void New_namespaces_are_made_for_the_program_with_a_proc_of_their_own()
    {
        Assert.Equal(
            """
            # run id in new namespaces
              1  unshare(CLONE_NEWUSER)
              2  $file3 = openat(AT_FDCWD, "/proc/self/setgroups", O_WRONLY|O_CLOEXEC, 0)
              3  write($file3, "deny", 4)
              4  close($file3)
              5  $file4 = openat(AT_FDCWD, "/proc/self/gid_map", O_WRONLY|O_CLOEXEC, 0)
              6  write($file4, "0 1001 1", 8)
              7  close($file4)
              8  $file5 = openat(AT_FDCWD, "/proc/self/uid_map", O_WRONLY|O_CLOEXEC, 0)
              9  write($file5, "0 1000 1", 8)
             10  close($file5)
             11  unshare(CLONE_NEWNS|CLONE_NEWUTS|CLONE_NEWPID)
             12  mount("none", "/", NULL, MS_REC|MS_PRIVATE, NULL)
             13  sethostname("box", 3)
             14  fork(CLONE_PARENT|SIGCHLD)
             15  mount("proc", "/proc", "proc", MS_NOSUID|MS_NODEV|MS_NOEXEC, NULL)
             16  setsid()
             17  dup3($stdin, 0, 0)
             18  dup3($stdout, 1, 0)
             19  dup3($stderr, 2, 0)
             20  prctl(PR_SET_PDEATHSIG, SIGKILL)
             21  require-agent()
             22  reset-signals()
             23  execve(/usr/bin/id:/bin/id, ["id", "-u", "a \"b\""], /* 2 variables */)

            """,
            ProcessPlans.Enter(
                new EntryOptions
                {
                    Target = "new namespaces",
                    Types = NamespaceType.None,
                    NewProc = true,
                    New = new NamespacePlanOptions
                    {
                        Name = "id", Types = NamespaceType.User | NamespaceType.Pid | NamespaceType.Mount | NamespaceType.Uts, HostName = "box", Maps = RootMap.Of(1000, 1001),
                    },
                },
                s_program).ToString());
    }

    [Fact]
    public void A_pid_namespace_within_one_that_is_entered_is_made_by_a_process_in_that_one()
    {
        Assert.Equal(
            ["setns($pid, CLONE_NEWPID)", "fork(CLONE_PARENT|SIGCHLD)", "unshare(CLONE_NEWPID)", "fork(CLONE_PARENT|SIGCHLD)", "setsid()"],
            Steps(new EntryOptions { Target = "x", Types = NamespaceType.Pid, New = new NamespacePlanOptions { Name = "id", Types = NamespaceType.Pid } }, s_program)[..5]);
    }

    [Fact]
    public void A_user_namespace_within_one_that_is_entered_maps_the_root_of_that_one()
    {
        EntryOptions entry = new() { Target = "x", Types = NamespaceType.User, New = new NamespacePlanOptions { Name = "id", Types = NamespaceType.User, Maps = RootMap.Of(0, 0) } };
        Assert.Equal(
            [
                "setns($user, CLONE_NEWUSER)", "setgroups(0, [])  # may fail with EPERM", "setresgid(0, 0, 0)  # may fail with EINVAL",
                "setresuid(0, 0, 0)  # may fail with EINVAL", "prctl(PR_SET_DUMPABLE, 1)", "unshare(CLONE_NEWUSER)",
            ],
            Steps(entry, s_program)[..6]);
        Assert.Contains("write($file6, \"0 0 1\", 5)", Steps(entry, s_program));
    }

    [Fact]
    public void Maps_that_others_write_are_waited_for_and_clocks_are_set_before_the_first_process_is_in()
    {
        PlannedIdMap map = new([new IdMap(0, 100000, 10)], IdMapWriter.Parent);
        NamespacePlanOptions made = new()
        {
            Name = "id",
            Types = NamespaceType.User | NamespaceType.Time,
            Maps = new PlannedIdMaps(map, map, DenySetGroups: false),
            MonotonicOffset = TimeSpan.FromSeconds(3),
        };
        EntryOptions entry = new() { Target = "x", Types = NamespaceType.Mount, New = made };
        List<string> steps = Steps(entry, s_program);
        Assert.Equal(
            [
                "$proc = openat(AT_FDCWD, \"/proc\", O_RDONLY|O_CLOEXEC|O_PATH, 0)", "setns($mnt, CLONE_NEWNS)", "unshare(CLONE_NEWUSER)", "write($maps, \"?\", 1)", "await($maps)",
                "setgroups(0, [])  # may fail with EPERM", "setresgid(0, 0, 0)  # may fail with EINVAL", "setresuid(0, 0, 0)  # may fail with EINVAL",
                "prctl(PR_SET_DUMPABLE, 1)", "unshare(CLONE_NEWTIME)",
            ],
            steps[..10]);
        Assert.Contains("= openat($proc, \"self/timens_offsets\"", steps[10], StringComparison.Ordinal);
        Assert.Contains("\"1 3 0\"", steps[11], StringComparison.Ordinal);
        Assert.True(steps.IndexOf("fork(CLONE_PARENT|SIGCHLD)") > 11);
        Assert.DoesNotContain("setresuid(0, 0, 0)  # may fail with EINVAL", Steps(entry with { New = made with { KeepIds = true } }, s_program));
    }

    [Fact]
    public void Without_a_fork_only_children_are_in_the_pid_namespace() => Assert.DoesNotContain(
        "fork(CLONE_PARENT|SIGCHLD)", Steps(new EntryOptions { Target = "x", Types = NamespaceType.Pid, NoFork = true }, s_program));

    [Fact]
    public void The_root_is_changed_from_the_one_of_the_process_and_the_program_starts_in_a_directory_from_outside()
    {
        EntryOptions entry = new() { Target = "x", Types = NamespaceType.Mount, RootDirectory = true, Root = "/srv", StartDirectory = true };
        List<string> steps = Steps(entry, s_program with { WorkingDirectory = "/home" });
        Assert.Equal(
            ["setns($mnt, CLONE_NEWNS)", "fchdir($root)", "chroot(\".\")", "chdir(\"/srv\")", "chroot(\".\")", "setsid()", "fchdir($cwd)"], steps[..7]);
        Assert.DoesNotContain(steps, static step => step.Contains("/home", StringComparison.Ordinal));
        Assert.Equal(["fchdir($root)", "chroot(\".\")", "setsid()"], Steps(entry with { Types = NamespaceType.None, Root = "/", StartDirectory = false }, s_program)[..3]);
    }

    [Fact]
    public void Credentials_that_are_preserved_are_not_touched() => Assert.DoesNotContain(
        Steps(new EntryOptions { Target = "x", Types = NamespaceType.User }, s_program with { PreserveCredentials = true }), static step => step.StartsWith("set", StringComparison.Ordinal) && step.Contains("gid", StringComparison.Ordinal));

    [Fact]
    public void Capabilities_are_kept_over_the_change_of_the_user_and_over_execve()
    {
        List<string> steps = Steps(new EntryOptions { Target = "x", Types = NamespaceType.None }, s_program with { Uid = 33, Gid = 33, KeptCapabilities = 0x1_0000_0001 });
        Assert.Equal(
            [
                "setsid()", "prctl(PR_SET_KEEPCAPS, 1)", "setgroups(0, [])", "setresgid(33, 33, 33)", "setresuid(33, 33, 33)",
                "capset({_LINUX_CAPABILITY_VERSION_3, 0}, {effective=permitted=inheritable=0x100000001})",
                "prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 0, 0, 0)", "prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 32, 0, 0)",
            ],
            steps[..8]);
    }

    private static List<string> Steps(EntryOptions entry, ProgramOptions program) => [.. ProcessPlans.Enter(entry, program).Steps.Select(static step => step.ToString())];

    [Fact]
    public void Users_are_read_inside_the_mount_namespace()
    {
        Assert.Equal(
            """
            # find the users of set 'web'
              1  setns($mnt, CLONE_NEWNS)
              2  $passwd = openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_NONBLOCK|O_CLOEXEC, 0)
              3  send($passwd, 0)
              4  $group = openat(AT_FDCWD, "/etc/group", O_RDONLY|O_NONBLOCK|O_CLOEXEC, 0)
              5  send($group, 1)
              6  exit(0)

            """,
            UserPlans.OpenDatabases(new EntryOptions { Target = "set 'web'", Types = NamespaceType.Mount }).ToString());
    }

    [Fact]
    public void The_inputs_are_the_streams_then_the_control_groups_then_the_namespaces_in_the_order_of_entry()
    {
        Plan plan = ProcessPlans.Enter(
            new EntryOptions { Target = "set 'web'", Types = NamespaceType.Mount | NamespaceType.User | NamespaceType.Net, CgroupFiles = 1, BirthCgroup = true }, s_program);
        Assert.Equal(["stdin", "stdout", "stderr", "cgroup", "cgroup0", "user", "net", "mnt"], plan.Slots.Take(plan.Inputs).Select(slot => slot.Name));
        Assert.Equal(3, plan.BirthCgroup?.Index);
    }

    [Fact]
    public void An_input_after_another_slot_is_a_defect_of_the_plan()
    {
        Plan plan = new("test");
        plan.NewSlot("other");
        Assert.Throws<InvalidOperationException>(() => plan.Input("late"));
    }

    public static readonly TheoryData<string, string[], string[]> Searches = new()
    {
        { "/bin/id", ["PATH=/usr/bin"], ["/bin/id"] },
        { "./id", ["PATH=/usr/bin"], ["./id"] },
        { "id", ["PATH=/usr/bin:/bin/"], ["/usr/bin/id", "/bin/id"] },
        { "id", ["PATH=:/bin"], ["id", "/bin/id"] },
        { "id", ["PATH="], ["id"] },
        { "id", ["XPATH=/x"], ["/usr/local/sbin/id", "/usr/local/bin/id", "/usr/sbin/id", "/usr/bin/id", "/sbin/id", "/bin/id"] },
    };

    [Theory]
    [MemberData(nameof(Searches))]
    public void A_program_is_looked_for_as_execvp_does(string program, string[] environment, string[] paths) =>
        Assert.Equal<IEnumerable<string>>(paths, new ProgramOptions { FilePath = program, Environment = environment }.SearchPaths());
}
