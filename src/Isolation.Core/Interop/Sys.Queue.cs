using System;
using static Tmds.Linux.LibC;

namespace Isolation.Interop;

internal static unsafe partial class Sys
{
    /// <summary>Opens a POSIX message queue of the caller's ipc namespace for reading, mq_open(3); the error number is the result.</summary>
    /// <param name="name">The name without its slash, with a NUL at its end.</param>
    /// <param name="queue">The queue.</param>
    public static Errno TryOpenQueue(ReadOnlySpan<byte> name, out Descriptor? queue)
    {
        fixed (byte* text = name)
        {
            long fd = syscall(SyscallNumbers.mq_open, (nint)text, (nint)(OpenFlags.ReadOnly | OpenFlags.NonBlock | OpenFlags.CloseOnExec), 0, 0, 0, 0);
            queue = fd < 0 ? null : new Descriptor((int)fd);
            return fd < 0 ? (Errno)errno : Errno.None;
        }
    }

    /// <summary>
    /// What a POSIX message queue takes and has, mq_getattr(3): how many messages at most, how large at most, how many now. False where the descriptor is
    /// that of no queue.
    /// </summary>
    public static bool TryQueueAttributes(Descriptor queue, out long maxMessages, out long maxSize, out long messages)
    {
        // struct mq_attr: flags, most messages, largest message, messages now, four reserved.
        long* attributes = stackalloc long[8];
        bool done = syscall(SyscallNumbers.mq_getsetattr, queue.Number, 0, (nint)attributes, 0, 0, 0) == 0;
        (maxMessages, maxSize, messages) = done ? (attributes[1], attributes[2], attributes[3]) : default;
        return done;
    }
}
