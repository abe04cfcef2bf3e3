using System;
using System.Linq;
using Isolation.Plans;
using Xunit;

namespace Isolation.Tests.Plans;

public sealed class MountPlansTests
{
    private static readonly MountScope s_own = new("this PowerShell", NamespaceType.None, HasRoot: false);
    private static readonly MountScope s_set = new("set 'web'", NamespaceType.User | NamespaceType.Mount, HasRoot: false);
    private static readonly MountScope s_process = new("process 42", NamespaceType.Pid | NamespaceType.Mount, HasRoot: true);

    [Fact]
    public void A_file_system_is_mounted_on_an_open_place() => Is(
        MountPlans.Mount(new MountPlanOptions { Scope = s_own, MountPoint = "/mnt", Type = "tmpfs", Source = "tmpfs", Flags = MountFlag.ReadOnly | MountFlag.NoSuid, Data = "size=1m" }),
        """
        # mount tmpfs on /mnt
          1  $self = openat(AT_FDCWD, "/proc/self", O_RDONLY|O_CLOEXEC|O_PATH, 0)
          2  $top1 = openat(AT_FDCWD, "/", O_RDONLY|O_CLOEXEC|O_PATH, 0)
          3  $target = openat2($top1, "/mnt", {O_PATH|O_CLOEXEC, RESOLVE_IN_ROOT|RESOLVE_NO_MAGICLINKS}, 24)
          4  fchdir($self)
          5  put-number($target, "fd/$target", 3, text)
          6  mount("tmpfs", "fd/$target", "tmpfs", MS_RDONLY|MS_NOSUID, "size=1m")
          7  exit(0)

        """);

    [Fact]
    public void A_fresh_proc_shows_the_pid_namespace_that_the_plan_forks_into() => Is(
        MountPlans.Mount(new MountPlanOptions { Scope = s_process, MountPoint = "/proc", Type = "proc", Source = "proc" }),
        """
        # mount proc on /proc in process 42
          1  setns($pid, CLONE_NEWPID)
          2  fork(CLONE_PARENT|SIGCHLD)
          3  $self = openat(AT_FDCWD, "/proc/self", O_RDONLY|O_CLOEXEC|O_PATH, 0)
          4  setns($mnt, CLONE_NEWNS)
          5  $target = openat2($root, "/proc", {O_PATH|O_CLOEXEC, RESOLVE_IN_ROOT|RESOLVE_NO_MAGICLINKS}, 24)
          6  fchdir($self)
          7  put-number($target, "fd/$target", 3, text)
          8  mount("proc", "fd/$target", "proc", 0, NULL)
          9  exit(0)

        """);

    [Fact]
    public void A_bind_from_outside_is_opened_before_anything_is_entered() => Is(
        MountPlans.Mount(new MountPlanOptions
        {
            Scope = s_set, MountPoint = "/data", Root = "/srv/root", Source = "/srv/data", SourceOutside = true, Recursive = true, RecursiveFlags = true,
            Flags = MountFlag.ReadOnly | MountFlag.NoAccessTime, IdMap = true,
        }),
        """
        # bind /srv/data on /data in set 'web'
          1  $tree = open_tree(AT_FDCWD, "/srv/data", OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC|AT_RECURSIVE)
          2  setns($user, CLONE_NEWUSER)
          3  setgroups(0, [])  # may fail with EPERM
          4  setresgid(0, 0, 0)  # may fail with EINVAL
          5  setresuid(0, 0, 0)  # may fail with EINVAL
          6  $self = openat(AT_FDCWD, "/proc/self", O_RDONLY|O_CLOEXEC|O_PATH, 0)
          7  setns($mnt, CLONE_NEWNS)
          8  put-number($idmap, {MOUNT_ATTR_RDONLY|MOUNT_ATTR_NOATIME|MOUNT_ATTR_IDMAP, MOUNT_ATTR__ATIME, $idmap}, 24, number)
          9  mount_setattr($tree, "", AT_EMPTY_PATH|AT_RECURSIVE, {MOUNT_ATTR_RDONLY|MOUNT_ATTR_NOATIME|MOUNT_ATTR_IDMAP, MOUNT_ATTR__ATIME, $idmap}, 32)
         10  $top5 = openat(AT_FDCWD, "/", O_RDONLY|O_CLOEXEC|O_PATH, 0)
         11  $root6 = openat2($top5, "/srv/root", {O_PATH|O_CLOEXEC, RESOLVE_IN_ROOT|RESOLVE_NO_MAGICLINKS}, 24)
         12  $target = openat2($root6, "/data", {O_PATH|O_CLOEXEC, RESOLVE_IN_ROOT|RESOLVE_NO_MAGICLINKS}, 24)
         13  move_mount($tree, "", $target, "", MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH)
         14  exit(0)

        """);

    [Fact]
    public void Old_kernels_go_name_by_name_and_keep_the_flags_of_the_source() => Is(
        MountPlans.Mount(new MountPlanOptions { Scope = s_own, MountPoint = "/a/../b", Source = "/s", OldCalls = true, Flags = MountFlag.ReadOnly, SourceFlags = MountFlag.NoSuid }),
        """
        # bind /s on /a/../b
          1  $self = openat(AT_FDCWD, "/proc/self", O_RDONLY|O_CLOEXEC|O_PATH, 0)
          2  $top1 = openat(AT_FDCWD, "/", O_RDONLY|O_CLOEXEC|O_PATH, 0)
          3  $source = openat($top1, "s", O_RDONLY|O_CLOEXEC|O_PATH|O_NOFOLLOW, 0)
          4  $top3 = openat(AT_FDCWD, "/", O_RDONLY|O_CLOEXEC|O_PATH, 0)
          5  $target = openat($top3, "b", O_RDONLY|O_CLOEXEC|O_PATH|O_NOFOLLOW, 0)
          6  fchdir($self)
          7  put-number($source, "fd/$source", 3, text)
          8  put-number($target, "fd/$target", 3, text)
          9  mount("fd/$source", "fd/$target", NULL, MS_BIND, NULL)
         10  $top5 = openat(AT_FDCWD, "/", O_RDONLY|O_CLOEXEC|O_PATH, 0)
         11  $made = openat($top5, "b", O_RDONLY|O_CLOEXEC|O_PATH|O_NOFOLLOW, 0)
         12  put-number($made, "fd/$made", 3, text)
         13  mount("none", "fd/$made", NULL, MS_RDONLY|MS_NOSUID|MS_REMOUNT|MS_BIND, NULL)
         14  exit(0)

        """);

    [Fact]
    public void A_mount_is_taken_by_its_name_in_its_folder() => Is(
        MountPlans.Unmount(s_own, ["/a/b/c", "/a"], lazy: true, force: true, oldCalls: false),
        """
        # unmount /a
          1  $self = openat(AT_FDCWD, "/proc/self", O_RDONLY|O_CLOEXEC|O_PATH, 0)
          2  $top1 = openat(AT_FDCWD, "/", O_RDONLY|O_CLOEXEC|O_PATH, 0)
          3  $folder = openat2($top1, "/a/b", {O_PATH|O_CLOEXEC, RESOLVE_IN_ROOT|RESOLVE_NO_SYMLINKS}, 24)
          4  fchdir($folder)
          5  close($folder)
          6  umount2("c", MNT_DETACH|MNT_FORCE|UMOUNT_NOFOLLOW)
          7  $folder = openat2($top1, "/", {O_PATH|O_CLOEXEC, RESOLVE_IN_ROOT|RESOLVE_NO_SYMLINKS}, 24)
          8  fchdir($folder)
          9  close($folder)
         10  umount2("a", MNT_DETACH|MNT_FORCE|UMOUNT_NOFOLLOW)
         11  exit(0)

        """);

    [Fact]
    public void The_root_of_a_host_reaches_files_as_the_owner_of_the_user_namespace_that_it_enters()
    {
        string text = MountPlans.OpenSource(s_set with { FileUser = 1000 }, "/image", readOnly: true).ToString();
        int user = text.IndexOf("setfsuid(1000)", StringComparison.Ordinal);
        Assert.Contains("setfsgid(65534)", text, StringComparison.Ordinal);
        Assert.InRange(text.IndexOf("setgroups(0, [])", StringComparison.Ordinal), 0, user);
        Assert.InRange(text.IndexOf("setns($user", StringComparison.Ordinal), user, text.IndexOf("openat2", StringComparison.Ordinal));
    }

    [Fact]
    public void A_mount_that_was_found_is_not_looked_for_over_links() =>
        Assert.DoesNotContain("NO_MAGICLINKS", MountPlans.SetPropagation(s_own, "/m/n", MountPropagation.Private, recursive: false, oldCalls: false).ToString(), StringComparison.Ordinal);

    [Theory]
    [InlineData(MountPropagation.Private, "MS_PRIVATE")]
    [InlineData(MountPropagation.Shared, "MS_SHARED")]
    [InlineData(MountPropagation.Slave, "MS_SLAVE")]
    [InlineData(MountPropagation.Unbindable, "MS_UNBINDABLE")]
    public void Each_kind_of_propagation_is_one_call(MountPropagation kind, string shown)
    {
        string text = MountPlans.SetPropagation(s_own, "/m", kind, recursive: true, oldCalls: false).ToString();
        Assert.Contains($"mount(\"none\", \"fd/$target\", NULL, MS_REC|{shown}, NULL)", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pivot_leaves_nothing_of_the_old_root_open()
    {
        Plan plan = new("pivot");
        PivotPlans.Into(plan, "/srv/root");
        Is(plan,
            """
            # pivot
              1  mount("none", "/", NULL, MS_REC|MS_PRIVATE, NULL)
              2  mount("/srv/root", "/srv/root", NULL, MS_BIND|MS_REC, NULL)
              3  chdir("/srv/root")
              4  $old = openat(AT_FDCWD, "/", O_RDONLY|O_CLOEXEC|O_PATH|O_DIRECTORY, 0)
              5  pivot_root(".", ".")
              6  fchdir($old)
              7  mount("none", ".", NULL, MS_REC|MS_SLAVE, NULL)
              8  umount2(".", MNT_DETACH)
              9  close($old)
             10  chdir("/")

            """);
    }

    [Fact]
    public void Bytes_that_two_steps_share_lie_in_the_image_once()
    {
        Plan plan = new("x");
        PlanSlot slot = plan.Input("a");
        PlanArgument path = plan.PathOf(slot);
        plan.Call("mount", 1, "mount it", null, path);
        byte[] image = PlanImage.Compile(plan);
        Assert.Equal(1, Enumerable.Range(0, image.Length - 3).Count(at => image.AsSpan(at, 3).SequenceEqual("fd/"u8)));
    }

    private static void Is(Plan plan, string text) => Assert.Equal(text, plan.ToString());
}
