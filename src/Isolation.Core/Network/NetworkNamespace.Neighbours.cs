using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Net;
using System.Threading;
using Isolation.Interop;
using Isolation.Netlink;

namespace Isolation.Network;

/// <content>Neighbours and forwarding tables.</content>
internal sealed partial class NetworkNamespace
{
    // On a network of wires an answer takes less than a millisecond. RFC 5227 has a host that joins a network wait for seconds, and nobody would wait here.
    private static readonly TimeSpan s_answerTimeout = TimeSpan.FromMilliseconds(100);

    /// <summary>All neighbours, or the lines of all forwarding tables.</summary>
    public IReadOnlyList<NetworkNeighbour> Neighbours(bool forwarding)
    {
        Dictionary<int, string> names = Names();
        List<NetworkNeighbour> neighbours = _socket.List(
            forwarding ? NeighbourMessages.ListForwarding() : NeighbourMessages.List(), $"list the neighbours of {Description}", NeighbourMessages.Read);
        foreach (NetworkNeighbour neighbour in neighbours)
        {
            neighbour.Link = names.GetValueOrDefault(neighbour.LinkIndex, "");
            neighbour.Master = neighbour.MasterIndex is int master ? names.GetValueOrDefault(master) : null;
            neighbour.Namespace = Name;
        }

        return neighbours;
    }

    /// <summary>Sets for good at which hardware address a host on a link is.</summary>
    /// <exception cref="IsolationException"><c>NetworkNeighbourExists</c>, <c>NetworkPrivilegeMissing</c>.</exception>
    /// <exception cref="SyscallException">The kernel refused it for another reason.</exception>
    public void AddNeighbour(NetworkLink link, IPAddress address, byte[] mac, bool replace) =>
        Add(NeighbourMessages.Add(link.Index, address, mac, replace), address.ToString(), link);

    /// <summary>Forgets what is known of an address on a link, if anything is.</summary>
    public void ForgetNeighbour(NetworkLink link, IPAddress address)
    {
        string attempt = $"forget {address} at the link {link.Name} of {Description}";
        if (_socket.TryRequest(NeighbourMessages.Remove(link.Index, address), attempt) is NetlinkError refusal && refusal.Errno != Errno.ENOENT)
        {
            throw Explain(refusal, attempt);
        }
    }

    /// <summary>
    /// Asks on a link whether somebody else has an address of IPv4 that it is to get, by ARP without a sender where the link has no address yet (RFC 5227). Without a wait where
    /// nobody could answer.
    /// </summary>
    /// <exception cref="IsolationException"><c>NetworkAddressDuplicate</c>.</exception>
    public void RequireUnique(NetworkLink link, IPAddress address, CancellationToken cancellation)
    {
        // What the link has already, or has no hardware addresses, asks nobody.
        if (link is not { IsUp: true, State: LinkState.Up or LinkState.Unknown, MacAddress: not null } || link.Flags.HasFlag(LinkFlags.NoArp) || Addresses().Any(own => own.IPAddress.Equals(address)))
        {
            return;
        }

        ForgetNeighbour(link, address);
        if (_socket.TryRequest(NeighbourMessages.Ask(link.Index, address), $"ask who has {address} at the link {link.Name} of {Description}") is not null)
        {
            return;
        }

        try
        {
            Stopwatch waited = Stopwatch.StartNew();
            while (waited.Elapsed < s_answerTimeout)
            {
                cancellation.ThrowIfCancellationRequested();
                Thread.Sleep(5);
                if (Neighbours(forwarding: false).FirstOrDefault(one => one.LinkIndex == link.Index && one.MacAddress is not null && address.Equals(one.IPAddress)) is NetworkNeighbour other)
                {
                    throw new IsolationException(
                        "NetworkAddressDuplicate", ErrorKind.AlreadyExists, $"Somebody else on the link {link.Name} of {Description} has the address {address}: {other.MacAddress}. Nothing was changed; choose another.");
                }
            }
        }
        finally
        {
            ForgetNeighbour(link, address);
        }
    }

    /// <summary>Has a vxlan send to a host what is for a hardware address.</summary>
    /// <exception cref="IsolationException"><c>NetworkNeighbourExists</c>, <c>NetworkPrivilegeMissing</c>.</exception>
    /// <exception cref="SyscallException">The kernel refused it for another reason.</exception>
    public void AddForwarding(NetworkLink link, byte[] mac, IPAddress host, bool replace) =>
        Add(NeighbourMessages.AddForwarding(link.Index, mac, host, replace), LinkReader.FormatAddress(mac)!, link);

    /// <summary>Has a bridge send through one of its ports what is for a hardware address.</summary>
    /// <exception cref="IsolationException"><c>NetworkNeighbourExists</c>, <c>NetworkPrivilegeMissing</c>.</exception>
    /// <exception cref="SyscallException">The kernel refused it for another reason.</exception>
    public void AddStation(NetworkLink port, byte[] mac, int? vlan, bool replace) =>
        Add(NeighbourMessages.AddStation(port.Index, mac, vlan, replace), LinkReader.FormatAddress(mac)!, port);

    /// <summary>Takes a neighbour, or a line of a forwarding table, away.</summary>
    /// <exception cref="IsolationException"><c>NetworkNeighbourNotFound</c>, <c>NetworkPrivilegeMissing</c>.</exception>
    /// <exception cref="SyscallException">The kernel refused it for another reason.</exception>
    public void RemoveNeighbour(NetworkNeighbour neighbour)
    {
        string attempt = $"take {neighbour} from the link {neighbour.Link} of {Description}";
        NetlinkWriter request = !neighbour.IsForwarding ? NeighbourMessages.Remove(neighbour.LinkIndex, neighbour.IPAddress!)
            : neighbour.Host is not null ? NeighbourMessages.RemoveForwarding(neighbour.LinkIndex, neighbour.MacBytes, neighbour.Host)
            : NeighbourMessages.RemoveStation(neighbour.LinkIndex, neighbour.MacBytes, neighbour.VlanId);

        // The line of no vlan takes those of every vlan with it, which whoever removes one after the other finds gone.
        if (_socket.TryRequest(request, attempt) is NetlinkError refusal && !(refusal.Errno == Errno.ENOENT && neighbour.VlanId is not null))
        {
            throw refusal.Errno == Errno.ENOENT ? NeighbourNotFound(neighbour.ToString(), neighbour.Link) : Explain(refusal, attempt);
        }
    }

    /// <summary>That a link does not have it.</summary>
    public IsolationException NeighbourNotFound(string neighbour, string link) => new(
        "NetworkNeighbourNotFound", ErrorKind.NotFound, $"The link {link} of {Description} knows no {neighbour}. Get-NetworkNeighbour lists what it knows, with -Forwarding its forwarding table.");

    private void Add(NetlinkWriter request, string what, NetworkLink link)
    {
        string attempt = $"set {what} at the link {link.Name} of {Description}";
        if (_socket.TryRequest(request, attempt) is NetlinkError refusal)
        {
            throw refusal.Errno switch
            {
                Errno.EEXIST => new IsolationException(
                    "NetworkNeighbourExists", ErrorKind.AlreadyExists, $"The link {link.Name} of {Description} knows {what} already. Replace it with -Force."),
                _ => Explain(refusal, attempt),
            };
        }
    }
}
