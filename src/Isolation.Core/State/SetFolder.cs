using System;
using System.Collections.Generic;
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

    /// <summary>The folder that it is in.</summary>
    public StateFolder State => _state;

    public bool Exists => Directory.Exists(Path);

    /// <summary>Whether it has a place for pins: what an ordinary user makes, and what is unnamed, has none.</summary>
    public bool HasPins => Directory.Exists(Pins);

    private string RecordFile => System.IO.Path.Combine(Path, "set.json");

    private string Pins => System.IO.Path.Combine(Path, "ns");

    private string JoinedPins => System.IO.Path.Combine(Path, "in");

    private string ChildrenFolder => System.IO.Path.Combine(Path, "children");

    /// <summary>Makes the folder with its record in it, all at once: no reader ever sees a folder without.</summary>
    public void Make(NamespaceRecord record)
    {
        if (record.Pinned)
        {
            _state.EnsurePrivateMount();
        }

        string draft = Draft(".new-");
        DeleteTree(draft);
        Directory.CreateDirectory(draft, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        if (record.Pinned)
        {
            Directory.CreateDirectory(System.IO.Path.Combine(draft, "ns"));
        }

        if (record.Joined.Count != 0)
        {
            string joined = Directory.CreateDirectory(System.IO.Path.Combine(draft, "in")).FullName;
            foreach (string kind in record.Joined.Keys)
            {
                // Also without a pin: it says what is not the set's own where the record does not any more.
                StateFile.Write(System.IO.Path.Combine(joined, kind), []);
            }
        }

        StateFile.Write(System.IO.Path.Combine(draft, "set.json"), record.ToJson());
        Directory.Move(draft, Path);
    }

    /// <summary>Removes what a process that was killed in <see cref="Make"/> or <see cref="Delete"/> left; the caller holds the name's lock.</summary>
    public void DeleteDrafts()
    {
        DeleteTree(Draft(".new-"));
        DeleteTree(Draft(".old-"));
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

    /// <summary>The version of the record; null where there is none.</summary>
    public FileVersion? RecordVersion() => FileVersion.Of(RecordFile);

    /// <summary>The pin of one kind.</summary>
    public string Pin(string kind) => System.IO.Path.Combine(Pins, kind);

    /// <summary>The pin of one kind that is another's: apart from the own, so that nobody takes it for the set's.</summary>
    public string JoinedPin(string kind) => System.IO.Path.Combine(JoinedPins, kind);

    /// <summary>Whether the namespace of one kind is another's.</summary>
    public bool IsJoined(string kind) => File.Exists(JoinedPin(kind));

    /// <summary>Pins a namespace of another's.</summary>
    public void PinJoined(string kind, Descriptor ns) => Sys.Mount(ns.ProcPath, JoinedPin(kind), null, MountFlags.Bind);

    /// <summary>The names of the sets that were made in this one. The caller holds the name's lock, or may be told of one that is going.</summary>
    public IReadOnlyList<string> Children()
    {
        List<string> children = [];
        foreach (string folder in StateFolder.List(ChildrenFolder, "*"))
        {
            string name = System.IO.Path.GetFileName(folder);
            if (new SetFolder(_state, name).IsIn(System.IO.Path.GetFileName(Path)))
            {
                children.Add(name);
            }
        }

        children.Sort(StringComparer.Ordinal);
        return children;
    }

    /// <summary>Notes a set that is made in this one; the caller holds the lock of this one's name.</summary>
    public void AddChild(string name)
    {
        Directory.CreateDirectory(System.IO.Path.Combine(ChildrenFolder, name));
    }

    /// <summary>Forgets a set that was made in this one.</summary>
    public void RemoveChild(string name)
    {
        try
        {
            Directory.Delete(System.IO.Path.Combine(ChildrenFolder, name));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // This one is gone as well. Otherwise it stays, and says nothing: see below.
        }
    }

    // What was noted for a set that was never made, or of which nobody took it away, says nothing of another of its name.
    private bool IsIn(string parent)
    {
        try
        {
            return Read() is NamespaceRecord record && record.Parent == parent;
        }
        catch (IsolationException exception) when (exception.ErrorId is "NamespaceRecordDamaged" or "NamespaceRecordTooNew")
        {
            return true;
        }
    }

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
        DeleteTree(Draft(".new-"));
        foreach (string pins in (string[])[Pins, JoinedPins])
        {
            foreach (string pin in Directory.Exists(pins) ? Directory.GetFiles(pins) : [])
            {
                // Nothing mounted (EINVAL) is a pin that was not made yet.
                _ = Sys.TryUnmount(pin);
            }
        }

        if (Exists)
        {
            string old = Draft(".old-");
            DeleteTree(old);
            Directory.Move(Path, old);
            try
            {
                DeleteTree(old);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // The set is gone, and what is left of its folder goes with the next call.
            }
        }
    }

    /// <summary>The folder of another set of the same user.</summary>
    public SetFolder Beside(string name) => new(_state, name);

    private string Draft(string prefix) => System.IO.Path.Combine(_state.Sets, prefix + System.IO.Path.GetFileName(Path));

    private static void DeleteTree(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
