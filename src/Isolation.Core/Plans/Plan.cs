using System;
using System.Collections.Generic;
using System.Text;
using Isolation.Interop;
using Isolation.Processes;

namespace Isolation.Plans;

/// <summary>
/// A list of system calls with all their arguments, made before a process is forked and walked by the child, which allocates nothing. A plan is data:
/// it is printed, tested as text, and laid out in memory by <see cref="PlanImage"/>.
/// </summary>
internal sealed class Plan
{
    /// <summary>What is tried where a process comes into its control group.</summary>
    public const string JoinAttempt = "join the control group";

    private readonly List<PlanStep> _steps = [];
    private readonly List<PlanSlot> _slots = [];
    private PlanSlot? _proc;

    public Plan(string title) => Title = title;

    /// <summary>What the plan is for, such as <c>make namespace set 'web'</c>.</summary>
    public string Title { get; }

    public IReadOnlyList<PlanStep> Steps => _steps;

    public IReadOnlyList<PlanSlot> Slots => _slots;

    /// <summary>How many slots hold descriptors that the caller passes with the plan; they are the first ones.</summary>
    public int Inputs { get; private set; }

    /// <summary>Names of the descriptors that the plan sends back, in their order.</summary>
    public List<string> Outputs { get; } = [];

    /// <summary>The slot of a cgroup v2 directory into which the child is born (<c>CLONE_INTO_CGROUP</c>, Linux 5.7), where the plan asks for one.</summary>
    public PlanSlot? BirthCgroup { get; set; }

    /// <summary>A slot that holds a descriptor passed with the plan. All inputs come before any other slot.</summary>
    public PlanSlot Input(string name)
    {
        if (Inputs != _slots.Count)
        {
            throw new InvalidOperationException("Inputs come first: the agent fills the first slots.");
        }

        Inputs++;
        return NewSlot(name);
    }

    public PlanSlot NewSlot(string name)
    {
        PlanSlot slot = new(_slots.Count, name);
        _slots.Add(slot);
        return slot;
    }

    public void Unshare(NamespaceType types) =>
        Call("unshare", SyscallNumbers.unshare, $"make new namespaces ({types})", Flags(types));

    public void SetNs(PlanSlot ns, NamespaceType type, string owner) =>
        Call("setns", SyscallNumbers.setns, EnterAttempt(type, owner), PlanArgument.Slot(ns), Flags(type));

    /// <summary>What is tried where a namespace is entered.</summary>
    public static string EnterAttempt(NamespaceType type, string owner) => $"enter the {type.ProcName()} namespace of {owner}";

    public void Mount(string source, string target, string? type, MountFlags flags, string? data = null, Errno ignored = Errno.None) =>
        Add(
            PlanOperation.Syscall,
            "mount",
            SyscallNumbers.mount,
            type is null ? $"change the mount {target}" : $"mount {type} on {target}",
            null,
            (int)ignored,
            PlanArgument.String(source),
            PlanArgument.String(target),
            PlanArgument.String(type),
            PlanArgument.Value((long)flags, PlanFlags.Show(flags)),
            PlanArgument.String(data));

    public void UnmountIfMounted(string target) =>
        Add(PlanOperation.Syscall, "umount2", SyscallNumbers.umount2, $"unmount {target}", null, (int)Errno.EINVAL,
            PlanArgument.String(target), PlanArgument.Value(Sys.DetachMount | Sys.NoFollowMount, "MNT_DETACH|UMOUNT_NOFOLLOW"));

    public void SetHostName(string name) =>
        Call("sethostname", SyscallNumbers.sethostname, $"set the host name '{name}'", PlanArgument.String(name), PlanArgument.Value(Encoding.UTF8.GetByteCount(name)));

    public void SetDomainName(string name) =>
        Call("setdomainname", SyscallNumbers.setdomainname, $"set the domain name '{name}'", PlanArgument.String(name), PlanArgument.Value(Encoding.UTF8.GetByteCount(name)));

    /// <summary>Writes a value to a file of /proc: open, one write, close.</summary>
    public void WriteFile(string path, string value)
    {
        PlanSlot file = NewSlot("file" + _slots.Count);
        Open(path, OpenFlags.WriteOnly, file);
        WriteAndClose(file, value, $"write '{value}' to {path}");
    }

    public void Write(PlanSlot file, string value, string attempt) =>
        Call("write", SyscallNumbers.write, attempt, PlanArgument.Slot(file), PlanArgument.String(value), PlanArgument.Value(Encoding.UTF8.GetByteCount(value)));

    public void Open(string path, OpenFlags flags, PlanSlot result)
    {
        const string proc = "/proc/";
        bool below = _proc is not null && path.StartsWith(proc, StringComparison.Ordinal);
        Add(PlanOperation.Syscall, "openat", SyscallNumbers.openat, $"open {path}", result, 0,
            below ? PlanArgument.Slot(_proc!.Value) : PlanArgument.Value(-100, "AT_FDCWD"),
            PlanArgument.String(below ? path[proc.Length..] : path),
            PlanArgument.Value((flags | OpenFlags.CloseOnExec).Native(), PlanFlags.Show(flags | OpenFlags.CloseOnExec)),
            PlanArgument.Value(0));
    }

    /// <summary>Goes on with the <c>/proc</c> that is there now, also after the mount namespace is another.</summary>
    public void UseProc()
    {
        PlanSlot proc = NewSlot("proc");
        Open("/proc", OpenFlags.Path, proc);
        _proc = proc;
    }

    /// <summary>Opens a file of a directory that is open.</summary>
    public void OpenIn(PlanSlot directory, string name, OpenFlags flags, PlanSlot result) =>
        Add(PlanOperation.Syscall, "openat", SyscallNumbers.openat, $"open {name} of ${directory.Name}", result, 0,
            PlanArgument.Slot(directory),
            PlanArgument.String(name),
            PlanArgument.Value((flags | OpenFlags.CloseOnExec).Native(), PlanFlags.Show(flags | OpenFlags.CloseOnExec)),
            PlanArgument.Value(0));

    public void Close(PlanSlot slot) => Call("close", SyscallNumbers.close, $"close ${slot.Name}", PlanArgument.Slot(slot));

    /// <summary>Equivalent to <c>ip link set lo up</c>: a new network namespace has its loopback link down.</summary>
    public void LoopbackUp()
    {
        const int AF_INET = 2, SOCK_DGRAM = 2, SIOCSIFFLAGS = 0x8914, IFF_UP = 1, IFF_RUNNING = 0x40;
        PlanSlot socket = NewSlot("socket");
        Add(PlanOperation.Syscall, "socket", SyscallNumbers.socket, "open a socket for the loopback link", socket, 0,
            PlanArgument.Value(AF_INET, "AF_INET"),
            PlanArgument.Value(SOCK_DGRAM | (long)OpenFlags.CloseOnExec, "SOCK_DGRAM|SOCK_CLOEXEC"),
            PlanArgument.Value(0));
        byte[] request = new byte[40];
        "lo"u8.CopyTo(request);
        BitConverter.TryWriteBytes(request.AsSpan(16), (short)(IFF_UP | IFF_RUNNING));
        Call("ioctl", SyscallNumbers.ioctl, "bring the loopback link up",
            PlanArgument.Slot(socket), PlanArgument.Value(SIOCSIFFLAGS, "SIOCSIFFLAGS"), PlanArgument.Buffer(request, "{lo, IFF_UP|IFF_RUNNING}"));
        Close(socket);
    }

    /// <summary>Opens a netlink(7) socket, which stays one of the network namespace that it is opened in.</summary>
    public PlanSlot OpenNetlink(int protocol)
    {
        const int AF_NETLINK = 16, SOCK_RAW = 3;
        PlanSlot socket = NewSlot("netlink");
        Add(PlanOperation.Syscall, "socket", SyscallNumbers.socket, "open a netlink socket", socket, 0,
            PlanArgument.Value(AF_NETLINK, "AF_NETLINK"),
            PlanArgument.Value(SOCK_RAW | (long)OpenFlags.CloseOnExec, "SOCK_RAW|SOCK_CLOEXEC"),
            PlanArgument.Value(protocol));
        return socket;
    }

    public void SetSession() => Call("setsid", SyscallNumbers.setsid, "start a session");

    /// <summary>Makes a terminal the one of the session that was just started, ioctl_tty(2) <c>TIOCSCTTY</c>.</summary>
    public void TakeTerminal(PlanSlot terminal)
    {
        const int TIOCSCTTY = 0x540E;
        Call("ioctl", SyscallNumbers.ioctl, "take the terminal", PlanArgument.Slot(terminal), PlanArgument.Value(TIOCSCTTY, "TIOCSCTTY"), PlanArgument.Value(0));
    }

    /// <summary>Gives a file to a user, fchown(2), where the namespaces allow it.</summary>
    public void ChangeOwner(PlanSlot file, uint uid) =>
        Add(PlanOperation.Syscall, "fchown", SyscallNumbers.fchown, $"give ${file.Name} to user {uid}", null, -1,
            PlanArgument.Slot(file), PlanArgument.Value(uid), PlanArgument.Value(-1));

    /// <summary>Equivalent to prctl(2) <c>PR_SET_PDEATHSIG</c>. A change of credentials clears it, so it comes after those.</summary>
    public void DieWithAgent()
    {
        const int PR_SET_PDEATHSIG = 1;
        Call("prctl", SyscallNumbers.prctl, "end with the agent", PlanArgument.Value(PR_SET_PDEATHSIG, "PR_SET_PDEATHSIG"), PlanArgument.Value(Sys.SIGKILL, "SIGKILL"));
        RequireAgent();
    }

    /// <summary>Ends the process where the agent has ended: nobody knows of it then.</summary>
    public void RequireAgent() => Add(PlanOperation.RequireAgent, "require-agent", 0, "find the agent alive", null, 0);

    /// <summary>Equivalent to prctl(2) <c>PR_SET_NAME</c>: the name in <c>/proc/PID/comm</c>, 15 bytes.</summary>
    public void SetName(string name)
    {
        const int PR_SET_NAME = 15;
        Call("prctl", SyscallNumbers.prctl, $"take the name '{name}'", PlanArgument.Value(PR_SET_NAME, "PR_SET_NAME"), PlanArgument.String(name));
    }

    /// <summary>Makes the own <c>/proc/PID</c> files belong to the process' user, which a change of credentials took away, prctl(2) <c>PR_SET_DUMPABLE</c>.</summary>
    /// <param name="isOn">Otherwise they, and the memory, are closed to the process' user.</param>
    public void SetDumpable(bool isOn = true)
    {
        const int PR_SET_DUMPABLE = 4;
        Call("prctl", SyscallNumbers.prctl, isOn ? "keep /proc/self readable" : "close the memory to others", PlanArgument.Value(PR_SET_DUMPABLE, "PR_SET_DUMPABLE"), PlanArgument.Value(isOn ? 1 : 0));
    }

    public void SetGroups(IReadOnlyList<uint> groups, bool mayFail)
    {
        byte[] list = new byte[Math.Max(4, groups.Count * 4)];
        for (int i = 0; i < groups.Count; i++)
        {
            BitConverter.TryWriteBytes(list.AsSpan(i * 4), groups[i]);
        }

        // A user namespace whose setgroups file says deny refuses the call with EPERM, user_namespaces(7).
        Add(PlanOperation.Syscall, "setgroups", SyscallNumbers.setgroups, "set the supplementary groups", null, mayFail ? (int)Errno.EPERM : 0,
            PlanArgument.Value(groups.Count), PlanArgument.Buffer(list, $"[{string.Join(' ', groups)}]"));
    }

    /// <summary>Becomes root of the user namespace, where it has one; otherwise stays the user whom it does not know, as with nsenter(1).</summary>
    public void BecomeRoot()
    {
        SetGroups([], mayFail: true);
        SetGroup(0, mayFail: true);
        SetUser(0, mayFail: true);
    }

    public void SetGroup(uint gid, bool mayFail) =>
        Add(PlanOperation.Syscall, "setresgid", SyscallNumbers.setresgid, $"become group {gid}", null, mayFail ? (int)Errno.EINVAL : 0,
            PlanArgument.Value(gid), PlanArgument.Value(gid), PlanArgument.Value(gid));

    public void SetUser(uint uid, bool mayFail) =>
        Add(PlanOperation.Syscall, "setresuid", SyscallNumbers.setresuid, $"become user {uid}", null, mayFail ? (int)Errno.EINVAL : 0,
            PlanArgument.Value(uid), PlanArgument.Value(uid), PlanArgument.Value(uid));

    /// <summary>Reaches files as another user and as nobody's group, setfsuid(2), until root inside is taken. Rights over namespaces stay.</summary>
    public void SetFileUser(uint uid)
    {
        Call("setfsgid", SyscallNumbers.setfsgid, "reach files as no group", PlanArgument.Value(Sys.Nobody));
        Call("setfsuid", SyscallNumbers.setfsuid, $"reach files as user {uid}", PlanArgument.Value(uid));
    }

    public void ChangeDirectory(string path, bool mayFail) =>
        Add(PlanOperation.Syscall, "chdir", SyscallNumbers.chdir, $"change to the directory {path}", null, mayFail ? -1 : 0, PlanArgument.String(path));

    public void ChangeDirectory(PlanSlot directory, string what) =>
        Call("fchdir", SyscallNumbers.fchdir, $"change to {what}", PlanArgument.Slot(directory));

    /// <summary>Equivalent to chroot(2).</summary>
    public void ChangeRoot(string path) => Call("chroot", SyscallNumbers.chroot, "change the root", PlanArgument.String(path));

    /// <summary>Keeps the permitted capabilities over a change of the user, prctl(2) <c>PR_SET_KEEPCAPS</c>.</summary>
    public void KeepPermitted()
    {
        const int PR_SET_KEEPCAPS = 8;
        Call("prctl", SyscallNumbers.prctl, "keep the capabilities", PlanArgument.Value(PR_SET_KEEPCAPS, "PR_SET_KEEPCAPS"), PlanArgument.Value(1));
    }

    /// <summary>Keeps capabilities over execve(2): inheritable and ambient, capabilities(7).</summary>
    /// <param name="capabilities">Those that are permitted now, a bit each.</param>
    public void KeepCapabilities(ulong capabilities)
    {
        const uint _LINUX_CAPABILITY_VERSION_3 = 0x20080522;
        const int PR_CAP_AMBIENT = 47, PR_CAP_AMBIENT_RAISE = 2;
        byte[] header = new byte[8];
        BitConverter.TryWriteBytes(header, _LINUX_CAPABILITY_VERSION_3);

        // struct cap_user_data twice, the low halves first: effective, permitted, inheritable.
        byte[] data = new byte[24];
        for (int half = 0; half < 2; half++)
        {
            for (int set = 0; set < 3; set++)
            {
                BitConverter.TryWriteBytes(data.AsSpan((half * 12) + (set * 4)), (uint)(capabilities >> (32 * half)));
            }
        }

        Call("capset", SyscallNumbers.capset, "keep the capabilities",
            PlanArgument.Buffer(header, "{_LINUX_CAPABILITY_VERSION_3, 0}"), PlanArgument.Buffer(data, $"{{effective=permitted=inheritable=0x{capabilities:x}}}"));
        for (int capability = 0; capability < 64; capability++)
        {
            if ((capabilities & (1UL << capability)) != 0)
            {
                Call("prctl", SyscallNumbers.prctl, $"keep capability {capability}",
                    PlanArgument.Value(PR_CAP_AMBIENT, "PR_CAP_AMBIENT"), PlanArgument.Value(PR_CAP_AMBIENT_RAISE, "PR_CAP_AMBIENT_RAISE"),
                    PlanArgument.Value(capability), PlanArgument.Value(0), PlanArgument.Value(0));
            }
        }
    }

    public void Duplicate(PlanSlot from, int to) =>
        Call("dup3", SyscallNumbers.dup3, $"pass ${from.Name} as descriptor {to}", PlanArgument.Slot(from), PlanArgument.Value(to), PlanArgument.Value(0));

    public void Fork() => Add(PlanOperation.Fork, "fork", SyscallNumbers.clone, "start the process", null, 0, PlanArgument.Value(0, "CLONE_PARENT|SIGCHLD"));

    public void Send(PlanSlot slot)
    {
        Add(PlanOperation.SendDescriptor, "send", SyscallNumbers.sendmsg, $"hand over ${slot.Name}", null, 0, PlanArgument.Slot(slot), PlanArgument.Value(Outputs.Count));
        Outputs.Add(slot.Name);
    }

    /// <summary>Says over a socket that this process has come so far, and waits there for a word from whoever is to do something meanwhile.</summary>
    public void Await(PlanSlot socket, string what)
    {
        Call("write", SyscallNumbers.write, $"ask for {what}", PlanArgument.Slot(socket), PlanArgument.String("?"), PlanArgument.Value(1));
        Add(PlanOperation.Await, "await", SyscallNumbers.read, $"wait for {what}", null, 0, PlanArgument.Slot(socket));
    }

    public void ResetSignals() => Add(PlanOperation.ResetSignals, "reset-signals", 0, "reset the signals", null, 0);

    public void SetTitle(string title) => Add(PlanOperation.SetTitle, "set-title", 0, "show a name", null, 0, PlanArgument.String(title));

    /// <summary>Becomes the program; the last step.</summary>
    /// <param name="paths">Where it is looked for, in order.</param>
    /// <param name="arguments">Its arguments, its own name first.</param>
    /// <param name="environment">Its environment, <c>NAME=value</c>.</param>
    /// <param name="namedByPath">Its own name is the path where it was found.</param>
    public void Exec(IReadOnlyList<string> paths, IReadOnlyList<string> arguments, IReadOnlyList<string> environment, bool namedByPath = false)
    {
        List<PlanArgument> all =
        [
            PlanArgument.List(paths, string.Join(':', paths)),
            PlanArgument.List(arguments, ShowList(arguments)),
            PlanArgument.List(environment, $"/* {environment.Count} variables */"),
        ];
        if (namedByPath)
        {
            all.Add(PlanArgument.Value(1, "/* its path is its name */"));
        }

        Add(PlanOperation.Exec, "execve", SyscallNumbers.execve, $"run {arguments[0]}", null, 0, [.. all]);
    }

    /// <summary>Stays as the holder of a set; <paramref name="init"/> says that it is PID 1 of a pid namespace.</summary>
    public void Stay(bool init) => Add(PlanOperation.Stay, "stay", 0, "stay", null, 0, PlanArgument.Value(init ? 1 : 0, init ? "init" : "holder"));

    /// <summary>Opens <c>/proc/self</c> of the host, through which descriptors have a path in any root: see <see cref="PathOf"/>.</summary>
    public PlanSlot OpenSelf()
    {
        PlanSlot self = NewSlot("self");
        Open("/proc/self", OpenFlags.Path, self);
        return self;
    }

    /// <summary>
    /// A path that means an open file, for calls that take no descriptor: <c>fd/N</c>, good while the working directory is what <see cref="OpenSelf"/>
    /// opened. The number is known only when the plan is walked, and put in by a step.
    /// </summary>
    public PlanArgument PathOf(PlanSlot slot)
    {
        byte[] path = new byte[16];
        "fd/"u8.CopyTo(path);
        PlanArgument argument = PlanArgument.Buffer(path, $"\"fd/${slot.Name}\"");
        Add(PlanOperation.PutNumber, "put-number", 0, $"name ${slot.Name}", null, 0, PlanArgument.Slot(slot), argument, PlanArgument.Value(3), PlanArgument.Value(1, "text"));
        return argument;
    }

    /// <summary>Has a slot's number put into bytes that are an argument of a later step, as 8 bytes at an offset.</summary>
    public void PutNumber(PlanSlot slot, PlanArgument buffer, int offset) =>
        Add(PlanOperation.PutNumber, "put-number", 0, $"pass ${slot.Name}", null, 0, PlanArgument.Slot(slot), buffer, PlanArgument.Value(offset), PlanArgument.Value(0, "number"));

    public void ChangeDirectory(PlanSlot folder) => Call("fchdir", SyscallNumbers.fchdir, $"change to ${folder.Name}", PlanArgument.Slot(folder));

    /// <summary>Opens a file below an open folder, openat(2).</summary>
    public void OpenAt(PlanSlot folder, string path, OpenFlags flags, PlanSlot result, string attempt) =>
        Add(PlanOperation.Syscall, "openat", SyscallNumbers.openat, attempt, result, 0,
            PlanArgument.Slot(folder),
            PlanArgument.String(path),
            PlanArgument.Value((flags | OpenFlags.CloseOnExec).Native(), PlanFlags.Show(flags | OpenFlags.CloseOnExec)),
            PlanArgument.Value(0));

    /// <summary>Any one system call, for plans that have calls of their own.</summary>
    public void Call(string call, int number, string attempt, PlanSlot? result, params PlanArgument[] arguments) =>
        Add(PlanOperation.Syscall, call, number, attempt, result, 0, arguments);

    /// <summary>Removes a System V shared memory segment, shmctl(2) <c>IPC_RMID</c>.</summary>
    public void RemoveSharedMemory(int id) =>
        Call("shmctl", SyscallNumbers.shmctl, $"remove shared memory {id}", PlanArgument.Value(id), PlanArgument.Value(0, "IPC_RMID"), PlanArgument.Value(0, "NULL"));

    /// <summary>Removes a System V semaphore set, semctl(2) <c>IPC_RMID</c>.</summary>
    public void RemoveSemaphores(int id) =>
        Call("semctl", SyscallNumbers.semctl, $"remove semaphores {id}", PlanArgument.Value(id), PlanArgument.Value(0), PlanArgument.Value(0, "IPC_RMID"));

    /// <summary>Removes a System V message queue, msgctl(2) <c>IPC_RMID</c>.</summary>
    public void RemoveMessageQueue(int id) =>
        Call("msgctl", SyscallNumbers.msgctl, $"remove message queue {id}", PlanArgument.Value(id), PlanArgument.Value(0, "IPC_RMID"), PlanArgument.Value(0, "NULL"));

    /// <summary>Removes a POSIX message queue, mq_unlink(3); the system call takes the name without its slash.</summary>
    public void RemovePosixQueue(string name) =>
        Call("mq_unlink", SyscallNumbers.mq_unlink, $"remove POSIX message queue {KernelText.Plain(name)}", PlanArgument.String(name.TrimStart('/')));

    /// <summary>One system call for the sake of its refusal.</summary>
    public void Probe(string call, int number, params PlanArgument[] arguments) => Call(call, number, $"ask for {call}", arguments);

    public void Exit() => Add(PlanOperation.Exit, "exit", SyscallNumbers.exit_group, "end", null, 0, PlanArgument.Value(0));

    /// <summary>The plan as text, a line a step, as -Debug prints it and the tests compare it.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        text.Append("# ").Append(Title).Append('\n');
        for (int i = 0; i < _steps.Count; i++)
        {
            text.Append($"{i + 1,3}  ").Append(_steps[i]).Append('\n');
        }

        return text.ToString();
    }

    private static PlanArgument Flags(NamespaceType types) => PlanArgument.Value((long)types, PlanFlags.Show(types));

    private static string ShowList(IReadOnlyList<string> items)
    {
        StringBuilder text = new("[");
        for (int i = 0; i < items.Count; i++)
        {
            text.Append(i == 0 ? "" : ", ").Append(PlanArgument.Quote(items[i]));
        }

        return text.Append(']').ToString();
    }

    private void WriteAndClose(PlanSlot file, string value, string attempt)
    {
        Write(file, value, attempt);
        Close(file);
    }

    private void Call(string call, int number, string attempt, params PlanArgument[] arguments) =>
        Add(PlanOperation.Syscall, call, number, attempt, null, 0, arguments);

    private void Add(PlanOperation operation, string call, int number, string attempt, PlanSlot? result, int ignored, params PlanArgument[] arguments) =>
        _steps.Add(new PlanStep(operation, call, number, arguments, result, ignored, attempt));
}
