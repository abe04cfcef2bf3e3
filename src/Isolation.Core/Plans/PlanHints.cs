using Isolation.Host;
using Isolation.Interop;

namespace Isolation.Plans;

/// <summary>The cause and the next step for a refused step, where the error number alone does not say it.</summary>
internal static class PlanHints
{
    public static string? For(PlanStep step, Errno errno) => (step.Call, errno) switch
    {
        ("unshare", Errno.EPERM or Errno.EACCES) when MadeBy(step).HasFlag(NamespaceType.User) => RootlessRefusal.Explain(),
        ("unshare" or "mount" or "sethostname" or "setdomainname" or "setresuid" or "setresgid" or "write" or "ioctl", Errno.EPERM or Errno.EACCES) when RootlessRefusal.OfAppArmor() is string restricted =>
            restricted,
        ("unshare", Errno.EPERM) =>
            "Making namespaces needs CAP_SYS_ADMIN. Run as root, or add User to -Type (with -MapRootUser), which an ordinary user may do.",
        ("unshare", Errno.ENOSPC) => RootlessRefusal.OfLimit(MadeBy(step)),
        ("unshare", Errno.EUSERS) => "User namespaces are nested 32 deep at most, user_namespaces(7).",
        ("unshare", Errno.EINVAL) =>
            $"The kernel, Linux {KernelNamespaces.Release}, was built without one of these kinds of namespace, or is older than it: Time came with Linux 5.6. Leave that kind out of -Type.",
        ("write", Errno.EPERM) when step.Attempt.EndsWith("_map", System.StringComparison.Ordinal) =>
            "Mapping other ids than the own takes CAP_SETUID and CAP_SETGID in the user namespace around, where they must be mapped too, user_namespaces(7).",
        ("write", Errno.ERANGE or Errno.EINVAL) when step.Attempt.EndsWith("timens_offsets", System.StringComparison.Ordinal) =>
            "The offset would set a clock of the host below zero or beyond 146 years, time_namespaces(7).",
        ("await", _) => "The ids were not mapped: PowerShell has given up, or was ended.",
        ("write", _) when step.Attempt == Plan.JoinAttempt => ForJoin(errno),
        ("setns", Errno.EPERM) => "Entering a namespace needs CAP_SYS_ADMIN in the user namespace that owns it. Run as root, or as the namespace's owner.",
        ("execve", Errno.ENOENT) => "There is no such file inside, where the file system may be another, or the interpreter that a script's first line names is missing there. Give the program's full path.",
        ("execve", Errno.EACCES) => "The file is not executable, or it is a directory, or its file system is mounted noexec, or a directory on the way to it, or of PATH, is closed to this user.",
        ("execve", Errno.ENOEXEC) => "The file is no program, and a script must begin with #! and its interpreter.",
        ("execve", Errno.E2BIG) => "Its arguments and environment are too large together, execve(2).",
        ("chroot", Errno.EPERM) => "Changing the root needs CAP_SYS_CHROOT in the user namespace that the program is in. Run as root, or enter or make a user namespace too.",
        ("capset", Errno.EPERM) => "A capability cannot be kept that the program does not have.",
        ("prctl", Errno.EPERM) when step.Attempt.StartsWith("keep capability", System.StringComparison.Ordinal) => "A capability cannot be kept that the program does not have, or the host forbids ambient ones.",
        ("chdir", Errno.ENOENT) => "The directory was looked for inside the namespace, where the file system may be another.",
        ("setgroups", Errno.EINVAL) => $"Not all of these group ids are mapped in the user namespace: {step.Arguments[1].Text}. {MoreIds("-GroupMap")}",
        ("setresuid", Errno.EINVAL) => $"The user id {step.Arguments[0].Number} is not mapped in the user namespace. {MoreIds("-UserMap")}",
        ("setresgid", Errno.EINVAL) => $"The group id {step.Arguments[0].Number} is not mapped in the user namespace. {MoreIds("-GroupMap")}",
        ("setresuid" or "setresgid" or "setgroups", Errno.EPERM) => "Becoming another user needs CAP_SETUID and CAP_SETGID.",
        ("fork", Errno.ENOMEM) => "The pid namespace has no init any more: its PID 1 has ended, and the kernel puts no process into it again. Make another; a set is removed with Remove-Namespace first.",
        ("fork", _) => ForFork(errno),
        ("shmctl" or "semctl" or "msgctl", Errno.EPERM) or ("mq_unlink", Errno.EACCES or Errno.EPERM) =>
            "It is removed by its owner, by who made it, or by root of the user namespace that owns its ipc namespace.",
        (_, Errno.EMFILE or Errno.ENFILE or Errno.ETOOMANYREFS) => ForFork(errno),
        ("openat", Errno.EACCES) when step.Attempt.Contains("/proc/self/", System.StringComparison.Ordinal) => "The file belongs to another user; the host forbids it.",
        ("pivot_root", Errno.EINVAL) => "The present root is the kernel's first file system (an initramfs), from which it does not pivot, or it was made shared again meanwhile.",
        ("mount" or "move_mount" or "open_tree" or "mount_setattr" or "umount2" or "fsopen" or "fsconfig" or "fsmount", _) => ForMount(step.Call, errno),
        _ => null,
    };

    public static string? ForMount(string call, Errno errno) => (call, errno) switch
    {
        ("umount2", Errno.EINVAL) => "It is no mount point any more, or it is locked: what a mount namespace took over from one with more privilege stays mounted there, mount_namespaces(7).",
        (_, Errno.EPERM) when call == "mount_setattr" =>
            "Mapping ids takes CAP_SYS_ADMIN in the user namespace in which the file system was mounted. Other flags: what a less privileged mount namespace took over is locked, mount_namespaces(7).",
        (_, Errno.EPERM) =>
            "Mounting takes CAP_SYS_ADMIN in the user namespace that owns the mount namespace; a disk's file system takes root of the host, and a fresh proc or sysfs that no part of the present one is hidden. An ordinary user makes a set with User and Mount in -Type, and mounts there with -Namespace.",
        ("mount" or "fsopen", Errno.ENODEV) => "The kernel has no file system of this type, see /proc/filesystems, or its module is not there.",
        ("mount" or "fsconfig", Errno.ENOTBLK) => "A file system of this type lies on a block device.",
        ("mount" or "fsconfig", Errno.EBUSY) => "It is mounted already, in another way, or the mount point is in use. Get-MountInfo shows the mounts.",
        ("mount" or "fsconfig", Errno.EINVAL) => "The file system does not know an option, has not what it needs, or the source does not hold one of this type. The kernel's own words are in dmesg(1).",
        ("open_tree", Errno.EINVAL) => "The source lies on an unbindable mount, or on one with locked mounts below it: then bind with -Recurse.",
        ("open_tree", Errno.ENOENT) => "There is no such source. It is looked up in the caller's own tree.",
        ("mount_setattr", Errno.EINVAL) => "The file system cannot map ids, the mount maps some already, or the user namespace is the host's first one, which maps nothing.",
        ("move_mount", Errno.EINVAL) => "A folder can be mounted on a folder only, and a file on a file; and a mount can be put on no shared one that it is a copy of.",
        ("mount" or "fsconfig", Errno.EIO) => "The device, or the file that stands for one, could not be read: it is damaged, or too short to hold a file system of this type.",
        ("mount" or "move_mount", Errno.ENOTDIR) => "A folder can be bound on a folder only, and a file on a file.",
        ("mount" or "move_mount", Errno.ELOOP) => "The mount point lies below what is mounted there.",
        (_, Errno.EROFS or Errno.EACCES) => "The device or its file system cannot be written: add -ReadOnly.",
        (_, Errno.ENOSPC) => "The limit of mounts in a namespace is reached, /proc/sys/fs/mount-max.",
        _ => null,
    };

    private static string MoreIds(string parameter) => $"Make the namespace with a map that has it, {parameter} or -MapAuto, or give others with -User and -Group.";

    private static NamespaceType MadeBy(PlanStep step) => (NamespaceType)step.Arguments[0].Number;

    public static string? ForJoin(Errno errno) => errno switch
    {
        Errno.EBUSY => "Controllers are enabled for control groups inside it, so that no process may be in it itself, cgroups(7): enter one of those, or take theirs away.",
        Errno.EACCES => "Moving a process takes the right to write to cgroup.procs there and in the control group above both. Run as root, or as the user to whom it was delegated.",
        Errno.ENOENT or Errno.ENODEV => "The control group is being removed. Try again.",
        Errno.EOPNOTSUPP => "It is a threaded control group, which takes threads and no processes, cgroups(7).",
        Errno.ENOSPC => "Its cpuset has no processors or no memory nodes. Give it some: Set-CgroupLimit with -CpuSet.",
        _ => null,
    };

    public static string? ForFork(Errno errno) => errno switch
    {
        Errno.EAGAIN => "A limit of processes is reached: RLIMIT_NPROC, pids.max of a cgroup above, or /proc/sys/kernel/pid_max.",
        Errno.EMFILE or Errno.ETOOMANYREFS => "A limit of open descriptors is reached, RLIMIT_NOFILE: of this PowerShell, or of its agent, which has the same. See ulimit -n.",
        Errno.ENFILE => "The host's limit of open files is reached, /proc/sys/fs/file-max.",
        Errno.ENOMEM => "There is not enough memory for another process, or the pid namespace's PID 1 has ended.",
        _ => null,
    };
}
