using System;
using Isolation.Interop;

namespace Isolation.Netlink;

/// <summary>How the kernel refused a request: <c>struct nlmsgerr</c> and the attributes of an extended ack.</summary>
/// <param name="Errno">The error number.</param>
/// <param name="Message">The kernel's own words; null where it has none, or is older than Linux 4.12.</param>
/// <param name="Offset">Where in the request the attribute begins that it does not like, in bytes; 0 where it does not say.</param>
internal sealed record NetlinkError(Errno Errno, string? Message, uint Offset)
{
    // Of an answer: the request is not repeated in it, NLM_F_CAPPED; attributes follow, NLM_F_ACK_TLVS.
    private const NetlinkFlags Capped = (NetlinkFlags)0x100;
    private const NetlinkFlags Extended = (NetlinkFlags)0x200;

    private const ushort NLMSGERR_ATTR_MSG = 1;
    private const ushort NLMSGERR_ATTR_OFFS = 2;

    // The error number and the header of the request.
    private const int Fixed = sizeof(int) + NetlinkWriter.HeaderSize;

    /// <summary>Reads the answer; null for an acknowledgement.</summary>
    public static NetlinkError? Read(NetlinkMessage message)
    {
        int error = message.Header<int>();
        if (error == 0)
        {
            return null;
        }

        string? words = null;
        uint offset = 0;
        if (message.Flags.HasFlag(Extended) && message.Payload.Length > Fixed)
        {
            // The request follows its header, unless the kernel was asked to leave it out.
            int request = message.Flags.HasFlag(Capped) ? 0 : (int)Math.Min(NetlinkAttribute.Read<uint>(message.Payload[sizeof(int)..]), int.MaxValue) - NetlinkWriter.HeaderSize;
            int start = Fixed + NetlinkWriter.Align(Math.Max(0, Math.Min(request, message.Payload.Length)));
            foreach (NetlinkAttribute attribute in new NetlinkAttributes(start < message.Payload.Length ? message.Payload[start..] : []))
            {
                if (attribute.Type == NLMSGERR_ATTR_MSG)
                {
                    words = attribute.Text;
                }
                else if (attribute.Type == NLMSGERR_ATTR_OFFS)
                {
                    offset = attribute.UInt32;
                }
            }
        }

        return new NetlinkError((Errno)(error == int.MinValue ? 0 : Math.Abs(error)), words, offset);
    }

    /// <summary>The exception for it.</summary>
    /// <param name="attempt">What was tried, verb and object.</param>
    /// <param name="hint">The cause or the next step, where the caller knows one.</param>
    public SyscallException ToException(string attempt, string? hint = null)
    {
        string? said = Message is null ? null : $"The kernel says: {Message.TrimEnd('.')}.";
        return new SyscallException("rtnetlink", Errno, attempt, said is null ? hint : hint is null ? said : $"{said} {hint}");
    }
}
