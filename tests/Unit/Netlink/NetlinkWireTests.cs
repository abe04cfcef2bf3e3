using System;
using System.Collections.Generic;
using System.Text;
using Isolation.Interop;
using Isolation.Netlink;
using Isolation.Network;
using Xunit;

namespace Isolation.Tests.Netlink;

/// <summary>Messages as bytes, netlink(7): what is written is read back, and what is broken ends early and never throws.</summary>
public sealed class NetlinkWireTests
{
    [Fact]
    public void A_request_is_laid_out_as_the_kernel_wants_it()
    {
        NetlinkWriter writer = new NetlinkWriter(RouteMessage.NewLink, NetlinkFlags.Ack | NetlinkFlags.Create).Header(new LinkHeader { Index = 7, Flags = LinkFlags.Up });
        writer.Text(3, "eth0").Nest(18, info => info.Text(1, "veth").Nest(2, data => data.BigEndian16(15, 4789)));

        // From ip(8): 16 bytes of header, 16 of ifinfomsg, IFLA_IFNAME of 9 filled to 12, IFLA_LINKINFO with both of its attributes.
        Assert.Equal(
            "48000000" + "1000" + "0504" + "09000000" + "00000000"
            + "00000000" + "07000000" + "01000000" + "00000000"
            + "0900" + "0300" + "6574683000" + "000000"
            + "1c00" + "1280" + "0900" + "0100" + "7665746800" + "000000" + "0c00" + "0280" + "0600" + "0f00" + "12b5" + "0000",
            Convert.ToHexStringLower(writer.Finish(9)));
    }

    [Fact]
    public void Every_number_is_read_back()
    {
        NetlinkWriter writer = new(1, NetlinkFlags.None);
        writer.Byte(1, 0xAB).UInt16(2, 0xABCD).BigEndian16(3, 0xABCD).UInt32(4, 0xABCDEF01).Int32(5, -5).UInt64(6, ulong.MaxValue - 1).Flag(7).Text(8, "ü").Put(9, [1, 2, 3]);
        List<string> found = [];
        foreach (NetlinkMessage message in new NetlinkMessages(writer.Finish(1)))
        {
            foreach (NetlinkAttribute one in new NetlinkAttributes(message.Payload))
            {
                found.Add(one.Type switch
                {
                    1 => $"{one.Byte:x}",
                    2 => $"{one.UInt16:x}",
                    3 => $"{one.BigEndian16:x}",
                    4 => $"{one.UInt32:x}",
                    5 => $"{one.Int32}",
                    6 => $"{one.UInt64}",
                    7 => $"{one.Value.Length}",
                    8 => one.Text,
                    _ => Convert.ToHexString(one.Value),
                });
            }
        }

        Assert.Equal(["ab", "abcd", "abcd", "abcdef01", "-5", "18446744073709551614", "0", "ü", "010203"], found);
    }

    [Fact]
    public void A_value_that_is_too_long_is_refused()
    {
        NetlinkWriter writer = new(1, NetlinkFlags.None);
        writer.Put(1, new byte[65531]);
        Assert.Throws<ArgumentOutOfRangeException>(() => writer.Put(1, new byte[65532]));
        Assert.Throws<ArgumentException>(() => new NetlinkWriter(1, NetlinkFlags.None).Nest(1, inner => inner.Put(2, new byte[40000]).Put(3, new byte[40000])));
    }

    [Theory]
    [InlineData(0x0300, "Name not unique", 32u)]
    [InlineData(0x0200, "Name not unique", 32u)]
    [InlineData(0x0100, null, 0u)]
    public void An_extended_ack_is_read_with_and_without_the_request(int flags, string? words, uint offset)
    {
        NetlinkWriter request = new NetlinkWriter(RouteMessage.NewLink, NetlinkFlags.Ack).Header(default(LinkHeader)).Text(3, "x");
        List<byte> answer = [.. BitConverter.GetBytes(-(int)Errno.EEXIST)];
        ReadOnlySpan<byte> sent = request.Finish(4);
        answer.AddRange((flags & 0x100) != 0 ? sent[..NetlinkWriter.HeaderSize].ToArray() : sent.ToArray());
        if ((flags & 0x200) != 0)
        {
            NetlinkWriter said = new NetlinkWriter(0, NetlinkFlags.None).Text(1, "Name not unique").UInt32(2, 32);
            answer.AddRange(said.Finish(0)[NetlinkWriter.HeaderSize..].ToArray());
        }

        NetlinkError error = NetlinkError.Read(new NetlinkMessage(NetlinkMessage.Error, (NetlinkFlags)flags, 4, answer.ToArray()))!;
        Assert.Equal((Errno.EEXIST, words, offset), (error.Errno, error.Message, error.Offset));
        Assert.Equal(words is not null, error.ToException("make the link x").Message.Contains("The kernel says: Name not unique.", StringComparison.Ordinal));
        Assert.Null(NetlinkError.Read(new NetlinkMessage(NetlinkMessage.Error, NetlinkFlags.None, 4, new byte[20])));
    }

    [Fact]
    public void Broken_packets_end_early_and_never_throw()
    {
        Random random = new(20260101);
        int rounds = Environment.GetEnvironmentVariable("ISOLATION_SOAK") is null ? 20_000 : 2_000_000;
        byte[] whole = new NetlinkWriter(RouteMessage.NewLink, NetlinkFlags.None).Header(new LinkHeader { Index = 3 }).Text(3, "eth0").Int32(4, 1500)
            .Nest(18, info => info.Text(1, "bridge").Nest(2, data => data.UInt32(5, 1).Byte(7, 1))).Put(23, new byte[200]).Finish(1).ToArray();
        int links = 0;
        for (int i = 0; i < rounds; i++)
        {
            byte[] packet = random.Next(4) == 0 ? new byte[random.Next(200)] : (byte[])whole.Clone();
            if (packet.Length != whole.Length)
            {
                random.NextBytes(packet);
            }

            for (int n = random.Next(6); n > 0 && packet.Length > 0; n--)
            {
                packet[random.Next(packet.Length)] = (byte)random.Next(256);
            }

            foreach (NetlinkMessage message in new NetlinkMessages(packet.AsSpan(0, random.Next(3) == 0 ? random.Next(packet.Length + 1) : packet.Length)))
            {
                links += LinkReader.Read(message) is null ? 0 : 1;
                _ = NetlinkError.Read(message);
            }
        }

        Assert.InRange(links, 1, rounds);
    }
}
