namespace Isolation;

/// <summary>A vlan that a port of a bridge, or the bridge itself, is in, as it stood when it was looked at. <c>bridge vlan show</c>.</summary>
public sealed class NetworkVlan
{
    /// <summary>The number of the vlan, 1 to 4094, IEEE 802.1Q.</summary>
    public int VlanId { get; internal init; }

    /// <summary>Whether what comes without a tag belongs to this vlan (<c>PVID</c>).</summary>
    public bool IsPvid { get; internal init; }

    /// <summary>Whether what leaves loses its tag.</summary>
    public bool IsUntagged { get; internal init; }

    /// <summary>The number of the link.</summary>
    public int LinkIndex { get; internal init; }

    /// <summary>The name of the link: a port, or the bridge.</summary>
    public string Link { get; internal set; } = string.Empty;

    /// <summary>The namespace set or other place in which it was looked for; null for the caller's network namespace.</summary>
    public string? Namespace { get; internal set; }

    /// <inheritdoc/>
    public override string ToString() => VlanId.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
