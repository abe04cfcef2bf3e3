using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using Isolation.Agent;
using Isolation.Interop;
using Isolation.Plans;
using Isolation.Processes;

namespace Isolation.Mounts;

/// <summary>The mounts of one mount namespace as they were at one moment, with the links between them.</summary>
internal sealed class MountTable
{
    private MountTable(IReadOnlyList<MountInfo> mounts, ulong? namespaceId, string? name)
    {
        Mounts = mounts;
        NamespaceId = namespaceId;
        foreach (MountInfo mount in mounts)
        {
            mount.NamespaceId = namespaceId;
            mount.Namespace = name;
        }
    }

    /// <summary>In the order of the file.</summary>
    public IReadOnlyList<MountInfo> Mounts { get; }

    /// <summary>The mount namespace; null where its id may not be seen.</summary>
    public ulong? NamespaceId { get; }

    /// <summary>What this process sees.</summary>
    public static MountTable Own()
    {
        IReadOnlyList<MountInfo> mounts = MountInfo.Read();
        AddStatistics(mounts, static () => Sys.TryOpen("/proc/self/mountstats", OpenFlags.ReadOnly, out Descriptor? file) == Errno.None ? file : null);
        return new MountTable(mounts, IdOf("self"), null);
    }

    /// <summary>What a process sees, below its own root. It needs no right to enter.</summary>
    /// <exception cref="IsolationException"><c>ProcessNotFound</c>, <c>NamespaceAccessDenied</c>.</exception>
    public static MountTable OfProcess(int pid)
    {
        string folder = pid.ToString(CultureInfo.InvariantCulture);
        ProcessIdentity? before = ProcessIdentity.Of(pid);
        Errno error = Sys.TryOpen($"/proc/{folder}/mountinfo", OpenFlags.ReadOnly, out Descriptor? file);
        using (file)
        {
            if (file is null && error is Errno.EACCES or Errno.EPERM)
            {
                throw new IsolationException(
                    "NamespaceAccessDenied", ErrorKind.PermissionDenied, $"Cannot read the mounts of process {pid}: {error.Describe()}. Run as its user, or as root.");
            }

            if (Sys.IsExhausted(error))
            {
                throw new SyscallException("open", error, $"open /proc/{folder}/mountinfo", PlanHints.ForFork(error));
            }

            // EINVAL: it has ended, and has no namespaces any more.
            IReadOnlyList<MountInfo>? mounts = file is null ? null : TryParse(file);
            if (mounts is null || before is null || ProcessIdentity.Of(pid) != before)
            {
                throw new IsolationException(
                    "ProcessNotFound", ErrorKind.NotFound, $"There is no process {pid}, or it ended meanwhile. Get-Process lists those that there are.");
            }

            AddStatistics(mounts, () => Sys.TryOpen($"/proc/{folder}/mountstats", OpenFlags.ReadOnly, out Descriptor? stats) == Errno.None ? stats : null);
            return new MountTable(mounts, IdOf(folder), folder);
        }
    }

    /// <summary>What is mounted in a namespace, below its root. No process need be in it.</summary>
    /// <exception cref="SyscallException">The kernel refused to enter it.</exception>
    public static MountTable Of(MountTarget target, CancellationToken cancellation)
    {
        if (target.ProcessId is int pid)
        {
            return OfProcess(pid);
        }

        if (target.IsOwn)
        {
            return Own();
        }

        IReadOnlyList<MountInfo> mounts;
        using (Descriptor file = Open(target, "mountinfo", cancellation))
        {
            mounts = MountInfo.Parse(MountInfo.ReadAll(file));
        }

        AddStatistics(mounts, () => Open(target, "mountstats", cancellation));
        return new MountTable(mounts, target.NamespaceId, target.Name);
    }

    /// <summary>Fills in peers, masters and slaves: those in the table, and those in <paramref name="others"/>.</summary>
    public void Link(IEnumerable<(int ProcessId, MountTable Table)> others)
    {
        Dictionary<int, List<MountLink>> members = [];
        Dictionary<int, List<MountLink>> slaves = [];
        Collect(this, null);
        foreach ((int processId, MountTable table) in others)
        {
            Collect(table, processId);
        }

        foreach (MountInfo mount in Mounts)
        {
            mount.Peers = Find(members, mount.PeerGroup, mount.Id);
            mount.Masters = Find(members, mount.Master, mount.Id);
            mount.Slaves = Find(slaves, mount.PeerGroup, mount.Id);
        }

        void Collect(MountTable table, int? processId)
        {
            foreach (MountInfo mount in table.Mounts)
            {
                MountLink link = new(mount.Id, mount.MountPoint, table.NamespaceId, processId);
                Add(members, mount.PeerGroup, link);
                Add(slaves, mount.Master, link);
            }
        }
    }

    /// <summary>The mount namespaces of all processes that may be looked at, but for this one: one table each.</summary>
    public IEnumerable<(int ProcessId, MountTable Table)> Others(CancellationToken cancellation)
    {
        HashSet<ulong> seen = NamespaceId is ulong own ? [own] : [];
        foreach (int pid in Processes())
        {
            cancellation.ThrowIfCancellationRequested();
            if (IdOf(pid.ToString(CultureInfo.InvariantCulture)) is not ulong id || !seen.Add(id))
            {
                continue;
            }

            MountTable? table = null;
            try
            {
                table = OfProcess(pid);
            }
            catch (IsolationException exception) when (exception.ErrorId is "ProcessNotFound" or "NamespaceAccessDenied")
            {
                // It ended while it was looked at; another process may be in the same namespace.
                seen.Remove(id);
            }

            if (table is not null)
            {
                yield return (pid, table);
            }
        }
    }

    /// <summary>The mount that a path of a mount point leads to; null where nothing is mounted there, or only what another mount covers.</summary>
    public MountInfo? At(string mountPoint)
    {
        HashSet<int> known = [.. Mounts.Select(static mount => mount.Id)];

        // What the reader's root lies on may not be among them. The root of the tree may name itself.
        ILookup<int?, MountInfo> children = Mounts.ToLookup(mount => mount.ParentId != mount.Id && known.Contains(mount.ParentId) ? mount.ParentId : (int?)null);
        MountInfo? at = null;
        for (int step = 0; step < Mounts.Count; step++)
        {
            // Of those that stand on a mount, the path meets the uppermost first, and what is mounted there hides the others.
            MountInfo? next = null;
            foreach (MountInfo child in children[at?.Id])
            {
                if (IsOnTheWay(child.MountPoint, mountPoint) && (next is null || child.MountPoint.Length <= next.MountPoint.Length))
                {
                    next = child;
                }
            }

            if (next is null)
            {
                break;
            }

            at = next;
        }

        return at?.MountPoint == mountPoint ? at : null;
    }

    /// <summary>The mount of an id; null where there is none.</summary>
    public MountInfo? WithId(int id)
    {
        foreach (MountInfo mount in Mounts)
        {
            if (mount.Id == id)
            {
                return mount;
            }
        }

        return null;
    }

    /// <summary>A mount and all that stand on it, those on top first: the order in which they can be unmounted.</summary>
    public IReadOnlyList<MountInfo> Below(MountInfo mount)
    {
        ILookup<int, MountInfo> children = Mounts.ToLookup(static one => one.ParentId);
        List<MountInfo> found = [];
        Stack<MountInfo> open = new([mount]);
        HashSet<int> seen = [mount.Id];
        while (open.TryPop(out MountInfo? next))
        {
            found.Add(next);
            foreach (MountInfo child in children[next.Id])
            {
                if (seen.Add(child.Id))
                {
                    open.Push(child);
                }
            }
        }

        found.Reverse();
        return found;
    }

    private static bool IsOnTheWay(string folder, string path) =>
        folder == "/" || (path.StartsWith(folder, StringComparison.Ordinal) && (path.Length == folder.Length || path[folder.Length] == '/'));

    private static List<int> Processes()
    {
        using ProcTree proc = new();
        return [.. proc.ProcessIds()];
    }

    private static Descriptor Open(MountTarget target, string file, CancellationToken cancellation)
    {
        using PlanOutcome outcome = target.Run(MountPlans.OpenOwnFile(target.Scope, file), [], cancellation);
        Descriptor descriptor = outcome.Descriptors[0];
        Errno error = Sys.TryDuplicate(descriptor, out Descriptor? copy);
        return copy ?? throw new SyscallException("fcntl", error, $"keep {file} of {target.Description}", PlanHints.ForFork(error));
    }

    private static IReadOnlyList<MountInfo>? TryParse(Descriptor file)
    {
        try
        {
            return MountInfo.Parse(MountInfo.ReadAll(file));
        }
        catch (SyscallException)
        {
            return null;
        }
    }

    private static ulong? IdOf(string process)
    {
        try
        {
            return File.ResolveLinkTarget($"/proc/{process}/ns/mnt", returnFinalTarget: false) is FileSystemInfo link
                && NamespaceKey.TryParse(System.Text.Encoding.ASCII.GetBytes(link.Name), out NamespaceKey key) ? key.Id : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static void AddStatistics(IReadOnlyList<MountInfo> mounts, Func<Descriptor?> open)
    {
        bool any = false;
        foreach (MountInfo mount in mounts)
        {
            any |= MountStatistics.IsKept(mount.FileSystemType);
        }

        if (!any)
        {
            return;
        }

        try
        {
            using Descriptor? file = open();
            if (file is not null)
            {
                MountStatistics.Add(mounts, MountInfo.ReadAll(file));
            }
        }
        catch (SyscallException)
        {
            // They belong to the user of the process, and are an addition.
        }
    }

    private static void Add(Dictionary<int, List<MountLink>> groups, int? group, MountLink link)
    {
        if (group is int number)
        {
            if (!groups.TryGetValue(number, out List<MountLink>? links))
            {
                groups[number] = links = [];
            }

            links.Add(link);
        }
    }

    private static List<MountLink> Find(Dictionary<int, List<MountLink>> groups, int? group, int self) =>
        group is int number && groups.TryGetValue(number, out List<MountLink>? links) ? links.FindAll(link => link.Id != self) : [];
}
