using System;
using System.Collections.Generic;
using Isolation.Interop;
using Isolation.Plans;
using Isolation.State;

namespace Isolation.Entry;

/// <summary>Namespaces that are open and can be entered: those of a set, of a process, or a single one.</summary>
internal sealed class NamespaceTarget : IDisposable
{
    private readonly Dictionary<NamespaceType, Descriptor> _open = [];

    private NamespaceTarget(string description) => Description = description;

    /// <summary>What it is, for titles and errors: <c>set 'web'</c>, <c>process 42</c>.</summary>
    public string Description { get; }

    /// <summary>The set; null for others.</summary>
    public NamespaceSet? Set { get; private init; }

    /// <summary>The kinds that are open.</summary>
    public NamespaceType Types { get; private set; }

    /// <summary>The set's pid namespace is made with the program that is started, which is its PID 1.</summary>
    public bool NeedsPid1 { get; private set; }

    /// <summary>The descriptor of one kind.</summary>
    public Descriptor this[NamespaceType type] => _open[type];

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

        NamespaceType missing = wanted & ~set.Type;
        if (missing != NamespaceType.None && wanted != NamespaceTypes.Every)
        {
            throw new IsolationException(
                "NamespaceTypeNotInSet", ErrorKind.InvalidArgument, $"Set '{set.Name}' has {set.Type}, not {missing}. Leave -Type out to enter all that it has.");
        }

        NamespaceTarget target = new($"set '{set.Name}'") { Set = set };
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
                    target.NeedsPid1 = true;
                    continue;
                }

                target.Add(type, path ?? throw Broken(set), set.GetId(type), () => Broken(set));
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
    /// <exception cref="IsolationException"><c>ProcessNotFound</c>, <c>NamespaceAccessDenied</c>.</exception>
    public static NamespaceTarget OfProcess(int pid, NamespaceType wanted)
    {
        NamespaceTarget target = new($"process {pid}");
        try
        {
            ProcessIdentity? before = ProcessIdentity.Of(pid);
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
                        throw new IsolationException(
                            "NamespaceAccessDenied",
                            ErrorKind.PermissionDenied,
                            $"The namespaces of process {pid} may not be opened: it belongs to another user, or has more privilege. Run as root, or as that user.");
                    default:
                        ThrowIfExhausted(error, path);
                        throw NoProcess(pid);
                }
            }

            // Opened of the process that was meant, and not of one that took its pid meanwhile.
            return before is not null && ProcessIdentity.Of(pid) == before ? target : throw NoProcess(pid);
        }
        catch
        {
            target.Dispose();
            throw;
        }
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
        List<string> paths = [.. info.Paths];
        foreach (int pid in info.ProcessIds)
        {
            paths.Add($"/proc/{pid}/ns/{info.Type.ProcName()}");
        }

        foreach (string path in paths)
        {
            Errno error = Sys.TryOpen(path, OpenFlags.ReadOnly, out Descriptor? descriptor);
            ThrowIfExhausted(error, path);
            if (error != Errno.None)
            {
                continue;
            }

            if (Sys.Status(descriptor!).Inode == info.Id && Sys.TypeOfNamespace(descriptor!) == info.Type)
            {
                NamespaceTarget target = new($"namespace {info}");
                if ((wanted & info.Type) != NamespaceType.None)
                {
                    target.Open(info.Type, descriptor!);
                    return target;
                }
            }

            descriptor!.Dispose();
        }

        throw new IsolationException(
            "NamespaceGone", ErrorKind.NotFound, $"Namespace {info} cannot be opened any more: no process is in it and nothing pins it. Get-NamespaceInfo shows those that there are.");
    }

    /// <summary>Says that the set was removed since it was opened.</summary>
    public IsolationException Removed() => new(
        "NamespaceSetBusy", ErrorKind.Busy, $"Set '{Set!.Name}' was being removed while a program was started in it; the program was ended. Get-Namespace lists the sets that there are.");

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

    private void Open(NamespaceType type, Descriptor descriptor)
    {
        _open.Add(type, descriptor);
        Types |= type;
    }
}
