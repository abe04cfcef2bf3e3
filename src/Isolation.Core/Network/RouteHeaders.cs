using System.Runtime.InteropServices;

namespace Isolation.Network;

/// <summary><c>struct ifinfomsg</c>, the header of messages about links, rtnetlink(7).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct LinkHeader
{
    public byte Family;
    private readonly byte _pad;
    /// <summary>The kind of hardware, <c>ARPHRD_*</c>.</summary>
    public ushort HardwareType;
    /// <summary>The number of the link; 0 for one that is named, or is to get a number.</summary>
    public int Index;
    public LinkFlags Flags;
    /// <summary>Which of the flags are meant.</summary>
    public LinkFlags Change;
}

/// <summary><c>struct ifaddrmsg</c>, the header of messages about addresses, rtnetlink(7).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AddressHeader
{
    public byte Family;
    public byte PrefixLength;
    /// <summary>The lowest 8 bits of the flags; all of them are in an attribute.</summary>
    public byte Flags;
    public byte Scope;
    public uint LinkIndex;
}

/// <summary><c>struct rtmsg</c>, the header of messages about routes, rtnetlink(7).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RouteHeader
{
    public byte Family;
    public byte DestinationLength;
    public byte SourceLength;
    public byte TypeOfService;
    /// <summary>The table, where its number is below 256; otherwise 252, and an attribute has it.</summary>
    public byte Table;
    public byte Protocol;
    public byte Scope;
    public byte Type;
    public uint Flags;
}

/// <summary><c>struct ndmsg</c>, the header of messages about neighbours and of the forwarding tables of bridges, rtnetlink(7).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NeighbourHeader
{
    public byte Family;
    private readonly byte _pad1;
    private readonly ushort _pad2;
    public int LinkIndex;
    public ushort State;
    public byte Flags;
    public byte Type;
}

/// <summary><c>struct tcmsg</c>, the header of messages about traffic control, rtnetlink(7).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TrafficHeader
{
    public byte Family;
    private readonly byte _pad1;
    private readonly ushort _pad2;
    public int LinkIndex;
    public uint Handle;
    public uint Parent;
    public uint Info;
}
