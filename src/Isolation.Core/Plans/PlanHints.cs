using Isolation.Interop;

namespace Isolation.Plans;

/// <summary>The cause and the next step for a refused step, where the error number alone does not say it.</summary>
internal static class PlanHints
{
    public static string? For(PlanStep step, Errno errno) => (step.Call, errno) switch
    {
        ("unshare", Errno.EPERM) =>
            "Making namespaces needs CAP_SYS_ADMIN. Run as root, or add User to -Type (with -MapRootUser), which an ordinary user may do.",
        ("unshare", Errno.ENOSPC) => "A limit of /proc/sys/user/max_*_namespaces is reached, user_namespaces(7).",
        ("unshare", Errno.EUSERS) => "User namespaces are nested 32 deep at most, user_namespaces(7).",
        ("unshare", Errno.EINVAL) => "The kernel was built without one of these kinds of namespace.",
        ("setns", Errno.EPERM) => "Entering a namespace needs CAP_SYS_ADMIN in the user namespace that owns it. Run as root, or as the namespace's owner.",
        ("execve", Errno.ENOENT) => "There is no such file inside, where the file system may be another, or the interpreter that a script's first line names is missing there. Give the program's full path.",
        ("execve", Errno.EACCES) => "The file is not executable, or it is a directory, or its file system is mounted noexec.",
        ("execve", Errno.ENOEXEC) => "The file is no program, and a script must begin with #! and its interpreter.",
        ("execve", Errno.E2BIG) => "Its arguments and environment are too large together, execve(2).",
        ("chdir", Errno.ENOENT) => "The directory was looked for inside the namespace, where the file system may be another.",
        ("setresuid" or "setresgid", Errno.EINVAL) => "The id is not mapped in the user namespace.",
        ("setresuid" or "setresgid" or "setgroups", Errno.EPERM) => "Becoming another user needs CAP_SETUID and CAP_SETGID.",
        ("fork", Errno.ENOMEM) => "The pid namespace has no init any more: its PID 1 has ended. Remove the set and make it again.",
        ("fork", _) => ForFork(errno),
        ("openat", Errno.EACCES) when step.Attempt.Contains("/proc/self/", System.StringComparison.Ordinal) => "The file belongs to another user; the host forbids it.",
        _ => null,
    };

    public static string? ForFork(Errno errno) => errno switch
    {
        Errno.EAGAIN => "A limit of processes is reached: RLIMIT_NPROC, pids.max of a cgroup above, or /proc/sys/kernel/pid_max.",
        Errno.ENOMEM => "There is not enough memory for another process, or the pid namespace's PID 1 has ended.",
        _ => null,
    };
}
