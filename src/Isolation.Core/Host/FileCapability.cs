using System;
using System.Buffers.Binary;

namespace Isolation.Host;

/// <summary>The capabilities that a program's file gives, <c>security.capability</c>: capabilities(7), <c>struct vfs_cap_data</c> of linux/capability.h.</summary>
internal static class FileCapability
{
    public const int SetGroupId = 6;
    public const int SetUserId = 7;

    /// <summary>Whether running the file gives a capability at once: it is permitted, and the flag that makes the permitted ones effective is set.</summary>
    /// <param name="attribute">The attribute's value; empty where there is none.</param>
    /// <param name="capability">A number below 32.</param>
    public static bool Gives(ReadOnlySpan<byte> attribute, int capability)
    {
        const uint RevisionMask = 0xff000000, FirstRevision = 0x01000000, LastRevision = 0x03000000, Effective = 1;
        if (attribute.Length < 12)
        {
            return false;
        }

        uint magic = BinaryPrimitives.ReadUInt32LittleEndian(attribute);
        return (magic & RevisionMask) is >= FirstRevision and <= LastRevision
            && (magic & Effective) != 0
            && (BinaryPrimitives.ReadUInt32LittleEndian(attribute[4..]) & (1u << capability)) != 0;
    }
}
