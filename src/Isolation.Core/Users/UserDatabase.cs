using System;
using System.Collections.Generic;
using System.IO;
using Isolation.Interop;

namespace Isolation.Users;

/// <summary>
/// The users and groups of <c>/etc/passwd</c> and <c>/etc/group</c>, by id and by name. The files are parsed here: the C library's own lookup loads
/// other libraries, which a static program and a foreign root cannot have. Users from a directory service are therefore not known by name.
/// </summary>
internal sealed class UserDatabase
{
    private static readonly object s_lock = new();
    private static UserDatabase? s_host;
    private static (DateTime Users, DateTime Groups) s_hostStamp;

    private readonly Dictionary<uint, UserEntry> _usersById = [];
    private readonly Dictionary<string, UserEntry> _usersByName = new(StringComparer.Ordinal);
    private readonly Dictionary<uint, GroupEntry> _groupsById = [];
    private readonly Dictionary<string, GroupEntry> _groupsByName = new(StringComparer.Ordinal);

    private UserDatabase()
    {
    }

    /// <summary>The host's users and groups; read again when one of the files has changed.</summary>
    public static UserDatabase Host
    {
        get
        {
            // A missing file has the year 1601 here: no exception, and a stamp like any other.
            (DateTime Users, DateTime Groups) stamp = (File.GetLastWriteTimeUtc("/etc/passwd"), File.GetLastWriteTimeUtc("/etc/group"));
            lock (s_lock)
            {
                if (s_host is null || stamp != s_hostStamp)
                {
                    s_host = Load("/");
                    s_hostStamp = stamp;
                }

                return s_host;
            }
        }
    }

    /// <summary>Reads the two files under a root folder that is trusted. A file that is missing or may not be read has no entries.</summary>
    /// <param name="root">The folder that has <c>etc/passwd</c>.</param>
    public static UserDatabase Load(string root) => Parse(ReadIfThere(Path.Combine(root, "etc/passwd")), ReadIfThere(Path.Combine(root, "etc/group")));

    /// <summary>Parses the contents of the two files. Lines that are damaged are left out; of two lines with one name or id the first counts.</summary>
    /// <param name="users">The content of a passwd file.</param>
    /// <param name="groups">The content of a group file.</param>
    public static UserDatabase Parse(ReadOnlySpan<byte> users, ReadOnlySpan<byte> groups)
    {
        UserDatabase database = new();
        while (!users.IsEmpty)
        {
            database.AddUser(Bytes.Cut(ref users, (byte)'\n'));
        }

        while (!groups.IsEmpty)
        {
            database.AddGroup(Bytes.Cut(ref groups, (byte)'\n'));
        }

        return database;
    }

    /// <summary>The user with this id; null where there is none.</summary>
    public UserEntry? User(uint id) => _usersById.GetValueOrDefault(id);

    /// <summary>The user of this name; null where there is none.</summary>
    public UserEntry? User(string name) => _usersByName.GetValueOrDefault(name);

    /// <summary>The group with this id; null where there is none.</summary>
    public GroupEntry? Group(uint id) => _groupsById.GetValueOrDefault(id);

    /// <summary>The group of this name; null where there is none.</summary>
    public GroupEntry? Group(string name) => _groupsByName.GetValueOrDefault(name);

    /// <summary>The name for a user id; its digits where it has none.</summary>
    public string UserName(uint id) => User(id)?.Name ?? id.ToString();

    /// <summary>The name for a group id; its digits where it has none.</summary>
    public string GroupName(uint id) => Group(id)?.Name ?? id.ToString();

    /// <summary>The groups of a user: the primary one first, then those that name the user as a member, in ascending order; getgrouplist(3).</summary>
    public uint[] GroupIdsOf(UserEntry user)
    {
        ArgumentNullException.ThrowIfNull(user);
        SortedSet<uint> others = [];
        foreach (GroupEntry group in _groupsById.Values)
        {
            if (group.GroupId != user.GroupId && Array.IndexOf(group.Members, user.Name) >= 0)
            {
                others.Add(group.GroupId);
            }
        }

        return [user.GroupId, .. others];
    }

    private static byte[] ReadIfThere(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    // name:password:uid:gid:comment:home:shell
    private void AddUser(ReadOnlySpan<byte> line)
    {
        string name = Bytes.Text(Bytes.Cut(ref line, (byte)':'));
        Bytes.Cut(ref line, (byte)':');
        if (!TryCutId(ref line, out uint user) || !TryCutId(ref line, out uint group) || !IsName(name))
        {
            return;
        }

        Bytes.Cut(ref line, (byte)':');
        string home = Bytes.Text(Bytes.Cut(ref line, (byte)':'));
        UserEntry entry = new(name, user, group, home, Bytes.Text(Bytes.Cut(ref line, (byte)':')));
        _usersById.TryAdd(user, entry);
        _usersByName.TryAdd(name, entry);
    }

    // name:password:gid:member,member
    private void AddGroup(ReadOnlySpan<byte> line)
    {
        string name = Bytes.Text(Bytes.Cut(ref line, (byte)':'));
        Bytes.Cut(ref line, (byte)':');
        if (!TryCutId(ref line, out uint id) || !IsName(name))
        {
            return;
        }

        string[] members = Bytes.Text(line).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        GroupEntry entry = new(name, id, members);
        _groupsById.TryAdd(id, entry);
        _groupsByName.TryAdd(name, entry);
    }

    // Lines that start with + or - refer to NIS, those with # are comments.
    private static bool IsName(string name) => name.Length > 0 && name[0] is not ('+' or '-' or '#');

    private static bool TryCutId(ref ReadOnlySpan<byte> line, out uint id)
    {
        bool done = Bytes.TryParseNumber(Bytes.Cut(ref line, (byte)':'), out ulong value) && value <= uint.MaxValue;
        id = (uint)value;
        return done;
    }
}
