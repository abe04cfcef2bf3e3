using System.Collections.Generic;
using Isolation.Interop;

namespace Isolation.Network;

/// <summary>
/// A link on its way into another network namespace. The kernel switches it off and takes its addresses away, which it gets back there. Equivalent to
/// <c>ip link set dev LINK netns NAMESPACE</c>, and then <c>ip address add</c> for each address, and <c>ip link set up</c>.
/// </summary>
internal sealed class LinkMove(NetworkNamespace from, NetworkNamespace to)
{
    /// <summary>Moves a link; where a step fails it is moved back.</summary>
    /// <param name="link">The link, as it is now.</param>
    /// <param name="newName">Its name there; null for the one that it has.</param>
    /// <returns>The link in its new place.</returns>
    /// <exception cref="IsolationException"><c>LinkExists</c>, <c>NetworkPrivilegeMissing</c>.</exception>
    public NetworkLink Move(NetworkLink link, string? newName)
    {
        string name = newName ?? link.Name;
        if (Sys.Status(from.Descriptor).Inode == Sys.Status(to.Descriptor).Inode)
        {
            from.ChangeLink(link, new LinkSettings { Name = newName });
            return from.GetLink(name);
        }

        if (to.FindLink(name) is not null)
        {
            throw new IsolationException(
                "LinkExists", ErrorKind.AlreadyExists, $"Cannot move the link {link.Name} of {from.Description}: there is a link '{name}' in {to.Description} already. Give it another name there with -NewName.");
        }

        List<NetworkAddress> addresses = [];
        foreach (NetworkAddress address in from.Addresses())
        {
            // The kernel makes those of the link alone by itself, and those with an end come anew from who gave them.
            if (address.LinkIndex == link.Index && !address.IsDynamic && !(address.Scope == "link" && address.IPAddress.IsIPv6LinkLocal))
            {
                addresses.Add(address);
            }
        }

        from.ChangeLink(link, new LinkSettings { Name = newName, Namespace = to.Descriptor.Number });
        NetworkLink moved = to.GetLink(name);
        try
        {
            Restore(to, moved, link.IsUp, addresses);
            return to.GetLink(name);
        }
        catch
        {
            to.ChangeLink(moved, new LinkSettings { Name = link.Name, Namespace = from.Descriptor.Number });
            Restore(from, from.GetLink(link.Name), link.IsUp, addresses);
            throw;
        }
    }

    private static void Restore(NetworkNamespace network, NetworkLink link, bool isUp, List<NetworkAddress> addresses)
    {
        foreach (NetworkAddress address in addresses)
        {
            network.AddAddress(link, address.IPAddress, address.PrefixLength, address.Peer, address.ScopeNumber);
        }

        if (isUp)
        {
            network.ChangeLink(link, new LinkSettings { Up = true });
        }
    }
}
