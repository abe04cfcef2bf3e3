using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using Isolation.Agent;
using Isolation.Entry;
using Isolation.Interop;
using Isolation.Plans;
using Isolation.Users;

namespace Isolation.Ipc;

/// <summary>An ipc namespace whose objects are looked at and removed: the caller's own, or one that is open.</summary>
internal sealed class IpcNamespace : IDisposable
{
    private const string Tables = "/proc/sysvipc";

    private readonly NamespaceTarget? _target;
    private readonly OwnedNamespace? _other;

    private IpcNamespace(NamespaceTarget? target)
    {
        _target = target;
        Sys.TryStatus("/proc/self/ns/ipc", out FileStatus own);
        Id = own.Inode;
        if (target is not null && target.Types.HasFlag(NamespaceType.Ipc) && Sys.Status(target[NamespaceType.Ipc]) is FileStatus other && other.Inode != own.Inode)
        {
            Id = other.Inode;
            _other = new OwnedNamespace(target[NamespaceType.Ipc], NamespaceType.Ipc, target.Description);
        }
    }

    /// <summary>Its number.</summary>
    public ulong Id { get; }

    /// <summary>What it is, for errors.</summary>
    public string Description => _target?.Description ?? "this PowerShell";

    private string? SetName => _target?.Sets is [NamespaceSet set, ..] ? set.Name : null;

    /// <summary>Why the POSIX message queues are not among what was read; null where they are.</summary>
    public string? Gap { get; private set; }

    /// <summary>The caller's own.</summary>
    public static IpcNamespace Own() => new(null);

    /// <summary>That of what was opened, which is disposed with this; the caller's own where no ipc namespace is among it.</summary>
    public static IpcNamespace Of(NamespaceTarget target) => new(target);

    /// <summary>One that was looked at before, found again by its number.</summary>
    /// <exception cref="IsolationException"><c>NamespaceGone</c>.</exception>
    public static IpcNamespace ByNumber(ulong id, CancellationToken cancellation)
    {
        if (Sys.TryStatus("/proc/self/ns/ipc", out FileStatus own) && own.Inode == id)
        {
            return Own();
        }

        // Most are found without the long look.
        foreach (bool deep in (bool[])[false, true])
        {
            foreach (NamespaceInfo info in NamespaceScanner.Scan(new ScanOptions { Types = NamespaceType.Ipc, Deep = deep }, cancellation))
            {
                if (info.Id == id)
                {
                    return Of(NamespaceTarget.Of(info, NamespaceType.Ipc));
                }
            }
        }

        throw new IsolationException(
            "NamespaceGone", ErrorKind.NotFound, $"Namespace {new NamespaceKey(NamespaceType.Ipc, id)} is gone, and its objects with it. Get-IpcObject shows those that there are.");
    }

    /// <summary>The objects of some kinds, each kind in the order of the kernel.</summary>
    /// <exception cref="IsolationException"><c>IpcUnsupported</c>: the kernel has no System V IPC.</exception>
    /// <exception cref="SyscallException">The namespace may not be entered.</exception>
    public IReadOnlyList<IpcObject> Read(IReadOnlyCollection<IpcType> types, CancellationToken cancellation)
    {
        List<IpcObject> found = [];
        List<IpcType> tables = [];
        foreach (IpcType type in (IpcType[])[IpcType.SharedMemory, IpcType.Semaphore, IpcType.MessageQueue])
        {
            foreach (IpcType wanted in types)
            {
                if (wanted == type)
                {
                    tables.Add(type);
                    break;
                }
            }
        }

        if (tables.Count != 0)
        {
            if (!Directory.Exists(Tables))
            {
                throw new IsolationException(
                    "IpcUnsupported", ErrorKind.NotSupported, $"The kernel, Linux {KernelNamespaces.Release}, has no System V IPC: {Tables} is missing. Boot one that was built with CONFIG_SYSVIPC.");
            }

            ReadTables(tables, found, cancellation);
        }

        foreach (IpcType wanted in types)
        {
            if (wanted == IpcType.PosixMessageQueue)
            {
                ReadQueues(found, cancellation);
                break;
            }
        }

        return found;
    }

    /// <summary>Removes an object.</summary>
    /// <param name="item">One that was read from this namespace.</param>
    /// <param name="explain">Is told the plan as text; null where nobody is.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="SyscallException">It is another user's, or gone.</exception>
    public void Remove(IpcObject item, Action<string>? explain, CancellationToken cancellation)
    {
        Plan plan = IpcPlans.Remove(_other, item, Description);
        explain?.Invoke(plan.ToString());
        AgentClient.Current.Run(plan, _other?.Inputs ?? [], attached: true, cancellation).Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _other?.Dispose();
        _target?.Dispose();
    }

    private void ReadTables(List<IpcType> tables, List<IpcObject> found, CancellationToken cancellation)
    {
        if (_other is null)
        {
            SysVObjects own = new(Id, SetName, IpcIdMap.None, UserDatabase.Host);
            foreach (IpcType type in tables)
            {
                using Descriptor file = Sys.Open($"{Tables}/{FileOf(type)}", OpenFlags.ReadOnly);
                found.AddRange(own.Read(type, ReadAll(file)));
            }

            return;
        }

        Plan plan = IpcPlans.OpenTables(_other, tables.ConvertAll(FileOf), Description);
        using PlanOutcome outcome = AgentClient.Current.Run(plan, _other.Inputs, attached: true, cancellation);
        IpcIdMap map = _other.EntersOwner ? new IpcIdMap(ReadMap(outcome.Descriptors[^2]), ReadMap(outcome.Descriptors[^1])) : IpcIdMap.None;
        SysVObjects objects = new(Id, SetName, map, UserDatabase.Host);
        for (int i = 0; i < tables.Count; i++)
        {
            found.AddRange(objects.Read(tables[i], ReadAll(outcome.Descriptors[i])));
        }
    }

    private void ReadQueues(List<IpcObject> found, CancellationToken cancellation)
    {
        PosixQueues queues = new(Id, SetName, UserDatabase.Host);
        if (_other is null && !Sys.HasSystemAdministration)
        {
            ReadMountedQueues(queues, found);
            return;
        }

        try
        {
            Plan plan = IpcPlans.OpenQueues(_other, Description);
            using PlanOutcome outcome = AgentClient.Current.Run(plan, _other?.Inputs ?? [], attached: true, cancellation);
            found.AddRange(queues.Read(outcome.Descriptors[0]));
        }
        catch (SyscallException exception) when (exception is { Syscall: "mount", Errno: Errno.ENODEV })
        {
            Gap = $"The kernel, Linux {KernelNamespaces.Release}, has no POSIX message queues: it was built without CONFIG_POSIX_MQUEUE.";
        }
        catch (SyscallException exception) when (_other is null && exception.Errno is Errno.EPERM or Errno.EACCES)
        {
            ReadMountedQueues(queues, found); // A filter or a security module forbids it.
        }
    }

    // An ordinary user may not mount them anew; where the host has them mounted, everybody may look there.
    private void ReadMountedQueues(PosixQueues queues, List<IpcObject> found)
    {
        foreach (MountInfo mount in MountInfo.Read())
        {
            using Descriptor? folder = mount.FileSystemType == "mqueue" ? Open(mount) : null;
            if (folder is null)
            {
                continue;
            }

            IReadOnlyList<IpcObject> own = queues.ReadOwn(folder, out bool others);
            if (own.Count != 0 || !others)
            {
                found.AddRange(own);
                return;
            }
        }

        Gap = "The POSIX message queues of this namespace are not shown: they are not mounted, and mounting them takes CAP_SYS_ADMIN. Run as root, or have root do: mkdir -p /dev/mqueue; mount -t mqueue none /dev/mqueue";
    }

    // Null where something else is mounted over it, which is not even asked what it is.
    private static Descriptor? Open(MountInfo mount)
    {
        if (Sys.TryOpen(mount.MountPoint, OpenFlags.Path, out Descriptor? place) != Errno.None)
        {
            return null;
        }

        using (place)
        {
            return Sys.TryCachedStatus(place!, out ulong device, out _) && device == Sys.DeviceNumber(mount.DeviceMajor, mount.DeviceMinor)
                && Sys.TryOpen(place!.ProcPath, OpenFlags.ReadOnly, out Descriptor? folder) == Errno.None ? folder : null;
        }
    }

    private static string FileOf(IpcType type) => type switch
    {
        IpcType.SharedMemory => "shm",
        IpcType.Semaphore => "sem",
        _ => "msg",
    };

    private static IReadOnlyList<IdMap> ReadMap(Descriptor file) => IdMapCaller.ParseMap(Bytes.Text(ReadAll(file)));

    private static byte[] ReadAll(Descriptor file)
    {
        using MemoryStream all = new();
        byte[] buffer = new byte[16 * 1024];
        int count;
        while ((count = Sys.Read(file, buffer)) > 0)
        {
            all.Write(buffer.AsSpan(0, count));
        }

        return all.ToArray();
    }
}
