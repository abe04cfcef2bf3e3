using System;
using System.Collections.Generic;

namespace Isolation;

/// <summary>One namespace of the kernel as it stood when it was looked at, namespaces(7).</summary>
public class NamespaceInfo : IEquatable<NamespaceInfo>
{
    internal NamespaceInfo()
    {
    }

    /// <summary>A copy, for what shows more of it.</summary>
    private protected NamespaceInfo(NamespaceInfo other)
    {
        (Key, Device, Name, OwnerId, ParentId) = (other.Key, other.Device, other.Name, other.OwnerId, other.ParentId);
        (OwnerUserId, OwnerUser, ProcessIds, ParentProcessId) = (other.OwnerUserId, other.OwnerUser, other.ProcessIds, other.ParentProcessId);
        (Command, UserId, User, Paths, Path, Holds) = (other.Command, other.UserId, other.User, other.Paths, other.Path, other.Holds);
        (NetNsId, IsInitial, IsOwn, IsOfSet) = (other.NetNsId, other.IsInitial, other.IsOwn, other.IsOfSet);
    }

    /// <summary>What tells it from every other namespace.</summary>
    public NamespaceKey Key { get; internal init; }

    /// <summary>The kind; lsns(8) column TYPE.</summary>
    public NamespaceType Type => Key.Type;

    /// <summary>The number, the inode of its file; lsns(8) column NS.</summary>
    public ulong Id => Key.Id;

    /// <summary>The device of its file, which is that of nsfs; 0 where it could not be read.</summary>
    public ulong Device { get; internal init; }

    /// <summary>The name under which a set of this module or <c>ip netns</c> keeps it; null where none does.</summary>
    public string? Name { get; internal init; }

    /// <summary>The user namespace that owns it, ioctl_ns(2) <c>NS_GET_USERNS</c>; null where that lies outside what the caller may see. lsns(8) column ONS.</summary>
    public ulong? OwnerId { get; internal init; }

    /// <summary>The parent of a pid or user namespace, ioctl_ns(2) <c>NS_GET_PARENT</c>; null for the other kinds and where it lies outside what the caller may see. lsns(8) column PNS.</summary>
    public ulong? ParentId { get; internal init; }

    /// <summary>The user who made a user namespace, ioctl_ns(2) <c>NS_GET_OWNER_UID</c>; null for the other kinds.</summary>
    public uint? OwnerUserId { get; internal init; }

    /// <summary>The name of the user who made a user namespace; the id's digits where it has none.</summary>
    public string? OwnerUser { get; internal init; }

    /// <summary>How many processes are in it; lsns(8) column NPROCS.</summary>
    public int ProcessCount => ProcessIds.Length;

    /// <summary>The processes in it, in ascending order.</summary>
    public int[] ProcessIds { get; internal init; } = [];

    /// <summary>The process in it with the lowest pid; null where there is none. lsns(8) column PID.</summary>
    public int? ProcessId => ProcessIds is [int first, ..] ? first : null;

    /// <summary>The parent of that process; lsns(8) column PPID.</summary>
    public int? ParentProcessId { get; internal init; }

    /// <summary>The command line of that process, or its name where it has no command line; lsns(8) column COMMAND.</summary>
    public string? Command { get; internal init; }

    /// <summary>The effective user of that process; lsns(8) column UID.</summary>
    public uint? UserId { get; internal init; }

    /// <summary>The name of that user; the id's digits where it has none. lsns(8) column USER.</summary>
    public string? User { get; internal init; }

    /// <summary>The files that pin it: mounts of nsfs, first those that the caller sees under this path. lsns(8) column NSFS.</summary>
    public string[] Paths { get; internal init; } = [];

    /// <summary>
    /// A path under which it can be opened: of the process in it with the lowest pid, of a pin, or of who holds it; null where none is known. lsns(8)
    /// column PATH.
    /// </summary>
    public string? Path { get; internal init; }

    /// <summary>
    /// The processes that keep it without being in it: by an open descriptor, a socket, a thread of its own there, or as the namespace of children to
    /// come. Found with -Deep only.
    /// </summary>
    public NamespaceHold[] Holds { get; internal init; } = [];

    /// <summary>Those processes, in ascending order.</summary>
    public int[] HolderIds
    {
        get
        {
            SortedSet<int> ids = [];
            foreach (NamespaceHold hold in Holds)
            {
                ids.Add(hold.ProcessId);
            }

            return [.. ids];
        }
    }

    /// <summary>
    /// Whether a mount or an open descriptor keeps it, and nothing is in it or will be: no process, no thread and no child to come. One of a namespace set
    /// is the set's, and not leaked.
    /// </summary>
    public bool IsLeaked =>
        !IsOfSet && ProcessCount == 0 && (Paths.Length != 0 || Holds.Length != 0)
        && !Array.Exists(Holds, static hold => hold.Kind is NamespaceHoldKind.Thread or NamespaceHoldKind.Children);

    /// <summary>Whether it is one of a namespace set, whose name it has then.</summary>
    internal bool IsOfSet { get; init; }

    /// <summary>The id that the caller's network namespace has given a network namespace, <c>ip netns list-id</c>; null where it has none. lsns(8) column NETNSID.</summary>
    public int? NetNsId { get; internal init; }

    /// <summary>Whether it is the one that the kernel made when the host booted, as far as the caller can see that.</summary>
    public bool IsInitial { get; internal init; }

    /// <summary>Whether the caller is in it.</summary>
    public bool IsOwn { get; internal init; }

    /// <inheritdoc/>
    public bool Equals(NamespaceInfo? other) => other is not null && Key == other.Key && Device == other.Device;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as NamespaceInfo);

    /// <inheritdoc/>
    public override int GetHashCode() => Key.GetHashCode();

    /// <summary>The kernel's way to write it, such as <c>net:[4026531840]</c>.</summary>
    public override string ToString() => Key.ToString();
}
