using System;
using System.Collections.Generic;
using Isolation.State;

namespace Isolation;

/// <summary>How a set stands.</summary>
public enum NamespaceSetState
{
    /// <summary>It can be entered.</summary>
    Ready,
    /// <summary>Another process is making it.</summary>
    Creating,
    /// <summary>Another process is removing it.</summary>
    Removing,
    /// <summary>Its keeper has ended, or its record is damaged: it can only be removed.</summary>
    Broken,
}

/// <summary>A named group of namespaces, made by <c>New-Namespace</c>, with all that is needed to enter it.</summary>
public sealed class NamespaceSet : IEquatable<NamespaceSet>
{
    internal NamespaceSet(NamespaceRecord record, string folder, NamespaceSetState state)
    {
        Record = record;
        Folder = folder;
        State = state;
        Namespaces = Keys(record.Ids);
        Joined = Keys(record.Joined);
    }

    /// <summary>The set's name, unique for its user.</summary>
    public string Name => Record.Name;

    /// <summary>The kinds of namespace in it.</summary>
    public NamespaceType Type => Record.Types;

    /// <summary>How it stands.</summary>
    public NamespaceSetState State { get; }

    /// <summary>The namespaces, by kind and id. With -AsPid1 the pid namespace is there only while its PID 1 runs.</summary>
    public NamespaceKey[] Namespaces { get; }

    /// <summary>The namespaces of others, by kind and id, that it was made in: its programs enter them too, and they stay when it is removed.</summary>
    public NamespaceKey[] Joined { get; }

    /// <summary>The name of the set in which it was made; null for none.</summary>
    public string? Parent => Record.Parent;

    /// <summary>The id of the user to whom its user namespace belongs, who has every right in it; null where it has none.</summary>
    public uint? OwnerUserId => Record.OwnerUid;

    /// <summary>The id of the group to which its user namespace belongs; null where it has none, or was made in a set with one.</summary>
    public uint? OwnerGroupId => Record.OwnerGid;

    /// <summary>The host name that was given to it; null for a copy of the host's.</summary>
    public string? HostName => Record.HostName;

    /// <summary>The NIS domain name that was given to it; null for a copy of the host's.</summary>
    public string? DomainName => Record.DomainName;

    /// <summary>The init of its pid namespace, by the caller's pid; null where it has none.</summary>
    public int? InitId => Record.KeeperIsInit ? Record.Keeper?.Pid : Record.Pid1?.Pid;

    /// <summary>Whether it lives until it is removed; an unnamed set ends with the PowerShell that made it, and so does one that was made with -KillChild.</summary>
    public bool IsPersistent => !Record.EndsWithOwner;

    /// <summary>When it was made, local time.</summary>
    public DateTime Created => Record.Created.LocalDateTime;

    /// <summary>The folder that keeps it.</summary>
    public string Folder { get; }

    internal NamespaceRecord Record { get; }

    /// <summary>The id of one of its namespaces; null where it has none of that kind.</summary>
    /// <param name="type">One kind.</param>
    public ulong? GetId(NamespaceType type)
    {
        foreach (NamespaceKey key in Namespaces)
        {
            if (key.Type == type)
            {
                return key.Id;
            }
        }

        return null;
    }

    /// <inheritdoc/>
    public bool Equals(NamespaceSet? other) => other is not null && Folder == other.Folder && Record.Created == other.Record.Created;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as NamespaceSet);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Folder, Record.Created);

    /// <inheritdoc/>
    public override string ToString() => Name;

    private static NamespaceKey[] Keys(Dictionary<string, ulong> ids)
    {
        List<NamespaceKey> keys = [];
        foreach (NamespaceType type in NamespaceTypes.All)
        {
            if (ids.TryGetValue(type.ProcName(), out ulong id))
            {
                keys.Add(new NamespaceKey(type, id));
            }
        }

        return [.. keys];
    }
}
