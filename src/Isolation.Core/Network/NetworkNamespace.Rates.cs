using System.Collections.Generic;
using Isolation.Netlink;

namespace Isolation.Network;

/// <content>Rates.</content>
internal sealed partial class NetworkNamespace
{
    /// <summary>All queueing disciplines.</summary>
    public List<NetworkQueue> Queues() => _socket.List(QueueMessages.List(), $"list the queueing disciplines of {Description}", QueueMessages.Read);

    /// <summary>Sends a request that changes something; null where it went well.</summary>
    public NetlinkError? TryDo(NetlinkWriter request) => _socket.TryRequest(request, $"change the network of {Description}");

    /// <summary>Removes the links through which others received that are gone.</summary>
    public void SweepRates()
    {
        IReadOnlyList<NetworkLink> links = Links();
        HashSet<string> wanted = [];
        foreach (NetworkLink link in links)
        {
            wanted.Add(LinkRate.ReceiverName(link));
        }

        foreach (NetworkLink link in links)
        {
            if (LinkRate.IsReceiver(link) && !wanted.Contains(link.Name))
            {
                _ = TryDo(LinkRequests.Remove(link.Index));
            }
        }
    }
}
