using System;
using System.IO;
using System.Linq;
using System.Text;
using Isolation.Ipc;
using Isolation.Users;
using Xunit;

namespace Isolation.Tests.Ipc;

public sealed class SysVTableTests
{
    internal const string SharedMemory =
        "       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid      atime      dtime      ctime                   rss                  swap\n"
        + "       336      32769  3600              67108864  4711  4712      2  1000   100  1001   101 1700000000          0 1600000000               1048576                  4096\n"
        + "-559038737          1   666  18446744073709551615     0     0      0     0     0     0     0          0          0          0                     0                     0\n";

    internal const string Semaphores =
        "       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime\n"
        + "       337          3   640          5  1000   100  1000   100          0 1600000000\n";

    internal const string Queues =
        "       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid  cgid      stime      rtime      ctime\n"
        + "         0          4   600          13          2   815     0  1000   100  1000   100 1600000001          0 1600000000\n";

    [Fact]
    public void Shared_memory_has_every_column()
    {
        SharedMemorySegment[] found = [.. Read(IpcType.SharedMemory, SharedMemory).Cast<SharedMemorySegment>()];

        Assert.Equal(2, found.Length);
        SharedMemorySegment first = found[0];
        Assert.Equal((336, 32769, 67108864UL, 2UL), (first.Key, first.Id, first.Size, first.Attached));
        Assert.Equal((1048576UL, 4096UL), (first.Resident, first.Swapped));
        Assert.Equal((4711, 4712), (first.CreatorProcessId, first.LastProcessId));
        Assert.Equal((1000u, 100u, 1001u, 101u), (first.OwnerId, first.GroupId, first.CreatorId, first.CreatorGroupId));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, first.Mode);
        Assert.True(first.IsRemoved);
        Assert.True(first.IsLocked);
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1700000000).LocalDateTime, first.AttachTime);
        Assert.Null(first.DetachTime);
        Assert.Equal((77UL, "web"), (first.NamespaceId, first.Namespace));
    }

    [Fact]
    public void A_key_has_32_bits_and_a_size_64()
    {
        SharedMemorySegment second = Read(IpcType.SharedMemory, SharedMemory).Cast<SharedMemorySegment>().Last();

        Assert.Equal(unchecked((int)0xDEADBEEF), second.Key);
        Assert.Equal((ulong)long.MaxValue, second.Size);
        Assert.Null(second.CreatorProcessId);
        Assert.Null(second.ChangeTime);
    }

    [Fact]
    public void Semaphores_and_queues_have_every_column()
    {
        SemaphoreSet semaphores = Assert.IsType<SemaphoreSet>(Assert.Single(Read(IpcType.Semaphore, Semaphores)));
        Assert.Equal((337, 3, 5UL), (semaphores.Key, semaphores.Id, semaphores.Count));
        Assert.Null(semaphores.OperationTime);
        Assert.NotNull(semaphores.ChangeTime);

        MessageQueue queue = Assert.IsType<MessageQueue>(Assert.Single(Read(IpcType.MessageQueue, Queues)));
        Assert.Equal((0, 4, 13UL, 2UL), (queue.Key, queue.Id, queue.Size, queue.MessageCount));
        Assert.Equal(815, queue.SenderProcessId);
        Assert.Null(queue.ReceiverProcessId);
        Assert.NotNull(queue.SendTime);
        Assert.Null(queue.ReceiveTime);
    }

    [Fact]
    public void Columns_are_found_by_name_and_may_be_missing()
    {
        const string Old = "key new shmid perms size uid\n 1 9 2 600 4096 5\n";

        SharedMemorySegment found = Assert.IsType<SharedMemorySegment>(Assert.Single(Read(IpcType.SharedMemory, Old)));

        Assert.Equal((1, 2, 4096UL, 5u, 0UL), (found.Key, found.Id, found.Size, found.OwnerId, found.Resident));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("\n\n1 2 3\n")]
    [InlineData("key shmid perms\n1 2\n1 2 3 4\nx 2 600\n1 2 689\n1 2 \n")]
    [InlineData("key shmid perms\n1 2 777777777777777777777\n")]
    public void A_damaged_line_is_left_out(string text) => Assert.Empty(Read(IpcType.SharedMemory, text));

    [Fact]
    public void Cut_anywhere_it_gives_whole_lines_only()
    {
        byte[] text = Encoding.ASCII.GetBytes(SharedMemory);
        for (int length = 0; length < text.Length; length++)
        {
            int lines = text.AsSpan(0, length).Count((byte)'\n');
            int found = SysVTable.Parse(text.AsSpan(0, length)).Rows.Count;
            // Of a last line only the end of its last number can be missing unnoticed.
            Assert.InRange(found, Math.Max(0, lines - 1), lines);
        }
    }

    [Fact]
    public void Ids_of_a_namespace_below_are_brought_to_the_caller()
    {
        IpcIdMap map = new([new IdMap(0, 100000, 1000), new IdMap(1000, 1000, 1)], [new IdMap(100, 5, 1)]);
        SysVObjects objects = new(77, null, map, UserDatabase.Parse(default, default));

        SemaphoreSet found = Assert.IsType<SemaphoreSet>(Assert.Single(objects.Read(IpcType.Semaphore, Encoding.ASCII.GetBytes(
            "key semid perms nsems uid gid cuid cgid\n1 2 600 1 0 100 1000 65534\n"))));

        Assert.Equal((100000u, 5u, 1000u, 65534u), (found.OwnerId, found.GroupId, found.CreatorId, found.CreatorGroupId));
        Assert.Equal("100000", found.Owner);
    }

    [Theory]
    [InlineData("QSIZE:129     NOTIFY:2     SIGNO:0     NOTIFY_PID:8260\n", 129UL, 8260)]
    [InlineData("QSIZE:0          NOTIFY:0     SIGNO:0     NOTIFY_PID:0     \n", 0UL, null)]
    [InlineData("QSIZE:x NOTIFY_PID:99999999999\n", null, null)]
    [InlineData("", null, null)]
    [InlineData("QSIZE", null, null)]
    public void The_file_of_a_posix_queue_says_its_size_and_who_is_told(string text, ulong? size, int? notified)
    {
        PosixQueues.Parse(Encoding.ASCII.GetBytes(text), out ulong? foundSize, out int? foundNotified);

        Assert.Equal((size, notified), (foundSize, foundNotified));
    }

    [Fact]
    public void Another_object_with_the_same_id_is_not_the_same()
    {
        SemaphoreSet first = new() { Id = 5, Key = 1, CreatorId = 7 };

        Assert.True(first.IsStill(new SemaphoreSet { Id = 5, Key = 1, CreatorId = 7 }));
        Assert.False(first.IsStill(new SemaphoreSet { Id = 5, Key = 2, CreatorId = 7 }));
        Assert.False(first.IsStill(new SemaphoreSet { Id = 5, Key = 1, CreatorId = 8 }));
        Assert.False(first.IsStill(new SemaphoreSet { Id = 6, Key = 1, CreatorId = 7 }));
        Assert.False(first.IsStill(new MessageQueue { Id = 5, Key = 1, CreatorId = 7 }));
    }

    private static IpcObject[] Read(IpcType type, string text) =>
        [.. new SysVObjects(77, "web", IpcIdMap.None, UserDatabase.Parse(default, default)).Read(type, Encoding.ASCII.GetBytes(text))];
}
