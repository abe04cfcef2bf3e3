using System;
using System.Collections.Generic;
using Isolation.Interop;

namespace Isolation.Cgroups;

/// <summary>One value for one file of a cgroup.</summary>
/// <param name="Parameter">The limit that asks for it, as users name it.</param>
/// <param name="Controller">The controller whose file it is.</param>
/// <param name="Hierarchy">The hierarchy.</param>
/// <param name="Directory">The cgroup's folder.</param>
/// <param name="File">The file's name.</param>
/// <param name="Value">What to write.</param>
/// <param name="Restore">What to write to get the former state back, a write a line.</param>
internal sealed record CgroupWrite(
    string Parameter, string Controller, CgroupHierarchy Hierarchy, string Directory, string File, string Value, string Restore)
{
    /// <summary>Says of what the file reads afterwards why the kernel has taken the value and does not use it; null where it does.</summary>
    public Func<string, string?>? Check { get; init; }

    /// <summary>What is done in the place of one write: the error, and what brings the former state back.</summary>
    public Func<ICgroupFiles, CgroupWrite, (Errno Error, Func<Errno>? Undo)>? Act { get; init; }

    public string Path => Directory + "/" + File;
}

/// <summary>A refused read or write, on its way to <see cref="CgroupRefusal"/>, which puts it into words.</summary>
internal sealed class CgroupRefusedException(Errno errno, CgroupWrite write) : Exception
{
    public Errno Errno { get; } = errno;

    public CgroupWrite Write { get; } = write;
}

/// <summary>Writes values one after the other; after a refusal what was written is taken back, last first.</summary>
internal sealed class CgroupWriter(ICgroupFiles files)
{
    private readonly List<(CgroupWrite Write, Func<Errno>? Undo)> _done = [];

    /// <summary>Writes all, or none: after a refusal everything written before is restored and the refusal thrown.</summary>
    /// <exception cref="CgroupRefusedException">A write was refused.</exception>
    public void WriteAll(IReadOnlyList<CgroupWrite> writes)
    {
        foreach (CgroupWrite write in writes)
        {
            (Errno error, Func<Errno>? undo) = write.Act is null ? (files.TryWrite(write.Path, write.Value), null) : write.Act(files, write);
            if (error != Errno.None)
            {
                throw new CgroupRefusedException(error, write);
            }

            _done.Add((write, undo));
            if (write.Check is not null && files.TryRead(write.Path, out string now) == Errno.None && write.Check(now) is string cause)
            {
                throw new IsolationException("CgroupLimitFailed", ErrorKind.InvalidArgument, $"Cannot set {write.Parameter} of {write.Directory} to {write.Value}: {cause}.");
            }
        }
    }

    /// <summary>Restores what was written. The result names the files that could not be restored.</summary>
    public IReadOnlyList<string> RollBack()
    {
        List<string> stuck = [];
        for (int i = _done.Count - 1; i >= 0; i--)
        {
            (CgroupWrite write, Func<Errno>? undo) = _done[i];
            if (undo is not null)
            {
                Note(write, undo());
                continue;
            }

            // A file of lines takes one a write; an empty value is written as the empty line that it is.
            foreach (string line in write.Restore == "\n" ? ["\n"] : write.Restore.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                Note(write, files.TryWrite(write.Path, line));
            }
        }

        _done.Clear();
        return stuck;

        void Note(CgroupWrite write, Errno error)
        {
            if (error is not (Errno.None or Errno.ENOENT or Errno.ENODEV))
            {
                stuck.Add($"{write.Path} ({error.Name()})");
            }
        }
    }
}
