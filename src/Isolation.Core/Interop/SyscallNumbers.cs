using System.Runtime.InteropServices;

namespace Isolation.Interop;

/// <summary>
/// Numbers of the system calls that are made by number, for x64 and arm64 (<c>asm/unistd_64.h</c>, <c>asm-generic/unistd.h</c>). From 424 on they are
/// the same on both.
/// </summary>
internal static class SyscallNumbers
{
    private static readonly bool s_arm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    public static int read => s_arm ? 63 : 0;

    public static int write => s_arm ? 64 : 1;

    public static int close => s_arm ? 57 : 3;

    public static int openat => s_arm ? 56 : 257;

    public static int ioctl => s_arm ? 29 : 16;

    public static int getdents64 => s_arm ? 61 : 217;

    public static int socket => s_arm ? 198 : 41;

    public static int sendmsg => s_arm ? 211 : 46;

    public static int recvfrom => s_arm ? 207 : 45;

    public static int clone => s_arm ? 220 : 56;

    public static int execve => s_arm ? 221 : 59;

    public static int exit_group => s_arm ? 94 : 231;

    public static int wait4 => s_arm ? 260 : 61;

    public static int kill => s_arm ? 129 : 62;

    public static int fcntl => s_arm ? 25 : 72;

    public static int chdir => s_arm ? 49 : 80;

    public static int fchown => s_arm ? 55 : 93;

    public static int fchdir => s_arm ? 50 : 81;

    public static int chroot => s_arm ? 51 : 161;

    public static int capset => s_arm ? 91 : 126;

    public static int umask => s_arm ? 166 : 95;

    public static int getpriority => s_arm ? 141 : 140;

    public static int setpriority => s_arm ? 140 : 141;

    public static int ioprio_set => s_arm ? 30 : 251;

    public static int ioprio_get => s_arm ? 31 : 252;

    public static int getppid => s_arm ? 173 : 110;

    public static int setsid => s_arm ? 157 : 112;

    public static int setpgid => s_arm ? 154 : 109;

    public static int setgroups => s_arm ? 159 : 116;

    public static int setresuid => s_arm ? 147 : 117;

    public static int setresgid => s_arm ? 149 : 119;

    public static int setfsgid => s_arm ? 152 : 123;

    public static int setfsuid => s_arm ? 151 : 122;

    public static int bpf => s_arm ? 280 : 321;

    public static int prctl => s_arm ? 167 : 157;

    public static int mount => s_arm ? 40 : 165;

    public static int pivot_root => s_arm ? 41 : 155;

    public static int umount2 => s_arm ? 39 : 166;

    public static int sethostname => s_arm ? 161 : 170;

    public static int setdomainname => s_arm ? 162 : 171;

    public static int unshare => s_arm ? 97 : 272;

    public static int setns => s_arm ? 268 : 308;

    public static int dup3 => s_arm ? 24 : 292;

    public static int shmctl => s_arm ? 195 : 31;

    public static int semctl => s_arm ? 191 : 66;

    public static int msgctl => s_arm ? 187 : 71;

    public static int mq_open => s_arm ? 180 : 240;

    public static int mq_unlink => s_arm ? 181 : 241;

    public static int mq_getsetattr => s_arm ? 185 : 245;

    public static int statx => s_arm ? 291 : 332;

    public static int rt_sigaction => s_arm ? 134 : 13;

    public static int rt_sigprocmask => s_arm ? 135 : 14;

    public static int rt_sigtimedwait => s_arm ? 137 : 128;

    public static int ppoll => s_arm ? 73 : 271;

    public static int memfd_create => s_arm ? 279 : 319;

    public static int pidfd_send_signal => 424;

    public static int open_tree => 428;

    public static int move_mount => 429;

    public static int fsopen => 430;

    public static int fsconfig => 431;

    public static int fsmount => 432;

    public static int pidfd_open => 434;

    public static int clone3 => 435;

    public static int close_range => 436;

    public static int openat2 => 437;

    public static int pidfd_getfd => 438;

    public static int mount_setattr => 442;
}
