using System;
using System.Management.Automation;
using System.Net;
using System.Net.Sockets;
using Isolation.Arguments;
using Isolation.Completion;
using Isolation.Network;

namespace Isolation.Commands;

/// <summary>Get-NetworkAddress: the addresses of a network namespace. Equivalent to <c>ip address show</c>.</summary>
[Cmdlet(VerbsCommon.Get, "NetworkAddress")]
[OutputType(typeof(NetworkAddress))]
public sealed class GetNetworkAddressCommand : LinkFilterCommand
{
    /// <summary>IPv4 or IPv6 alone.</summary>
    [Parameter]
    [ValidateSet("IPv4", "IPv6")]
    public string? Family { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => Guard("NetworkReadFailed", Namespace, () =>
    {
        LinkPattern pattern = Wanted();
        foreach (NetworkAddress address in Network.Addresses())
        {
            if (pattern.Takes(address.Link) && IsOfFamily(Family, address.IPAddress.AddressFamily == AddressFamily.InterNetworkV6))
            {
                WriteObject(address);
            }
        }
    });
}

/// <summary>New-NetworkAddress: gives a link addresses. Equivalent to <c>ip address add</c>.</summary>
[Cmdlet(VerbsCommon.New, "NetworkAddress", SupportsShouldProcess = true)]
[OutputType(typeof(NetworkAddress))]
public sealed class NewNetworkAddressCommand : NetworkCommand
{
    /// <summary>The link.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(LinkCompleter))]
    public LinkReference? Link { get; set; }

    /// <summary>The addresses, with the bits that name the network: <c>192.0.2.5/24</c>.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateNotNullOrEmpty]
    public string[] Address { get; set; } = [];

    /// <summary>The address of the other end, for a link with one other end.</summary>
    [Parameter]
    [ValidateNotNull]
    public IPAddress? Peer { get; set; }

    /// <summary>Nobody is asked first whether he has it.</summary>
    [Parameter]
    public SwitchParameter NoDuplicateDetection { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string text in Address)
        {
            Guard("NetworkAddressFailed", text, () => Add(text));
        }
    }

    private void Add(string text)
    {
        (IPAddress address, int length) = ParseAddress(text);
        if (Peer is not null && Peer.AddressFamily != address.AddressFamily)
        {
            throw new IsolationException("NetworkAddressInvalid", ErrorKind.InvalidArgument, $"{address} and its -Peer {Peer} are one of IPv4 and one of IPv6. Give two of one family.");
        }

        NetworkLink link = GetLink(Link!);
        if (!ShouldProcess($"link {Link} of {Network.Description}", $"give it the address {address}/{length}"))
        {
            return;
        }

        bool detects = address.AddressFamily == AddressFamily.InterNetworkV6 && !NoDuplicateDetection;
        if (!detects && !NoDuplicateDetection)
        {
            Network.RequireUnique(link, address, Cancellation);
        }

        Network.AddAddress(link, address, length, Peer, detectDuplicates: detects);
        if (detects && Network.FindAddress(link, address, length) is NetworkAddress added)
        {
            Network.AwaitUnique(link, added, Cancellation);
        }

        WriteObject(Network.FindAddress(link, address, length));
    }
}

/// <summary>Remove-NetworkAddress: takes addresses away. Equivalent to <c>ip address delete</c>.</summary>
[Cmdlet(VerbsCommon.Remove, "NetworkAddress", SupportsShouldProcess = true)]
public sealed class RemoveNetworkAddressCommand : NetworkCommand
{
    /// <summary>The link.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(LinkCompleter))]
    public LinkReference? Link { get; set; }

    /// <summary>The addresses, with or without the bits that name the network.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [Alias("IPAddress")]
    [ValidateNotNullOrEmpty]
    public string[] Address { get; set; } = [];

    /// <summary>The bits that name the network, for addresses without them; without this whatever they are.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateRange(0, 128)]
    public int? PrefixLength { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string text in Address)
        {
            Guard("NetworkAddressFailed", text, () =>
            {
                (IPAddress address, int length) = ParseAddress(text);
                NetworkLink link = GetLink(Link!);
                NetworkAddress found = Network.FindAddress(link, address, text.Contains('/', StringComparison.Ordinal) ? length : PrefixLength) ?? throw new IsolationException(
                    "NetworkAddressNotFound", ErrorKind.NotFound, $"The link {Link} of {Network.Description} has no address {text}. Get-NetworkAddress {Link} lists those that it has.");
                if (ShouldProcess($"link {Link} of {Network.Description}", $"take away its address {found}"))
                {
                    Network.RemoveAddress(link, found);
                }
            });
        }
    }
}
