using System;
using Isolation.Interop;
using Isolation.Plans;

namespace Isolation.Processes;

/// <summary>
/// An open proc(5) file system, for readers that go through every process. Not for several threads: it reuses its buffers, so what a method returns
/// is valid until the next call.
/// </summary>
internal sealed class ProcTree : IDisposable
{
    // PATH_MAX: no link's target and no path built here is longer.
    private const int LongestPath = 4096;

    private readonly Descriptor _root;
    private readonly byte[] _path = new byte[LongestPath];
    private readonly byte[] _link = new byte[LongestPath];
    private byte[] _file = new byte[16 * 1024];

    /// <summary>Opens the file system.</summary>
    /// <param name="root">Where it is mounted; a folder of the same shape in a test.</param>
    /// <exception cref="IsolationException"><c>ProcUnavailable</c>: it cannot be opened.</exception>
    public ProcTree(string root = "/proc")
    {
        Errno error = Sys.TryOpen(root, OpenFlags.ReadOnly, out Descriptor? folder);
        ThrowIfExhausted(error);
        _root = folder ?? throw new IsolationException(
            "ProcUnavailable",
            ErrorKind.Unavailable,
            $"Cannot read {root}: {error.Describe()}. Processes and namespaces are found through proc(5), which is to be mounted there.");
    }

    /// <summary>Every process that there is now, in the order of their pids.</summary>
    public int[] ProcessIds()
    {
        Sys.RewindFolder(_root);
        return Numbers(_root);
    }

    /// <summary>The numbers in a folder of a process, such as <c>task</c> or <c>fd</c>; none where it may not be read.</summary>
    public int[] Numbers(int pid, ReadOnlySpan<byte> folder)
    {
        using Descriptor? opened = Sys.OpenAt(_root, PathOf(pid, folder), OpenFlags.ReadOnly, out Errno error);
        ThrowIfExhausted(error);
        return opened is null ? [] : Numbers(opened);
    }

    /// <summary>Opens a file by a path that one of the PathOf methods made, or by an absolute one with a NUL at its end.</summary>
    public Descriptor? Open(ReadOnlySpan<byte> path, OpenFlags flags, out Errno error) => Sys.OpenAt(_root, path, flags, out error);

    /// <summary>Device, inode and link count of a file, links followed; null where it is gone or may not be seen.</summary>
    public FileStatus? Status(ReadOnlySpan<byte> path, out uint links) => Sys.StatusAt(_root, path, out links);

    /// <summary>Whether there is such a process.</summary>
    public bool Exists(int pid) => Status(PathOf(pid, default), out _) is not null;

    /// <summary>The target of a link; empty where it is gone or may not be read.</summary>
    public ReadOnlySpan<byte> ReadLink(ReadOnlySpan<byte> path, out Errno error) => _link.AsSpan(0, Sys.ReadLinkAt(_root, path, _link, out error));

    /// <summary>The whole content of a file; false where it is gone, may not be read, or its process ended meanwhile.</summary>
    public bool TryReadFile(ReadOnlySpan<byte> path, out ReadOnlySpan<byte> content)
    {
        content = default;
        using Descriptor? file = Sys.OpenAt(_root, path, OpenFlags.ReadOnly, out Errno error);
        if (file is null)
        {
            ThrowIfExhausted(error);
            return false;
        }

        int filled = 0;
        while (true)
        {
            if (filled == _file.Length)
            {
                Array.Resize(ref _file, _file.Length * 2);
            }

            int count = Sys.ReadSome(file, _file.AsSpan(filled));
            if (count < 0)
            {
                return false;
            }

            if (count == 0)
            {
                content = _file.AsSpan(0, filled);
                return true;
            }

            filled += count;
        }
    }

    /// <summary>The path of a process's file, relative to this file system, with a NUL at its end.</summary>
    public ReadOnlySpan<byte> PathOf(int pid, ReadOnlySpan<byte> file)
    {
        int end = Bytes.Append(_path, 0, pid);
        end = Bytes.Append(_path, end, "/"u8);
        end = Bytes.Append(_path, end, file);
        _path[end] = 0;
        return _path.AsSpan(0, end + 1);
    }

    /// <summary>The path of a numbered file of a process: <c>PID/folder/NUMBER/file</c>.</summary>
    public ReadOnlySpan<byte> PathOf(int pid, ReadOnlySpan<byte> folder, int number, ReadOnlySpan<byte> file)
    {
        int end = Bytes.Append(_path, 0, pid);
        end = Bytes.Append(_path, end, "/"u8);
        end = Bytes.Append(_path, end, folder);
        end = Bytes.Append(_path, end, "/"u8);
        end = Bytes.Append(_path, end, number);
        end = Bytes.Append(_path, end, file);
        _path[end] = 0;
        return _path.AsSpan(0, end + 1);
    }

    /// <summary>The stat file of a process, parsed; false where it is gone.</summary>
    public bool TryReadStat(int pid, out ProcStat stat)
    {
        stat = default;
        return TryReadFile(PathOf(pid, "stat"u8), out ReadOnlySpan<byte> text) && ProcStat.TryParse(text, out stat);
    }

    /// <summary>The status file of a process, parsed; null where it is gone.</summary>
    public ProcStatus? ReadStatus(int pid) =>
        TryReadFile(PathOf(pid, "status"u8), out ReadOnlySpan<byte> text) && ProcStatus.TryParse(text, out ProcStatus? status) ? status : null;

    /// <summary>The command line of a process as one line; empty for a kernel thread, a zombie, and where it may not be read.</summary>
    public string ReadCommandLine(int pid) =>
        TryReadFile(PathOf(pid, "cmdline"u8), out ReadOnlySpan<byte> text) ? CommandLine.Format(text) : string.Empty;

    /// <inheritdoc/>
    public void Dispose() => _root.Dispose();

    // Where this process or the host has no descriptors left, nothing is known of the other process: it must not pass for one that has ended.
    private static void ThrowIfExhausted(Errno error)
    {
        if (Sys.IsExhausted(error))
        {
            throw new IsolationException("ProcUnavailable", ErrorKind.LimitsExceeded, $"Cannot read /proc: {error.Describe()}. {PlanHints.ForFork(error)}");
        }
    }

    private int[] Numbers(Descriptor folder)
    {
        int[] numbers = new int[64];
        int count = 0;
        DirectoryEntries entries = new(folder, _file);
        while (entries.MoveNextNumber(out int number))
        {
            if (count == numbers.Length)
            {
                Array.Resize(ref numbers, count * 2);
            }

            numbers[count++] = number;
        }

        Array.Resize(ref numbers, count);
        // The kernel lists them in order, other file systems need not.
        Array.Sort(numbers);
        return numbers;
    }
}
