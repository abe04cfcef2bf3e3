using System;
using System.Collections.Generic;
using System.IO;
using Isolation.Users;

namespace Isolation.Ipc;

/// <summary>Makes objects of the lines of <c>/proc/sysvipc</c>.</summary>
internal sealed class SysVObjects(ulong namespaceId, string? set, IpcIdMap ids, UserDatabase users)
{
    // shmctl(2): SHM_DEST and SHM_LOCKED, among the bits of the mode.
    private const int Removed = 0x200;
    private const int Locked = 0x400;

    /// <summary>The objects of one file.</summary>
    /// <param name="type">Which of the three files it is.</param>
    /// <param name="text">Its content.</param>
    public IEnumerable<IpcObject> Read(IpcType type, byte[] text)
    {
        SysVTable table = SysVTable.Parse(text);
        foreach (long[] row in table.Rows)
        {
            yield return type switch
            {
                IpcType.SharedMemory => Segment(new Line(table, row, ids)),
                IpcType.Semaphore => Semaphores(new Line(table, row, ids)),
                _ => Queue(new Line(table, row, ids)),
            };
        }
    }

    private SharedMemorySegment Segment(Line line) => new()
    {
        NamespaceId = namespaceId,
        Namespace = set,
        Id = line.Int("shmid"),
        Key = line.Int("key"),
        OwnerId = line.OwnerId,
        Owner = users.UserName(line.OwnerId),
        GroupId = line.GroupId,
        Group = users.GroupName(line.GroupId),
        CreatorId = line.CreatorId,
        Creator = users.UserName(line.CreatorId),
        CreatorGroupId = line.CreatorGroupId,
        Mode = line.Mode,
        ChangeTime = line.Time("ctime"),
        Size = line.Size("size"),
        Resident = line.Size("rss"),
        Swapped = line.Size("swap"),
        Attached = line.Size("nattch"),
        IsRemoved = (line.Int("perms") & Removed) != 0,
        IsLocked = (line.Int("perms") & Locked) != 0,
        CreatorProcessId = line.Process("cpid"),
        LastProcessId = line.Process("lpid"),
        AttachTime = line.Time("atime"),
        DetachTime = line.Time("dtime"),
    };

    private SemaphoreSet Semaphores(Line line) => new()
    {
        NamespaceId = namespaceId,
        Namespace = set,
        Id = line.Int("semid"),
        Key = line.Int("key"),
        OwnerId = line.OwnerId,
        Owner = users.UserName(line.OwnerId),
        GroupId = line.GroupId,
        Group = users.GroupName(line.GroupId),
        CreatorId = line.CreatorId,
        Creator = users.UserName(line.CreatorId),
        CreatorGroupId = line.CreatorGroupId,
        Mode = line.Mode,
        ChangeTime = line.Time("ctime"),
        Count = line.Size("nsems"),
        OperationTime = line.Time("otime"),
    };

    private MessageQueue Queue(Line line) => new()
    {
        NamespaceId = namespaceId,
        Namespace = set,
        Id = line.Int("msqid"),
        Key = line.Int("key"),
        OwnerId = line.OwnerId,
        Owner = users.UserName(line.OwnerId),
        GroupId = line.GroupId,
        Group = users.GroupName(line.GroupId),
        CreatorId = line.CreatorId,
        Creator = users.UserName(line.CreatorId),
        CreatorGroupId = line.CreatorGroupId,
        Mode = line.Mode,
        ChangeTime = line.Time("ctime"),
        Size = line.Size("cbytes"),
        MessageCount = line.Size("qnum"),
        SenderProcessId = line.Process("lspid"),
        ReceiverProcessId = line.Process("lrpid"),
        SendTime = line.Time("stime"),
        ReceiveTime = line.Time("rtime"),
    };

    /// <summary>One line, with its numbers as what they mean.</summary>
    private readonly struct Line(SysVTable table, long[] row, IpcIdMap ids)
    {
        public uint OwnerId => ids.User(Id("uid"));

        public uint GroupId => ids.Group(Id("gid"));

        public uint CreatorId => ids.User(Id("cuid"));

        public uint CreatorGroupId => ids.Group(Id("cgid"));

        public UnixFileMode Mode => (UnixFileMode)(table.Value(row, "perms") & 0b111_111_111);

        // A key is shown with a sign, and is 32 bits wide in any case.
        public int Int(string column) => unchecked((int)table.Value(row, column));

        public ulong Size(string column) => (ulong)Math.Max(0, table.Value(row, column));

        // 0 is nobody, or somebody outside the reader's pid namespace.
        public int? Process(string column) => Int(column) is int pid and > 0 ? pid : null;

        public DateTime? Time(string column) =>
            table.Value(row, column) is long seconds and > 0 && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
                ? DateTimeOffset.FromUnixTimeSeconds(seconds).LocalDateTime
                : null;

        private uint Id(string column) => unchecked((uint)table.Value(row, column));
    }
}
