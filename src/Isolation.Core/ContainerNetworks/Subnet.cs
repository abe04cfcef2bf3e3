using System;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Isolation.ContainerNetworks;

/// <summary>A range of addresses that share their first bits, RFC 4632 and RFC 4291.</summary>
/// <param name="First">The first address as a number.</param>
/// <param name="Length">The bits that are shared.</param>
/// <param name="IsSix">Whether it is of IPv6.</param>
internal readonly record struct Subnet(UInt128 First, int Length, bool IsSix)
{
    /// <summary>The bits of an address.</summary>
    public int Bits => IsSix ? 128 : 32;

    /// <summary>The last address as a number.</summary>
    public UInt128 Last => First | Below(Bits - Length);

    /// <summary>The first that a host can have: the very first names the subnet itself.</summary>
    public UInt128 FirstHost => Length >= Bits - 1 ? First : First + UInt128.One;

    /// <summary>The last that a host can have: in IPv4 the very last one is everybody's.</summary>
    public UInt128 LastHost => IsSix || Length >= Bits - 1 ? Last : Last - UInt128.One;

    /// <summary>As .NET has it.</summary>
    public IPNetwork Network => new(ToAddress(First, IsSix), Length);

    /// <summary>Reads such as <c>172.30.5.0/24</c>; null for anything else, also where there are bits after the shared ones.</summary>
    public static Subnet? Parse(string text)
    {
        string[] parts = text.Trim().Split('/');
        if (parts.Length != 2 || !TryParseAddress(parts[0], out IPAddress? address)
            || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int length))
        {
            return null;
        }

        bool six = address!.AddressFamily == AddressFamily.InterNetworkV6;
        if (length > (six ? 128 : 32))
        {
            return null;
        }

        Subnet subnet = Of(address, length);
        return subnet.First == ToNumber(address) ? subnet : null;
    }

    /// <summary>The subnet that an address lies in.</summary>
    public static Subnet Of(IPAddress address, int length)
    {
        bool six = address.AddressFamily == AddressFamily.InterNetworkV6;
        return new Subnet(ToNumber(address) & ~Below((six ? 128 : 32) - length), length, six);
    }

    /// <summary>Reads an address in full: what .NET takes besides, such as <c>10.1</c>, is more often a mistake.</summary>
    public static bool TryParseAddress(string text, out IPAddress? address) =>
        IPAddress.TryParse(text, out address)
        && (address.AddressFamily == AddressFamily.InterNetworkV6 ? address.ScopeId == 0 && !text.Contains('%', StringComparison.Ordinal) : text.Split('.').Length == 4);

    /// <summary>Whether an address lies in it.</summary>
    public bool Contains(IPAddress address)
    {
        UInt128 number = ToNumber(address);
        return address.AddressFamily == AddressFamily.InterNetworkV6 == IsSix && number >= First && number <= Last;
    }

    /// <summary>Whether all of another lies in it.</summary>
    public bool Contains(Subnet other) => other.IsSix == IsSix && other.First >= First && other.Last <= Last;

    /// <summary>Whether an address is in both.</summary>
    public bool Overlaps(Subnet other) => other.IsSix == IsSix && other.First <= Last && First <= other.Last;

    /// <summary>An address as a number.</summary>
    public static UInt128 ToNumber(IPAddress address)
    {
        UInt128 number = UInt128.Zero;
        foreach (byte part in address.GetAddressBytes())
        {
            number = (number << 8) | part;
        }

        return number;
    }

    /// <summary>The address of a number.</summary>
    public static IPAddress ToAddress(UInt128 number, bool isSix)
    {
        byte[] bytes = new byte[isSix ? 16 : 4];
        for (int i = bytes.Length - 1; i >= 0; i--)
        {
            bytes[i] = (byte)(number & byte.MaxValue);
            number >>= 8;
        }

        return new IPAddress(bytes);
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{ToAddress(First, IsSix)}/{Length}");

    private static UInt128 Below(int bits) => bits == 128 ? UInt128.MaxValue : (UInt128.One << bits) - UInt128.One;
}
