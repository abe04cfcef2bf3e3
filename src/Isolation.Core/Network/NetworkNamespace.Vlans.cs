using System.Collections.Generic;
using System.Globalization;
using Isolation.Interop;
using Isolation.Netlink;

namespace Isolation.Network;

/// <content>The vlans of bridges.</content>
internal sealed partial class NetworkNamespace
{
    /// <summary>The vlans of all ports and bridges.</summary>
    public IReadOnlyList<NetworkVlan> Vlans()
    {
        Dictionary<int, string> names = Names();
        List<NetworkVlan> vlans = [];
        foreach (List<NetworkVlan> some in _socket.List(VlanMessages.List(), $"list the vlans of {Description}", VlanMessages.Read))
        {
            foreach (NetworkVlan vlan in some)
            {
                vlan.Link = names.GetValueOrDefault(vlan.LinkIndex, "");
                vlan.Namespace = Name;
                vlans.Add(vlan);
            }
        }

        return vlans;
    }

    /// <summary>Puts a port of a bridge, or a bridge, into vlans.</summary>
    /// <exception cref="IsolationException"><c>LinkNotInBridge</c>, <c>VlanFilteringUnsupported</c>, <c>NetworkPrivilegeMissing</c>.</exception>
    /// <exception cref="SyscallException">The kernel refused it for another reason.</exception>
    public void AddVlans(NetworkLink link, IReadOnlyList<int> ids, bool isPvid, bool isUntagged) =>
        ChangeVlans(link, VlanMessages.Add(link, ids, isPvid, isUntagged), $"put the link {link.Name} of {Description} into the vlan {Text(ids)}");

    /// <summary>Takes a port of a bridge, or a bridge, out of vlans.</summary>
    /// <exception cref="IsolationException"><c>LinkNotInBridge</c>, <c>VlanFilteringUnsupported</c>, <c>NetworkPrivilegeMissing</c>.</exception>
    /// <exception cref="SyscallException">The kernel refused it for another reason.</exception>
    public void RemoveVlans(NetworkLink link, IReadOnlyList<int> ids) =>
        ChangeVlans(link, VlanMessages.Remove(link, ids), $"take the link {link.Name} of {Description} out of the vlan {Text(ids)}");

    private void ChangeVlans(NetworkLink link, NetlinkWriter request, string attempt)
    {
        // Of a link that is in no bridge the kernel says that it cannot do it, as it does where it has no vlans.
        if (link.Kind != "bridge" && (Complete(link).Master is not string master || FindLink(master) is not { Kind: "bridge" }))
        {
            throw new IsolationException(
                "LinkNotInBridge", ErrorKind.InvalidArgument, $"Cannot {attempt}: it is no bridge, and no port of one. Put it into one first: Set-NetworkLink {link.Name} -Master BRIDGE");
        }

        if (_socket.TryRequest(request, attempt) is NetlinkError refusal)
        {
            throw refusal.Errno == Errno.EOPNOTSUPP
                ? new IsolationException("VlanFilteringUnsupported", ErrorKind.NotSupported, $"Cannot {attempt}: this kernel's bridges have no vlans. It takes one with CONFIG_BRIDGE_VLAN_FILTERING.")
                : Explain(refusal, attempt);
        }
    }

    private static string Text(IReadOnlyList<int> ids)
    {
        List<string> texts = [];
        foreach (int id in ids)
        {
            texts.Add(id.ToString(CultureInfo.InvariantCulture));
        }

        return string.Join(", ", texts);
    }
}
