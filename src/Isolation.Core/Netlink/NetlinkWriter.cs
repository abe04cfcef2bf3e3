using System;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Isolation.Netlink;

/// <summary>
/// Builds one request: <c>struct nlmsghdr</c>, the family's own header, and attributes, which may hold others. Everything begins at a multiple of 4 bytes; numbers are in the
/// machine's order unless a method says otherwise. netlink(7).
/// </summary>
internal sealed class NetlinkWriter
{
    /// <summary>The size of <c>struct nlmsghdr</c>.</summary>
    public const int HeaderSize = 16;

    /// <summary>The size of what stands before an attribute's value, <c>struct nlattr</c>.</summary>
    public const int AttributeSize = 4;

    /// <summary><c>NLA_F_NESTED</c>: the value is attributes itself.</summary>
    public const ushort Nested = 0x8000;

    // An attribute's length is a number of 16 bits.
    private const int LongestValue = ushort.MaxValue - AttributeSize;

    private byte[] _buffer = new byte[256];
    private int _length = HeaderSize;

    /// <summary>Begins a request.</summary>
    /// <param name="type">The message's type, such as <c>RTM_NEWLINK</c>.</param>
    /// <param name="flags">Its flags; <see cref="NetlinkFlags.Request"/> is added.</param>
    public NetlinkWriter(ushort type, NetlinkFlags flags)
    {
        Type = type;
        Flags = flags | NetlinkFlags.Request;
        BinaryPrimitives.WriteUInt16LittleEndian(_buffer.AsSpan(4), type);
        BinaryPrimitives.WriteUInt16LittleEndian(_buffer.AsSpan(6), (ushort)Flags);
    }

    /// <summary>The message's type.</summary>
    public ushort Type { get; }

    /// <summary>The message's flags.</summary>
    public NetlinkFlags Flags { get; }

    /// <summary>Writes the family's own header, such as <c>struct ifinfomsg</c>; once, before any attribute.</summary>
    public NetlinkWriter Header<T>(in T header)
        where T : unmanaged
    {
        MemoryMarshal.Write(Take(Unsafe.SizeOf<T>()), in header);
        return this;
    }

    /// <summary>An attribute of bytes.</summary>
    public NetlinkWriter Put(ushort type, ReadOnlySpan<byte> value)
    {
        value.CopyTo(Attribute(type, value.Length));
        return this;
    }

    /// <summary>An attribute without a value, whose being there says something.</summary>
    public NetlinkWriter Flag(ushort type) => Put(type, []);

    /// <summary>A text, with the NUL after it that the kernel wants.</summary>
    public NetlinkWriter Text(ushort type, string value)
    {
        int length = Encoding.UTF8.GetByteCount(value);
        Encoding.UTF8.GetBytes(value, Attribute(type, length + 1));
        return this;
    }

    /// <summary>A number of 8 bits.</summary>
    public NetlinkWriter Byte(ushort type, byte value) => Put(type, [value]);

    /// <summary>A number of 16 bits.</summary>
    public NetlinkWriter UInt16(ushort type, ushort value) => Number(type, value);

    /// <summary>A number of 16 bits in network order, as ports and protocols are.</summary>
    public NetlinkWriter BigEndian16(ushort type, ushort value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(Attribute(type, sizeof(ushort)), value);
        return this;
    }

    /// <summary>A number of 32 bits.</summary>
    public NetlinkWriter UInt32(ushort type, uint value) => Number(type, value);

    /// <summary>A number of 32 bits with a sign.</summary>
    public NetlinkWriter Int32(ushort type, int value) => Number(type, value);

    /// <summary>A number of 64 bits.</summary>
    public NetlinkWriter UInt64(ushort type, ulong value) => Number(type, value);

    /// <summary>A structure of the kernel's.</summary>
    public NetlinkWriter Struct<T>(ushort type, in T value)
        where T : unmanaged => Put(type, MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));

    /// <summary>An attribute that holds what <paramref name="content"/> writes.</summary>
    public NetlinkWriter Nest(ushort type, Action<NetlinkWriter> content)
    {
        int start = _length;
        Take(AttributeSize);
        content(this);
        int length = _length - start;
        if (length > ushort.MaxValue)
        {
            throw new ArgumentException($"The attribute {type} has {length} bytes, and one holds {LongestValue} at most.", nameof(content));
        }

        BinaryPrimitives.WriteUInt16LittleEndian(_buffer.AsSpan(start), (ushort)length);
        BinaryPrimitives.WriteUInt16LittleEndian(_buffer.AsSpan(start + 2), (ushort)(type | Nested));
        return this;
    }

    /// <summary>The message as it is sent.</summary>
    /// <param name="sequence">The number by which its answer is known.</param>
    public ReadOnlySpan<byte> Finish(uint sequence)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_buffer, (uint)_length);
        BinaryPrimitives.WriteUInt32LittleEndian(_buffer.AsSpan(8), sequence);
        return _buffer.AsSpan(0, _length);
    }

    /// <summary>A length with what is missing to a multiple of 4.</summary>
    public static int Align(int length) => (length + 3) & ~3;

    private NetlinkWriter Number<T>(ushort type, T value)
        where T : unmanaged
    {
        MemoryMarshal.Write(Attribute(type, Unsafe.SizeOf<T>()), in value);
        return this;
    }

    private Span<byte> Attribute(ushort type, int length)
    {
        if (length > LongestValue)
        {
            throw new ArgumentOutOfRangeException(nameof(length), length, $"An attribute's value has {LongestValue} bytes at most.");
        }

        Span<byte> attribute = Take(AttributeSize + length);
        BinaryPrimitives.WriteUInt16LittleEndian(attribute, (ushort)(AttributeSize + length));
        BinaryPrimitives.WriteUInt16LittleEndian(attribute[2..], type);
        return attribute.Slice(AttributeSize, length);
    }

    // New room is zero, and so is what fills up to the next multiple of 4.
    private Span<byte> Take(int length)
    {
        int start = _length;
        int end = start + Align(length);
        if (end > _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Max(end, _buffer.Length * 2));
        }

        _length = end;
        return _buffer.AsSpan(start, length);
    }
}
