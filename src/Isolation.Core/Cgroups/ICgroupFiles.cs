using System;
using System.Buffers;
using System.Collections.Generic;
using System.Diagnostics;
using System.Text;
using Isolation.Interop;

namespace Isolation.Cgroups;

/// <summary>
/// The kernel's edge of this folder: the few calls that are made on a cgroup's files, so that order, refusals and roll-back can be tried on a plain
/// folder.
/// </summary>
internal interface ICgroupFiles
{
    /// <summary>The effective user id, geteuid(2).</summary>
    public uint EffectiveUser { get; }

    /// <summary>The whole text of a file, without the line's end.</summary>
    public Errno TryRead(string path, out string text);

    /// <summary>Writes a value with one write(2). The file is never made.</summary>
    public Errno TryWrite(string path, string value);

    /// <summary>mkdir(2).</summary>
    public Errno TryMakeDirectory(string path);

    /// <summary>rmdir(2).</summary>
    public Errno TryRemoveDirectory(string path);

    /// <summary>Whether there is a folder of this name; a link is not followed.</summary>
    public bool DirectoryExists(string path);

    /// <summary>Whether there is a file of this name.</summary>
    public bool FileExists(string path);

    /// <summary>The names of the folders in a folder; none where it is gone or may not be read.</summary>
    public IReadOnlyList<string> Subdirectories(string path);

    /// <summary>The names of the files in a folder; none where it is gone or may not be read.</summary>
    public IReadOnlyList<string> FileNames(string path);

    /// <summary>The owner of a folder; null where it is gone.</summary>
    public uint? Owner(string path);

    /// <summary>Whether this process may write a file, access(2).</summary>
    public bool IsWritable(string path);

    /// <summary>Gives a cgroup of version 2 the list of devices that it may use; null for all. The result has what brings the former state back.</summary>
    public (Errno Error, Func<Errno>? Undo) TrySetDevices(string directory, IReadOnlyList<DeviceRule>? rules);

    /// <summary>The list of devices that a cgroup of version 2 was given; null for none.</summary>
    public IReadOnlyList<DeviceRule>? Devices(string directory);

    /// <summary>Waits until a file says what is waited for; false where it does not within the time, or is gone.</summary>
    public bool WaitFor(string path, Func<string, bool> condition, TimeSpan timeout);

    /// <summary>Gives a file or folder to a user and a group, chown(2).</summary>
    public Errno TryChangeOwner(string path, uint uid, uint gid);

    /// <summary>Notes on a folder that it was made here, as far as its file system and the caller's rights go.</summary>
    public void Mark(string path);

    /// <summary>Whether that is noted on a folder.</summary>
    public bool IsMarked(string path);

    /// <summary>Whether systemd has noted on a folder that it is delegated; for users since version 251.</summary>
    public bool IsDelegated(string path);
}

/// <summary>The real ones.</summary>
internal sealed class KernelCgroupFiles : ICgroupFiles
{
    private const string MarkName = "isolation";
    private const ulong NoFolderInside = 2;

    /// <summary>The one instance; it has no state.</summary>
    public static KernelCgroupFiles Instance { get; } = new();

    // Of some files, such as freezer.state, the kernel tells nothing.
    private static readonly TimeSpan s_longestWait = TimeSpan.FromMilliseconds(10);

    public uint EffectiveUser => Sys.EffectiveUser;

    public Errno TryRead(string path, out string text)
    {
        text = "";
        Errno error = Sys.TryOpen(path, OpenFlags.ReadOnly, out Descriptor? descriptor);
        if (error != Errno.None)
        {
            return error;
        }

        using (descriptor)
        {
            byte[] buffer = new byte[4096];
            int length = 0;
            try
            {
                while (true)
                {
                    int count = Sys.Read(descriptor!, buffer.AsSpan(length));
                    if (count == 0)
                    {
                        break;
                    }

                    length += count;
                    if (length == buffer.Length)
                    {
                        Array.Resize(ref buffer, buffer.Length * 2);
                    }
                }
            }
            catch (SyscallException exception)
            {
                // Some files open and then refuse the read: cgroup.procs of a threaded cgroup (EOPNOTSUPP), any file of one removed meanwhile (ENODEV).
                return exception.Errno;
            }

            text = Encoding.UTF8.GetString(buffer, 0, length).TrimEnd('\n');
            return Errno.None;
        }
    }

    public Errno TryWrite(string path, string value)
    {
        Errno error = Sys.TryOpen(path, OpenFlags.WriteOnly, out Descriptor? descriptor);
        if (error != Errno.None)
        {
            return error;
        }

        using (descriptor)
        {
            return Sys.TryWrite(descriptor!, Encoding.UTF8.GetBytes(value));
        }
    }

    public Errno TryMakeDirectory(string path) => Sys.TryMakeDirectory(path);

    public Errno TryRemoveDirectory(string path) => Sys.TryRemoveDirectory(path);

    public bool DirectoryExists(string path) => Sys.TryStatus(path, out FileStatus status, followLink: false) && status.IsDirectory;

    public bool FileExists(string path) => Sys.TryStatus(path, out FileStatus status) && status.IsRegular;

    // Most cgroups have none inside: their number of links says so, and saves a look at dozens of files.
    public IReadOnlyList<string> Subdirectories(string path) =>
        Sys.TryStatus(path, out FileStatus status) && status is { IsDirectory: true, Links: not NoFolderInside } ? Names(path, folders: true) : [];

    public IReadOnlyList<string> FileNames(string path) => Names(path, folders: false);

    private static List<string> Names(string path, bool folders)
    {
        List<string> names = [];
        if (Sys.TryOpen(path, OpenFlags.ReadOnly, out Descriptor? folder) != Errno.None)
        {
            return names;
        }

        using (folder)
        {
            byte[] buffer = ArrayPool<byte>.Shared.Rent(32 * 1024);
            DirectoryEntries entries = new(folder!, buffer);
            while (entries.MoveNext())
            {
                if (entries.IsFolder == folders && !entries.Name.SequenceEqual("."u8) && !entries.Name.SequenceEqual(".."u8))
                {
                    names.Add(KernelText.Decode(entries.Name));
                }
            }

            ArrayPool<byte>.Shared.Return(buffer);
        }

        names.Sort(StringComparer.Ordinal);
        return names;
    }

    public uint? Owner(string path) => Sys.TryStatus(path, out FileStatus status) ? status.Uid : null;

    public bool IsWritable(string path) => Sys.IsWritable(path);

    public (Errno Error, Func<Errno>? Undo) TrySetDevices(string directory, IReadOnlyList<DeviceRule>? rules) =>
        (DevicePrograms.TrySet(directory, rules, out Func<Errno>? undo), undo);

    public IReadOnlyList<DeviceRule>? Devices(string directory) => DevicePrograms.Read(directory);

    public bool WaitFor(string path, Func<string, bool> condition, TimeSpan timeout)
    {
        long start = Stopwatch.GetTimestamp();
        if (Sys.TryOpen(path, OpenFlags.ReadOnly, out Descriptor? descriptor) != Errno.None)
        {
            return false;
        }

        using (descriptor)
        {
            byte[] buffer = new byte[4096];
            while (true)
            {
                // The kernel tells of what has changed since this descriptor was last read.
                if (Sys.TryReadAgain(descriptor!, buffer, out int count) != Errno.None)
                {
                    return false;
                }

                if (condition(Encoding.UTF8.GetString(buffer, 0, count).TrimEnd('\n')))
                {
                    return true;
                }

                TimeSpan left = timeout - Stopwatch.GetElapsedTime(start);
                if (left <= TimeSpan.Zero)
                {
                    return false;
                }

                Sys.WaitChange(descriptor!, left < s_longestWait ? left : s_longestWait);
            }
        }
    }

    public Errno TryChangeOwner(string path, uint uid, uint gid) => Sys.TryChangeOwner(path, uid, gid);

    // Attributes of root alone, or where that is refused of the owner, xattr(7); for folders of cgroups the kernel has the latter since 5.7.
    public void Mark(string path)
    {
        if (Sys.TrySetAttribute(path, "trusted." + MarkName, "1"u8) != Errno.None)
        {
            _ = Sys.TrySetAttribute(path, "user." + MarkName, "1"u8);
        }
    }

    public bool IsMarked(string path) => Sys.HasAttribute(path, "trusted." + MarkName) || Sys.HasAttribute(path, "user." + MarkName);

    public bool IsDelegated(string path) => Sys.HasAttribute(path, "trusted.delegate") || Sys.HasAttribute(path, "user.delegate");
}
