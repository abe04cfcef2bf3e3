using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using Isolation.Agent;
using Isolation.Entry;
using Isolation.Interop;
using Isolation.Netlink;
using Isolation.Plans;

namespace Isolation.Network;

/// <summary>A network namespace whose links, addresses and routes are looked at and changed: the caller's own, or one that is open.</summary>
internal sealed partial class NetworkNamespace : IDisposable
{
    private static readonly TimeSpan s_uniqueTimeout = TimeSpan.FromSeconds(10);

    private readonly NamespaceTarget? _target;
    private readonly NetlinkSocket _socket;
    private Descriptor? _own;

    private NetworkNamespace(NamespaceTarget? target, NetlinkSocket socket, string? name)
    {
        _target = target;
        _socket = socket;
        Name = name;
    }

    /// <summary>What objects of it show as their namespace; null for the caller's own.</summary>
    public string? Name { get; }

    /// <summary>What it is, for errors.</summary>
    public string Description => _target?.Description ?? "this PowerShell";

    /// <summary>The namespace, to move links there.</summary>
    public Descriptor Descriptor => _target?[NamespaceType.Net] ?? (_own ??= Sys.Open("/proc/self/ns/net", OpenFlags.ReadOnly));

    /// <summary>The caller's own.</summary>
    public static NetworkNamespace Own() => new(null, NetlinkSocket.OpenRoute(), null);

    /// <summary>That of what was opened, which is disposed with this; the caller's own where no network namespace is among it.</summary>
    /// <param name="target">What was opened.</param>
    /// <param name="name">What objects of it show as their namespace.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="SyscallException">It may not be entered.</exception>
    public static NetworkNamespace Of(NamespaceTarget target, string name, CancellationToken cancellation)
    {
        try
        {
            if (!target.Types.HasFlag(NamespaceType.Net)
                || (Sys.TryStatus("/proc/self/ns/net", out FileStatus own) && Sys.Status(target[NamespaceType.Net]).Inode == own.Inode))
            {
                target.Dispose();
                return Own();
            }

            using OwnedNamespace network = new(target[NamespaceType.Net], NamespaceType.Net, target.Description);
            PlanOutcome outcome = AgentClient.Current.Run(NetworkPlans.OpenRouteSocket(network, target.Description), network.Inputs, attached: false, cancellation);
            return new NetworkNamespace(target, new NetlinkSocket(outcome.Descriptors[0]), name);
        }
        catch
        {
            target.Dispose();
            throw;
        }
    }

    /// <summary>All links, in the order of their numbers.</summary>
    public IReadOnlyList<NetworkLink> Links()
    {
        List<NetworkLink> links = _socket.List(LinkRequests.List(), $"list the links of {Description}", LinkReader.Read);
        Dictionary<int, string> names = [];
        foreach (NetworkLink link in links)
        {
            names[link.Index] = link.Name;
        }

        foreach (NetworkLink link in links)
        {
            link.Namespace = Name;
            link.Master = link.MasterIndex is int master ? names.GetValueOrDefault(master) : null;

            // The other end of a pair may be elsewhere, where the same number is another link's.
            link.Peer = link.PeerIndex is int peer && link.PeerNamespaceId is null ? names.GetValueOrDefault(peer) : null;
        }

        links.Sort(static (one, other) => one.Index.CompareTo(other.Index));
        return links;
    }

    /// <summary>The same link with the names of those that it belongs to.</summary>
    public NetworkLink Complete(NetworkLink link)
    {
        foreach (NetworkLink one in link.MasterIndex is null && link.PeerIndex is null ? [] : Links())
        {
            if (one.Index == link.Index)
            {
                return one;
            }
        }

        link.Namespace = Name;
        return link;
    }

    /// <summary>One link; null where there is none of this name.</summary>
    public NetworkLink? FindLink(string name)
    {
        NetworkLink? found = null;
        NetlinkError? refusal = _socket.TryRequest(LinkRequests.Get(LinkName.Check(name)), $"look at the link {name}", message => found = LinkReader.Read(message) ?? found);
        return refusal is null or { Errno: Errno.ENODEV } ? found : throw refusal.ToException($"look at the link {name} of {Description}");
    }

    /// <summary>One link.</summary>
    /// <exception cref="IsolationException"><c>LinkNotFound</c>.</exception>
    public NetworkLink GetLink(string name) => FindLink(name) ?? throw new IsolationException(
        "LinkNotFound", ErrorKind.NotFound, $"There is no link '{name}' in {Description}. Get-NetworkLink lists those that there are.");

    /// <summary>Makes a link and gives it as it is then.</summary>
    /// <exception cref="IsolationException">
    /// <c>LinkNameInvalid</c>, <c>LinkExists</c>, <c>LinkVniTaken</c>, <c>LinkKindUnsupported</c>, <c>LinkOptionUnsupported</c>, <c>NetworkPrivilegeMissing</c>.
    /// </exception>
    /// <exception cref="SyscallException">The kernel refused it for another reason.</exception>
    public NetworkLink CreateLink(LinkSettings settings, LinkKind kind)
    {
        string name = LinkName.Check(settings.Name!);
        string attempt = $"make the link {name} in {Description}";
        if (kind is TunKind tunnel)
        {
            return CreateTunnel(settings, tunnel, attempt);
        }

        if (_socket.TryRequest(LinkRequests.Create(settings, kind), attempt) is NetlinkError refusal)
        {
            throw refusal.Errno switch
            {
                // Without a word it is the name.
                Errno.EEXIST when kind is VxlanKind vxlan && refusal.Message is not null => new IsolationException(
                    "LinkVniTaken", ErrorKind.AlreadyExists, $"Cannot {attempt}: the VNI {vxlan.Id} is taken on port {vxlan.Port}{Said(refusal)}. Take another VNI or port; Get-NetworkLink shows those of the links."),
                Errno.EEXIST => Taken(name, refusal),

                Errno.EOPNOTSUPP when refusal.Message == "Unknown device type" || (refusal.Message is null && !kind.HasOptions) => new IsolationException(
                    "LinkKindUnsupported", ErrorKind.NotSupported, $"Cannot {attempt}: this kernel has no links of the kind {kind.Name}{Said(refusal)}. Where it is a module of the kernel's, load it: modprobe {(kind is VlanKind ? "8021q" : kind.Name)}"),
                Errno.EOPNOTSUPP => new IsolationException(
                    "LinkOptionUnsupported", ErrorKind.NotSupported, $"Cannot {attempt}: this kernel's {kind.Name} has not what was asked for{Said(refusal)}. Leave that option out, or boot a kernel that was built with it."),
                _ => Explain(refusal, attempt),
            };
        }

        // One that was born in another namespace is not here.
        return settings.Namespace is null ? GetLink(name) : new NetworkLink { Name = name, Kind = kind.Name };
    }

    // Made first and set up then: what goes wrong there takes it away again.
    private NetworkLink CreateTunnel(LinkSettings settings, TunKind kind, string attempt)
    {
        string name = settings.Name!;
        using (Descriptor tunnel = OpenTunnel(attempt))
        {
            switch (Sys.TryMakeTunnel(tunnel, name, kind.IsTap))
            {
                case Errno.None:
                    break;
                case Errno.EBUSY or Errno.EEXIST:
                    throw Taken(name, null);
                case Errno.EPERM:
                    throw PrivilegeMissing(attempt, null);
                case Errno error:
                    throw new SyscallException("ioctl", error, attempt);
            }
        }

        NetworkLink link = GetLink(name);
        try
        {
            ChangeLink(link, settings with { Name = null });
            return GetLink(name);
        }
        catch
        {
            _ = _socket.TryRequest(LinkRequests.Remove(link.Index), attempt);
            throw;
        }
    }

    private Descriptor OpenTunnel(string attempt)
    {
        try
        {
            if (_target is null)
            {
                return Sys.Open(Sys.TunnelDevice, OpenFlags.ReadWrite);
            }

            using OwnedNamespace network = new(_target[NamespaceType.Net], NamespaceType.Net, _target.Description);
            return AgentClient.Current.Run(NetworkPlans.OpenTunnel(network, _target.Description), network.Inputs, attached: false, CancellationToken.None).Descriptors[0];
        }
        catch (SyscallException exception) when (exception.Errno is Errno.ENOENT or Errno.ENODEV or Errno.ENXIO)
        {
            throw new IsolationException(
                "LinkKindUnsupported", ErrorKind.NotSupported, $"Cannot {attempt}: {Sys.TunnelDevice} is not there ({exception.Errno.Name()}). Where tun is a module of the kernel's, load it: modprobe tun", exception);
        }
        catch (SyscallException exception) when (exception.Errno is Errno.EACCES or Errno.EPERM)
        {
            throw new IsolationException(
                "NetworkPrivilegeMissing", ErrorKind.PermissionDenied, $"Cannot {attempt}: {Sys.TunnelDevice} is closed to this user ({exception.Errno.Name()}). Run as root, or have it opened: chmod 666 {Sys.TunnelDevice}", exception);
        }
    }

    private IsolationException Taken(string name, NetlinkError? refusal) => new(
        "LinkExists", ErrorKind.AlreadyExists, $"There is a link of that name already, '{name}' in {Description} or its other end{Said(refusal)}. See it with Get-NetworkLink, or choose another name.");

    /// <summary>Changes a link.</summary>
    /// <exception cref="IsolationException"><c>LinkNameInvalid</c>, <c>NetworkPrivilegeMissing</c>.</exception>
    /// <exception cref="SyscallException">The kernel refused it for another reason.</exception>
    public void ChangeLink(NetworkLink link, LinkSettings settings)
    {
        if (settings.Name is not null)
        {
            LinkName.Check(settings.Name);
        }

        Do(LinkRequests.Change(link.Index, settings), $"change the link {link.Name} in {Description}");
    }

    /// <summary>Removes a link, with its other end where it is one of a pair.</summary>
    public void RemoveLink(NetworkLink link) => Do(LinkRequests.Remove(link.Index), $"remove the link {link.Name} of {Description}");

    /// <summary>All addresses.</summary>
    public IReadOnlyList<NetworkAddress> Addresses()
    {
        Dictionary<int, string> names = Names();
        List<NetworkAddress> addresses = _socket.List(AddressMessages.List(), $"list the addresses of {Description}", AddressMessages.Read);
        foreach (NetworkAddress address in addresses)
        {
            address.Link = names.GetValueOrDefault(address.LinkIndex, "");
            address.Namespace = Name;
        }

        return addresses;
    }

    /// <summary>One address of a link; null where it has none such.</summary>
    /// <param name="link">The link.</param>
    /// <param name="address">The address.</param>
    /// <param name="length">The bits that name its network; null for whatever they are.</param>
    public NetworkAddress? FindAddress(NetworkLink link, IPAddress address, int? length)
    {
        foreach (NetworkAddress one in Addresses())
        {
            if (one.LinkIndex == link.Index && one.IPAddress.Equals(address) && (length is null || length == one.PrefixLength))
            {
                return one;
            }
        }

        return null;
    }

    /// <summary>Gives a link an address.</summary>
    /// <exception cref="IsolationException"><c>NetworkAddressExists</c>, <c>IPv6Disabled</c>, <c>NetworkPrivilegeMissing</c>.</exception>
    /// <exception cref="SyscallException">The kernel refused it for another reason.</exception>
    public void AddAddress(NetworkLink link, IPAddress address, int length, IPAddress? peer = null, byte scope = RouteNumbers.GlobalScope, bool detectDuplicates = false)
    {
        string attempt = $"give the link {link.Name} of {Description} the address {address}/{length}";
        if (_socket.TryRequest(AddressMessages.Add(link.Index, address, length, peer, scope, detectDuplicates), attempt) is NetlinkError refusal)
        {
            throw refusal.Errno switch
            {
                Errno.EEXIST => new IsolationException("NetworkAddressExists", ErrorKind.AlreadyExists, $"The link {link.Name} of {Description} has the address {address} already."),

                // Who has not the right gets EPERM.
                Errno.EACCES when address.AddressFamily == AddressFamily.InterNetworkV6 => new IsolationException(
                    "IPv6Disabled", ErrorKind.NotSupported, $"Cannot {attempt}: IPv6 is switched off there. Write 0 to /proc/sys/net/ipv6/conf/all/disable_ipv6 and conf/default/disable_ipv6 in it, or do without IPv6."),
                _ => Explain(refusal, attempt),
            };
        }
    }

    /// <summary>
    /// Waits until IPv6 has looked whether somebody else has an address, RFC 4862, which takes it a second or two; without a wait where the link is not up, for nothing is asked
    /// there. An address that somebody has is taken away again.
    /// </summary>
    /// <exception cref="IsolationException"><c>NetworkAddressDuplicate</c>.</exception>
    public void AwaitUnique(NetworkLink link, NetworkAddress address, CancellationToken cancellation)
    {
        Stopwatch waited = Stopwatch.StartNew();
        while (FindAddress(link, address.IPAddress, address.PrefixLength) is NetworkAddress now && (now.IsTentative || now.IsDuplicate))
        {
            if (now.IsDuplicate)
            {
                RemoveAddress(link, now);
                throw new IsolationException(
                    "NetworkAddressDuplicate", ErrorKind.AlreadyExists, $"Somebody else on the link {link.Name} of {Description} has the address {address.IPAddress}. Nothing was changed; choose another.");
            }

            if (FindLink(link.Name) is not { IsUp: true, State: LinkState.Up or LinkState.Unknown } || waited.Elapsed > s_uniqueTimeout)
            {
                return;
            }

            cancellation.ThrowIfCancellationRequested();
            Thread.Sleep(20);
        }
    }

    /// <summary>Takes an address away.</summary>
    public void RemoveAddress(NetworkLink link, NetworkAddress address) =>
        Do(AddressMessages.Remove(link.Index, address.IPAddress, address.PrefixLength, address.Peer), $"take the address {address} from the link {link.Name} of {Description}");

    /// <summary>All routes of every table, of IPv4 before IPv6.</summary>
    public IReadOnlyList<NetworkRoute> Routes()
    {
        Dictionary<int, string> names = Names();
        List<NetworkRoute> routes = [];
        foreach (bool isSix in (bool[])[false, true])
        {
            routes.AddRange(_socket.List(RouteMessages.List(isSix), $"list the routes of {Description}", RouteMessages.Read));
        }

        foreach (NetworkRoute route in routes)
        {
            route.Link = route.LinkIndex is int link ? names.GetValueOrDefault(link) : null;
            route.Namespace = Name;
        }

        return routes;
    }

    /// <summary>Sets a route.</summary>
    /// <exception cref="IsolationException"><c>NetworkRouteExists</c>, <c>NetworkPrivilegeMissing</c>.</exception>
    /// <exception cref="SyscallException">The kernel refused it for another reason.</exception>
    public void AddRoute(RouteTarget target, IPAddress? gateway, int link, uint metric, uint table, IPAddress? source, byte type, string destination)
    {
        string attempt = $"set a route to {destination} in {Description}";
        if (_socket.TryRequest(RouteMessages.Add(target, gateway, link, metric, table, source, type), attempt) is NetlinkError refusal)
        {
            throw refusal.Errno switch
            {
                Errno.EEXIST => new IsolationException(
                    "NetworkRouteExists", ErrorKind.AlreadyExists, $"There is a route to {destination} in {Description} already. Remove it first, or give this one another -Metric."),
                Errno.ENETUNREACH => refusal.ToException(attempt, "The gateway is in no network that one of the links has an address of; or the link is down: Set-NetworkLink -Up."),
                Errno.ENETDOWN => refusal.ToException(attempt, "The link is down: Set-NetworkLink -Up."),
                _ => Explain(refusal, attempt),
            };
        }
    }

    /// <summary>Takes a route away.</summary>
    /// <exception cref="IsolationException"><c>NetworkRouteNotFound</c>, <c>NetworkPrivilegeMissing</c>.</exception>
    public void RemoveRoute(RouteTarget target, IPAddress? gateway, int link, uint metric, uint table, string destination)
    {
        string attempt = $"take the route to {destination} from {Description}";
        if (_socket.TryRequest(RouteMessages.Remove(target, gateway, link, metric, table), attempt) is NetlinkError refusal)
        {
            throw refusal.Errno == Errno.ESRCH
                ? new IsolationException("NetworkRouteNotFound", ErrorKind.NotFound, $"There is no such route to {destination} in {Description}. Get-NetworkRoute lists those that there are.")
                : Explain(refusal, attempt);
        }
    }

    /// <summary>Sends a request that changes something.</summary>
    /// <exception cref="IsolationException"><c>NetworkPrivilegeMissing</c>.</exception>
    /// <exception cref="SyscallException">The kernel refused it for another reason.</exception>
    public void Do(NetlinkWriter request, string attempt)
    {
        if (_socket.TryRequest(request, attempt) is NetlinkError refusal)
        {
            throw Explain(refusal, attempt);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _socket.Dispose();
        _own?.Dispose();
        _target?.Dispose();
    }

    private Dictionary<int, string> Names()
    {
        Dictionary<int, string> names = [];
        foreach (NetworkLink link in _socket.List(LinkRequests.List(), $"list the links of {Description}", LinkReader.Read))
        {
            names[link.Index] = link.Name;
        }

        return names;
    }

    /// <summary>The exception for a refusal: for want of rights one that says so.</summary>
    internal static Exception Explain(NetlinkError refusal, string attempt) => refusal.Errno is Errno.EPERM or Errno.EACCES
        ? PrivilegeMissing(attempt, refusal)
        : refusal.ToException(attempt);

    private static IsolationException PrivilegeMissing(string attempt, NetlinkError? refusal) => new(
        "NetworkPrivilegeMissing",
        ErrorKind.PermissionDenied,
        $"Cannot {attempt}: that takes CAP_NET_ADMIN in the user namespace that owns the network namespace{Said(refusal)}. Run as root, or work in a set of your own: New-Namespace -Type User, Net -MapRootUser");

    private static string Said(NetlinkError? refusal) => refusal?.Message is null ? "" : $" (the kernel says: {refusal.Message.TrimEnd('.')})";
}
