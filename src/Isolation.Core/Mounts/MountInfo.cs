using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;

namespace Isolation;

/// <summary>One mount as <c>/proc/PID/mountinfo</c> tells it, proc_pid_mountinfo(5).</summary>
public sealed class MountInfo
{
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

    /// <summary>The id of the mount that this one stands on; its own id for the root of the tree.</summary>
    public int ParentId { get; }

    /// <summary>The device's number, <c>major:minor</c>.</summary>
    public string Device { get; }

    /// <summary>The folder of the file system that forms this mount's root, such as <c>/</c>.</summary>
    public string Root { get; }

    /// <summary>Where it is mounted, seen from the reading process's root.</summary>
    public string MountPoint { get; }

    /// <summary>The mount's own options, such as <c>rw</c> and <c>nosuid</c>.</summary>
    public IReadOnlyList<string> Options { get; private init; } = [];

    /// <summary>The propagation fields: <c>shared:N</c>, <c>master:N</c>, <c>propagate_from:N</c>, <c>unbindable</c>; none for a private mount.</summary>
    public IReadOnlyList<string> Propagation { get; private init; } = [];

    /// <summary>The file system's type, such as <c>cgroup2</c>.</summary>
    public string FileSystemType { get; private init; } = "";

    /// <summary>What was mounted: a device, or a word of the file system's own.</summary>
    public string Source { get; private init; } = "";

    /// <summary>The file system's options, shared by all its mounts; for cgroup v1 they name the controllers.</summary>
    public IReadOnlyList<string> SuperOptions { get; private init; } = [];

    /// <summary>The mounts that a process sees, in the order in which they were made.</summary>
    /// <param name="path">The file to read.</param>
    public static IReadOnlyList<MountInfo> Read(string path = "/proc/self/mountinfo")
    {
        using StreamReader reader = new(path);
        return Parse(reader);
    }

    /// <summary>Parses the text of a mountinfo file. Lines that are not of its form are left out.</summary>
    /// <param name="reader">The text.</param>
    public static IReadOnlyList<MountInfo> Parse(TextReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        List<MountInfo> mounts = [];
        while (reader.ReadLine() is string line)
        {
            if (TryParseLine(line, out MountInfo? mount))
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
        mount = null;

        // 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
        string[] fields = line.Split(' ');
        int separator = Array.IndexOf(fields, "-", Math.Min(6, fields.Length));
        if (separator < 6
            || fields.Length < separator + 3
            || !int.TryParse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out int id)
            || !int.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out int parent))
        {
            return false;
        }

        mount = new MountInfo(id, parent, fields[2], Unescape(fields[3]), Unescape(fields[4]))
        {
            Options = SplitOptions(fields[5]),
            Propagation = fields[6..separator],
            FileSystemType = Unescape(fields[separator + 1]),
            Source = Unescape(fields[separator + 2]),
            SuperOptions = fields.Length > separator + 3 ? SplitOptions(fields[separator + 3]) : [],
        };
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => MountPoint;

    private static string[] SplitOptions(string field) =>
        Array.ConvertAll(field.Split(',', StringSplitOptions.RemoveEmptyEntries), Unescape);

    // The kernel writes space, tab, newline, backslash and '#' as \ooo (fs/proc_namespace.c, mangle). The bytes between may be any, mostly UTF-8.
    private static string Unescape(string field)
    {
        if (!field.Contains('\\', StringComparison.Ordinal))
        {
            return field;
        }

        StringBuilder text = new(field.Length);
        for (int i = 0; i < field.Length; i++)
        {
            if (field[i] == '\\' && i + 3 < field.Length && IsOctal(field[i + 1]) && IsOctal(field[i + 2]) && IsOctal(field[i + 3]))
            {
                text.Append((char)(((field[i + 1] - '0') << 6) | ((field[i + 2] - '0') << 3) | (field[i + 3] - '0')));
                i += 3;
            }
            else
            {
                text.Append(field[i]);
            }
        }

        return text.ToString();
    }

    private static bool IsOctal(char c) => c is >= '0' and <= '7';
}
