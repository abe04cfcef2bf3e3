using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using Isolation.Interop;
using Isolation.Processes;
using Isolation.State;

namespace Isolation.ContainerNetworks;

/// <summary>
/// The packet rules as the records have them. Who changes a record writes it first and then the rules, under a lock that is taken last of all: whoever writes them last has
/// seen every change.
/// </summary>
internal sealed class NetworkRules(StateFolder state, ICommands commands)
{
    private const string RulesLock = "rules:";

    private static readonly TimeSpan s_lockTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Writes the rules of all networks that are not being removed, and of the ports that lead to members that are there.</summary>
    /// <param name="explain">Is told the rules; null where nobody is.</param>
    /// <param name="warn">Is told what does not work for all that; null where nobody is.</param>
    /// <exception cref="IsolationException"><c>NftMissing</c>, <c>PacketRulesRefused</c>, <c>NamespaceLocked</c>.</exception>
    public void Rewrite(Action<string>? explain, Action<string>? warn = null)
    {
        using NameLock held = state.Lock(RulesLock, s_lockTimeout, CancellationToken.None);
        List<ContainerNetworkRecord> networks = [];
        List<OpenPort> ports = [];
        Dictionary<string, bool> loopback = [];
        ulong own = Sys.TryStatus("/proc/self/ns/net", out FileStatus status) ? status.Inode : 0;
        foreach (string name in ContainerNetworkFolder.Names(state))
        {
            ContainerNetworkFolder folder = new(state, name);
            try
            {
                if (folder.Read() is { Phase: not RecordPhase.Removing } network && network.HostNetwork == own)
                {
                    networks.Add(network);
                    List<OpenPort> open = network.IsInternal ? [] : Open(folder);
                    ports.AddRange(open);
                    loopback[network.Bridge] = open.Exists(static port => port.Port.IsOnLoopback);
                }
            }
            catch (IsolationException exception) when (exception.ErrorId is "ContainerNetworkRecordDamaged" or "ContainerNetworkRecordTooNew")
            {
                // Remove-ContainerNetwork tells, and removes what is left.
            }
        }

        PacketRules.Apply(networks, ports, explain, commands);
        foreach ((string bridge, bool wanted) in loopback)
        {
            SetLoopback(bridge, wanted, warn);
        }
    }

    private List<OpenPort> Open(ContainerNetworkFolder folder)
    {
        List<OpenPort> ports = [];
        ContainerNetworkMembers members = new(state, folder);
        foreach (MemberRecord member in folder.ReadMembers())
        {
            if (member.Ports.Count != 0 && member.Phase == RecordPhase.Ready && members.IsAlive(member))
            {
                foreach (PortRecord port in member.Ports)
                {
                    if (port.IsOpen)
                    {
                        ports.Add(new OpenPort(member.Addresses, port));
                    }
                }
            }
        }

        return ports;
    }

    // ip-sysctl.rst of the kernel. Without it an answer to 127.0.0.1, which comes over the bridge, is taken for a forgery.
    private static void SetLoopback(string bridge, bool wanted, Action<string>? warn)
    {
        string path = $"/proc/sys/net/ipv4/conf/{bridge}/route_localnet";
        try
        {
            string value = wanted ? "1" : "0";
            if (File.Exists(path) && File.ReadAllText(path).Trim() != value)
            {
                File.WriteAllText(path, value);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            if (wanted)
            {
                warn?.Invoke($"The host itself does not reach published ports at 127.0.0.1: {path} cannot be written: {exception.Message} Its other addresses work.");
            }
        }
    }
}
