using static Tmds.Linux.LibC;

namespace Isolation.Interop;

internal static unsafe partial class Sys
{
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
