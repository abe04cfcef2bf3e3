using System.Collections.Generic;
using System.Runtime.InteropServices;
using Isolation.Netlink;

namespace Isolation.Network;

/// <summary>Requests about the vlans of bridges, and these from messages, <c>linux/if_bridge.h</c>.</summary>
internal static class VlanMessages
{
    private const byte AF_BRIDGE = 7;

    // RTEXT_FILTER_BRVLAN: one attribute a vlan, and no ranges.
    private const uint EachVlan = 1 << 1;

    // IFLA_BRIDGE_FLAGS and IFLA_BRIDGE_VLAN_INFO, within IFLA_AF_SPEC.
    private const ushort Whose = 0;
    private const ushort VlanInfo = 2;
    private const ushort OfMaster = 1;
    private const ushort OfSelf = 2;

    // BRIDGE_VLAN_INFO_PVID and BRIDGE_VLAN_INFO_UNTAGGED.
    private const ushort Pvid = 1 << 1;
    private const ushort Untagged = 1 << 2;

    /// <summary>The vlans of all ports and bridges. Equivalent to <c>bridge vlan show</c>.</summary>
    public static NetlinkWriter List() =>
        new NetlinkWriter(RouteMessage.GetLink, NetlinkFlags.Dump).Header(new LinkHeader { Family = AF_BRIDGE }).UInt32(LinkAttribute.ExtendedMask, EachVlan);

    /// <summary>Puts a link into vlans, all or none. Equivalent to <c>bridge vlan add dev LINK vid ID [pvid] [untagged]</c>, with <c>self</c> for a bridge.</summary>
    public static NetlinkWriter Add(NetworkLink link, IReadOnlyList<int> ids, bool isPvid, bool isUntagged) =>
        Change(RouteMessage.SetLink, link, ids, (ushort)((isPvid ? Pvid : 0) | (isUntagged ? Untagged : 0)));

    /// <summary>Takes a link out of vlans. Equivalent to <c>bridge vlan delete dev LINK vid ID</c>, with <c>self</c> for a bridge.</summary>
    public static NetlinkWriter Remove(NetworkLink link, IReadOnlyList<int> ids) => Change(RouteMessage.DeleteLink, link, ids, 0);

    /// <summary>The vlans of the link that a message is about; null where it is about something else.</summary>
    public static List<NetworkVlan>? Read(NetlinkMessage message)
    {
        if (message.Type != RouteMessage.NewLink)
        {
            return null;
        }

        List<NetworkVlan> vlans = [];
        int index = message.Header<LinkHeader>().Index;
        foreach (NetlinkAttribute attribute in message.Attributes<LinkHeader>())
        {
            if (attribute.Type != LinkAttribute.ProtocolOptions)
            {
                continue;
            }

            foreach (NetlinkAttribute option in attribute.Nested)
            {
                if (option.Type == VlanInfo)
                {
                    Info info = option.Struct<Info>();
                    vlans.Add(new NetworkVlan { LinkIndex = index, VlanId = info.Id, IsPvid = (info.Flags & Pvid) != 0, IsUntagged = (info.Flags & Untagged) != 0 });
                }
            }
        }

        return vlans;
    }

    private static NetlinkWriter Change(ushort type, NetworkLink link, IReadOnlyList<int> ids, ushort flags) =>
        new NetlinkWriter(type, NetlinkFlags.Ack)
            .Header(new LinkHeader { Family = AF_BRIDGE, Index = link.Index })
            .Nest(LinkAttribute.ProtocolOptions, options =>
            {
                options.UInt16(Whose, link.Kind == "bridge" ? OfSelf : OfMaster);
                foreach (int id in ids)
                {
                    options.Struct(VlanInfo, new Info { Flags = flags, Id = (ushort)id });
                }
            });

    /// <summary><c>struct bridge_vlan_info</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Info
    {
        public ushort Flags;
        public ushort Id;
    }
}
