using System;
using System.Collections.Generic;
using Isolation.Interop;
using Isolation.Plans;
using Isolation.State;
using Isolation.Users;

namespace Isolation.Entry;

/// <summary>Namespaces that are open and can be entered: those of a set, of a process, or a single one.</summary>
internal sealed class NamespaceTarget : IDisposable
{
    private readonly Dictionary<NamespaceType, Descriptor> _open = [];
    private readonly List<NamespaceSet> _sets = [];

    private NamespaceTarget(string description) => Description = description;

    /// <summary>What it is, for titles and errors: <c>set 'web'</c>, <c>process 42</c>.</summary>
    public string Description { get; private set; }

    /// <summary>The sets that it is of; none for others. A program is put into the control group of the first.</summary>
    public IReadOnlyList<NamespaceSet> Sets => _sets;

    /// <summary>The process that it is of, as it was when its namespaces were opened; null for others.</summary>
    public ProcessIdentity? Process { get; private set; }

    /// <summary>The kinds that are open.</summary>
    public NamespaceType Types { get; private set; }

    /// <summary>The set whose pid namespace is made with the program that is started, which is its PID 1; null mostly.</summary>
    public NamespaceSet? NeedsPid1 { get; private set; }

    /// <summary>
    /// The kinds that are entered before the user namespace: those that neither it owns nor one inside it. Over them it gives no rights, and those
    /// that the caller has are lost with it. nsenter(1) finds out by trying; here the kernel is asked for the owners.
    /// </summary>
    public NamespaceType BeforeUser
    {
        get
        {
            NamespaceType before = NamespaceType.None;
            if (_open.TryGetValue(NamespaceType.User, out Descriptor? user))
            {
                ulong id = Sys.Status(user).Inode;
                foreach ((NamespaceType type, Descriptor descriptor) in _open)
                {
                    before |= type == NamespaceType.User || NamespaceOwner.IsWithin(descriptor, id) ? NamespaceType.None : type;
                }
            }

            return before;
        }
    }

    /// <summary>
    /// The user namespace that is entered before all else; null for none. Without privilege the rights over what is entered before the user namespace are had
    /// within those around it, and in the outermost of these over all that is inside. The caller closes it.
    /// </summary>
    public Descriptor? OpenOuterUser()
    {
        NamespaceType before = Sys.HasSystemAdministration ? NamespaceType.None : BeforeUser;
        if (before == NamespaceType.None || !Sys.TryStatus("/proc/self/ns/user", out FileStatus own))
        {
            return null;
        }

        Descriptor? outer = NamespaceOwner.OutermostAround(_open[NamespaceType.User], own.Inode);
        try
        {
            foreach (NamespaceType type in NamespaceTypes.All)
            {
                if (outer is not null && before.HasFlag(type) && NamespaceOwner.IsWithin(_open[type], Sys.Status(outer).Inode))
                {
                    (Descriptor found, outer) = (outer, null);
                    return found;
                }
            }

            return null;
        }
        finally
        {
            outer?.Dispose();
        }
    }

    /// <summary>The descriptor of one kind.</summary>
    public Descriptor this[NamespaceType type] => _open[type];

    /// <summary>Nothing yet: for a program that is run in new namespaces.</summary>
    public static NamespaceTarget Nothing(string description) => new(description);

    /// <summary>A set's namespaces.</summary>
    /// <exception cref="IsolationException"><c>NamespaceSetBroken</c>, <c>NamespaceTypeNotInSet</c>.</exception>
    public static NamespaceTarget Of(NamespaceSet set, NamespaceType wanted)
    {
        // What the caller holds may be older than what happened since.
        set = NamespaceStore.Current.Get(set.Name);
        if (set.State != NamespaceSetState.Ready)
        {
            throw Broken(set);
        }

        NamespaceType has = set.Type;
        foreach (NamespaceKey key in set.Joined)
        {
            has |= key.Type;
        }

        NamespaceType missing = wanted & ~has;
        if (missing != NamespaceType.None && wanted != NamespaceTypes.Every)
        {
            throw new IsolationException(
                "NamespaceTypeNotInSet", ErrorKind.InvalidArgument, $"Set '{set.Name}' has {has}, not {missing}. Leave -Type out to enter all that it has.");
        }

        NamespaceTarget target = new($"set '{set.Name}'");
        target._sets.Add(set);
        try
        {
            foreach (NamespaceType type in NamespaceTypes.All)
            {
                if ((wanted & set.Type & type) == NamespaceType.None)
                {
                    continue;
                }

                string? path = SetNamespaces.PathOf(set.Record, set.Folder, type);
                if (path is null && type == NamespaceType.Pid && set.Record.AsPid1)
                {
                    target.NeedsPid1 = set;
                    continue;
                }

                target.Add(type, path ?? throw Broken(set), set.GetId(type), () => Broken(set));
            }

            foreach (NamespaceKey key in set.Joined)
            {
                if (wanted.HasFlag(key.Type))
                {
                    target.Add(key.Type, SetNamespaces.PathOf(set.Record, set.Folder, key.Type) ?? throw Broken(set), key.Id, () => Broken(set));
                }
            }

            return target;
        }
        catch
        {
            target.Dispose();
            throw;
        }
    }

    /// <summary>The namespaces of a process that differ from the caller's own: entering one's own is no change, and for some kinds refused.</summary>
    /// <param name="pid">The process.</param>
    /// <param name="wanted">The kinds.</param>
    /// <param name="meant">The process that was seen under this pid; null for whichever has it now.</param>
    /// <exception cref="IsolationException"><c>ProcessNotFound</c>, <c>NamespaceAccessDenied</c>.</exception>
    public static NamespaceTarget OfProcess(int pid, NamespaceType wanted, ProcessIdentity? meant = null)
    {
        NamespaceTarget target = new($"process {pid}");
        try
        {
            ProcessIdentity? before = meant ?? ProcessIdentity.Of(pid);
            foreach (NamespaceType type in NamespaceTypes.All)
            {
                string entry = type.ProcName();
                string path = $"/proc/{pid}/ns/{entry}";
                if ((wanted & type) == NamespaceType.None || !Sys.TryStatus($"/proc/self/ns/{entry}", out FileStatus own))
                {
                    continue;
                }

                Errno error = Sys.TryOpen(path, OpenFlags.ReadOnly, out Descriptor? descriptor);
                switch (error)
                {
                    case Errno.None when Sys.Status(descriptor!).Inode == own.Inode:
                        descriptor!.Dispose();
                        break;
                    case Errno.None:
                        target.Open(type, descriptor!);
                        break;
                    case Errno.EACCES or Errno.EPERM:
                        throw NotOurs($"The namespaces of process {pid}", pid);
                    default:
                        ThrowIfExhausted(error, path);
                        throw NoProcess(pid);
                }
            }

            // Opened of the process that was meant, and not of one that took its pid meanwhile.
            target.Process = before;
            target.RequireProcess();
            return target;
        }
        catch
        {
            target.Dispose();
            throw;
        }
    }

    /// <summary>
    /// The network namespace of a socket that a process has open, which may be another than the process's own: a socket keeps the one in which it was
    /// made. Equivalent to <c>nsenter --net-socket</c>.
    /// </summary>
    /// <exception cref="IsolationException"><c>ProcessNotFound</c>, <c>SocketNotFound</c>, <c>SocketInvalid</c>, <c>NamespaceAccessDenied</c>, <c>NamespaceSocketUnsupported</c>.</exception>
    public static NamespaceTarget OfSocket(int pid, int number, ProcessIdentity? meant = null)
    {
        NamespaceTarget target = new($"socket {number} of process {pid}") { Process = meant ?? ProcessIdentity.Of(pid) };
        using Descriptor? pidfd = Sys.OpenPidfd(pid, out Errno error);
        target.RequireProcess();
        if (pidfd is null)
        {
            throw error == Errno.ENOSYS ? NoSockets() : new SyscallException("pidfd_open", error, $"open process {pid}", PlanHints.ForFork(error));
        }

        using Descriptor? socket = Sys.CopyDescriptor(pidfd, number, out error);
        if (socket is null)
        {
            throw error switch
            {
                Errno.ENOSYS => NoSockets(),
                Errno.EBADF => new IsolationException("SocketNotFound", ErrorKind.NotFound, $"Process {pid} has no descriptor {number}. Its descriptors are in /proc/{pid}/fd."),
                Errno.EPERM or Errno.EACCES => NotOurs($"Descriptor {number} of process {pid}", pid),
                Errno.ESRCH => NoProcess(pid),
                _ => new SyscallException("pidfd_getfd", error, $"copy descriptor {number} of process {pid}", PlanHints.ForFork(error)),
            };
        }

        Descriptor? network = Sys.NamespaceOfSocket(socket, out error);
        target.Open(NamespaceType.Net, network ?? throw (error is Errno.EPERM
            ? new IsolationException(
                "NamespaceAccessDenied",
                ErrorKind.PermissionDenied,
                $"The network namespace of descriptor {number} of process {pid} may not be opened: that takes CAP_NET_ADMIN in the user namespace that owns it. Run as root.")
            : new IsolationException(
                "SocketInvalid", ErrorKind.InvalidArgument, $"Descriptor {number} of process {pid} is no socket of a network namespace. Its sockets are those in /proc/{pid}/fd that lead to socket:[...].")));
        return target;
    }

    /// <summary>A namespace by its file.</summary>
    /// <exception cref="IsolationException"><c>NamespacePathNotFound</c>, <c>NamespacePathInvalid</c>, <c>NamespaceAccessDenied</c>, <c>NamespaceTypeNotInSet</c>.</exception>
    public static NamespaceTarget OfPath(string path, NamespaceType wanted)
    {
        Descriptor descriptor = NamespaceScanner.Open(path, out NamespaceKey key);
        NamespaceTarget target = new($"namespace {path}");
        if ((wanted & key.Type) == NamespaceType.None)
        {
            descriptor.Dispose();
            throw new IsolationException("NamespaceTypeNotInSet", ErrorKind.InvalidArgument, $"{path} is a namespace of kind {key.Type}, not {wanted}. Leave -Type out.");
        }

        target.Open(key.Type, descriptor);
        return target;
    }

    /// <summary>A namespace as it was seen: by its pin, or by a process in it.</summary>
    /// <exception cref="IsolationException"><c>NamespaceGone</c>.</exception>
    public static NamespaceTarget Of(NamespaceInfo info, NamespaceType wanted)
    {
        if ((wanted & info.Type) == NamespaceType.None)
        {
            throw new IsolationException(
                "NamespaceTypeNotInSet", ErrorKind.InvalidArgument, $"{info} is a namespace of kind {info.Type}, not {wanted}. Give one of that kind: Get-NamespaceInfo -Type {wanted}.");
        }

        // First those that lead over no file system but proc.
        List<string> paths = [];
        foreach (int pid in info.ProcessIds)
        {
            paths.Add($"/proc/{pid}/ns/{info.Type.ProcName()}");
        }

        paths.AddRange(info.Paths);

        if (info.Path is string last)
        {
            paths.Add(last); // One that only a descriptor keeps has no other.
        }

        foreach (string path in paths)
        {
            // By now something else may be there, and opening a pipe or a device has effects.
            Errno error = Sys.TryOpen(path, OpenFlags.Path, out Descriptor? place);
            using Descriptor? file = place;
            ThrowIfExhausted(error, path);
            if (file is null || NamespaceScanner.NumberOf(file) != info.Id)
            {
                continue;
            }

            error = Sys.TryOpen(file.ProcPath, OpenFlags.ReadOnly, out Descriptor? descriptor);
            ThrowIfExhausted(error, path);
            if (error != Errno.None)
            {
                continue;
            }

            if (Sys.TypeOfNamespace(descriptor!) == info.Type)
            {
                NamespaceTarget target = new($"namespace {info}");
                target.Open(info.Type, descriptor!);
                return target;
            }

            descriptor!.Dispose();
        }

        throw new IsolationException(
            "NamespaceGone", ErrorKind.NotFound, $"Namespace {info} cannot be opened any more: no process is in it and nothing pins it. Get-NamespaceInfo shows those that there are.");
    }

    /// <summary>Adds the namespaces of another target, which is used up. Of a kind that both have, those of the other count.</summary>
    public void Join(NamespaceTarget other)
    {
        Description = _open.Count == 0 && _sets.Count == 0 && Process is null ? other.Description : $"{Description} and {other.Description}";
        Process ??= other.Process;
        _sets.AddRange(other._sets);
        foreach ((NamespaceType type, Descriptor descriptor) in other._open)
        {
            Drop(type);
            Open(type, descriptor);
        }

        other._open.Clear();
        if (other.NeedsPid1 is not null)
        {
            Drop(NamespaceType.Pid);
            NeedsPid1 = other.NeedsPid1;
        }
    }

    /// <summary>Adds the user namespace that owns what is open. Equivalent to <c>nsenter --user-parent</c>.</summary>
    /// <exception cref="IsolationException"><c>NamespaceAccessDenied</c>, <c>NamespaceOptionInvalid</c>.</exception>
    public void JoinOwner()
    {
        foreach (NamespaceType type in NamespaceTypes.All)
        {
            if (!_open.TryGetValue(type, out Descriptor? descriptor) || type == NamespaceType.User)
            {
                continue;
            }

            using Descriptor owner = Sys.OwnerOfNamespace(descriptor, out Errno error)
                ?? throw new IsolationException(
                    "NamespaceAccessDenied",
                    ErrorKind.PermissionDenied,
                    $"The user namespace that owns the {type.ProcName()} namespace of {Description} may not be opened: {error.Describe()}. It lies outside the one of this PowerShell.");

            // The caller's own, which cannot be entered and need not be.
            if (Sys.TryStatus("/proc/self/ns/user", out FileStatus own) && Sys.Status(owner).Inode != own.Inode && Sys.TryDuplicate(owner, out Descriptor? copy) == Errno.None)
            {
                Drop(NamespaceType.User);
                Open(NamespaceType.User, copy!);
            }

            return;
        }

        throw new IsolationException(
            "NamespaceOptionInvalid", ErrorKind.InvalidArgument, $"-JoinOwner enters the user namespace that owns what is entered, and of {Description} nothing else is. Leave it out.");
    }

    /// <summary>Opens a file or folder of the process, such as <c>root</c>.</summary>
    /// <exception cref="IsolationException"><c>NamespaceAccessDenied</c>, <c>ProcessNotFound</c>.</exception>
    public Descriptor OpenOfProcess(string entry, OpenFlags flags)
    {
        int pid = Process!.Value.Pid;
        Errno error = Sys.TryOpen($"/proc/{pid}/{entry}", flags, out Descriptor? descriptor);
        ThrowIfExhausted(error, entry);
        if (error is Errno.EACCES or Errno.EPERM)
        {
            throw NotOurs($"/proc/{pid}/{entry}", pid);
        }

        if (error != Errno.None)
        {
            throw NoProcess(pid);
        }

        try
        {
            RequireProcess();
            return descriptor!;
        }
        catch
        {
            descriptor!.Dispose();
            throw;
        }
    }

    /// <summary>Refuses a process that has ended, or whose pid is another's by now.</summary>
    /// <exception cref="IsolationException"><c>ProcessNotFound</c>.</exception>
    public void RequireProcess()
    {
        if (Process?.IsAlive() != true)
        {
            throw NoProcess(Process?.Pid ?? 0);
        }
    }

    /// <summary>Says why the kernel did not let a namespace be entered: who owns it, and what that takes.</summary>
    public SyscallException Explain(SyscallException refusal)
    {
        foreach ((NamespaceType type, Descriptor descriptor) in _open)
        {
            if (refusal.Attempt.EndsWith(Plan.EnterAttempt(type, Description), StringComparison.Ordinal))
            {
                return new SyscallException(
                    refusal.Syscall, refusal.Errno, refusal.Attempt, NamespaceOwner.Describe(descriptor, type, _open.GetValueOrDefault(NamespaceType.User)));
            }
        }

        return refusal;
    }

    /// <summary>Says that a set was removed since it was opened.</summary>
    public static IsolationException Removed(NamespaceSet set) => new(
        "NamespaceSetBusy", ErrorKind.Busy, $"Set '{set.Name}' was being removed while a program was started in it; the program was ended. Get-Namespace lists the sets that there are.");

    public void Dispose()
    {
        foreach (Descriptor descriptor in _open.Values)
        {
            descriptor.Dispose();
        }
    }

    private static IsolationException Broken(NamespaceSet set) => set.State switch
    {
        NamespaceSetState.Creating or NamespaceSetState.Removing => new IsolationException(
            "NamespaceSetBusy", ErrorKind.Busy, $"Set '{set.Name}' is being {(set.State == NamespaceSetState.Creating ? "made" : "removed")} by process {set.Record.Owner?.Pid}. Wait for it."),
        _ => new IsolationException(
            "NamespaceSetBroken",
            ErrorKind.Unavailable,
            $"Set '{set.Name}' cannot be entered: its namespaces are gone, for the process that kept them has ended or their pins were unmounted. Remove it with: Remove-Namespace {set.Name}"),
    };

    private static IsolationException NoProcess(int pid) =>
        new("ProcessNotFound", ErrorKind.NotFound, $"There is no process {pid}, or it ended meanwhile. Get-Process lists those that there are.");

    private static IsolationException NotOurs(string what, int pid)
    {
        string owner = Sys.TryStatus($"/proc/{pid}", out FileStatus status) ? $"user {UserDatabase.Host.UserName(status.Uid)}" : "another user";
        return new IsolationException(
            "NamespaceAccessDenied",
            ErrorKind.PermissionDenied,
            $"{what} may not be opened: the process belongs to {owner}, and that takes CAP_SYS_PTRACE in its user namespace. Run as root, or as that user.");
    }

    private static IsolationException NoSockets() => new(
        "NamespaceSocketUnsupported",
        ErrorKind.NotSupported,
        $"The kernel, Linux {KernelNamespaces.Release}, or a filter on this process, has no pidfd_getfd(2), by which another process's socket is reached. It came with Linux 5.6.");

    // Then nothing is known of the namespace.
    private static void ThrowIfExhausted(Errno error, string path)
    {
        if (Sys.IsExhausted(error))
        {
            throw new SyscallException("open", error, $"open {path}", PlanHints.ForFork(error));
        }
    }

    private void Add(NamespaceType type, string path, ulong? id, Func<IsolationException> broken)
    {
        Errno error = Sys.TryOpen(path, OpenFlags.ReadOnly, out Descriptor? descriptor);
        if (error is Errno.EACCES or Errno.EPERM)
        {
            throw new IsolationException(
                "NamespaceAccessDenied", ErrorKind.PermissionDenied, $"{path} may not be opened: {error.Describe()}. Run as the user who made the set, or as root.");
        }

        ThrowIfExhausted(error, path);
        if (error != Errno.None || (id is not null && Sys.Status(descriptor!).Inode != id))
        {
            descriptor?.Dispose();
            throw broken();
        }

        Open(type, descriptor!);
    }

    private void Drop(NamespaceType type)
    {
        if (_open.Remove(type, out Descriptor? mine))
        {
            mine.Dispose();
        }

        if (type == NamespaceType.Pid)
        {
            NeedsPid1 = null;
        }
    }

    private void Open(NamespaceType type, Descriptor descriptor)
    {
        _open.Add(type, descriptor);
        Types |= type;
    }
}
