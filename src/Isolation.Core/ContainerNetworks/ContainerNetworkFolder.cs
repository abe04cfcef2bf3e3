using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using Isolation.State;

namespace Isolation.ContainerNetworks;

/// <summary>The folder of one network: its record, and that of its members. Who changes it holds the network's lock.</summary>
internal sealed class ContainerNetworkFolder
{
    // A bridge has 1,023 ports, and a member with long names and addresses takes less than a kilobyte.
    private const int MembersLimit = 2 * 1024 * 1024;

    // What is in the file of members, by its path: reading it anew for each member that comes would take longer the more there are.
    private static readonly ConcurrentDictionary<string, (FileVersion Version, List<MemberRecord> Members)> s_read = new();

    private readonly StateFolder _state;
    private readonly string _path;

    public ContainerNetworkFolder(StateFolder state, string name)
    {
        _state = state;
        Name = name;
        _path = Path.Combine(state.Networks, name);
    }

    public string Name { get; }

    public bool Exists => Directory.Exists(_path);

    private string RecordFile => Path.Combine(_path, "network.json");

    private string MembersFile => Path.Combine(_path, "members.json");

    /// <summary>The names of all networks, sorted.</summary>
    /// <exception cref="IsolationException"><c>StateFolderUnavailable</c>.</exception>
    public static IReadOnlyList<string> Names(StateFolder state)
    {
        List<string> names = [];

        // Asked first: mostly there is none, and the exception that says so takes longer than all else of a removal here.
        foreach (string folder in Directory.Exists(state.Networks) ? StateFolder.List(state.Networks, "*") : [])
        {
            string name = Path.GetFileName(folder);
            if (NamespaceName.IsValid(name))
            {
                names.Add(name);
            }
        }

        names.Sort(StringComparer.Ordinal);
        return names;
    }

    /// <summary>Makes the folder with its record in it, all at once.</summary>
    public void Make(ContainerNetworkRecord record)
    {
        _state.EnsureNetworks();
        DeleteDrafts();
        string draft = Draft(".new-");
        Directory.CreateDirectory(draft, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        StateFile.Write(Path.Combine(draft, "network.json"), record.ToJson());
        Directory.Move(draft, _path);
    }

    /// <summary>The record; null where there is no network of the name.</summary>
    /// <exception cref="IsolationException"><c>ContainerNetworkRecordDamaged</c>, <c>ContainerNetworkRecordTooNew</c>, <c>StateFolderUnavailable</c>.</exception>
    public ContainerNetworkRecord? Read()
    {
        try
        {
            ContainerNetworkRecord record = ContainerNetworkRecord.Parse(StateFile.Read(RecordFile) ?? throw RecordJson.Damaged(RecordFile, null), RecordFile);
            return record.Name == Name ? record : throw RecordJson.Damaged(RecordFile, null);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return Exists ? throw RecordJson.Damaged(RecordFile, null) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw StateFolder.Unreadable(RecordFile, exception);
        }
    }

    /// <summary>Writes the record whole or not at all.</summary>
    public void Write(ContainerNetworkRecord record) => Replace(RecordFile, record.ToJson());

    /// <summary>The members; none where there is no network of the name.</summary>
    /// <exception cref="IsolationException"><c>ContainerNetworkRecordDamaged</c>, <c>ContainerNetworkRecordTooNew</c>, <c>StateFolderUnavailable</c>.</exception>
    public List<MemberRecord> ReadMembers()
    {
        try
        {
            FileVersion? version = FileVersion.Of(MembersFile);
            if (version is not null && s_read.TryGetValue(MembersFile, out var read) && read.Version == version)
            {
                return [.. read.Members];
            }

            List<MemberRecord> members = MemberRecord.Parse(StateFile.Read(MembersFile, MembersLimit) ?? throw RecordJson.Damaged(MembersFile, null), MembersFile);
            Remember(version, members);
            return members;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return [];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw StateFolder.Unreadable(MembersFile, exception);
        }
    }

    /// <summary>Writes the members whole or not at all.</summary>
    public void WriteMembers(IReadOnlyList<MemberRecord> members)
    {
        Replace(MembersFile, MemberRecord.ToJson(members));
        Remember(FileVersion.Of(MembersFile), members);
    }

    /// <summary>Removes the folder, which disappears at once.</summary>
    public void Delete()
    {
        DeleteDrafts();
        if (Exists)
        {
            string old = Draft(".old-");
            Directory.Move(_path, old);
            s_read.TryRemove(MembersFile, out _);
            Directory.Delete(old, recursive: true);
        }
    }

    /// <summary>Removes what a process that was killed in <see cref="Make"/> or <see cref="Delete"/> left.</summary>
    public void DeleteDrafts()
    {
        foreach (string draft in (string[])[Draft(".new-"), Draft(".old-")])
        {
            if (Directory.Exists(draft))
            {
                Directory.Delete(draft, recursive: true);
            }
        }
    }

    // A file is replaced and never changed, so what was read of one version stays true.
    private void Remember(FileVersion? version, IReadOnlyList<MemberRecord> members)
    {
        if (version is FileVersion known)
        {
            s_read[MembersFile] = (known, [.. members]);
        }
    }

    private string Draft(string prefix) => Path.Combine(_state.Networks, prefix + Name);

    private static void Replace(string path, byte[] content)
    {
        string draft = path + ".new";
        StateFile.Write(draft, content);
        File.Move(draft, path, overwrite: true);
    }
}
