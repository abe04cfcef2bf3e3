using System;
using System.Collections.Generic;
using System.Threading;
using Isolation.Interop;
using Isolation.Processes;

namespace Isolation;

/// <summary>Finds namespaces and the processes in them, through proc(5).</summary>
public static class NamespaceScanner
{
    // A host where short programs run all the time has some in every list.
    private const int MostRounds = 100;

    private static readonly Lazy<ulong?> s_device = new(static () => Sys.TryStatus("/proc/self/ns/user", out FileStatus status) ? status.Device : null);

    /// <summary>
    /// Every namespace of the host that the caller may see: those of processes, those that a mount pins, and their owners and parents; more with
    /// <see cref="ScanOptions.Deep"/>. By kind in the order of <see cref="NamespaceTypes.All"/>, then by number. Equivalent to lsns(8).
    /// </summary>
    /// <exception cref="IsolationException"><c>ProcUnavailable</c>.</exception>
    public static NamespaceInfo[] Scan(ScanOptions? options = null, CancellationToken cancellation = default) =>
        NamespaceScan.Run(options ?? new ScanOptions(), cancellation);

    /// <summary>What a scan with <see cref="ScanOptions.Deep"/> does not find on this kernel, and why; null where it finds everything.</summary>
    public static string? DeepScanGap => Sys.CanCopyDescriptors ? null :
        $"Network namespaces that only an open socket keeps are not found: that takes pidfd_getfd(2), which came with Linux 5.6, and this kernel, Linux {KernelNamespaces.Release}, does not have or not allow it.";

    /// <summary>Why a namespace that is in use may look leaked to this caller; null where it does not.</summary>
    public static string? LeakGap => Sys.CanLookAtOthers ? null :
        "A namespace that only processes of other users are in looks leaked, for these may not be looked at: that takes CAP_SYS_PTRACE. Run as root to see those that are leaked.";

    /// <summary>The processes in a namespace, in ascending order. One that the caller may not look at is left out.</summary>
    public static int[] ProcessesIn(NamespaceType type, ulong id) => ProcessesInAny([new NamespaceKey(type, id)]);

    /// <summary>The processes that are in at least one of some namespaces, in ascending order. One that the caller may not look at is left out.</summary>
    public static int[] ProcessesInAny(IEnumerable<NamespaceKey> namespaces) => ProcessesInAny(namespaces, "/proc");

    /// <summary>Whether a process is in a namespace now; false where it is gone or may not be looked at.</summary>
    public static bool IsIn(int pid, NamespaceKey key)
    {
        using ProcTree proc = new();
        return IsIn(proc, pid, NamespaceFiles.Slot(key.Type), key.Id);
    }

    /// <summary>The namespaces that a process is in. One that ended and was not waited for has only a user and a pid namespace left.</summary>
    /// <exception cref="IsolationException"><c>ProcessNotFound</c>, <c>NamespaceAccessDenied</c>.</exception>
    public static NamespaceKey[] NamespacesOf(int pid, NamespaceType types = NamespaceTypes.Every)
    {
        using ProcTree proc = new();
        List<NamespaceKey> keys = [];
        Errno denied = Errno.None;
        for (int slot = 0; slot < NamespaceFiles.Count; slot++)
        {
            if (!types.HasFlag(NamespaceTypes.All[slot]))
            {
                continue;
            }

            if (NamespaceKey.TryParse(proc.ReadLink(proc.PathOf(pid, NamespaceFiles.Link(slot)), out Errno error), out NamespaceKey key))
            {
                keys.Add(key);
            }
            else if (error is Errno.EACCES or Errno.EPERM)
            {
                denied = error;
            }
        }

        if (keys.Count == 0 && !proc.Exists(pid))
        {
            throw new IsolationException("ProcessNotFound", ErrorKind.NotFound, $"There is no process {pid}.");
        }

        if (keys.Count == 0 && denied is not Errno.None)
        {
            throw Denied($"the namespaces of process {pid}", denied);
        }

        return [.. keys];
    }

    /// <summary>The namespace that a file stands for: a mount of nsfs, such as <c>/run/netns/NAME</c>, or an entry of <c>/proc/PID/ns</c>.</summary>
    /// <exception cref="IsolationException"><c>NamespacePathNotFound</c>, <c>NamespacePathInvalid</c>, <c>NamespaceAccessDenied</c>.</exception>
    public static NamespaceKey KeyOf(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        using Descriptor ns = Open(path, out NamespaceKey key);
        return key;
    }

    /// <summary>Opens the namespace that a file stands for.</summary>
    /// <exception cref="IsolationException"><c>NamespacePathNotFound</c>, <c>NamespacePathInvalid</c>, <c>NamespaceAccessDenied</c>.</exception>
    internal static Descriptor Open(string path, out NamespaceKey key)
    {
        // Without O_PATH, opening a device or a pipe that stands there by mistake would have effects.
        Errno error = Sys.TryOpen(path, OpenFlags.Path, out Descriptor? file);
        using (file)
        {
            if (file is null)
            {
                throw error is Errno.EACCES or Errno.EPERM
                    ? Denied($"the namespace {path}", error)
                    : new IsolationException("NamespacePathNotFound", ErrorKind.NotFound, $"There is no namespace at {path}: {error.Describe()}.");
            }

            FileStatus status = Sys.Status(file);
            if (status.Device != s_device.Value)
            {
                throw new IsolationException("NamespacePathInvalid", ErrorKind.InvalidArgument, NotANamespace(path, status));
            }

            Descriptor ns = Sys.Open(file.ProcPath, OpenFlags.ReadOnly);
            key = new NamespaceKey(Sys.TypeOfNamespace(ns), status.Inode);
            if (NamespaceFiles.Slot(key.Type) < 0)
            {
                ns.Dispose();
                throw new IsolationException("NamespacePathInvalid", ErrorKind.NotSupported, $"{path} is a namespace of a kind that is not known here.");
            }

            return ns;
        }
    }

    /// <summary>The number of the namespace that an open file is, also one opened with <c>O_PATH</c>; null where it is none. Asks no other file system.</summary>
    internal static ulong? NumberOf(Descriptor file) =>
        Sys.TryCachedStatus(file, out ulong device, out ulong inode) && device == s_device.Value ? inode : null;

    internal static int[] ProcessesInAny(IEnumerable<NamespaceKey> namespaces, string procRoot)
    {
        ArgumentNullException.ThrowIfNull(namespaces);
        HashSet<ulong>?[] wanted = new HashSet<ulong>?[NamespaceFiles.Count];
        bool any = false;
        foreach (NamespaceKey key in namespaces)
        {
            int slot = NamespaceFiles.Slot(key.Type);
            ArgumentOutOfRangeException.ThrowIfNegative(slot, nameof(namespaces));
            any |= (wanted[slot] ??= []).Add(key.Id);
        }

        if (!any)
        {
            return [];
        }

        using ProcTree proc = new(procRoot);
        List<int> found = [];
        HashSet<int> seen = [];
        bool missed = true;
        for (int round = 0; missed && round < MostRounds; round++)
        {
            // Who forks and ends after it was listed and before it is looked at leaves a child that was not listed: that is in the next list.
            missed = false;
            foreach (int pid in proc.ProcessIds())
            {
                if (seen.Add(pid))
                {
                    bool? isIn = IsInAny(proc, pid, wanted);
                    missed |= isIn is null;
                    if (isIn == true)
                    {
                        found.Add(pid);
                    }
                }
            }
        }

        found.Sort();
        return [.. found];
    }

    // However many are wanted, a link is read once; null where the process has ended.
    private static bool? IsInAny(ProcTree proc, int pid, HashSet<ulong>?[] wanted)
    {
        bool ended = false;
        for (int slot = 0; slot < wanted.Length; slot++)
        {
            if (wanted[slot] is not { } ids)
            {
                continue;
            }

            if (ReadId(proc, pid, slot, out Errno error) is ulong id && ids.Contains(id))
            {
                return true;
            }

            ended |= error is Errno.ENOENT or Errno.ESRCH;
        }

        return ended ? null : false;
    }

    private static bool IsIn(ProcTree proc, int pid, int slot, ulong id) => ReadId(proc, pid, slot, out _) == id;

    private static ulong? ReadId(ProcTree proc, int pid, int slot, out Errno error)
    {
        ReadOnlySpan<byte> link = proc.ReadLink(proc.PathOf(pid, NamespaceFiles.Link(slot)), out error);
        return !link.IsEmpty && NamespaceKey.TryParseId(link[NamespaceFiles.Name(slot).Length..], out ulong id) ? id : null;
    }

    private static IsolationException Denied(string what, Errno error) => new(
        "NamespaceAccessDenied",
        ErrorKind.PermissionDenied,
        $"Cannot look at {what}: {error.Describe()}. The kernel shows them to who may trace the process, ptrace(2): to its own user, and to root with "
        + "CAP_SYS_PTRACE over its user namespace. Run this as one of the two.");

    private static string NotANamespace(string path, FileStatus status) => status switch
    {
        { IsDirectory: true } => $"{path} is a folder, not a namespace. Name a file in it.",
        { IsRegular: true } when NamedNetworks.NameOf(path) is not null =>
            $"{path} is a plain file, not a namespace: it is stale, nothing is mounted on it any more. Remove it with Remove-Item -LiteralPath '{path}'.",
        { IsRegular: true } => $"{path} is a plain file, not a namespace: none is mounted on it.",
        _ => $"{path} is not the file of a namespace.",
    };
}
