using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using Isolation.Netlink;

namespace Isolation.Network;

/// <summary>Makes links of the kernel's messages about them.</summary>
internal static class LinkReader
{
    // linux/if_arp.h.
    private const ushort ARPHRD_LOOPBACK = 772;

    // IFLA_VLAN_ID, IFLA_VXLAN_ID and _PORT, IFLA_MACVLAN_MODE, IFLA_IPVLAN_MODE, IFLA_BR_STP_STATE and _VLAN_FILTERING of linux/if_link.h.
    private const ushort VlanId = 1;
    private const ushort VxlanId = 1;
    private const ushort VxlanPort = 15;
    private const ushort MacvlanMode = 1;
    private const ushort IpvlanMode = 1;
    private const ushort BridgeSpanningTree = 5;
    private const ushort BridgeVlanFiltering = 7;

    private static readonly (uint Number, string Name)[] s_macvlanModes = [(1, "private"), (2, "vepa"), (4, "bridge"), (8, "passthru"), (16, "source")];
    private static readonly string[] s_ipvlanModes = ["l2", "l3", "l3s"];

    /// <summary>The link of a message; null where it is about something else.</summary>
    public static NetworkLink? Read(NetlinkMessage message)
    {
        if (message.Type != RouteMessage.NewLink)
        {
            return null;
        }

        LinkHeader header = message.Header<LinkHeader>();

        // The forwarding of a bridge's ports is told with the same messages.
        if (header.Family != 0)
        {
            return null;
        }

        Found found = new();
        foreach (NetlinkAttribute attribute in message.Attributes<LinkHeader>())
        {
            Take(found, attribute);
        }

        return new NetworkLink
        {
            Index = header.Index,
            Name = found.Name,
            Kind = found.Kind ?? (header.HardwareType == ARPHRD_LOOPBACK ? "loopback" : "device"),
            State = found.State,
            IsUp = header.Flags.HasFlag(LinkFlags.Up),
            Flags = header.Flags,
            IsPromiscuous = header.Flags.HasFlag(LinkFlags.Promiscuous) || found.Promiscuity > 0,
            MacAddress = found.MacAddress,
            Mtu = found.Mtu,
            MinMtu = found.MinMtu,
            MaxMtu = found.MaxMtu is 0 ? null : found.MaxMtu,
            MasterIndex = found.Master,

            // A link that lies on none names itself.
            PeerIndex = found.Peer == header.Index && found.PeerNamespace is null ? null : found.Peer is 0 ? null : found.Peer,
            PeerNamespaceId = found.PeerNamespace,
            Alias = found.Alias,
            AlternativeName = [.. found.AlternativeNames],
            Group = found.Group,
            QueueDiscipline = found.QueueDiscipline,
            QueueLength = found.QueueLength,
            Statistics = found.Statistics,
            VlanId = found.VlanId,
            Vni = found.Vni,
            Port = found.Port,
            Mode = found.Mode,
            VlanFiltering = found.VlanFiltering,
            SpanningTree = found.SpanningTree,
        };
    }

    /// <summary>A hardware address as text: bytes in hexadecimal, with colons between; null for none.</summary>
    public static string? FormatAddress(ReadOnlySpan<byte> address)
    {
        StringBuilder text = new(address.Length * 3);
        foreach (byte one in address)
        {
            text.Append(text.Length == 0 ? "" : ":").Append(one.ToString("x2", CultureInfo.InvariantCulture));
        }

        return text.Length == 0 ? null : text.ToString();
    }

    private static void Take(Found found, NetlinkAttribute attribute)
    {
        switch (attribute.Type)
        {
            case LinkAttribute.Name:
                found.Name = attribute.Text;
                break;
            case LinkAttribute.Address:
                found.MacAddress = FormatAddress(attribute.Value);
                break;
            case LinkAttribute.Mtu:
                found.Mtu = attribute.Int32;
                break;
            case LinkAttribute.MinMtu:
                found.MinMtu = attribute.Int32;
                break;
            case LinkAttribute.MaxMtu:
                found.MaxMtu = attribute.Int32;
                break;
            case LinkAttribute.Link:
                found.Peer = attribute.Int32;
                break;
            case LinkAttribute.LinkNamespaceId:
                // -1: the namespace has no id here.
                found.PeerNamespace = attribute.Int32;
                break;
            case LinkAttribute.Master:
                found.Master = attribute.Int32;
                break;
            case LinkAttribute.OperationalState:
                found.State = (LinkState)attribute.Byte;
                break;
            case LinkAttribute.Alias:
                found.Alias = attribute.Text;
                break;
            case LinkAttribute.AlternativeName:
                found.AlternativeNames.Add(attribute.Text);
                break;
            case LinkAttribute.ExtendedNames:
                foreach (NetlinkAttribute name in attribute.Nested)
                {
                    if (name.Type == LinkAttribute.AlternativeName)
                    {
                        found.AlternativeNames.Add(name.Text);
                    }
                }

                break;
            case LinkAttribute.Group:
                found.Group = attribute.UInt32;
                break;
            case LinkAttribute.QueueDiscipline:
                found.QueueDiscipline = attribute.Text;
                break;
            case LinkAttribute.QueueLength:
                found.QueueLength = attribute.Int32;
                break;
            case LinkAttribute.Promiscuity:
                found.Promiscuity = attribute.UInt32;
                break;
            case LinkAttribute.Statistics64:
                found.Statistics = attribute.Struct<LinkStatistics>();
                break;
            case LinkAttribute.LinkInfo:
                TakeInfo(found, attribute);
                break;
            default:
                break;
        }
    }

    // The kind comes before what it has of its own, for that means something else with each.
    private static void TakeInfo(Found found, NetlinkAttribute info)
    {
        foreach (NetlinkAttribute attribute in info.Nested)
        {
            if (attribute.Type == LinkAttribute.InfoKind)
            {
                found.Kind = attribute.Text;
            }
            else if (attribute.Type == LinkAttribute.InfoData)
            {
                foreach (NetlinkAttribute data in attribute.Nested)
                {
                    TakeData(found, data);
                }
            }
        }
    }

    private static void TakeData(Found found, NetlinkAttribute data)
    {
        switch (found.Kind, data.Type)
        {
            case ("vlan", VlanId):
                found.VlanId = data.UInt16;
                break;
            case ("vxlan", VxlanId):
                found.Vni = data.UInt32;
                break;
            case ("vxlan", VxlanPort):
                found.Port = data.BigEndian16;
                break;
            case ("macvlan" or "macvtap", MacvlanMode):
                uint mode = data.UInt32;
                found.Mode = Array.Find(s_macvlanModes, one => one.Number == mode).Name;
                break;
            case ("ipvlan" or "ipvtap", IpvlanMode):
                found.Mode = data.UInt16 < s_ipvlanModes.Length ? s_ipvlanModes[data.UInt16] : null;
                break;
            case ("bridge", BridgeSpanningTree):
                found.SpanningTree = data.UInt32 != 0;
                break;
            case ("bridge", BridgeVlanFiltering):
                found.VlanFiltering = data.Byte != 0;
                break;
            default:
                break;
        }
    }

    private sealed class Found
    {
        public string Name = "";
        public string? Kind;
        public LinkState State;
        public string? MacAddress;
        public int Mtu;
        public int? MinMtu;
        public int? MaxMtu;
        public int? Master;
        public int? Peer;
        public int? PeerNamespace;
        public string? Alias;
        public List<string> AlternativeNames = [];
        public uint Group;
        public uint Promiscuity;
        public string? QueueDiscipline;
        public int QueueLength;
        public LinkStatistics Statistics;
        public int? VlanId;
        public uint? Vni;
        public int? Port;
        public string? Mode;
        public bool? VlanFiltering;
        public bool? SpanningTree;
    }
}
