using System;
using System.Collections.Generic;
using System.Globalization;
using System.Net;
using Isolation.ContainerNetworks;

namespace Isolation.Cni;

/// <summary>What each plugin of CNI means here; the fields are those of the plugins' own documentation, cni.dev.</summary>
internal static class CniPlugins
{
    /// <summary>The plugin <c>bridge</c>. A bridge here is always its members' gateway, and leads out under the host's address, or it is internal.</summary>
    public static ContainerNetworkOptions Bridge(CniObject plugin, ContainerNetworkOptions options)
    {
        // The bridge has a name of ours. A member is reached at its own published ports in either case.
        plugin.Accept("bridge", "hairpinMode");
        foreach (string flag in (string[])["promiscMode", "forceAddress", "enabledad", "macspoofchk", "disableContainerInterface"])
        {
            if (plugin.Flag(flag))
            {
                throw plugin.Unsupported(flag, "a bridge here does nothing of the kind. Set it to false, or take it out.");
            }
        }

        if (plugin.Number("vlan") is not null)
        {
            throw plugin.Unsupported("vlan", "a network is not one vlan of a bridge here. Make a network for each.");
        }

        bool isDefault = plugin.Flag("isDefaultGateway");
        bool isGateway = plugin.Flag("isGateway") || isDefault;
        bool masquerades = plugin.Flag("ipMasq");
        if (isGateway != masquerades)
        {
            throw isGateway
                ? plugin.Unsupported("ipMasq", "a bridge here that is its members' gateway passes on what they send under the host's address. Set it to true; or take isGateway out for an internal network.")
                : plugin.Unsupported("isGateway", "what leaves under the host's address does so over the bridge. Set it to true; or take ipMasq out for an internal network.");
        }

        options = HostLocal(plugin, options with { Driver = BridgeDriver.DriverName, Mtu = Mtu(plugin), IsInternal = !isGateway }, out bool leadsOut);
        if (isGateway && !isDefault && !leadsOut)
        {
            throw plugin.Unsupported("isGateway", "members would have the gateway and no route over it. Add a default route to ipam.routes, or isDefaultGateway; or take isGateway and ipMasq out for an internal network.");
        }

        return !isGateway && leadsOut
            ? throw plugin.Unsupported("ipam.routes", "nothing leads out of a network without a gateway. Add isGateway and ipMasq, or take the default route out.")
            : options;
    }

    /// <summary>The plugins <c>macvlan</c> and <c>ipvlan</c>.</summary>
    public static ContainerNetworkOptions OnParent(CniObject plugin, string type, ContainerNetworkOptions options)
    {
        if (plugin.Flag("linkInContainer"))
        {
            throw plugin.Unsupported("linkInContainer", "the parent is a link of the host here. Set it to false.");
        }

        Dictionary<string, string> own = [];
        if (plugin.Text("mode") is string mode)
        {
            own["mode"] = mode;
        }

        options = HostLocal(plugin, options with { Driver = type, Parent = plugin.RequiredText("master"), Options = own, Mtu = Mtu(plugin) }, out bool leadsOut);
        if (leadsOut && options.Gateway.Count == 0 && !(own.TryGetValue("mode", out string? l3) && l3.StartsWith("l3", StringComparison.Ordinal)))
        {
            throw plugin.Unsupported("ipam.routes", "a default route needs the gateway of the range. Add it there.");
        }

        return leadsOut || options.Gateway.Count == 0
            ? options
            : throw plugin.Unsupported("ipam", "a range has a gateway, and members would have no route over it. Add a default route to routes, or take the gateway out.");
    }

    /// <summary>The plugin <c>portmap</c>: ports are published with a cmdlet of their own.</summary>
    public static ContainerNetworkOptions PortMap(CniObject plugin, ContainerNetworkOptions options)
    {
        Capabilities(plugin, "portMappings");
        if (options.Driver != BridgeDriver.DriverName)
        {
            throw plugin.Unsupported("type", $"ports of the host lead to no member of a network of the driver {options.Driver}. Take portmap out.");
        }

        // What comes back to who sent it gets the host's address, which is what it asks for; without it that does not work.
        if (plugin.Has("snat") && !plugin.Flag("snat"))
        {
            throw plugin.Unsupported("snat", "the host itself and the members reach published ports here, for which packets get the host's address. Set it to true.");
        }

        return options;
    }

    /// <summary>The plugin <c>bandwidth</c>. Its bursts are in bits, and one for each direction.</summary>
    public static ContainerNetworkOptions Bandwidth(CniObject plugin, ContainerNetworkOptions options)
    {
        Capabilities(plugin, "bandwidth");
        long? receive = plugin.Number("ingressRate");
        long? send = plugin.Number("egressRate");
        long? receiveBurst = plugin.Number("ingressBurst");
        long? sendBurst = plugin.Number("egressBurst");
        if (receiveBurst is not null && sendBurst is not null && receiveBurst != sendBurst)
        {
            throw plugin.Unsupported("egressBurst", "both directions have one burst here. Give the same as ingressBurst.");
        }

        // 2,147,483,647 bits, the most that there can be of it, is what some write for no burst in particular.
        long? burst = (receiveBurst ?? sendBurst) is long bits and < int.MaxValue ? Math.Max(1, bits / 8) : null;
        return send is null && receive is null ? options : options with { Rate = new MemberRate(send, receive, burst) };
    }

    private static int? Mtu(CniObject plugin) => plugin.Number("mtu") switch
    {
        null => null,
        long mtu and >= 68 and <= 65535 => (int)mtu,
        _ => throw plugin.Invalid(plugin.At("mtu"), "a number from 68 to 65535"),
    };

    // The other things that a runtime may tell a plugin are not told here.
    private static void Capabilities(CniObject plugin, params string[] known)
    {
        if (plugin.Object("capabilities") is CniObject capabilities)
        {
            foreach (string one in known)
            {
                _ = capabilities.Flag(one);
            }

            capabilities.End();
        }
    }

    // host-local: ranges of addresses, routes; and the resolver beside it.
    private static ContainerNetworkOptions HostLocal(CniObject plugin, ContainerNetworkOptions options, out bool leadsOut)
    {
        Capabilities(plugin, "ips", "mac", "ipRanges", "dns");
        options = options with { Resolver = Resolver(plugin) };
        CniObject ipam = plugin.Object("ipam") ?? throw plugin.Unsupported("ipam", "members have addresses here, from host-local. It is missing.");
        string type = ipam.RequiredText("type");
        if (type != "host-local")
        {
            throw new IsolationException("CniPluginUnsupported", ErrorKind.NotSupported, $"The plugin '{type}' ({ipam.Place}) cannot be imported: addresses come from host-local here.");
        }

        List<CniObject> ranges = [];
        foreach (List<CniObject> set in ipam.Lists("ranges"))
        {
            ranges.Add(set.Count == 1 ? set[0] : throw ipam.Unsupported("ranges", "each of its lists is the choice of one address, which is made from one range here. Give lists with one range each."));
        }

        if (ipam.Has("subnet"))
        {
            ranges.Insert(0, ipam);
        }

        List<string> subnets = [];
        List<string> shares = [];
        List<IPAddress> gateways = [];
        foreach (CniObject range in ranges)
        {
            string subnet = range.RequiredText("subnet");
            subnets.Add(subnet);
            if (range.Address("gateway") is IPAddress gateway)
            {
                gateways.Add(gateway);
            }

            if (Share(range, subnet) is string share)
            {
                shares.Add(share);
            }

            if (range != ipam)
            {
                range.End();
            }
        }

        leadsOut = LeadsOut(ipam, gateways);
        ipam.End();
        return subnets.Count != 0
            ? options with { Subnet = subnets, Range = shares, Gateway = gateways }
            : throw ipam.Unsupported("ranges", "it has none, and there is no subnet. Give one.");
    }

    // The part of a subnet from one address to another, if it is a subnet itself. Those that no host has are left out by themselves in both.
    private static string? Share(CniObject range, string text)
    {
        IPAddress? first = range.Address("rangeStart");
        IPAddress? last = range.Address("rangeEnd");
        if ((first is null && last is null) || Subnet.Parse(text) is not Subnet subnet)
        {
            return null;
        }

        UInt128 low = Number(range, "rangeStart", first, subnet) is UInt128 start && start != subnet.FirstHost ? start : subnet.First;
        UInt128 high = Number(range, "rangeEnd", last, subnet) is UInt128 end && end != subnet.LastHost ? end : subnet.Last;
        UInt128 size = high - low + 1;
        if (high < low || !UInt128.IsPow2(size) || low % size != 0)
        {
            throw range.Unsupported(
                first is null ? "rangeEnd" : "rangeStart",
                $"addresses are given from a part of the subnet that is a subnet itself, and {Subnet.ToAddress(low, subnet.IsSix)} to {Subnet.ToAddress(high, subnet.IsSix)} is none. Give such as 10.0.0.64 to 10.0.0.127.");
        }

        return string.Create(CultureInfo.InvariantCulture, $"{Subnet.ToAddress(low, subnet.IsSix)}/{subnet.Bits - (int)UInt128.Log2(size)}");
    }

    private static UInt128? Number(CniObject range, string name, IPAddress? address, Subnet subnet) =>
        address is null ? null
        : subnet.Contains(address) ? Subnet.ToNumber(address)
        : throw range.Invalid(range.At(name), $"an address of {subnet}");

    // Routes are default ones over the gateway here.
    private static bool LeadsOut(CniObject ipam, List<IPAddress> gateways)
    {
        bool leads = false;
        foreach (CniObject route in ipam.Objects("routes"))
        {
            string target = route.RequiredText("dst");
            if (target is not ("0.0.0.0/0" or "::/0"))
            {
                throw route.Unsupported("dst", $"members have a default route here, and none to {target}. Set it in each with New-NetworkRoute.");
            }

            if (route.Address("gw") is IPAddress gateway && !gateways.Contains(gateway))
            {
                throw route.Unsupported("gw", $"the default route leads over the gateway of the range here, and {gateway} is none.");
            }

            route.End();
            leads = true;
        }

        return leads;
    }

    private static ResolverSettings Resolver(CniObject plugin)
    {
        if (plugin.Object("dns") is not CniObject dns)
        {
            return ResolverSettings.None;
        }

        List<IPAddress> servers = [];
        foreach (string server in dns.Texts("nameservers"))
        {
            servers.Add(IPAddress.TryParse(server, out IPAddress? address) ? address : throw dns.Invalid(dns.At("nameservers"), "a list of IP addresses"));
        }

        List<string> search = dns.Texts("search");
        if (dns.Text("domain") is { Length: > 0 } domain && !search.Contains(domain))
        {
            search.Insert(0, domain);
        }

        ResolverSettings settings = new() { Servers = servers, Search = search, Options = dns.Texts("options") };
        dns.End();
        return settings;
    }
}
