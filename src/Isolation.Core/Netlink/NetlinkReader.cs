using System;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Isolation.Netlink;

/// <summary>One message of an answer.</summary>
/// <param name="type">Its type.</param>
/// <param name="flags">Its flags.</param>
/// <param name="sequence">The number of the request that it answers.</param>
/// <param name="payload">What follows <c>struct nlmsghdr</c>.</param>
internal readonly ref struct NetlinkMessage(ushort type, NetlinkFlags flags, uint sequence, ReadOnlySpan<byte> payload)
{
    /// <summary><c>NLMSG_ERROR</c>: how a request went.</summary>
    public const ushort Error = 2;

    /// <summary><c>NLMSG_DONE</c>: the end of a list.</summary>
    public const ushort Done = 3;

    public ushort Type { get; } = type;

    public NetlinkFlags Flags { get; } = flags;

    public uint Sequence { get; } = sequence;

    public ReadOnlySpan<byte> Payload { get; } = payload;

    /// <summary>The family's own header; what the kernel does not send of it is zero.</summary>
    public T Header<T>()
        where T : unmanaged => NetlinkAttribute.Read<T>(Payload);

    /// <summary>The attributes after a header of a type.</summary>
    public NetlinkAttributes Attributes<T>()
        where T : unmanaged => new(Payload.Length > NetlinkWriter.Align(Unsafe.SizeOf<T>()) ? Payload[NetlinkWriter.Align(Unsafe.SizeOf<T>())..] : []);
}

/// <summary>The messages of a packet, one after the other. A packet that is cut off or lies about its lengths ends early.</summary>
internal ref struct NetlinkMessages(ReadOnlySpan<byte> packet)
{
    private ReadOnlySpan<byte> _rest = packet;

    /// <summary>The message that was found.</summary>
    public NetlinkMessage Current { get; private set; }

    public readonly NetlinkMessages GetEnumerator() => this;

    public bool MoveNext()
    {
        if (_rest.Length < NetlinkWriter.HeaderSize)
        {
            return false;
        }

        uint length = BinaryPrimitives.ReadUInt32LittleEndian(_rest);
        if (length < NetlinkWriter.HeaderSize || length > _rest.Length)
        {
            return false;
        }

        ReadOnlySpan<byte> message = _rest[..(int)length];
        Current = new NetlinkMessage(
            BinaryPrimitives.ReadUInt16LittleEndian(message[4..]),
            (NetlinkFlags)BinaryPrimitives.ReadUInt16LittleEndian(message[6..]),
            BinaryPrimitives.ReadUInt32LittleEndian(message[8..]),
            message[NetlinkWriter.HeaderSize..]);
        int next = NetlinkWriter.Align((int)length);
        _rest = next < _rest.Length ? _rest[next..] : [];
        return true;
    }
}

/// <summary>One attribute.</summary>
/// <param name="type">Its type, without the bits that say what the value is.</param>
/// <param name="value">Its value.</param>
internal readonly ref struct NetlinkAttribute(ushort type, ReadOnlySpan<byte> value)
{
    public ushort Type { get; } = type;

    public ReadOnlySpan<byte> Value { get; } = value;

    /// <summary>The attributes that it holds.</summary>
    public NetlinkAttributes Nested => new(Value);

    /// <summary>A text; a NUL ends it.</summary>
    public string Text
    {
        get
        {
            int end = Value.IndexOf((byte)0);
            return Encoding.UTF8.GetString(end < 0 ? Value : Value[..end]);
        }
    }

    public byte Byte => Read<byte>(Value);

    public ushort UInt16 => Read<ushort>(Value);

    public uint UInt32 => Read<uint>(Value);

    public int Int32 => Read<int>(Value);

    public ulong UInt64 => Read<ulong>(Value);

    /// <summary>A number of 16 bits in network order.</summary>
    public ushort BigEndian16 => BinaryPrimitives.ReverseEndianness(UInt16);

    /// <summary>A structure of the kernel's; what an older kernel does not send of it is zero.</summary>
    public T Struct<T>()
        where T : unmanaged => Read<T>(Value);

    internal static T Read<T>(ReadOnlySpan<byte> bytes)
        where T : unmanaged
    {
        T value = default;
        Span<byte> target = MemoryMarshal.AsBytes(new Span<T>(ref value));
        bytes[..Math.Min(bytes.Length, target.Length)].CopyTo(target);
        return value;
    }
}

/// <summary>Attributes, one after the other. One that lies about its length ends them.</summary>
internal ref struct NetlinkAttributes(ReadOnlySpan<byte> bytes)
{
    // NLA_F_NESTED and NLA_F_NET_BYTEORDER.
    private const ushort TypeMask = 0x3FFF;

    private ReadOnlySpan<byte> _rest = bytes;

    /// <summary>The attribute that was found.</summary>
    public NetlinkAttribute Current { get; private set; }

    public readonly NetlinkAttributes GetEnumerator() => this;

    public bool MoveNext()
    {
        if (_rest.Length < NetlinkWriter.AttributeSize)
        {
            return false;
        }

        int length = BinaryPrimitives.ReadUInt16LittleEndian(_rest);
        if (length < NetlinkWriter.AttributeSize || length > _rest.Length)
        {
            return false;
        }

        Current = new NetlinkAttribute((ushort)(BinaryPrimitives.ReadUInt16LittleEndian(_rest[2..]) & TypeMask), _rest[NetlinkWriter.AttributeSize..length]);
        int next = NetlinkWriter.Align(length);
        _rest = next < _rest.Length ? _rest[next..] : [];
        return true;
    }
}
