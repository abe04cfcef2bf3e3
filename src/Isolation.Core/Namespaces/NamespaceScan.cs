using System;
using System.Collections.Generic;
using System.Threading;
using Isolation.Interop;
using Isolation.Processes;
using Isolation.Users;

namespace Isolation;

/// <summary>
/// One pass over the host. What is gone by the time it is read, or may not be read, is left out: processes come and go while it runs.
/// </summary>
internal sealed class NamespaceScan : IDisposable
{
    private static readonly int s_mount = NamespaceFiles.Slot(NamespaceType.Mount);
    private static readonly int s_user = NamespaceFiles.Slot(NamespaceType.User);

    private readonly ScanOptions _options;
    private readonly CancellationToken _cancellation;
    private readonly ProcTree _proc;
    private readonly ProcWork _work;
    private readonly NamespaceTable _table;
    private readonly NamespacePins _pins = new();
    private readonly ulong?[] _own = new ulong?[NamespaceFiles.Count];
    private readonly ulong? _device;

    // Of each mount namespace the first process, through which its mounts are read.
    private readonly Dictionary<ulong, int> _mountViews = [];
    private readonly Dictionary<int, FirstProcess?> _firstProcesses = [];
    private readonly Lazy<Descriptor?> _routeSocket = new(Sys.OpenRouteSocket, LazyThreadSafetyMode.None);

    private NamespaceScan(ScanOptions options, CancellationToken cancellation)
    {
        _options = options;
        _cancellation = cancellation;
        _proc = new ProcTree(options.ProcRoot);
        _work = new ProcWork(options.ProcRoot, cancellation);
        _table = new NamespaceTable(options.Types);
        _device = _proc.Status("self/ns/user\0"u8, out _)?.Device;
    }

    /// <summary>What of a namespace's first process is shown with it.</summary>
    private sealed record FirstProcess(int ParentId, uint UserId, string Command);

    /// <summary>Looks at everything that the options ask for.</summary>
    public static NamespaceInfo[] Run(ScanOptions options, CancellationToken cancellation)
    {
        using NamespaceScan scan = new(options, cancellation);
        scan.FindOwn();
        int[] pids = scan._proc.ProcessIds();
        ulong[] ids = scan.ReadLinks(pids);
        scan.AddProcesses(pids, ids);
        scan.FindPins();
        if (options.Deep)
        {
            scan.FindHolders(pids, ids);
        }

        scan.ResolveAll();
        return scan.Describe();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _proc.Dispose();
        if (_routeSocket.IsValueCreated)
        {
            _routeSocket.Value?.Dispose();
        }
    }

    private void FindOwn()
    {
        for (int slot = 0; slot < NamespaceFiles.Count; slot++)
        {
            byte[] path = [.. "self/"u8, .. NamespaceFiles.Link(slot), 0];
            ReadOnlySpan<byte> link = _proc.ReadLink(path, out _);
            _own[slot] = NamespaceKey.TryParse(link, out NamespaceKey key) ? key.Id : null;
        }
    }

    /// <summary>Reads of every process in which namespaces it is: the numbers, eight places a process, 0 for what could not be read.</summary>
    private ulong[] ReadLinks(int[] pids)
    {
        ulong[] ids = new ulong[pids.Length * NamespaceFiles.Count];
        _work.Share(pids.Length, static proc => proc, (proc, i) => ReadLinks(proc, pids[i], ids.AsSpan(i * NamespaceFiles.Count, NamespaceFiles.Count)), static _ => { });
        return ids;
    }

    private void ReadLinks(ProcTree proc, int pid, Span<ulong> ids)
    {
        for (int slot = 0; slot < NamespaceFiles.Count; slot++)
        {
            // The mount namespace is wanted in any case, for the pins that are mounted there.
            if (!_table.Wants(slot) && slot != s_mount)
            {
                continue;
            }

            ReadOnlySpan<byte> link = proc.ReadLink(proc.PathOf(pid, NamespaceFiles.Link(slot)), out Errno error);
            if (error is Errno.EACCES or Errno.EPERM)
            {
                break;
            }

            // A process that ended and was not waited for still has a user and a pid namespace, and no others.
            if (!link.IsEmpty && NamespaceKey.TryParseId(link[NamespaceFiles.Name(slot).Length..], out ulong id))
            {
                ids[slot] = id;
            }
        }
    }

    private void AddProcesses(int[] pids, ulong[] ids)
    {
        for (int i = 0; i < ids.Length; i++)
        {
            (int process, int slot) = Math.DivRem(i, NamespaceFiles.Count);
            if (ids[i] == 0)
            {
                continue;
            }

            _table.Entry(slot, ids[i])?.ProcessIds.Add(pids[process]);
            if (slot == s_mount)
            {
                _mountViews.TryAdd(ids[i], pids[process]);
            }
        }
    }

    private void FindHolders(int[] pids, ulong[] ids)
    {
        List<NamespaceHolder> holders = [];
        List<OpenSocket> sockets = [];
        _work.Share(
            pids.Length,
            proc => new HolderScan(proc, _table, _pins),
            (scan, i) => scan.Look(pids[i], ids.AsSpan(i * NamespaceFiles.Count, NamespaceFiles.Count)),
            scan =>
            {
                ProcWork.AddAll(holders, scan.Holders);
                ProcWork.AddAll(sockets, scan.Sockets);
            });
        foreach (NamespaceHolder holder in holders)
        {
            _table.Entry(holder.Key)?.AddHold(holder.Hold, holder.Source);
        }

        SocketScan.Look(sockets, (socket, network, ns) =>
        {
            if (_table.Entry(new NamespaceKey(NamespaceType.Net, network)) is NamespaceEntry entry)
            {
                entry.AddHold(new NamespaceHold(socket.ProcessId, NamespaceHoldKind.Socket, socket.Number), null);
                if (ns is not null)
                {
                    Resolve(entry, ns);
                }
            }
        });
    }

    private void FindPins()
    {
        // The caller's own first: a path means what it means to him.
        AddPins(PinScan.Own(_proc, _table));
        List<int> views = [];
        foreach ((ulong id, int pid) in _mountViews)
        {
            if (id != _own[s_mount])
            {
                views.Add(pid);
            }
        }

        AddPins(PinScan.Through(views, _work, _table, _pins));
        foreach (string path in _options.Paths)
        {
            using Descriptor ns = NamespaceScanner.Open(path, out NamespaceKey key);
            if (_table.Entry(key) is NamespaceEntry entry)
            {
                entry.IsLedTo = true;
                Resolve(entry, ns);
            }
        }
    }

    private void AddPins(List<NamespacePin> pins)
    {
        foreach (NamespacePin pin in pins)
        {
            if (!_pins.Add(pin.Path, pin.Key) || _table.Entry(pin.Key) is not NamespaceEntry entry)
            {
                continue;
            }

            string text = KernelText.Decode(pin.Path);
            if (pin.ProcessId is int through)
            {
                entry.AddPath($"{_options.ProcRoot}/{through}/root{text}", [.. _proc.PathOf(through, "root"u8)[..^1], .. pin.Path, 0], through);
            }
            else
            {
                entry.AddPath(text, [.. pin.Path, 0], view: null);
            }
        }
    }

    private void ResolveAll()
    {
        foreach (NamespaceEntry entry in _table.Sorted())
        {
            _cancellation.ThrowIfCancellationRequested();
            if (!entry.IsResolved)
            {
                using Descriptor? ns = Open(entry);
                if (ns is not null)
                {
                    Resolve(entry, ns);
                }
            }
        }
    }

    private Descriptor? Open(NamespaceEntry entry)
    {
        // Several, because the first may have ended meanwhile; few, because one that may not be opened mostly has neighbours like it.
        int slot = NamespaceFiles.Slot(entry.Key.Type);
        for (int i = 0; i < Math.Min(entry.ProcessIds.Count, 4); i++)
        {
            Descriptor? ns = _proc.Open(_proc.PathOf(entry.ProcessIds[i], NamespaceFiles.Link(slot)), OpenFlags.ReadOnly, out _);
            if (ns is not null && Sys.Status(ns).Inode == entry.Key.Id)
            {
                return ns;
            }

            ns?.Dispose();
        }

        return OpenSource(entry);
    }

    private Descriptor? OpenSource(NamespaceEntry entry)
    {
        // A path in a container's file system may lead through a server of its own (FUSE), which need not answer.
        if (entry.Source is null || (entry.SourceView is int pid && !IsTrustedView(pid)))
        {
            return null;
        }

        // With O_PATH first: by now another file may be there, and opening a device or a pipe has effects.
        using Descriptor? file = _proc.Open(entry.Source, OpenFlags.Path, out _);
        return file is not null && Sys.Status(file) is FileStatus status && status.Device == _device && status.Inode == entry.Key.Id
            ? Sys.Open(file.ProcPath, OpenFlags.ReadOnly)
            : null;
    }

    // Whether the mounts that a process sees were made with the caller's own privileges.
    private bool IsTrustedView(int pid)
    {
        using Descriptor? mounts = _proc.Open(_proc.PathOf(pid, NamespaceFiles.Link(s_mount)), OpenFlags.ReadOnly, out _);
        using Descriptor? owner = mounts is null ? null : Sys.OwnerOfNamespace(mounts, out _);
        return owner is not null && Sys.Status(owner).Inode == _own[s_user];
    }

    /// <summary>Asks the kernel for the relatives of a namespace and follows them: one without a process is found in no other way.</summary>
    private void Resolve(NamespaceEntry entry, Descriptor ns)
    {
        if (entry.IsResolved)
        {
            return;
        }

        entry.IsResolved = true;
        if (entry.Key.Type is NamespaceType.Net)
        {
            entry.NetNsId = _routeSocket.Value is Descriptor route ? Sys.NetNsId(route, ns) : null;
        }

        if (entry.Key.Type is NamespaceType.User)
        {
            entry.OwnerUserId = Sys.OwnerUidOfNamespace(ns);
        }

        using Descriptor? owner = Sys.OwnerOfNamespace(ns, out _);
        entry.OwnerId = Follow(owner, NamespaceType.User);
        if (entry.Key.Type is NamespaceType.User)
        {
            // The owner of a user namespace is its parent.
            entry.ParentId = entry.OwnerId;
        }
        else if (entry.Key.Type is NamespaceType.Pid)
        {
            using Descriptor? parent = Sys.ParentOfNamespace(ns, out _);
            entry.ParentId = Follow(parent, NamespaceType.Pid);
        }
    }

    private ulong? Follow(Descriptor? relative, NamespaceType type)
    {
        if (relative is null)
        {
            return null;
        }

        ulong id = Sys.Status(relative).Inode;
        if (_table.Entry(new NamespaceKey(type, id)) is NamespaceEntry entry)
        {
            entry.IsLedTo = true;
            Resolve(entry, relative);
        }

        return id;
    }

    private NamespaceInfo[] Describe()
    {
        ReadFirstProcesses();
        UserDatabase users = UserDatabase.Host;
        InitialNamespaces initial = new(_proc);
        List<NamespaceInfo> infos = [];
        foreach (NamespaceEntry entry in _table.Sorted())
        {
            FirstProcess? first = First(entry);
            if (first is null && entry is { IsLedTo: false, Paths: null, Holds: null })
            {
                // Its only processes have ended meanwhile.
                continue;
            }

            int slot = NamespaceFiles.Slot(entry.Key.Type);
            infos.Add(new NamespaceInfo
            {
                Key = entry.Key,
                Device = _device ?? 0,
                Name = NameOf(entry),
                OwnerId = entry.OwnerId,
                ParentId = entry.ParentId,
                OwnerUserId = entry.OwnerUserId,
                OwnerUser = entry.OwnerUserId is uint maker ? users.UserName(maker) : null,
                ProcessIds = [.. entry.ProcessIds],
                ParentProcessId = first?.ParentId,
                Command = first?.Command,
                UserId = first?.UserId,
                User = first is null ? null : users.UserName(first.UserId),
                Paths = entry.Paths is null ? [] : [.. entry.Paths],
                Holds = Sorted(entry.Holds),
                Path = PathOf(entry),
                NetNsId = entry.NetNsId,
                IsInitial = initial.Contains(entry),
                IsOwn = _own[slot] == entry.Key.Id,
                IsOfSet = _options.Names?.ContainsKey(entry.Key) == true,
            });
        }

        return [.. infos];
    }

    private static NamespaceHold[] Sorted(List<NamespaceHold>? holds)
    {
        holds?.Sort(static (a, b) => (a.ProcessId, a.Kind, a.Number).CompareTo((b.ProcessId, b.Kind, b.Number)));
        return holds is null ? [] : [.. holds];
    }

    // A source below /proc that goes through the process itself, and not through its view of the file system, which is among the paths.
    private string? PathOf(NamespaceEntry entry) =>
        entry.ProcessIds is [int first, ..] ? $"{_options.ProcRoot}/{first}/ns/{entry.Key.Type.ProcName()}"
            : entry.Paths is [string pin, ..] ? pin
            : entry.Source is byte[] source ? $"{_options.ProcRoot}/{Bytes.Text(source.AsSpan()[..^1])}"
            : null;

    private FirstProcess? First(NamespaceEntry entry)
    {
        while (entry.ProcessIds is [int pid, ..])
        {
            if (!_firstProcesses.TryGetValue(pid, out FirstProcess? first))
            {
                first = ReadFirst(_proc, pid);
                _firstProcesses.Add(pid, first);
            }

            if (first is not null)
            {
                return first;
            }

            entry.ProcessIds.RemoveAt(0);
        }

        return null;
    }

    private void ReadFirstProcesses()
    {
        foreach (NamespaceEntry entry in _table.Sorted())
        {
            if (entry.ProcessIds is [int pid, ..])
            {
                _firstProcesses.TryAdd(pid, null);
            }
        }

        int[] pids = [.. _firstProcesses.Keys];
        FirstProcess?[] read = new FirstProcess?[pids.Length];
        _work.Share(pids.Length, static proc => proc, (proc, i) => read[i] = ReadFirst(proc, pids[i]), static _ => { });
        for (int i = 0; i < pids.Length; i++)
        {
            _firstProcesses[pids[i]] = read[i];
        }
    }

    private static FirstProcess? ReadFirst(ProcTree proc, int pid)
    {
        if (proc.ReadStatus(pid) is not ProcStatus status)
        {
            return null;
        }

        string command = proc.ReadCommandLine(pid);
        if (command.Length == 0)
        {
            // A kernel thread has none, nor one that has ended and not been waited for; nor has one that is gone by now.
            if (!proc.TryReadStat(pid, out ProcStat stat))
            {
                return null;
            }

            command = KernelText.Plain(stat.Name);
        }

        return new FirstProcess(status.ParentId, status.EffectiveUserId, command);
    }

    private string? NameOf(NamespaceEntry entry)
    {
        if (_options.Names is not null && _options.Names.TryGetValue(entry.Key, out string? name))
        {
            return name;
        }

        foreach (string path in entry.Paths ?? [])
        {
            if (NamedNetworks.NameOf(path) is string network)
            {
                return network;
            }
        }

        return null;
    }
}
