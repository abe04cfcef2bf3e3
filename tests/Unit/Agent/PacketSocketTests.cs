using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Isolation.Agent;
using Isolation.Interop;
using Xunit;

namespace Isolation.Tests.Agents;

public sealed class PacketSocketTests : IDisposable
{
    private const int InlineLimit = 64 * 1024;

    // The request's, which comes with every packet.
    private const int Number = 4711;

    private readonly PacketSocket _near;
    private readonly PacketSocket _far;

    public PacketSocketTests()
    {
        (Descriptor near, Descriptor far) = Sys.PacketSocketPair();
        _near = new PacketSocket(near);
        _far = new PacketSocket(far);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(InlineLimit - 1)]
    [InlineData(InlineLimit)]
    [InlineData(InlineLimit + 1)]
    [InlineData(1024 * 1024)]
    [InlineData(20 * 1024 * 1024)]
    public void A_packet_of_any_size_comes_whole(int size)
    {
        byte[] content = Content(size);
        Assert.Equal(Errno.None, Send(content));
        List<Descriptor> descriptors = [];
        Assert.True(content.AsSpan().SequenceEqual(Receive(descriptors, out Errno error)));
        Assert.Equal(Errno.None, error);
        Assert.Empty(descriptors);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(InlineLimit + 1)]
    public void Descriptors_come_with_their_packet_in_their_order_closed_on_exec(int size)
    {
        using Descriptor first = Sys.SealedMemory("first", "first"u8);
        using Descriptor second = Sys.SealedMemory("second", "second"u8);
        Assert.Equal(Errno.None, Send(Content(size), first, second));
        Assert.Equal(Errno.None, Send(Content(3)));
        List<Descriptor> descriptors = [];
        Assert.Equal(size, Receive(descriptors, out _)!.Length);
        Assert.Equal(["first", "second"], descriptors.Select(descriptor => Encoding.UTF8.GetString(Sys.ReadMemory(descriptor, 100))));
        foreach (Descriptor descriptor in descriptors)
        {
            string flags = File.ReadAllLines($"/proc/self/fdinfo/{descriptor.Number}").Single(line => line.StartsWith("flags:", StringComparison.Ordinal));
            Assert.NotEqual(0, Convert.ToInt32(flags["flags:".Length..].Trim(), 8) & (int)OpenFlags.CloseOnExec);
            descriptor.Dispose();
        }

        List<Descriptor> none = [];
        Assert.Equal(3, Receive(none, out _)!.Length);
        Assert.Empty(none);
    }

    [Fact]
    public void A_large_packet_is_in_a_file_that_nobody_can_change()
    {
        Assert.Equal(Errno.None, Send(Content(InlineLimit + 1)));
        List<Descriptor> descriptors = [];
        Span<byte> head = stackalloc byte[64];
        Assert.True(Sys.Receive(_far.Number, head, descriptors, block: true, out _) is > 0 and < 64);
        using Descriptor memory = Assert.Single(descriptors);

        // The file is open for writing; the seals are what forbids it, fcntl(2) F_ADD_SEALS.
        Assert.Equal(Errno.EPERM, Sys.TryWrite(memory, "x"u8));
        using FileStream again = new($"/proc/self/fd/{memory.Number}", FileMode.Open, FileAccess.ReadWrite);
        Assert.Equal(InlineLimit + 1, again.Length);
        Assert.ThrowsAny<Exception>(() => again.SetLength(0));
        Assert.ThrowsAny<Exception>(() => again.SetLength(InlineLimit * 2));
    }

    [Fact]
    public void Packets_keep_their_order_and_their_bounds()
    {
        int[] sizes = [5, InlineLimit + 5, 0, 7, InlineLimit * 3, 1];
        foreach (int size in sizes)
        {
            Assert.Equal(Errno.None, Send(Content(size)));
        }

        Assert.Equal(sizes, sizes.Select(_ => Receive([], out Errno _)!.Length).ToArray());
    }

    [Fact]
    public void Sending_and_receiving_leave_no_descriptor()
    {
        for (int i = 0; i < 3; i++)
        {
            RoundTrip();
        }

        int before = Memories();
        for (int i = 0; i < 100; i++)
        {
            RoundTrip();
        }

        Assert.Equal(before, Memories());

        void RoundTrip()
        {
            Assert.Equal(Errno.None, Send(Content(InlineLimit + 1)));
            Assert.NotNull(Receive([], out _));
        }

        static int Memories() => Directory.GetFiles("/proc/self/fd").Count(path => (new FileInfo(path).LinkTarget ?? "").Contains("isolation-packet", StringComparison.Ordinal));
    }

    [Fact]
    public void Nothing_to_receive_is_told_apart_from_the_end()
    {
        Assert.Null(Receive([], out Errno error, block: false));
        Assert.Equal(Errno.EAGAIN, error);
        Assert.Equal(Errno.None, Send(Content(9)));
        _near.Dispose();
        Assert.Equal(9, Receive([], out _)!.Length);
        Assert.Null(Receive([], out error));
        Assert.Equal(Errno.None, error);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(InlineLimit + 1)]
    public void To_one_that_is_gone_nothing_is_sent(int size)
    {
        _far.Dispose();
        Assert.Equal(Errno.EPIPE, Send(Content(size)));
    }

    [Fact]
    public void A_packet_that_is_larger_than_any_can_be_is_refused()
    {
        Assert.Equal(Errno.None, Send(new byte[(32 * 1024 * 1024) + 1]));
        Assert.Equal(Errno.EMSGSIZE, Assert.Throws<SyscallException>(() => Receive([], out Errno _)).Errno);
    }

    public void Dispose()
    {
        _near.Dispose();
        _far.Dispose();
    }

    private static byte[] Content(int size)
    {
        byte[] content = new byte[size];
        new Random(size).NextBytes(content);
        return content;
    }

    private Errno Send(byte[] content, params Descriptor[] descriptors) => _near.Send(Number, content, Array.ConvertAll(descriptors, descriptor => descriptor.Number));

    private byte[]? Receive(List<Descriptor> descriptors, out Errno error, bool block = true)
    {
        byte[]? content = _far.Receive(descriptors, block, out int id, out error);
        Assert.Equal(content is null ? 0 : Number, id);
        return content;
    }
}
