using System;
using System.Globalization;
using System.Management.Automation;
using System.Net;
using System.Net.Sockets;
using Isolation.Arguments;
using Isolation.Network;

namespace Isolation.Commands;

/// <summary>Get-NetworkRoute: the routes of a network namespace. Equivalent to <c>ip route show</c>.</summary>
[Cmdlet(VerbsCommon.Get, "NetworkRoute")]
[OutputType(typeof(NetworkRoute))]
public sealed class GetNetworkRouteCommand : NetworkCommand
{
    /// <summary>The destinations, such as <c>default</c> or <c>192.0.2.0/24</c>; wildcards are allowed. Without one, all.</summary>
    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Destination { get; set; } = ["*"];

    /// <summary>The table; <c>all</c> for every one.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string Table { get; set; } = "main";

    /// <summary>IPv4 or IPv6 alone.</summary>
    [Parameter]
    [ValidateSet("IPv4", "IPv6")]
    public string? Family { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => Guard("NetworkReadFailed", Namespace, () =>
    {
        WildcardPattern[] patterns = Array.ConvertAll(Destination, static name => WildcardPattern.Get(name, WildcardOptions.None));
        foreach (NetworkRoute route in Network.Routes())
        {
            if (Array.Exists(patterns, pattern => pattern.IsMatch(route.Destination))
                && (Table == "all" || route.Table.Equals(Table, StringComparison.OrdinalIgnoreCase))
                && IsOfFamily(Family, route.Target.IsSix))
            {
                WriteObject(route);
            }
        }
    });
}

/// <summary>The base of those that set routes and take them away: which route.</summary>
public abstract class NetworkRouteCommand : NetworkCommand
{
    private protected const string ByDestination = "Destination";

    /// <summary>The destinations: a network such as <c>192.0.2.0/24</c>, a host, or <c>default</c>, which is IPv6's where the gateway is one of IPv6.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true, ParameterSetName = ByDestination)]
    [ValidateNotNullOrEmpty]
    public string[] Destination { get; set; } = [];

    /// <summary>The next host on the way.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, ParameterSetName = ByDestination)]
    public IPAddress? Gateway { get; set; }

    /// <summary>The link over which packets are sent.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, ParameterSetName = ByDestination)]
    public LinkReference? Link { get; set; }

    /// <summary>Of several routes the one with the least is taken.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, ParameterSetName = ByDestination)]
    public uint Metric { get; set; }

    /// <summary>The table: <c>main</c>, <c>local</c>, <c>default</c> or a number.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, ParameterSetName = ByDestination)]
    [ValidateNotNullOrEmpty]
    public string Table { get; set; } = "main";

    private protected uint TableNumber => Table.ToUpperInvariant() switch
    {
        "MAIN" => RouteNumbers.MainTable,
        "LOCAL" => RouteNumbers.LocalTable,
        "DEFAULT" => RouteNumbers.DefaultTable,
        _ => uint.TryParse(Table, NumberStyles.None, CultureInfo.InvariantCulture, out uint number) && number != 0 ? number : throw new IsolationException(
            "NetworkRouteInvalid", ErrorKind.InvalidArgument, $"'{Table}' is no table of routes: give main, local, default or a number from 1 to {uint.MaxValue}."),
    };

    private protected RouteTarget Target(string destination)
    {
        if (destination == "default")
        {
            return new RouteTarget(null, 0, Gateway?.AddressFamily == AddressFamily.InterNetworkV6);
        }

        (IPAddress address, int length) = ParseAddress(destination);
        bool isSix = address.AddressFamily == AddressFamily.InterNetworkV6;
        byte[] bytes = address.GetAddressBytes();
        for (int bit = length; bit < bytes.Length * 8; bit++)
        {
            if ((bytes[bit / 8] & (0x80 >> (bit % 8))) != 0)
            {
                bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
            }
        }

        IPAddress first = new(bytes);
        return first.Equals(address) ? new RouteTarget(address, length, isSix) : throw new IsolationException(
            "NetworkRouteInvalid", ErrorKind.InvalidArgument, $"'{destination}' is an address in the network {first}/{length}, and a route goes to a network or a host: give {first}/{length} or {address}.");
    }

    private protected int LinkIndex => Link is null ? 0 : GetLink(Link).Index;
}

/// <summary>New-NetworkRoute: sets routes. Equivalent to <c>ip route add</c>.</summary>
[Cmdlet(VerbsCommon.New, "NetworkRoute", SupportsShouldProcess = true, DefaultParameterSetName = ByDestination)]
[OutputType(typeof(NetworkRoute))]
public sealed class NewNetworkRouteCommand : NetworkRouteCommand
{
    /// <summary>The sender's address that packets get which have none.</summary>
    [Parameter]
    public IPAddress? Source { get; set; }

    /// <summary>What is done with packets; they are sent by default.</summary>
    [Parameter]
    [ValidateSet("unicast", "blackhole", "unreachable", "prohibit", "throw")]
    public string Type { get; set; } = "unicast";

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string destination in Destination)
        {
            Guard("NetworkRouteFailed", destination, () => Add(destination));
        }
    }

    private void Add(string destination)
    {
        RouteTarget target = Target(destination);
        bool isSent = Type.Equals("unicast", StringComparison.OrdinalIgnoreCase);
        if (isSent && Gateway is null && Link is null)
        {
            throw new IsolationException("NetworkRouteInvalid", ErrorKind.InvalidArgument, $"Where packets to {destination} go is not said. Add -Gateway, -Link or both, or a -Type such as blackhole.");
        }

        foreach (IPAddress? other in (IPAddress?[])[Gateway, Source])
        {
            if (other is not null && (other.AddressFamily == AddressFamily.InterNetworkV6) != target.IsSix)
            {
                throw new IsolationException("NetworkRouteInvalid", ErrorKind.InvalidArgument, $"{destination} and {other} are one of IPv4 and one of IPv6. Give two of one family.");
            }
        }

        int link = LinkIndex;
        if (!ShouldProcess($"routes of {Network.Description}", $"set one to {destination}"))
        {
            return;
        }

        Network.AddRoute(target, Gateway, link, Metric, TableNumber, Source, RouteNumbers.ParseType(Type), destination);
        foreach (NetworkRoute route in Network.Routes())
        {
            if (route.Target.Length == target.Length && route.Target.IsSix == target.IsSix && (target.Length == 0 || route.Target.Address?.Equals(target.Address) == true)
                && route.TableNumber == TableNumber && (Metric == 0 || route.Metric == Metric) && (link == 0 || route.LinkIndex == link))
            {
                WriteObject(route);
                return;
            }
        }
    }
}

/// <summary>Remove-NetworkRoute: takes routes away. Equivalent to <c>ip route delete</c>.</summary>
[Cmdlet(VerbsCommon.Remove, "NetworkRoute", SupportsShouldProcess = true, DefaultParameterSetName = ByDestination)]
public sealed class RemoveNetworkRouteCommand : NetworkRouteCommand
{
    /// <summary>The route of Get-NetworkRoute.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = "InputObject")]
    [ValidateNotNull]
    public NetworkRoute? InputObject { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (InputObject is not null)
        {
            UseNamespace(InputObject.Namespace);
            Guard("NetworkRouteFailed", InputObject, () =>
                Remove(InputObject.Target, InputObject.Gateway, InputObject.LinkIndex ?? 0, InputObject.Metric, InputObject.TableNumber, InputObject.Destination));
            return;
        }

        foreach (string destination in Destination)
        {
            Guard("NetworkRouteFailed", destination, () => Remove(Target(destination), Gateway, LinkIndex, Metric, TableNumber, destination));
        }
    }

    private void Remove(RouteTarget target, IPAddress? gateway, int link, uint metric, uint table, string destination)
    {
        if (ShouldProcess($"routes of {Network.Description}", $"take away that to {destination}"))
        {
            Network.RemoveRoute(target, gateway, link, metric, table, destination);
        }
    }
}
