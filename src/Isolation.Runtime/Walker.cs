using System.Runtime.CompilerServices;
using Isolation.Interop;
using Isolation.Plans;

namespace Isolation.Runtime;

/// <summary>What the child tells the agent, in packets of three numbers.</summary>
internal enum ReportKind
{
    /// <summary>A step failed: its number, the error number.</summary>
    Failed = 1,
    /// <summary>The plan goes on in another process, the sender: the kernel tells its pid.</summary>
    Forked = 2,
    /// <summary>A descriptor comes with this packet: its place among the outputs.</summary>
    Descriptor = 3,
    /// <summary>Every step before execve is done. The socket closes at the exec.</summary>
    Executing = 4,
    /// <summary>The plan is done; the process stays or ends well.</summary>
    Done = 5,
}

/// <summary>
/// Walks a plan in the forked child. Between the fork and the end of the walk nothing is allocated and no managed facility is used: plain loops over
/// memory that was laid out before, and system calls.
/// </summary>
internal static unsafe class Walker
{
    private const int SIG_SETMASK = 2;
    private const int CLONE_PARENT = 0x8000;
    private const long CLONE_INTO_CGROUP = 0x200000000;
    private const int O_WRONLY = 1;
    private const int SIGCHLD = 17;
    private const int SIGTERM = 15;
    private const int WNOHANG = 1;
    private const int POLLIN = 1;
    private const int MSG_PEEK = 2;
    private const int MSG_DONTWAIT = 0x40;
    private const int MSG_NOSIGNAL = 0x4000;
    private const int SOL_SOCKET = 1;
    private const int SCM_RIGHTS = 1;
    private const int CLOSE_RANGE_CLOEXEC = 4;
    private const int F_SETFD = 2;
    private const int FD_CLOEXEC = 1;
    private const int ENOENT = 2;
    private const int E2BIG = 7;
    private const int EACCES = 13;
    private const int ENOTDIR = 20;
    private const int EINVAL = 22;
    private const int ENOSYS = 38;
    private const int ECANCELED = 125;

    // The numbers are read once, in the agent: a static property's initialiser must not run in a child.
    private static readonly int s_clone = SyscallNumbers.clone;
    private static readonly int s_clone3 = SyscallNumbers.clone3;
    private static readonly int s_execve = SyscallNumbers.execve;
    private static readonly int s_exit = SyscallNumbers.exit_group;
    private static readonly int s_sendmsg = SyscallNumbers.sendmsg;
    private static readonly int s_recvfrom = SyscallNumbers.recvfrom;
    private static readonly int s_sigaction = SyscallNumbers.rt_sigaction;
    private static readonly int s_sigprocmask = SyscallNumbers.rt_sigprocmask;
    private static readonly int s_sigtimedwait = SyscallNumbers.rt_sigtimedwait;
    private static readonly int s_ppoll = SyscallNumbers.ppoll;
    private static readonly int s_wait4 = SyscallNumbers.wait4;
    private static readonly int s_fcntl = SyscallNumbers.fcntl;
    private static readonly int s_closeRange = SyscallNumbers.close_range;
    private static readonly int s_close = SyscallNumbers.close;
    private static readonly int s_openat = SyscallNumbers.openat;
    private static readonly int s_write = SyscallNumbers.write;

    /// <summary>Runs what the child may run once in the agent, so that no code of it is met for the first time after a fork.</summary>
    public static void Prepare() => RuntimeHelpers.RunClassConstructor(typeof(Walker).TypeHandle);

    /// <summary>Forks and walks the plan in the child. Returns the child's pid, or the negative error number, in the agent; never returns in the child.</summary>
    /// <param name="plan">The image, relocated, its slots and its report descriptor filled in.</param>
    public static int Start(PlanHeader* plan)
    {
        ulong all = ~0UL;
        ulong old;
        // Blocked across the fork: a handler of the runtime must not run in the child.
        _ = Native.syscall(s_sigprocmask, SIG_SETMASK, (nint)(&all), (nint)(&old), 8, 0, 0);
        bool joined = true;
        nint pid = plan->CgroupSlot < 0 ? Clone(SIGCHLD) : CloneIntoCgroup(plan, out joined);
        int error = *Native.ErrnoLocation();
        if (pid == 0)
        {
            if (!joined)
            {
                JoinCgroup(plan);
            }

            Walk(plan);
        }

        _ = Native.syscall(s_sigprocmask, SIG_SETMASK, (nint)(&old), 0, 8, 0, 0);
        return pid < 0 ? -error : (int)pid;
    }

    private static nint CloneIntoCgroup(PlanHeader* plan, out bool joined)
    {
        // struct clone_args: flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup.
        long* arguments = stackalloc long[11];
        for (int i = 0; i < 11; i++)
        {
            arguments[i] = 0;
        }

        arguments[0] = CLONE_INTO_CGROUP;
        arguments[4] = SIGCHLD;
        arguments[10] = BirthCgroup(plan);
        nint pid = Native.syscall(s_clone3, (nint)arguments, 88, 0, 0, 0, 0);
        joined = pid >= 0 || *Native.ErrnoLocation() is not (ENOSYS or E2BIG or EINVAL);
        // Before Linux 5.7: born outside, and moved by itself before it does anything else.
        return joined ? pid : Clone(SIGCHLD);
    }

    private static void JoinCgroup(PlanHeader* plan)
    {
        fixed (byte* procs = "cgroup.procs\0"u8, self = "0"u8)
        {
            nint fd = Native.syscall(s_openat, (nint)BirthCgroup(plan), (nint)procs, O_WRONLY, 0, 0, 0);
            if (fd < 0 || Native.syscall(s_write, fd, (nint)self, 1, 0, 0, 0) < 0)
            {
                Fail(plan, PlanImage.JoinStep, *Native.ErrnoLocation());
            }

            _ = Native.syscall(s_close, fd, 0, 0, 0, 0, 0);
        }
    }

    private static long BirthCgroup(PlanHeader* plan) => ((long*)((byte*)plan + plan->SlotOffset))[plan->CgroupSlot];

    private static nint Clone(int flags) => Native.syscall(s_clone, flags, 0, 0, 0, 0, 0);

    private static void Walk(PlanHeader* plan)
    {
        byte* block = (byte*)plan;
        PlanStepImage* steps = (PlanStepImage*)(block + sizeof(PlanHeader));
        long* slots = (long*)(block + plan->SlotOffset);
        long* arguments = stackalloc long[6];
        for (int i = 0; i < plan->StepCount; i++)
        {
            PlanStepImage* step = steps + i;
            for (int n = 0; n < 6; n++)
            {
                arguments[n] = (step->SlotMask & (1 << n)) != 0 ? slots[step->Arguments[n]] : step->Arguments[n];
            }

            switch ((PlanOperation)step->Operation)
            {
                case PlanOperation.Syscall:
                    nint result = Native.syscall(
                        step->Number, (nint)arguments[0], (nint)arguments[1], (nint)arguments[2], (nint)arguments[3], (nint)arguments[4], (nint)arguments[5]);
                    if (result < 0)
                    {
                        int error = *Native.ErrnoLocation();
                        if (step->Ignored != -1 && step->Ignored != error)
                        {
                            Fail(plan, i, error);
                        }
                    }
                    else if (step->Result >= 0)
                    {
                        slots[step->Result] = result;
                    }

                    break;
                case PlanOperation.Await:
                    Await(plan, i, step->Number, (int)arguments[0]);
                    break;
                case PlanOperation.Fork:
                    Fork(plan, i);
                    break;
                case PlanOperation.SendDescriptor:
                    if (Report(plan, ReportKind.Descriptor, (int)arguments[1], 0, (int)arguments[0]) < 0)
                    {
                        Fail(plan, i, *Native.ErrnoLocation());
                    }

                    break;
                case PlanOperation.ResetSignals:
                    ResetSignals();
                    break;
                case PlanOperation.RequireAgent:
                    RequireAgent(plan);
                    break;
                case PlanOperation.PutNumber:
                    PutNumber((byte*)arguments[1] + arguments[2], arguments[0], text: arguments[3] != 0);
                    break;
                case PlanOperation.SetTitle:
                    SetTitle(plan, (byte*)arguments[0]);
                    break;
                case PlanOperation.Exec:
                    Exec(plan, i, (byte**)arguments[0], (byte**)arguments[1], (byte**)arguments[2], namedByPath: arguments[3] != 0);
                    break;
                case PlanOperation.Stay:
                    _ = Report(plan, ReportKind.Done, 0, 0, -1);
                    Stay(init: arguments[0] != 0);
                    break;
                case PlanOperation.Exit:
                    _ = Report(plan, ReportKind.Done, 0, 0, -1);
                    Exit(0);
                    break;
            }
        }

        _ = Report(plan, ReportKind.Done, 0, 0, -1);
        Exit(0);
    }

    private static void Await(PlanHeader* plan, int step, int read, int socket)
    {
        byte word;
        nint length = Native.syscall(read, socket, (nint)(&word), 1, 0, 0, 0);
        if (length <= 0)
        {
            Fail(plan, step, length < 0 ? *Native.ErrnoLocation() : ECANCELED);
        }
    }

    private static void Fork(PlanHeader* plan, int step)
    {
        // CLONE_PARENT: the agent is the parent, so that it learns how the process ends, and this one can go.
        nint pid = Clone(CLONE_PARENT | SIGCHLD);
        if (pid == 0)
        {
            // Said by the new process itself, and not by the old one, which may be slower than the whole life of the new one.
            _ = Report(plan, ReportKind.Forked, 0, 0, -1);
            return;
        }

        if (pid < 0)
        {
            Fail(plan, step, *Native.ErrnoLocation());
        }

        Exit(0);
    }

    private static void Exec(PlanHeader* plan, int step, byte** paths, byte** argv, byte** environment, bool namedByPath)
    {
        // Every descriptor of the agent is closed on exec already; this is for one that a later change forgets.
        if (Native.syscall(s_closeRange, 3, unchecked((nint)uint.MaxValue), CLOSE_RANGE_CLOEXEC, 0, 0, 0) < 0)
        {
            for (int fd = 3; fd < 1024; fd++)
            {
                _ = Native.syscall(s_fcntl, fd, F_SETFD, FD_CLOEXEC, 0, 0, 0);
            }
        }

        _ = Report(plan, ReportKind.Executing, 0, 0, -1);
        int error = ENOENT;
        for (byte** path = paths; *path != null; path++)
        {
            argv[0] = namedByPath ? *path : argv[0];
            _ = Native.syscall(s_execve, (nint)(*path), (nint)argv, (nint)environment, 0, 0, 0);
            int refused = *Native.ErrnoLocation();
            if (refused is not (ENOENT or ENOTDIR))
            {
                // As in execvp(3): a file without permission is passed over, but remembered; anything else is the answer.
                error = refused;
                if (refused != EACCES)
                {
                    break;
                }
            }
        }

        Fail(plan, step, error);
    }

    /// <summary>PID 1 of a pid namespace, or the holder of a set: reaps what becomes its child, and ends when it is told to from outside.</summary>
    private static void Stay(bool init)
    {
        if (Native.syscall(s_closeRange, 0, unchecked((nint)uint.MaxValue), 0, 0, 0, 0) < 0)
        {
            for (int fd = 0; fd < 1024; fd++)
            {
                _ = Native.syscall(s_close, fd, 0, 0, 0, 0, 0);
            }
        }

        ulong all = ~0UL;
        byte* info = stackalloc byte[128];
        while (true)
        {
            while (Native.syscall(s_wait4, -1, 0, WNOHANG, 0, 0, 0) > 0)
            {
            }

            // Every signal is blocked since the fork, so this takes them one at a time. A sender outside the pid namespace has pid 0, and only that
            // one may end its init: a process inside must not be able to.
            nint signal = Native.syscall(s_sigtimedwait, (nint)(&all), (nint)info, 0, 8, 0, 0);
            if (signal == SIGTERM && (!init || *(int*)(info + 16) == 0))
            {
                Exit(0);
            }
        }
    }

    private static void ResetSignals()
    {
        // struct kernel_sigaction: handler, flags, (restorer,) mask; all zero is SIG_DFL.
        long* action = stackalloc long[4];
        for (int i = 0; i < 4; i++)
        {
            action[i] = 0;
        }

        for (int signal = 1; signal <= 64; signal++)
        {
            _ = Native.syscall(s_sigaction, signal, (nint)action, 0, 8, 0, 0);
        }

        ulong none = 0;
        _ = Native.syscall(s_sigprocmask, SIG_SETMASK, (nint)(&none), 0, 8, 0, 0);
    }

    private static void RequireAgent(PlanHeader* plan)
    {
        // struct pollfd: descriptor, wanted events, returned events. struct timespec: no time.
        int* entry = stackalloc int[2];
        entry[0] = plan->AgentDescriptor;
        entry[1] = POLLIN;
        long* time = stackalloc long[2];
        time[0] = 0;
        time[1] = 0;
        if (plan->AgentDescriptor >= 0)
        {
            // The socket would not say it: another child that is walking has its other end too.
            if (Native.syscall(s_ppoll, (nint)entry, 1, (nint)time, 0, 8, 0) > 0)
            {
                Exit(1);
            }

            return;
        }

        byte one;
        // 0 is the end of the connection: the agent's end is closed. Otherwise there is nothing to read (EAGAIN).
        if (Native.syscall(s_recvfrom, plan->ReportDescriptor, (nint)(&one), 1, MSG_PEEK | MSG_DONTWAIT, 0, 0) == 0)
        {
            Exit(1);
        }
    }

    private static void SetTitle(PlanHeader* plan, byte* title)
    {
        byte* to = (byte*)plan->TitleAddress;
        for (long i = 0; i < plan->TitleLength; i++)
        {
            to[i] = *title == 0 ? (byte)0 : *title++;
        }
    }

    private static void PutNumber(byte* to, long number, bool text)
    {
        if (!text)
        {
            *(long*)to = number;
            return;
        }

        // A descriptor: ten digits at most, and room for them and a NUL.
        int digits = 1;
        for (long rest = number; rest >= 10; rest /= 10)
        {
            digits++;
        }

        to[digits] = 0;
        while (digits > 0)
        {
            to[--digits] = (byte)('0' + (number % 10));
            number /= 10;
        }
    }

    private static nint Report(PlanHeader* plan, ReportKind kind, int value, int error, int descriptor)
    {
        int* packet = stackalloc int[3];
        packet[0] = (int)kind;
        packet[1] = value;
        packet[2] = error;
        long* vector = stackalloc long[2];
        vector[0] = (long)packet;
        vector[1] = 12;
        // struct msghdr: name, name length, vector, vector length, control, control length, flags.
        long* header = stackalloc long[7];
        for (int i = 0; i < 7; i++)
        {
            header[i] = 0;
        }

        header[2] = (long)vector;
        header[3] = 1;
        long* control = stackalloc long[3];
        if (descriptor >= 0)
        {
            control[0] = 20;
            *(int*)(control + 1) = SOL_SOCKET;
            *((int*)(control + 1) + 1) = SCM_RIGHTS;
            control[2] = 0;
            *(int*)(control + 2) = descriptor;
            header[4] = (long)control;
            header[5] = 24;
        }

        return Native.syscall(s_sendmsg, plan->ReportDescriptor, (nint)header, MSG_NOSIGNAL, 0, 0, 0);
    }

    private static void Fail(PlanHeader* plan, int step, int error)
    {
        _ = Report(plan, ReportKind.Failed, step, error, -1);
        Exit(127);
    }

    private static void Exit(int code)
    {
        while (true)
        {
            _ = Native.syscall(s_exit, code, 0, 0, 0, 0, 0);
        }
    }
}
