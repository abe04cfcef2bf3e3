using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using System.Threading;
using Isolation.Agent;
using Isolation.Interop;
using Isolation.Plans;

namespace Isolation.Mounts;

/// <summary>A file system, or a part of the tree, to be mounted.</summary>
internal sealed record FileSystemMount
{
    // mount(2) takes a page of options.
    private const int LongestOptions = 4095;

    private static readonly Dictionary<string, MountFlag> s_words = new()
    {
        ["ro"] = MountFlag.ReadOnly, ["rw"] = MountFlag.None, ["nosuid"] = MountFlag.NoSuid, ["nodev"] = MountFlag.NoDev, ["noexec"] = MountFlag.NoExec,
        ["sync"] = MountFlag.Synchronous, ["dirsync"] = MountFlag.DirectorySynchronous, ["nosymfollow"] = MountFlag.NoSymlinkFollow, ["noatime"] = MountFlag.NoAccessTime,
        ["nodiratime"] = MountFlag.NoDirectoryAccessTime, ["relatime"] = MountFlag.RelativeAccessTime, ["strictatime"] = MountFlag.StrictAccessTime, ["lazytime"] = MountFlag.LazyTime,
    };

    /// <summary>The mount point.</summary>
    public required string MountPoint { get; init; }

    /// <summary>A folder that stands for the root while the mount point is looked up; null for the target's.</summary>
    public string? Root { get; init; }

    /// <summary>The file system's type; null for a bind mount.</summary>
    public string? Type { get; init; }

    /// <summary>What is mounted: a path to bind, a device or a file with a file system, or a word of the file system's own.</summary>
    public string? Source { get; init; }

    /// <summary>The source is a path of the caller's, and not of the target.</summary>
    public bool SourceOutside { get; init; }

    /// <summary>A bind takes what is mounted below too.</summary>
    public bool Recursive { get; init; }

    /// <summary>The flags.</summary>
    public MountFlag Flags { get; init; }

    /// <summary>The file system's own options; words that are flags count as such.</summary>
    public IReadOnlyList<string> Options { get; init; } = [];

    /// <summary>A user namespace whose id map the mount gets; null for none.</summary>
    public Descriptor? IdMap { get; init; }

    /// <summary>Mounts it.</summary>
    /// <exception cref="SyscallException">The kernel refused.</exception>
    /// <exception cref="IsolationException"><c>MountPathNotFound</c>, <c>MountPathInvalid</c>, <c>MountSourceMissing</c>, <c>MountOptionInvalid</c>, <c>MountUnsupported</c>.</exception>
    public void Make(MountTarget target, Action<string>? explain, CancellationToken cancellation)
    {
        (MountFlag flags, string? data) = ReadOptions();
        RefuseOdd(flags, data);
        if (Type is null)
        {
            Bind(target, flags, data, explain, cancellation);
            return;
        }

        if (IdMap is not null)
        {
            throw new IsolationException(
                "MountOptionInvalid", ErrorKind.InvalidArgument, $"Ids are mapped by a bind mount: mount {Type} first, and then bind its mount point with the map.");
        }

        using Descriptor? device = TakesDevice(Type) ? OpenDevice(target, flags.HasFlag(MountFlag.ReadOnly), cancellation) : null;
        MountScope scope = target.ScopeWith(KindShown(Type));
        using PlanOutcome outcome = MountCalls.Run(
            target,
            oldCalls => MountPlans.Mount(new MountPlanOptions
            {
                Scope = scope, MountPoint = MountPoint, Root = Root, Type = Type, Source = Source ?? Type, DeviceInput = device is not null, Device = device is null ? null : PathOf(device), Flags = flags, Data = data, OldCalls = oldCalls,
            }),
            device is null ? [] : [device],
            explain,
            scope,
            cancellation);
    }

    /// <summary>Whether a type of file system lies on a block device: it is known, and not marked <c>nodev</c>, proc_filesystems(5).</summary>
    internal static bool TakesDevice(string type)
    {
        foreach (string line in File.ReadLines("/proc/filesystems"))
        {
            if (line.TrimStart().EndsWith('\t' + type, StringComparison.Ordinal) || line.Trim() == type)
            {
                return !line.StartsWith("nodev", StringComparison.Ordinal);
            }
        }

        return false;
    }

    // These file systems show what the process that mounts them is in.
    private static NamespaceType KindShown(string type) => type switch
    {
        "proc" => NamespaceType.Pid,
        "sysfs" => NamespaceType.Net,
        "mqueue" => NamespaceType.Ipc,
        "cgroup" or "cgroup2" => NamespaceType.Cgroup,
        _ => NamespaceType.None,
    };

    // Null where the device has another path here than where it was found.
    private static string? PathOf(Descriptor device)
    {
        string? path = File.ResolveLinkTarget(device.ProcPath, returnFinalTarget: false)?.FullName;
        return path is not null && Sys.TryStatus(path, out FileStatus status) && status == Sys.Status(device) ? path : null;
    }

    private (MountFlag Flags, string? Data) ReadOptions()
    {
        MountFlag flags = Flags;
        List<string> rest = [];
        foreach (string option in Options)
        {
            foreach (string word in option.Split(',', StringSplitOptions.RemoveEmptyEntries))
            {
                if (s_words.TryGetValue(word, out MountFlag flag))
                {
                    flags |= flag;
                }
                else
                {
                    rest.Add(word);
                }
            }
        }

        string data = string.Join(',', rest);
        return Encoding.UTF8.GetByteCount(data) <= LongestOptions
            ? (flags, data.Length == 0 ? null : data)
            : throw new IsolationException(
                "MountOptionInvalid", ErrorKind.InvalidArgument, $"The options are longer than the {LongestOptions} bytes that mount(2) takes. Give fewer of them, or shorter paths.");
    }

    private void RefuseOdd(MountFlag flags, string? data)
    {
        foreach (string? text in (string?[])[Type, Source, data])
        {
            // The kernel would take what is before it.
            if (text?.Contains('\0', StringComparison.Ordinal) == true)
            {
                throw new IsolationException("MountOptionInvalid", ErrorKind.InvalidArgument, $"'{text.Replace('\0', '?')}' has a NUL character in it. Give it without.");
            }
        }

        if (flags.HasFlag(MountFlag.StrictAccessTime) && (flags & (MountFlag.NoAccessTime | MountFlag.RelativeAccessTime)) != MountFlag.None)
        {
            throw new IsolationException(
                "MountOptionInvalid", ErrorKind.InvalidArgument, $"{flags & (MountFlag.NoAccessTime | MountFlag.RelativeAccessTime | MountFlag.StrictAccessTime)} contradict each other: a mount keeps access times in one way. Give one of them.");
        }
    }

    private void Bind(MountTarget target, MountFlag flags, string? data, Action<string>? explain, CancellationToken cancellation)
    {
        const MountFlag OfFileSystem = MountFlag.Synchronous | MountFlag.DirectorySynchronous | MountFlag.LazyTime;
        if (data is not null || (flags & OfFileSystem) != MountFlag.None)
        {
            throw new IsolationException(
                "MountOptionInvalid",
                ErrorKind.InvalidArgument,
                $"A bind mount shows a file system that is mounted already, and has no options of its own but ReadOnly, NoSuid, NoDev, NoExec, NoSymlinkFollow and those of access times: leave out {data ?? (flags & OfFileSystem).ToString()}.");
        }

        string source = Source ?? throw new IsolationException("MountSourceMissing", ErrorKind.InvalidArgument, "A bind mount needs what to bind: give -Source.");
        using PlanOutcome outcome = MountCalls.Run(
            target,
            oldCalls =>
            {
                if (oldCalls && (IdMap is not null || SourceOutside))
                {
                    throw new IsolationException(
                        "MountUnsupported",
                        ErrorKind.NotSupported,
                        $"{(IdMap is not null ? "Mapping the ids of a mount takes mount_setattr (Linux 5.12)" : "Binding from outside takes open_tree and move_mount (Linux 5.2) and openat2 (5.6)")}, which Linux {KernelNamespaces.Release} does not have, or a filter forbids.");
                }

                return MountPlans.Mount(new MountPlanOptions
                {
                    Scope = target.Scope,
                    MountPoint = MountPoint,
                    Root = Root,
                    Source = source,
                    SourceOutside = SourceOutside && !target.IsOwn,
                    Recursive = Recursive,
                    Flags = flags,
                    RecursiveFlags = Recursive,
                    IdMap = IdMap is not null,
                    OldCalls = oldCalls,
                    SourceFlags = oldCalls && flags != MountFlag.None ? FlagsAt(target, source, cancellation) : MountFlag.None,
                });
            },
            IdMap is null ? [] : [IdMap],
            explain,
            target.Scope,
            cancellation);
    }

    private static MountFlag FlagsAt(MountTarget target, string source, CancellationToken cancellation)
    {
        MountPlace place = MountPlace.Find(target, source, null, cancellation);
        return MountTable.Of(target, cancellation).WithId(place.MountId)?.Flags ?? MountFlag.None;
    }

    private Descriptor OpenDevice(MountTarget target, bool readOnly, CancellationToken cancellation)
    {
        if (Source is not string path || !path.StartsWith('/'))
        {
            throw new IsolationException(
                "MountSourceMissing", ErrorKind.InvalidArgument, $"A file system of type {Type} lies on a block device, or in a file: give its full path with -Source.");
        }

        Descriptor file = target.IsOwn || SourceOutside ? Sys.Open(path, (readOnly ? OpenFlags.ReadOnly : OpenFlags.ReadWrite) | OpenFlags.NonBlock) : OpenInside(target, path, readOnly, cancellation);
        FileStatus status = Sys.Status(file);
        if ((status.Mode & 0xF000) == 0x6000)
        {
            return file;
        }

        using (file)
        {
            return status.IsRegular
                ? Sys.AttachLoop(file, path, readOnly)
                : throw new IsolationException(
                    "MountSourceInvalid", ErrorKind.InvalidArgument, $"{path} is neither a block device nor a file, and so holds no file system of type {Type}. To bind a folder leave -Type out.");
        }
    }

    private static Descriptor OpenInside(MountTarget target, string path, bool readOnly, CancellationToken cancellation)
    {
        using PlanOutcome outcome = MountCalls.Run(target, _ => MountPlans.OpenSource(target.Scope, path, readOnly), [], null, target.Scope, cancellation);
        Errno error = Sys.TryDuplicate(outcome.Descriptors[0], out Descriptor? copy);
        return copy ?? throw new SyscallException("fcntl", error, $"keep {path} open", PlanHints.ForFork(error));
    }
}
