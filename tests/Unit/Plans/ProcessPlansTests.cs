using System;
using System.Collections.Generic;
using System.Linq;
using Isolation.Plans;
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
    public void Users_are_read_inside_the_mount_namespace()
    {
        Assert.Equal(
            """
            # find the users of set 'web'
              1  setns($mnt, CLONE_NEWNS)
              2  $passwd = openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC, 0)
              3  send($passwd, 0)
              4  $group = openat(AT_FDCWD, "/etc/group", O_RDONLY|O_CLOEXEC, 0)
              5  send($group, 1)
              6  exit(0)

            """,
            UserPlans.OpenDatabases("set 'web'").ToString());
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
