using System;
using System.IO;
using Isolation.Interop;

namespace Isolation.State;

/// <summary>The folder of one set: its record and, for root's, its pins.</summary>
internal sealed class SetFolder
{
    private readonly StateFolder _state;

    public SetFolder(StateFolder state, string name)
    {
        _state = state;
        Path = System.IO.Path.Combine(state.Sets, name);
    }

    public string Path { get; }

    public bool Exists => Directory.Exists(Path);

    /// <summary>Whether it has a place for pins: what an ordinary user makes, and what is unnamed, has none.</summary>
    public bool HasPins => Directory.Exists(Pins);

    private string RecordFile => System.IO.Path.Combine(Path, "set.json");

    private string Pins => System.IO.Path.Combine(Path, "ns");

    /// <summary>Makes the folder with its record in it, all at once: no reader ever sees a folder without.</summary>
    public void Make(NamespaceRecord record)
    {
        if (record.Pinned)
        {
            _state.EnsurePrivateMount();
        }

        string draft = Beside(".new-");
        DeleteTree(draft);
        Directory.CreateDirectory(draft, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        if (record.Pinned)
        {
            Directory.CreateDirectory(System.IO.Path.Combine(draft, "ns"));
        }

        StateFile.Write(System.IO.Path.Combine(draft, "set.json"), record.ToJson());
        Directory.Move(draft, Path);
    }

    /// <summary>Removes what a process that was killed in <see cref="Make"/> or <see cref="Delete"/> left; the caller holds the name's lock.</summary>
    public void DeleteDrafts()
    {
        DeleteTree(Beside(".new-"));
        DeleteTree(Beside(".old-"));
    }

    /// <summary>The record; null where there is no set.</summary>
    /// <exception cref="IsolationException"><c>NamespaceRecordDamaged</c>, <c>NamespaceRecordTooNew</c>, <c>StateFolderUnsafe</c>, <c>StateFolderUnavailable</c>.</exception>
    public NamespaceRecord? Read()
    {
        try
        {
            if (!Sys.TryStatus(Path, out FileStatus status, followLink: false))
            {
                return null;
            }

            if (status.Uid != Sys.EffectiveUserId || !status.IsDirectory)
            {
                throw new IsolationException(
                    "StateFolderUnsafe", ErrorKind.PermissionDenied, $"{Path} belongs to user {status.Uid} or is no folder: somebody else made it. Look at it, and remove it.");
            }

            NamespaceRecord record = NamespaceRecord.Parse(StateFile.Read(RecordFile) ?? throw NamespaceRecord.Damaged(RecordFile, null), RecordFile);

            // What belongs to a set is found by its name: that of another would have its control group removed.
            return record.Name == System.IO.Path.GetFileName(Path) ? record : throw NamespaceRecord.Damaged(RecordFile, null);
        }
        catch (DirectoryNotFoundException)
        {
            return null;
        }
        catch (FileNotFoundException)
        {
            // Half made: the folder is the first thing and the record the second.
            return Exists ? throw NamespaceRecord.Damaged(RecordFile, null) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw StateFolder.Unreadable(RecordFile, exception);
        }
    }

    /// <summary>Writes the record whole or not at all: a reader never sees half of it.</summary>
    public void Write(NamespaceRecord record)
    {
        string draft = RecordFile + ".new";
        StateFile.Write(draft, record.ToJson());
        File.Move(draft, RecordFile, overwrite: true);
    }

    /// <summary>The pin of one kind.</summary>
    public string Pin(string kind) => System.IO.Path.Combine(Pins, kind);

    /// <summary>Pins a namespace: a bind mount of its file keeps it without a process, namespaces(7).</summary>
    public void Pin(string kind, Descriptor ns)
    {
        string pin = Pin(kind);
        StateFile.Write(pin, []);
        Sys.Mount(ns.ProcPath, pin, null, MountFlags.Bind);
    }

    /// <summary>Removes the pins, then the folder, which disappears at once.</summary>
    public void Delete()
    {
        // Of a set that could not even be begun.
        DeleteTree(Beside(".new-"));
        if (Directory.Exists(Pins))
        {
            foreach (string pin in Directory.GetFiles(Pins))
            {
                // Nothing mounted (EINVAL) is a pin that was not made yet.
                _ = Sys.TryUnmount(pin);
            }
        }

        if (Exists)
        {
            string old = Beside(".old-");
            DeleteTree(old);
            Directory.Move(Path, old);
            DeleteTree(old);
        }
    }

    private string Beside(string prefix) => System.IO.Path.Combine(_state.Sets, prefix + System.IO.Path.GetFileName(Path));

    private static void DeleteTree(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
