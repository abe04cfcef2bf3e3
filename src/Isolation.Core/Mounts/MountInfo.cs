using System;
using System.Collections.Generic;
using System.IO;
using Isolation.Interop;

namespace Isolation;

/// <summary>
/// One mount as <c>/proc/PID/mountinfo</c> tells it, proc_pid_mountinfo(5). In names, a byte that is not part of UTF-8 is a lone surrogate, U+DC80 to
/// U+DCFF for 0x80 to 0xFF; such a name means the same mount where it is given back to this module.
/// </summary>
public sealed class MountInfo
{
    // What the kernel writes of one mount fits into a few pages; a longer line is none of its.
    private const int LongestLine = 1024 * 1024;

    // fs.mount-max allows 100,000 mounts a namespace where nobody changed it.
    private const int LongestFile = 512 * 1024 * 1024;

    private static readonly (string Option, MountFlag Flag)[] s_flags =
    [
        ("ro", MountFlag.ReadOnly), ("nosuid", MountFlag.NoSuid), ("nodev", MountFlag.NoDev), ("noexec", MountFlag.NoExec), ("nosymfollow", MountFlag.NoSymlinkFollow),
        ("noatime", MountFlag.NoAccessTime), ("nodiratime", MountFlag.NoDirectoryAccessTime), ("relatime", MountFlag.RelativeAccessTime),
    ];

    private static readonly (string Option, MountFlag Flag)[] s_superFlags =
        [("sync", MountFlag.Synchronous), ("dirsync", MountFlag.DirectorySynchronous), ("lazytime", MountFlag.LazyTime)];

    private MountInfo(int id, int parentId, string device, string root, string mountPoint)
    {
        Id = id;
        ParentId = parentId;
        Device = device;
        Root = root;
        MountPoint = mountPoint;
    }

    /// <summary>The mount's id; the kernel may use it again after the mount is gone.</summary>
    public int Id { get; }

    /// <summary>The id of the mount that this one stands on; for the root of the tree its own, or that of a mount that cannot be seen.</summary>
    public int ParentId { get; }

    /// <summary>The device's number, <c>major:minor</c>.</summary>
    public string Device { get; }

    /// <summary>The device's major number; 0 for a file system without a device.</summary>
    public uint DeviceMajor { get; private init; }

    /// <summary>The device's minor number.</summary>
    public uint DeviceMinor { get; private init; }

    /// <summary>The folder of the file system that forms this mount's root, such as <c>/</c>.</summary>
    public string Root { get; }

    /// <summary>Where it is mounted, seen from the reading process's root.</summary>
    public string MountPoint { get; }

    /// <summary>The mount's own options, such as <c>rw</c> and <c>nosuid</c>.</summary>
    public IReadOnlyList<string> Options { get; private init; } = [];

    /// <summary>The options that are flags, of the mount and of its file system.</summary>
    public MountFlag Flags { get; private init; }

    /// <summary>The optional fields as they are: <c>shared:N</c>, <c>master:N</c>, <c>propagate_from:N</c>, <c>unbindable</c>, and any that a later kernel adds.</summary>
    public IReadOnlyList<string> OptionalFields { get; private init; } = [];

    /// <summary>How it passes mounts on. One can be shared and a slave at once.</summary>
    public MountPropagation Propagation { get; private init; } = MountPropagation.Private;

    /// <summary>The peer group of a shared mount; null otherwise.</summary>
    public int? PeerGroup { get; private init; }

    /// <summary>The peer group that a slave gets its mounts from; null otherwise.</summary>
    public int? Master { get; private init; }

    /// <summary>The nearest peer group above its master that has a mount below the reader's root, where the master itself has none; null otherwise.</summary>
    public int? PropagateFrom { get; private init; }

    /// <summary>The other mounts of the peer group.</summary>
    public IReadOnlyList<MountLink> Peers { get; internal set; } = [];

    /// <summary>The mounts of the peer group that this one is a slave of.</summary>
    public IReadOnlyList<MountLink> Masters { get; internal set; } = [];

    /// <summary>The mounts that are slaves of this one's peer group.</summary>
    public IReadOnlyList<MountLink> Slaves { get; internal set; } = [];

    /// <summary>The file system's type, such as <c>cgroup2</c>.</summary>
    public string FileSystemType { get; private init; } = "";

    /// <summary>What was mounted: a device, or a word of the file system's own.</summary>
    public string Source { get; private init; } = "";

    /// <summary>The file system's options, shared by all its mounts; for cgroup v1 they name the controllers.</summary>
    public IReadOnlyList<string> SuperOptions { get; private init; } = [];

    /// <summary>What <c>/proc/PID/mountstats</c> says of a mount of NFS, as text; null for others and where it may not be read.</summary>
    public string? Statistics { get; internal set; }

    /// <summary>The set, process or path of a namespace that was asked about; null for the caller's own mounts.</summary>
    public string? Namespace { get; internal set; }

    /// <summary>The mount namespace's id; null where it may not be seen.</summary>
    public ulong? NamespaceId { get; internal set; }

    /// <summary>The mounts that a process sees, in the order in which they lie on one another.</summary>
    /// <param name="path">The file to read.</param>
    public static IReadOnlyList<MountInfo> Read(string path = "/proc/self/mountinfo")
    {
        using Descriptor file = Sys.Open(path, OpenFlags.ReadOnly);
        return Parse(ReadAll(file));
    }

    /// <summary>Parses the text of a mountinfo file. Lines that are not of its form are left out.</summary>
    /// <param name="reader">The text.</param>
    public static IReadOnlyList<MountInfo> Parse(TextReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        return Parse(KernelText.Encode(reader.ReadToEnd()));
    }

    /// <summary>Parses the bytes of a mountinfo file. Lines that are not of its form are left out; no input makes it throw.</summary>
    /// <param name="content">The file's content.</param>
    public static IReadOnlyList<MountInfo> Parse(ReadOnlySpan<byte> content)
    {
        List<MountInfo> mounts = [];
        while (!content.IsEmpty)
        {
            if (TryParseLine(Bytes.Cut(ref content, (byte)'\n'), out MountInfo? mount))
            {
                mounts.Add(mount!);
            }
        }

        return mounts;
    }

    /// <summary>Parses one line of a mountinfo file.</summary>
    /// <param name="line">The line, without its end.</param>
    /// <param name="mount">The mount, or null.</param>
    /// <returns>Whether the line has the form that proc_pid_mountinfo(5) gives.</returns>
    public static bool TryParseLine(string line, out MountInfo? mount)
    {
        ArgumentNullException.ThrowIfNull(line);
        return TryParseLine(KernelText.Encode(line), out mount);
    }

    /// <summary>Parses one line of a mountinfo file, of at most 1 MiB.</summary>
    /// <param name="line">The line, without its end.</param>
    /// <param name="mount">The mount, or null.</param>
    /// <returns>Whether the line has the form that proc_pid_mountinfo(5) gives.</returns>
    public static bool TryParseLine(ReadOnlySpan<byte> line, out MountInfo? mount)
    {
        mount = null;

        // 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
        if (line.Length > LongestLine
            || !TryParseId(Bytes.Cut(ref line, (byte)' '), out int id)
            || !TryParseId(Bytes.Cut(ref line, (byte)' '), out int parent))
        {
            return false;
        }

        ReadOnlySpan<byte> device = Bytes.Cut(ref line, (byte)' ');
        ReadOnlySpan<byte> minor = device;
        if (!Bytes.TryParseNumber(Bytes.Cut(ref minor, (byte)':'), out ulong major) || major > uint.MaxValue
            || !Bytes.TryParseNumber(minor, out ulong minorNumber) || minorNumber > uint.MaxValue)
        {
            return false;
        }

        ReadOnlySpan<byte> root = Bytes.Cut(ref line, (byte)' ');
        ReadOnlySpan<byte> point = Bytes.Cut(ref line, (byte)' ');
        ReadOnlySpan<byte> options = Bytes.Cut(ref line, (byte)' ');
        if (options.IsEmpty || !TryReadOptionalFields(ref line, out List<string> fields, out int? shared, out int? master, out int? from, out bool unbindable))
        {
            return false;
        }

        // Type and source are there, the source perhaps empty; the last options may be missing.
        ReadOnlySpan<byte> type = Bytes.Cut(ref line, (byte)' ');
        if (type.IsEmpty || line.IsEmpty)
        {
            return false;
        }

        string source = Unescape(Bytes.Cut(ref line, (byte)' '));
        string[] own = SplitOptions(options);
        string[] super = SplitOptions(Bytes.Cut(ref line, (byte)' '));
        mount = new MountInfo(id, parent, KernelText.Decode(device), Unescape(root), Unescape(point))
        {
            DeviceMajor = (uint)major,
            DeviceMinor = (uint)minorNumber,
            Options = own,
            Flags = FlagsIn(own, s_flags) | FlagsIn(super, s_superFlags),
            OptionalFields = fields,
            Propagation = KindOf(shared, master, unbindable),
            PeerGroup = shared,
            Master = master,
            PropagateFrom = from,
            FileSystemType = Unescape(type),
            Source = source,
            SuperOptions = super,
        };
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => MountPoint;

    /// <summary>The whole content of an open file of proc(5), up to 512 MiB; the end of a line that is cut there is no line.</summary>
    internal static ReadOnlySpan<byte> ReadAll(Descriptor file)
    {
        byte[] content = new byte[16 * 1024];
        int filled = 0;
        int count;
        while ((count = Sys.Read(file, content.AsSpan(filled))) > 0)
        {
            filled += count;
            if (filled == content.Length)
            {
                if (filled >= LongestFile)
                {
                    break;
                }

                Array.Resize(ref content, content.Length * 2);
            }
        }

        return content.AsSpan(0, filled);
    }

    // The kernel writes space, tab, newline, backslash and '#' as \ooo (fs/proc_namespace.c, mangle). The bytes between may be any, mostly UTF-8.
    internal static string Unescape(ReadOnlySpan<byte> field)
    {
        if (!field.Contains((byte)'\\'))
        {
            return KernelText.Decode(field);
        }

        byte[] bytes = new byte[field.Length];
        int length = 0;
        for (int i = 0; i < field.Length; i++)
        {
            if (field[i] == '\\' && i + 3 < field.Length && field[i + 1] is >= (byte)'0' and <= (byte)'3' && IsOctal(field[i + 2]) && IsOctal(field[i + 3]))
            {
                bytes[length++] = (byte)(((field[i + 1] - '0') << 6) | ((field[i + 2] - '0') << 3) | (field[i + 3] - '0'));
                i += 3;
            }
            else
            {
                bytes[length++] = field[i];
            }
        }

        return KernelText.Decode(bytes.AsSpan(0, length));
    }

    private static bool TryParseId(ReadOnlySpan<byte> field, out int id)
    {
        bool done = Bytes.TryParseNumber(field, out ulong number) && number <= int.MaxValue;
        id = done ? (int)number : 0;
        return done;
    }

    private static bool TryReadOptionalFields(
        ref ReadOnlySpan<byte> line, out List<string> fields, out int? shared, out int? master, out int? from, out bool unbindable)
    {
        fields = [];
        shared = master = from = null;
        unbindable = false;
        while (!line.IsEmpty)
        {
            ReadOnlySpan<byte> field = Bytes.Cut(ref line, (byte)' ');
            if (field.SequenceEqual("-"u8))
            {
                return true;
            }

            fields.Add(KernelText.Decode(field));
            ReadOnlySpan<byte> value = field;
            ReadOnlySpan<byte> name = Bytes.Cut(ref value, (byte)':');
            bool isGroup = TryParseId(value, out int group);
            shared = isGroup && name.SequenceEqual("shared"u8) ? group : shared;
            master = isGroup && name.SequenceEqual("master"u8) ? group : master;
            from = isGroup && name.SequenceEqual("propagate_from"u8) ? group : from;
            unbindable |= field.SequenceEqual("unbindable"u8);
        }

        return false;
    }

    private static MountPropagation KindOf(int? shared, int? master, bool unbindable)
    {
        MountPropagation kind = (shared is null ? MountPropagation.None : MountPropagation.Shared)
            | (master is null ? MountPropagation.None : MountPropagation.Slave)
            | (unbindable ? MountPropagation.Unbindable : MountPropagation.None);
        return kind == MountPropagation.None ? MountPropagation.Private : kind;
    }

    private static string[] SplitOptions(ReadOnlySpan<byte> field)
    {
        List<string> options = [];
        while (!field.IsEmpty)
        {
            ReadOnlySpan<byte> option = Bytes.Cut(ref field, (byte)',');
            if (!option.IsEmpty)
            {
                options.Add(Unescape(option));
            }
        }

        return [.. options];
    }

    private static MountFlag FlagsIn(string[] options, (string Option, MountFlag Flag)[] known)
    {
        MountFlag flags = MountFlag.None;
        foreach ((string option, MountFlag flag) in known)
        {
            flags |= Array.IndexOf(options, option) >= 0 ? flag : MountFlag.None;
        }

        return flags;
    }

    private static bool IsOctal(byte c) => c is >= (byte)'0' and <= (byte)'7';
}
