using System;
using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace Isolation.Interop;

internal static unsafe partial class Sys
{
    /// <summary>Equivalent to pipe2(2) with <c>O_CLOEXEC</c>.</summary>
    public static (Descriptor Read, Descriptor Write) Pipe()
    {
        int* pair = stackalloc int[2];
        return pipe2(pair, O_CLOEXEC) == 0 ? (new Descriptor(pair[0]), new Descriptor(pair[1])) : throw SyscallException.Last("pipe2", "make a pipe");
    }

    /// <summary>Makes reads and writes of this end return at once, fcntl(2) <c>O_NONBLOCK</c>.</summary>
    public static void SetNonBlocking(Descriptor end) => _ = fcntl(end.Number, F_SETFL, O_NONBLOCK);

    /// <summary>A counter that poll(2) can wait for, eventfd(2).</summary>
    public static Descriptor EventCounter()
    {
        int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        return fd >= 0 ? new Descriptor(fd) : throw SyscallException.Last("eventfd", "make an event counter");
    }

    /// <summary>Adds one to a counter of <see cref="EventCounter"/>.</summary>
    public static void Count(Descriptor counter)
    {
        ulong one = 1;
        _ = write(counter.Number, &one, 8);
    }

    /// <summary>One read(2): the count, 0 at the end, -1 where there is nothing now.</summary>
    public static int ReadPipe(Descriptor end, Span<byte> buffer)
    {
        fixed (byte* bytes = buffer)
        {
            long count = read(end.Number, bytes, (size_t)buffer.Length);
            return count >= 0 ? (int)count : errno == EAGAIN || errno == EINTR ? -1 : 0;
        }
    }

    /// <summary>One write(2) of what the pipe takes now.</summary>
    public static Errno WritePipe(Descriptor end, ReadOnlySpan<byte> bytes, out int count)
    {
        fixed (byte* start = bytes)
        {
            long written = write(end.Number, start, (size_t)bytes.Length);
            count = (int)Math.Max(0, written);
            return written >= 0 || errno == EAGAIN || errno == EINTR ? Errno.None : (Errno)errno;
        }
    }

    /// <summary>Waits until a file of a cgroup or of pressure has changed since it was last read, or the time is over: poll(2) with <c>POLLPRI</c>.</summary>
    public static void WaitChange(Descriptor file, TimeSpan timeout)
    {
        pollfd entry = new() { fd = file.Number, events = POLLPRI };
        _ = poll(&entry, 1, (int)Math.Ceiling(timeout.TotalMilliseconds));
    }

    /// <summary>Reads a file from its start again, pread(2).</summary>
    public static Errno TryReadAgain(Descriptor file, Span<byte> buffer, out int count)
    {
        fixed (byte* bytes = buffer)
        {
            long got = pread(file.Number, bytes, (size_t)buffer.Length, 0);
            count = (int)Math.Max(0, got);
            return got >= 0 ? Errno.None : (Errno)errno;
        }
    }

    /// <summary>Waits until one of the pipes can be used or the counter was counted up, poll(2).</summary>
    public static (bool Output, bool Error, bool Input) WaitPipes(Descriptor? output, Descriptor? error, Descriptor? input, Descriptor? wake, int milliseconds)
    {
        pollfd* entries = stackalloc pollfd[4];
        Set(&entries[0], output, POLLIN);
        Set(&entries[1], error, POLLIN);
        Set(&entries[2], input, POLLOUT);
        Set(&entries[3], wake, POLLIN);
        if (poll(entries, 4, milliseconds) <= 0)
        {
            return default;
        }

        if (entries[3].revents != 0)
        {
            ulong count;
            _ = read(wake!.Number, &count, 8);
        }

        return (entries[0].revents != 0, entries[1].revents != 0, entries[2].revents != 0);

        static void Set(pollfd* entry, Descriptor? descriptor, short events)
        {
            // poll(2) passes over a negative number.
            entry->fd = descriptor?.Number ?? -1;
            entry->events = events;
            entry->revents = 0;
        }
    }
}
