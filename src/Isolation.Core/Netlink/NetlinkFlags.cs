using System;

namespace Isolation.Netlink;

/// <summary>The flags of a netlink message, <c>linux/netlink.h</c>, netlink(7).</summary>
[Flags]
internal enum NetlinkFlags : ushort
{
    None = 0,
    /// <summary><c>NLM_F_REQUEST</c>: from a program to the kernel.</summary>
    Request = 0x1,
    /// <summary><c>NLM_F_MULTI</c>: part of an answer that ends with <c>NLMSG_DONE</c>.</summary>
    Multi = 0x2,
    /// <summary><c>NLM_F_ACK</c>: the kernel is to say how it went, also where it went well.</summary>
    Ack = 0x4,
    /// <summary><c>NLM_F_ECHO</c>: the kernel is to send what it made.</summary>
    Echo = 0x8,
    /// <summary><c>NLM_F_DUMP_INTR</c>: the list changed while it was sent, so things may be missing or twice in it.</summary>
    Interrupted = 0x10,
    /// <summary><c>NLM_F_DUMP_FILTERED</c>: the kernel left out what was not asked for.</summary>
    Filtered = 0x20,
    /// <summary><c>NLM_F_ROOT | NLM_F_MATCH</c>: all that there are.</summary>
    Dump = 0x300,
    /// <summary><c>NLM_F_REPLACE</c>: what is there is changed.</summary>
    Replace = 0x100,
    /// <summary><c>NLM_F_EXCL</c>: nothing may be there.</summary>
    Exclusive = 0x200,
    /// <summary><c>NLM_F_CREATE</c>: it is made where it is missing.</summary>
    Create = 0x400,
    /// <summary><c>NLM_F_APPEND</c>: it is added to what is there.</summary>
    Append = 0x800,
}
