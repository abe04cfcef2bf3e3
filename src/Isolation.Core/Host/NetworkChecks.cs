using System.Collections.Generic;
using Isolation.Interop;

namespace Isolation.Host;

/// <summary>What networks of sets and containers use.</summary>
internal static class NetworkChecks
{
    private const string Area = "Network";

    public static IReadOnlyList<HostCheckDefinition> All { get; } =
    [
        Driver("veth", "veth", "CONFIG_VETH", "Links between a namespace and the host."),
        Driver("bridge", "bridge", "CONFIG_BRIDGE", "Container networks."),
        Driver("macvlan", "macvlan", "CONFIG_MACVLAN", "Container networks of the driver macvlan."),
        Driver("ipvlan", "ipvlan", "CONFIG_IPVLAN", "Container networks of the driver ipvlan."),
        Driver("vxlan", "vxlan", "CONFIG_VXLAN", "Container networks across hosts."),
        Driver("ifb", "ifb", "CONFIG_IFB", "Rates of what comes in."),
        Driver("tbf", "sch_tbf", "CONFIG_NET_SCH_TBF", "Rates of what goes out."),
        Driver("nf_tables", "nf_tables", "CONFIG_NF_TABLES", "Packet rules of container networks."),
        Program("nft", "nftables", "Packet rules of container networks."),
        new(Area, "/dev/net/tun", false, "Networks without root (planned).", Tun),
        Program("pasta", "passt", "Networks without root (planned)."),
    ];

    /// <summary>A check for a driver of the kernel.</summary>
    internal static HostCheckDefinition Driver(string name, string module, string option, string effect, string area = Area) =>
        new(area, name, false, effect, view => FindDriver(view, module, option));

    /// <summary>A check for a program of a Debian package.</summary>
    internal static HostCheckDefinition Program(string name, string package, string effect, string area = Area) => new(
        area, name, false, effect, view => view.FindProgram(name) is string path ? HostFinding.Works(path) : HostFinding.Missing("not found", $"apt-get install {package}"));

    internal static HostFinding FindDriver(HostView view, string module, string option) => view.Drivers.Find(module, option) switch
    {
        DriverState.Present => HostFinding.Works("in the kernel"),
        DriverState.Loadable => HostFinding.Works($"module {module}, loaded when needed"),
        DriverState.NotInstalled => HostFinding.Limited(
            $"module {module}, not in /lib/modules",
            $"Install the modules of kernel {view.Release}; in a container they are the host's.",
            "It works where the host can load it."),
        DriverState.Absent => HostFinding.Missing("not in this kernel", $"Use a kernel with {option}; those of Debian have it."),
        _ => HostFinding.Unknown("neither /lib/modules nor the kernel's configuration is seen from here", "On the host: modinfo " + module),
    };

    private static HostFinding Tun(HostView view)
    {
        const string path = "/dev/net/tun";
        if (!view.Kernel.TryStatus(view.Root + path, out FileStatus status))
        {
            return HostFinding.Missing("not there", "As root: mkdir -p /dev/net; mknod -m 666 /dev/net/tun c 10 200. In a container: --device /dev/net/tun");
        }

        const uint othersReadAndWrite = 0b000_000_110;
        return (status.Mode & othersReadAndWrite) == othersReadAndWrite || (view.Kernel.User != 0 && view.Kernel.IsWritable(view.Root + path))
            ? HostFinding.Works("open to users")
            : HostFinding.Limited("there, closed to ordinary users", "As root: chmod 666 /dev/net/tun", "Root alone can use it.");
    }
}
