using System;
using System.IO;
using Isolation.Interop;
using Isolation.Processes;

namespace Isolation;

/// <summary>
/// An object of an ipc namespace as it stood when it was looked at. Users and groups are as the caller's user namespace has them, processes as the
/// caller's pid namespace has them.
/// </summary>
public abstract class IpcObject
{
    /// <summary>The kind.</summary>
    public abstract IpcType Type { get; }

    /// <summary>The ipc namespace that it is in, the number of <c>Get-NamespaceInfo</c>.</summary>
    public ulong NamespaceId { get; internal init; }

    /// <summary>The set through which it was found; null where there is none.</summary>
    public string? Namespace { get; internal init; }

    /// <summary>The owner's user id.</summary>
    public uint OwnerId { get; internal init; }

    /// <summary>The owner's name; the id's digits where the host knows none.</summary>
    public string Owner { get; internal init; } = string.Empty;

    /// <summary>The owner's group id.</summary>
    public uint GroupId { get; internal init; }

    /// <summary>The name of the group; the id's digits where the host knows none.</summary>
    public string Group { get; internal init; } = string.Empty;

    /// <summary>Who may read and write it; the bits for execution mean nothing.</summary>
    public UnixFileMode Mode { get; internal init; }

    /// <summary>When it was made or its owner, mode or size was last changed, local time; null where the kernel has no such time.</summary>
    public DateTime? ChangeTime { get; internal init; }

    /// <summary>What names it among those of its kind in its namespace: the id, or a POSIX queue's name.</summary>
    internal abstract string Mark { get; }

    /// <summary>Whether another look has found the same object, and not a later one with its id or name.</summary>
    internal virtual bool IsStill(IpcObject other) => other.Type == Type && other.Mark == Mark;

    /// <summary>The kind and the id or name, such as <c>shared memory 3</c>.</summary>
    public override string ToString() => Type switch
    {
        IpcType.SharedMemory => $"shared memory {Mark}",
        IpcType.Semaphore => $"semaphores {Mark}",
        IpcType.MessageQueue => $"message queue {Mark}",
        _ => $"POSIX message queue {KernelText.Plain(Mark)}",
    };
}

/// <summary>An object of System V IPC, sysvipc(7).</summary>
public abstract class SystemVIpcObject : IpcObject
{
    /// <summary>The id, by which it is used and removed: 32 bits, the upper of which say how often the lower were given out.</summary>
    public int Id { get; internal init; }

    /// <summary>The key, ftok(3); 0 for one without (<c>IPC_PRIVATE</c>), or that is to be removed.</summary>
    public int Key { get; internal init; }

    /// <summary>The user id of who made it.</summary>
    public uint CreatorId { get; internal init; }

    /// <summary>The name of who made it; the id's digits where the host knows none.</summary>
    public string Creator { get; internal init; } = string.Empty;

    /// <summary>The group id of who made it.</summary>
    public uint CreatorGroupId { get; internal init; }

    internal override string Mark => $"{Id}";

    internal override bool IsStill(IpcObject other) =>
        other.Type == Type && other is SystemVIpcObject same && same.Id == Id && same.CreatorId == CreatorId && same.CreatorGroupId == CreatorGroupId && (same.Key == Key || same.Key == 0);
}

/// <summary>A System V shared memory segment, shmctl(2). Equivalent to a line of <c>ipcs --shmems</c>.</summary>
public sealed class SharedMemorySegment : SystemVIpcObject
{
    /// <inheritdoc/>
    public override IpcType Type => IpcType.SharedMemory;

    /// <summary>The size in bytes.</summary>
    public ulong Size { get; internal init; }

    /// <summary>How much of it is in memory, in bytes.</summary>
    public ulong Resident { get; internal init; }

    /// <summary>How much of it was swapped out, in bytes.</summary>
    public ulong Swapped { get; internal init; }

    /// <summary>How often processes have it attached.</summary>
    public ulong Attached { get; internal init; }

    /// <summary>Whether it was removed and goes with the last process that has it attached.</summary>
    public bool IsRemoved { get; internal init; }

    /// <summary>Whether it may not be swapped out.</summary>
    public bool IsLocked { get; internal init; }

    /// <summary>The process that made it; null where the caller cannot see that.</summary>
    public int? CreatorProcessId { get; internal init; }

    /// <summary>The process that attached or detached it last; null where none did or the caller cannot see it.</summary>
    public int? LastProcessId { get; internal init; }

    /// <summary>When it was last attached, local time; null for never.</summary>
    public DateTime? AttachTime { get; internal init; }

    /// <summary>When it was last detached, local time; null for never.</summary>
    public DateTime? DetachTime { get; internal init; }

    internal override bool IsStill(IpcObject other) =>
        base.IsStill(other) && other is SharedMemorySegment same && same.Size == Size && same.CreatorProcessId == CreatorProcessId;
}

/// <summary>A System V semaphore set, semctl(2). Equivalent to a line of <c>ipcs --semaphores</c>.</summary>
public sealed class SemaphoreSet : SystemVIpcObject
{
    /// <inheritdoc/>
    public override IpcType Type => IpcType.Semaphore;

    /// <summary>How many semaphores it has.</summary>
    public ulong Count { get; internal init; }

    /// <summary>When one of them was last used, local time; null for never.</summary>
    public DateTime? OperationTime { get; internal init; }

    internal override bool IsStill(IpcObject other) => base.IsStill(other) && other is SemaphoreSet same && same.Count == Count;
}

/// <summary>A System V message queue, msgctl(2). Equivalent to a line of <c>ipcs --queues</c>.</summary>
public sealed class MessageQueue : SystemVIpcObject
{
    /// <inheritdoc/>
    public override IpcType Type => IpcType.MessageQueue;

    /// <summary>The size of all messages in it, in bytes.</summary>
    public ulong Size { get; internal init; }

    /// <summary>How many messages are in it.</summary>
    public ulong MessageCount { get; internal init; }

    /// <summary>The process that sent the last message; null where none did or the caller cannot see it.</summary>
    public int? SenderProcessId { get; internal init; }

    /// <summary>The process that received the last message; null where none did or the caller cannot see it.</summary>
    public int? ReceiverProcessId { get; internal init; }

    /// <summary>When a message was last sent, local time; null for never.</summary>
    public DateTime? SendTime { get; internal init; }

    /// <summary>When a message was last received, local time; null for never.</summary>
    public DateTime? ReceiveTime { get; internal init; }
}

/// <summary>A POSIX message queue, mq_overview(7). Equivalent to a file of <c>/dev/mqueue</c>.</summary>
public sealed class PosixMessageQueue : IpcObject
{
    /// <inheritdoc/>
    public override IpcType Type => IpcType.PosixMessageQueue;

    /// <summary>The name, which begins with a slash.</summary>
    public string Name { get; internal init; } = string.Empty;

    /// <summary>The size of all messages in it, in bytes; null where the caller may not read it.</summary>
    public ulong? Size { get; internal init; }

    /// <summary>How many messages are in it; null where the caller may not read it.</summary>
    public long? MessageCount { get; internal init; }

    /// <summary>How many messages it takes; null where the caller may not read it.</summary>
    public long? MaxMessageCount { get; internal init; }

    /// <summary>How large a message may be, in bytes; null where the caller may not read it.</summary>
    public long? MaxMessageSize { get; internal init; }

    /// <summary>The process that is told of a new message, mq_notify(3); null where none is or the caller may not see it.</summary>
    public int? NotifiedProcessId { get; internal init; }

    /// <summary>The number of its file, which the kernel does not give out again soon.</summary>
    internal ulong Inode { get; init; }

    internal override string Mark => Name;

    internal override bool IsStill(IpcObject other) => base.IsStill(other) && other is PosixMessageQueue same && same.Inode == Inode;
}
