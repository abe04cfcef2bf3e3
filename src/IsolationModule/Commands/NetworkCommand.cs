using System;
using System.Globalization;
using System.Management.Automation;
using System.Net;
using System.Net.Sockets;
using Isolation.Arguments;
using Isolation.Completion;
using Isolation.Network;

namespace Isolation.Commands;

/// <summary>The base of the cmdlets that work on links, addresses and routes: in which network namespace.</summary>
public abstract class NetworkCommand : IsolationCommand
{
    private NetworkNamespace? _network;
    private bool _isArgument;
    private NamespaceReference? _place;
    private bool _isPlaced;

    /// <summary>The set, process, namespace or path; without one, the caller's own network namespace.</summary>
    [Parameter(ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [AllowNull]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    public NamespaceReference? Namespace { get; set; }

    /// <summary>
    /// Whether a set, a process or a namespace came down the pipeline: its Name is not that of a link, to which PowerShell binds it.
    /// </summary>
    private protected bool IsNamespacePiped => !_isArgument && Namespace?.IsObject == true;

    /// <summary>The network namespace that is meant; opened once for those that come one after the other.</summary>
    private protected NetworkNamespace Network
    {
        get
        {
            NamespaceReference? place = _isPlaced ? _place : Namespace;
            string? name = place?.Location;
            if (_network is not null && _network.Name != name)
            {
                _network.Dispose();
                _network = null;
            }

            return _network ??= place is null ? NetworkNamespace.Own() : Open(place);
        }
    }

    /// <summary>An object that was given as an argument brings its network namespace along as one from the pipeline does: it is not to be looked for in the host's.</summary>
    /// <param name="place">Where it was found; null for the own network namespace.</param>
    private protected void UseNamespace(string? place)
    {
        _isPlaced = !_isArgument;
        _place = place is null ? null : new NamespaceReference(place);
    }

    /// <summary>The link that is meant, as it is now.</summary>
    /// <exception cref="IsolationException"><c>LinkNotFound</c>, and those of <see cref="Open"/>.</exception>
    private protected NetworkLink GetLink(LinkReference link)
    {
        if (link.IsObject)
        {
            UseNamespace(link.Place);
        }
        else
        {
            _isPlaced = false;
        }

        return Network.GetLink(link.Name);
    }

    /// <summary>
    /// A link that was found in the own network namespace has no other, so nothing is a good value from the pipeline. As an argument it is a variable that was never set, and
    /// what was meant for a set would be done to the host.
    /// </summary>
    protected override void BeginProcessing()
    {
        _isArgument = MyInvocation.BoundParameters.TryGetValue(nameof(Namespace), out object? given);
        if (_isArgument && given is null)
        {
            ThrowTerminatingError(ErrorMap.ToRecord(
                new IsolationException("NamespaceArgumentEmpty", ErrorKind.InvalidArgument, "-Namespace was given nothing. Leave it out to mean the network namespace of this PowerShell."), "NamespaceArgumentEmpty", null));
        }
    }

    /// <summary>The network namespace of what was given.</summary>
    private protected NetworkNamespace Open(NamespaceReference reference)
    {
        try
        {
            return NetworkNamespace.Of(reference.Open(NamespaceType.Net), reference.Location, Cancellation);
        }
        catch (IsolationException exception) when (exception.ErrorId == "NamespaceTypeNotInSet")
        {
            throw new IsolationException(
                exception.ErrorId, exception.Kind, $"Set '{reference}' has no network namespace of its own: its programs are in that of who starts them. Make one with: New-Namespace -Type Net", exception);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _network?.Dispose();
        _network = null;
        base.Dispose(disposing);
    }

    /// <summary>A hardware address as text, with colons or dashes between its bytes.</summary>
    /// <param name="text">The text; null for none.</param>
    /// <param name="unknown">Whether that of all zeros is taken, which stands for every one that is not known.</param>
    private protected static byte[]? ParseMac(string? text, bool unknown = false)
    {
        if (text is null)
        {
            return null;
        }

        string[] parts = text.Trim().Split(':', '-');
        byte[] bytes = new byte[parts.Length];
        bool isAddress = parts.Length == 6;
        for (int i = 0; i < parts.Length && isAddress; i++)
        {
            isAddress = parts[i].Length is 1 or 2 && byte.TryParse(parts[i], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out bytes[i]);
        }

        // The lowest bit of the first byte says that it is one of many receivers.
        bool isZero = bytes.AsSpan().IndexOfAnyExcept((byte)0) < 0;
        return isAddress && (bytes[0] & 1) == 0 && (unknown || !isZero) ? bytes : throw new IsolationException(
            "MacAddressInvalid", ErrorKind.InvalidArgument, $"'{text}' is no hardware address of one link: six bytes in hexadecimal with colons between, not all zero and the first of them even, such as 02:42:ac:11:00:02.");
    }

    /// <summary>Whether an address is of the family that was asked for.</summary>
    private protected static bool IsOfFamily(string? family, bool isSix) => family is null || isSix == family.Equals("IPv6", StringComparison.OrdinalIgnoreCase);

    /// <summary>An address with the bits that name its network, such as <c>192.0.2.5/24</c>; without those it is one host.</summary>
    private protected static (IPAddress Address, int Length) ParseAddress(string text)
    {
        string[] parts = text.Trim().Split('/');

        // Short forms and octal numbers of IPv4 are more often mistakes than meant, and a link after an address of IPv6 is a parameter here.
        if (parts.Length <= 2 && IPAddress.TryParse(parts[0], out IPAddress? address)
            && (address.AddressFamily == AddressFamily.InterNetworkV6 ? !parts[0].Contains('%', StringComparison.Ordinal) : address.ToString() == parts[0]))
        {
            int most = address.AddressFamily == AddressFamily.InterNetworkV6 ? 128 : 32;
            if (parts.Length == 1)
            {
                return (address, most);
            }

            if (int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int length) && length <= most)
            {
                return (address, length);
            }
        }

        throw new IsolationException("NetworkAddressInvalid", ErrorKind.InvalidArgument, $"'{text}' is no address: give one such as 192.0.2.5/24 or 2001:db8::5/64.");
    }
}
