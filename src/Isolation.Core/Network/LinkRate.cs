using System;
using System.Collections.Generic;
using Isolation.Interop;
using Isolation.Netlink;

namespace Isolation.Network;

/// <summary>
/// The rates of one link. What it sends waits in a queueing discipline at its root: tbf for the rate, below a netem where packets are delayed or lost. What it receives
/// cannot wait there, so it goes through an ifb of its own first, which has the tbf.
/// </summary>
internal sealed class LinkRate
{
    // Ours are known by their handles. Each place has its own, for the kernel would move one that it finds elsewhere.
    private const uint BucketAtRoot = 0x15010000;
    private const uint EmulatorAtRoot = 0x15020000;
    private const uint BucketBelow = 0x15030000;

    private const string ReceiverPrefix = "isorx-";

    // Ten milliseconds at the full rate: less costs processor time, more lets short transfers through unlimited. Tried at 10 and 100 MB/s.
    private const double BurstSeconds = 0.01;
    private const long LeastBurst = 16 * 1024;
    private const double QueueSeconds = 0.05;

    private readonly NetworkNamespace _network;
    private readonly NetworkLink _link;
    private readonly NetworkLink? _receiver;
    private readonly List<NetworkQueue> _queues;

    /// <summary>Looks at what there is.</summary>
    public LinkRate(NetworkNamespace network, NetworkLink link)
    {
        (_network, _link) = (network, link);
        _receiver = network.FindLink(ReceiverName(link));
        _queues = network.Queues();
    }

    /// <summary>The name of the link through which another receives.</summary>
    public static string ReceiverName(NetworkLink link) => $"{ReceiverPrefix}{link.Index}";

    /// <summary>Whether a link is such a one.</summary>
    public static bool IsReceiver(NetworkLink link) => link.Kind == "ifb" && link.Name.StartsWith(ReceiverPrefix, StringComparison.Ordinal);

    /// <summary>Whether anything of it is limited or changed.</summary>
    public bool IsSet => Root is not null || _receiver is not null;

    /// <summary>What there is of it.</summary>
    public NetworkRate Current
    {
        get
        {
            NetworkQueue? root = Root;
            NetworkQueue? bucket = root?.Kind == "tbf" ? root : Find(_link, BucketBelow);
            NetworkQueue? receiver = _receiver is null || !_queues.Exists(queue => queue.LinkIndex == _link.Index && queue.Kind == "ingress") ? null : Find(_receiver, BucketAtRoot);
            return new NetworkRate
            {
                Link = _link.Name,
                Send = bucket?.Rate * 8,
                SendBurst = bucket?.Burst,
                Receive = receiver?.Rate * 8,
                ReceiveBurst = receiver?.Burst,
                Delay = root?.Delay ?? default,
                Jitter = root?.Jitter ?? default,
                Loss = root?.Loss ?? 0,
                Duplicate = root?.Duplicate ?? 0,
                Reorder = root?.Reorder ?? 0,
                SendDropped = root?.Drops ?? 0,
                ReceiveDropped = receiver?.Drops ?? 0,
                Namespace = _network.Name,
            };
        }
    }

    /// <summary>Changes them; where a step is refused all is as it was.</summary>
    /// <param name="settings">What is to change.</param>
    /// <param name="force">Whether queueing disciplines of others give way.</param>
    /// <exception cref="IsolationException"><c>NetworkRateTaken</c>, <c>NetworkRateUnsupported</c>, <c>NetworkPrivilegeMissing</c>.</exception>
    public void Set(NetworkRateSettings settings, bool force)
    {
        NetworkRate current = Current;
        NetworkRateSettings former = new()
        {
            Send = current.Send, Receive = current.Receive, Delay = current.Delay, Jitter = current.Jitter, Loss = current.Loss, Duplicate = current.Duplicate, Reorder = current.Reorder,
        };
        RefuseForeign(settings, force);
        try
        {
            Apply(settings.Over(former));
        }
        catch (Exception exception) when (exception is IsolationException or SyscallException)
        {
            try
            {
                new LinkRate(_network, _link).Apply(former with { Burst = current.SendBurst ?? current.ReceiveBurst });
            }
            catch (Exception second) when (second is IsolationException or SyscallException)
            {
                // Why it was undone is what is to be told.
            }

            throw;
        }
    }

    /// <summary>Takes all of it away.</summary>
    public void Remove() => Apply(new NetworkRateSettings());

    private NetworkQueue? Root => Find(_link, BucketAtRoot) ?? Find(_link, EmulatorAtRoot);

    private NetworkQueue? Find(NetworkLink link, uint handle) => _queues.Find(queue => queue.LinkIndex == link.Index && queue.Handle == handle);

    private void RefuseForeign(NetworkRateSettings settings, bool force)
    {
        bool sends = settings.Send is not null || settings with { Send = null, Receive = null, Burst = null } != new NetworkRateSettings();
        foreach (NetworkQueue queue in _queues)
        {
            // Handle 0 is the kernel's own default.
            bool isRoot = queue.Parent == QueueMessages.Root && queue.Handle != 0 && Root is null && sends;
            bool isIngress = queue.Kind is "ingress" or "clsact" && _receiver is null && settings.Receive > 0;
            if (queue.LinkIndex != _link.Index || !(isRoot || isIngress))
            {
                continue;
            }

            if (!force)
            {
                throw new IsolationException(
                    "NetworkRateTaken",
                    ErrorKind.AlreadyExists,
                    $"The link {_link.Name} of {_network.Description} has a queueing discipline of somebody else's for what it {(isRoot ? "sends" : "receives")}, {queue.Kind}. See it with tc qdisc show dev {_link.Name}; -Force puts this one in its place.");
            }

            Do(QueueMessages.Remove(_link.Index, isRoot ? QueueMessages.Root : QueueMessages.Ingress), queue.Kind);
        }
    }

    private void Apply(NetworkRateSettings settings)
    {
        if (settings.Emulates)
        {
            Do(QueueMessages.Emulator(_link.Index, QueueMessages.Root, EmulatorAtRoot, settings), "netem");
            if (settings.Send > 0)
            {
                Do(Bucket(_link, EmulatorAtRoot | 1, BucketBelow, settings.Send.Value, settings.Burst), "tbf");
            }
            else if (Find(_link, BucketBelow) is not null)
            {
                Do(QueueMessages.Remove(_link.Index, EmulatorAtRoot | 1), "tbf");
            }
        }
        else if (settings.Send > 0)
        {
            Do(Bucket(_link, QueueMessages.Root, BucketAtRoot, settings.Send.Value, settings.Burst), "tbf");
        }
        else if (Root is not null)
        {
            Do(QueueMessages.Remove(_link.Index, QueueMessages.Root), "tbf");
        }

        if (settings.Receive > 0)
        {
            Limit(settings.Receive.Value, settings.Burst);
        }
        else if (_receiver is not null)
        {
            _ = _network.TryDo(QueueMessages.Remove(_link.Index, QueueMessages.Ingress));
            _network.RemoveLink(_receiver);
        }
    }

    // Each step takes what is there already: whoever was killed in the middle had begun.
    private void Limit(long rate, long? burst)
    {
        NetworkLink receiver = _receiver ?? _network.CreateLink(
            new LinkSettings { Name = ReceiverName(_link), Mtu = _link.Mtu, Alias = $"What {_link.Name} receives", Up = true }, new PlainKind("ifb"));
        try
        {
            if (!receiver.IsUp)
            {
                _network.ChangeLink(receiver, new LinkSettings { Up = true });
            }

            Do(Bucket(receiver, QueueMessages.Root, BucketAtRoot, rate, burst), "tbf");
            Do(QueueMessages.AddIngress(_link.Index), "ingress", mayExist: true);

            // Last: from now on packets go that way.
            Do(QueueMessages.Redirect(_link.Index, receiver.Index), "u32, or no mirred", mayExist: true);
        }
        catch when (_receiver is null)
        {
            _ = _network.TryDo(QueueMessages.Remove(_link.Index, QueueMessages.Ingress));
            _network.RemoveLink(receiver);
            throw;
        }
    }

    private static NetlinkWriter Bucket(NetworkLink link, uint parent, uint handle, long bits, long? burst)
    {
        long rate = Math.Max(1, bits / 8);

        // One packet must fit, or none is ever sent.
        long most = burst is > 0 ? burst.Value : Math.Max(LeastBurst, (long)(rate * BurstSeconds));
        most = Math.Clamp(most, link.Mtu + 18, int.MaxValue);
        return QueueMessages.TokenBucket(link.Index, parent, handle, rate, (uint)most, (uint)Math.Min(most + (rate * QueueSeconds), int.MaxValue));
    }

    private void Do(NetlinkWriter request, string kind, bool mayExist = false)
    {
        string attempt = $"limit the link {_link.Name} of {_network.Description}";
        if (_network.TryDo(request) is NetlinkError refusal && !(mayExist && refusal.Errno == Errno.EEXIST))
        {
            throw refusal.Errno is Errno.ENOENT or Errno.EOPNOTSUPP
                ? new IsolationException(
                    "NetworkRateUnsupported",
                    ErrorKind.NotSupported,
                    $"Cannot {attempt}: this kernel has no {kind} ({refusal.Message ?? refusal.Errno.Name()}). Where it is a module of the kernel's, load it: modprobe {(kind is "tbf" or "netem" or "ingress" ? "sch_" + kind : "act_mirred cls_u32")}")
                : NetworkNamespace.Explain(refusal, attempt);
        }
    }
}
