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
    public IEnumerable<IpcObject> Read(string folder)
    {
        foreach (string file in Directory.EnumerateFiles(folder))
        {
            if (Sys.TryStatus(file, out FileStatus status, followLink: false))
            {
                yield return Queue(file, status);
            }
        }
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

    private PosixMessageQueue Queue(string file, FileStatus status)
    {
        ulong? size = null;
        int? notified = null;
        (long Max, long Size, long Now)? attributes = null;

        // Who may not read it still sees that it is there, and whose it is.
        if (Sys.TryOpen(file, OpenFlags.ReadOnly | OpenFlags.NonBlock, out Descriptor? queue) == Errno.None)
        {
            using (queue)
            {
                byte[] text = new byte[256];
                Parse(text.AsSpan(0, Sys.TryRead(queue!, text)), out size, out notified);
                attributes = Sys.TryQueueAttributes(queue!, out long max, out long largest, out long now) ? (max, largest, now) : null;
            }
        }

        return new PosixMessageQueue
        {
            NamespaceId = namespaceId,
            Namespace = set,
            Name = "/" + Path.GetFileName(file),
            Inode = status.Inode,
            OwnerId = status.Uid,
            Owner = users.UserName(status.Uid),
            GroupId = status.Gid,
            Group = users.GroupName(status.Gid),
            Mode = (UnixFileMode)(status.Mode & 0b111_111_111),
            ChangeTime = File.GetLastWriteTime(file),
            Size = size,
            MessageCount = attributes?.Now,
            MaxMessageCount = attributes?.Max,
            MaxMessageSize = attributes?.Size,
            NotifiedProcessId = notified,
        };
    }
}
