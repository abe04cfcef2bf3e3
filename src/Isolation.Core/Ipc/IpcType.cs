namespace Isolation;

/// <summary>The kinds of objects that an ipc namespace keeps apart, ipc_namespaces(7).</summary>
public enum IpcType
{
    /// <summary>A System V shared memory segment, shmget(2).</summary>
    SharedMemory,
    /// <summary>A System V semaphore set, semget(2).</summary>
    Semaphore,
    /// <summary>A System V message queue, msgget(2).</summary>
    MessageQueue,
    /// <summary>A POSIX message queue, mq_overview(7).</summary>
    PosixMessageQueue,
}
