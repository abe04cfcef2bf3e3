using System;
using System.Collections.Generic;
using System.Globalization;

namespace Isolation.Network;

/// <summary>Names of the numbers in routes and addresses, as ip(8) prints them.</summary>
internal static class RouteNumbers
{
    /// <summary>The table that is looked through last.</summary>
    public const uint DefaultTable = 253;

    /// <summary>The table that is looked through when nothing else is said.</summary>
    public const uint MainTable = 254;

    /// <summary>The table of the host's own addresses.</summary>
    public const uint LocalTable = 255;

    /// <summary>Routes that somebody has set, <c>RTPROT_STATIC</c>; <c>RTPROT_BOOT</c> is ip(8)'s own.</summary>
    public const byte StaticProtocol = 4;

    /// <summary>What is reachable everywhere, <c>RT_SCOPE_UNIVERSE</c>.</summary>
    public const byte GlobalScope = 0;

    /// <summary>What is reachable on the link, <c>RT_SCOPE_LINK</c>.</summary>
    public const byte LinkScope = 253;

    /// <summary>What is the host itself, <c>RT_SCOPE_HOST</c>.</summary>
    public const byte HostScope = 254;

    private static readonly Dictionary<uint, string> s_scopes = new() { [0] = "global", [200] = "site", [253] = "link", [254] = "host", [255] = "nowhere" };

    private static readonly Dictionary<uint, string> s_tables = new() { [253] = "default", [254] = "main", [255] = "local" };

    private static readonly Dictionary<uint, string> s_protocols = new()
    {
        [1] = "redirect", [2] = "kernel", [3] = "boot", [4] = "static", [8] = "gated", [9] = "ra", [11] = "zebra", [12] = "bird", [16] = "dhcp", [18] = "keepalived",
        [186] = "bgp", [187] = "isis", [188] = "ospf", [189] = "rip", [192] = "eigrp",
    };

    private static readonly string[] s_types =
        ["unspec", "unicast", "local", "broadcast", "anycast", "multicast", "blackhole", "unreachable", "prohibit", "throw", "nat", "xresolve"];

    /// <summary>A scope's name, or its digits.</summary>
    public static string Scope(byte scope) => Name(s_scopes, scope);

    /// <summary>A table's name, or its digits.</summary>
    public static string Table(uint table) => Name(s_tables, table);

    /// <summary>The name of what made a route, or its digits.</summary>
    public static string Protocol(byte protocol) => Name(s_protocols, protocol);

    /// <summary>The name of what a route does with packets, or its digits.</summary>
    public static string Type(byte type) => type < s_types.Length ? s_types[type] : type.ToString(CultureInfo.InvariantCulture);

    /// <summary>The number of what a route does with packets.</summary>
    public static byte ParseType(string name) => (byte)Array.FindIndex(s_types, type => type.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static string Name(Dictionary<uint, string> names, uint number) => names.TryGetValue(number, out string? name) ? name : number.ToString(CultureInfo.InvariantCulture);
}
