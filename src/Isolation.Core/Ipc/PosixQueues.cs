using System;
using System.Collections.Generic;
using System.IO;
using Isolation.Interop;
using Isolation.Users;

namespace Isolation.Ipc;

/// <summary>Reads the POSIX message queues of an ipc namespace from a mount of them, mq_overview(7).</summary>
internal sealed class PosixQueues(ulong namespaceId, string? set, UserDatabase users)
{
    /// <summary>The queues in a folder. One that is removed meanwhile is left out.</summary>
    /// <param name="folder">The root of the mount.</param>
    public IReadOnlyList<IpcObject> Read(Descriptor folder) => Read(folder, static (_, _) => true);

    /// <summary>Those of the caller's own namespace in a folder: a mount shows the namespace of who mounted it, which may be another.</summary>
    /// <param name="folder">The root of the mount.</param>
    /// <param name="others">Whether there are some of another namespace.</param>
    public IReadOnlyList<IpcObject> ReadOwn(Descriptor folder, out bool others)
    {
        bool any = false;
        IReadOnlyList<IpcObject> found = Read(folder, (name, status) =>
        {
            bool own = IsOwn(name, status);
            any |= !own;
            return own;
        });
        others = any;
        return found;
    }

    /// <summary>The content of a queue's file, <c>QSIZE:129 NOTIFY:2 SIGNO:0 NOTIFY_PID:8260</c>; what is damaged is left out.</summary>
    /// <param name="text">The content.</param>
    /// <param name="size">The size of all messages in bytes.</param>
    /// <param name="notified">The process that is told of a new message; null for none.</param>
    public static void Parse(ReadOnlySpan<byte> text, out ulong? size, out int? notified)
    {
        (size, notified) = (null, null);
        foreach (Range part in text.SplitAny(" \n"u8))
        {
            ReadOnlySpan<byte> value = text[part];
            ReadOnlySpan<byte> name = Bytes.Cut(ref value, (byte)':');
            if (!Bytes.TryParseNumber(value, out ulong number))
            {
                continue;
            }

            if (name.SequenceEqual("QSIZE"u8))
            {
                size = number;
            }
            else if (name.SequenceEqual("NOTIFY_PID"u8) && number is > 0 and <= int.MaxValue)
            {
                notified = (int)number;
            }
        }
    }

    private List<IpcObject> Read(Descriptor folder, Func<byte[], FileStatus, bool> isWanted)
    {
        List<byte[]> names = [];
        DirectoryEntries entries = new(folder, new byte[16 * 1024]);
        while (entries.MoveNext())
        {
            names.Add([.. entries.Name, 0]);
        }

        List<IpcObject> found = [];
        foreach (byte[] name in names)
        {
            if (Sys.StatusAt(folder, name, out _) is FileStatus { IsRegular: true } status && isWanted(name, status))
            {
                found.Add(Queue(folder, name, status));
            }
        }

        return found;
    }

    // One that may not be read is there under that name, at least.
    private static bool IsOwn(byte[] name, FileStatus status)
    {
        Errno error = Sys.TryOpenQueue(name, out Descriptor? queue);
        using (queue)
        {
            return queue is null ? error == Errno.EACCES : Sys.Status(queue) is FileStatus own && own.Inode == status.Inode && own.Device == status.Device;
        }
    }

    private PosixMessageQueue Queue(Descriptor folder, byte[] name, FileStatus status)
    {
        ulong? size = null;
        int? notified = null;
        (long Max, long Size, long Now)? attributes = null;

        // Who may not read it still sees that it is there, and whose it is.
        using Descriptor? queue = Sys.OpenAt(folder, name, OpenFlags.ReadOnly | OpenFlags.NonBlock, out _);
        if (queue is not null)
        {
            byte[] text = new byte[256];
            Parse(text.AsSpan(0, Sys.TryRead(queue, text)), out size, out notified);
            attributes = Sys.TryQueueAttributes(queue, out long max, out long largest, out long now) ? (max, largest, now) : null;
        }

        return new PosixMessageQueue
        {
            NamespaceId = namespaceId,
            Namespace = set,
            Name = "/" + KernelText.Decode(name.AsSpan()[..^1]),
            Inode = status.Inode,
            OwnerId = status.Uid,
            Owner = users.UserName(status.Uid),
            GroupId = status.Gid,
            Group = users.GroupName(status.Gid),
            Mode = (UnixFileMode)(status.Mode & 0b111_111_111),
            ChangeTime = DateTimeOffset.FromUnixTimeSeconds(status.Modified).LocalDateTime,
            Size = size,
            MessageCount = attributes?.Now,
            MaxMessageCount = attributes?.Max,
            MaxMessageSize = attributes?.Size,
            NotifiedProcessId = notified,
        };
    }
}
