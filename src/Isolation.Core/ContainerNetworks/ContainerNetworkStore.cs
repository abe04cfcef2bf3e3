using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using Isolation.Interop;
using Isolation.Network;
using Isolation.Processes;
using Isolation.State;

namespace Isolation.ContainerNetworks;

/// <summary>
/// The container networks of this host: made, found, removed. A network's lock is taken before anything of it is changed, and before that the one of all
/// networks where subnets or ports are chosen. Who holds the lock of a set too took it first.
/// </summary>
internal sealed class ContainerNetworkStore
{
    // Characters that no name of a set has: they share the folder of locks.
    private const string AllLock = "networks:";
    private const string OneLock = "network:";

    private static readonly TimeSpan s_lockTimeout = TimeSpan.FromSeconds(30);

    private readonly StateFolder _state;
    private readonly ICommands _commands;

    public ContainerNetworkStore(StateFolder state, ICommands commands)
    {
        _state = state;
        _commands = commands;
    }

    /// <summary>The caller's store.</summary>
    public static ContainerNetworkStore Current { get; } = new(StateFolder.Current, HostCommands.Instance);

    /// <summary>The packet rules.</summary>
    public NetworkRules Rules => new(_state, _commands);

    /// <summary>The names of all networks, sorted.</summary>
    /// <exception cref="IsolationException"><c>StateFolderUnavailable</c>.</exception>
    public IReadOnlyList<string> Names() => ContainerNetworkFolder.Names(_state);

    /// <summary>A network as it stands; null where there is none of the name.</summary>
    /// <exception cref="IsolationException"><c>ContainerNetworkRecordDamaged</c>, <c>ContainerNetworkRecordTooNew</c>, <c>StateFolderUnavailable</c>.</exception>
    public ContainerNetwork? Find(string name)
    {
        ContainerNetworkFolder folder = new(_state, name);
        if (!NamespaceName.IsValid(name) || folder.Read() is not ContainerNetworkRecord record)
        {
            return null;
        }

        using NetworkNamespace host = NetworkNamespace.Own();
        return new ContainerNetwork(record, StateOf(record, host), folder.ReadMembers());
    }

    /// <summary>A network as it stands.</summary>
    /// <exception cref="IsolationException"><c>ContainerNetworkNotFound</c> and those of <see cref="Find"/>.</exception>
    public ContainerNetwork Get(string name) => Find(name) ?? throw NotFound(name);

    /// <summary>What is known of a network.</summary>
    /// <exception cref="IsolationException"><c>ContainerNetworkNotFound</c> and those of <see cref="Find"/>.</exception>
    public ContainerNetworkRecord Read(string name) => (NamespaceName.IsValid(name) ? new ContainerNetworkFolder(_state, name).Read() : null) ?? throw NotFound(name);

    /// <summary>Makes a network; where anything fails, nothing of it stays.</summary>
    /// <param name="options">What is asked for.</param>
    /// <param name="warn">Is told what changes on the host besides.</param>
    /// <param name="explain">Is told the packet rules; null where nobody is.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="IsolationException">
    /// <c>ContainerNetworkExists</c>, <c>ContainerNetworkRootRequired</c>, <c>ContainerSubnetOverlap</c>, <c>ContainerSubnetsExhausted</c>, <c>NftMissing</c>,
    /// <c>PacketRulesRefused</c>, <c>ForwardingUnavailable</c>, those of <see cref="ContainerNetworkOptions.Check"/>, of <see cref="NetworkNamespace"/> and of the state folder.
    /// </exception>
    public ContainerNetwork Create(ContainerNetworkOptions options, Action<string> warn, Action<string>? explain, CancellationToken cancellation)
    {
        options.Check();
        RequireRoot($"make container network '{options.Name}'");
        try
        {
            return Keep(() =>
            {
                using Descriptor use = _state.Use();
                using NameLock all = LockAll(cancellation);
                using NameLock held = Lock(options.Name, cancellation);
                return Make(options, warn, explain);
            });
        }
        catch
        {
            _state.TryRemove();
            throw;
        }
    }

    /// <summary>
    /// Changes a network: first its record, with who is at it, then what the kernel has, then the packet rules. Where that fails all is as it was; where we are killed, the next
    /// call goes on from the record.
    /// </summary>
    /// <param name="name">The name.</param>
    /// <param name="change">Gives the record as it is to be.</param>
    /// <param name="explain">Is told the packet rules; null where nobody is.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="IsolationException"><c>ContainerNetworkNotFound</c>, <c>ContainerNetworkBroken</c>, <c>NftMissing</c>, <c>PacketRulesRefused</c>.</exception>
    public void Change(string name, Func<ContainerNetworkRecord, NetworkNamespace, ContainerNetworkRecord> change, Action<string>? explain, CancellationToken cancellation) => Keep(() =>
    {
        using Descriptor use = _state.Use();
        using NameLock all = LockAll(cancellation);
        using NameLock held = Lock(name, cancellation);
        using NetworkNamespace host = NetworkNamespace.Own();
        (ContainerNetworkFolder folder, ContainerNetworkRecord record) = Open(name, host);
        ContainerNetworkRecord changed = change(record, host);
        try
        {
            folder.Write(changed with { Owner = RecordedProcess.Own });
            Settle(changed, folder, host, explain);
        }
        catch
        {
            TrySettle(record, folder, host);
            throw;
        }

        return true;
    });

    /// <summary>Removes a network that nobody is connected to, with its bridge and its rules.</summary>
    /// <param name="name">The name.</param>
    /// <param name="force">Its members are disconnected first.</param>
    /// <param name="explain">Is told the packet rules; null where nobody is.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="IsolationException"><c>ContainerNetworkNotFound</c>, <c>ContainerNetworkInUse</c>, <c>ContainerNetworkRootRequired</c>, <c>NftMissing</c>, <c>PacketRulesRefused</c>.</exception>
    public void Remove(string name, bool force, Action<string>? explain, CancellationToken cancellation)
    {
        RequireRoot($"remove container network '{name}'");
        ContainerNetworkFolder folder = new(_state, name);
        if (!NamespaceName.IsValid(name) || !folder.Exists)
        {
            throw NotFound(name);
        }

        List<string> disconnected = Keep(() =>
        {
            using Descriptor use = _state.Use();
            using NameLock all = LockAll(cancellation);
            using NameLock held = Lock(name, cancellation);
            ContainerNetworkRecord? record = ReadToRemove(folder, force) ?? throw NotFound(name);
            using NetworkNamespace host = NetworkNamespace.Own();
            ContainerNetworkMembers members = new(_state, folder);
            List<MemberRecord> left = ReadMembersToRemove(folder, members, force);
            if (left.Count != 0 && !force)
            {
                List<string> sets = left.ConvertAll(static member => member.Set);
                throw new IsolationException(
                    "ContainerNetworkInUse", ErrorKind.Busy, $"Cannot remove network '{name}': {string.Join(", ", sets)} {(sets.Count == 1 ? "is" : "are")} connected. Disconnect-ContainerNetwork disconnects sets; -Force does so for all.");
            }

            record = record with { Phase = RecordPhase.Removing, Owner = RecordedProcess.Own };
            folder.Write(record);
            members.Release(left, host, links: true);
            Finish(record, folder, host, explain);
            return left.ConvertAll(static member => member.Set);
        });
        _state.TryRemove();
        new ContainerNetworkConnector(_state, this, NamespaceStore.Current).RestoreDefaultRoutes(disconnected, cancellation);
    }

    /// <summary>
    /// Finishes what processes that are gone have left: networks half made or half removed, sets half connected, and members whose set is gone. What stands in its
    /// way is told by the call that it goes before, where it is in its way too.
    /// </summary>
    public void Sweep()
    {
        try
        {
            if (_state.IsRoot && Names().Count != 0)
            {
                SweepAll();
            }
        }
        catch (Exception exception) when (exception is IsolationException or SyscallException or IOException or UnauthorizedAccessException)
        {
            // The next one does it.
        }
    }

    /// <summary>A network's lock.</summary>
    /// <exception cref="IsolationException"><c>NamespaceLocked</c>.</exception>
    public NameLock Lock(string name, CancellationToken cancellation) => _state.Lock(OneLock + name, s_lockTimeout, cancellation);

    /// <summary>The folder of a network that sets can be connected to, and its record. The caller holds its lock.</summary>
    /// <exception cref="IsolationException"><c>ContainerNetworkNotFound</c>, <c>ContainerNetworkBroken</c>.</exception>
    public (ContainerNetworkFolder Folder, ContainerNetworkRecord Record) Open(string name, NetworkNamespace host)
    {
        ContainerNetworkFolder folder = new(_state, name);
        ContainerNetworkRecord record = (NamespaceName.IsValid(name) ? folder.Read() : null) ?? throw NotFound(name);
        return StateOf(record, host) == ContainerNetworkState.Ready
            ? (folder, record)
            : throw new IsolationException("ContainerNetworkBroken", ErrorKind.Unavailable, $"Network '{name}' cannot be used: {Fault(record, host)}");
    }

    /// <summary>Refuses whom the kernel would refuse half way.</summary>
    /// <exception cref="IsolationException"><c>ContainerNetworkRootRequired</c>.</exception>
    public void RequireRoot(string attempt)
    {
        if (!_state.IsRoot)
        {
            throw new IsolationException(
                "ContainerNetworkRootRequired", ErrorKind.PermissionDenied, $"Cannot {attempt}: bridges, packet rules and forwarding are the host's, and take root there. Run as root.");
        }
    }

    /// <summary>Does what writes to the state folder.</summary>
    /// <exception cref="IsolationException"><c>StateFolderUnavailable</c>.</exception>
    public static T Keep<T>(Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception exception) when (exception is not SyscallException && exception is IOException or UnauthorizedAccessException)
        {
            throw new IsolationException(
                "StateFolderUnavailable", ErrorKind.Unavailable, $"What is known of container networks cannot be kept: {exception.Message} The file system must be writable and have room.", exception);
        }
    }

    /// <summary>There is no network of a name.</summary>
    public static IsolationException NotFound(string name) => new(
        "ContainerNetworkNotFound", ErrorKind.NotFound, $"There is no container network '{name}'. Get-ContainerNetwork lists those that there are; New-ContainerNetwork makes one.");

    /// <summary>The lock of all networks.</summary>
    /// <exception cref="IsolationException"><c>NamespaceLocked</c>.</exception>
    public NameLock LockAll(CancellationToken cancellation) => _state.Lock(AllLock, s_lockTimeout, cancellation);

    private ContainerNetwork Make(ContainerNetworkOptions options, Action<string> warn, Action<string>? explain)
    {
        ContainerNetworkFolder folder = new(_state, options.Name);
        if (folder.Exists)
        {
            throw new IsolationException(
                "ContainerNetworkExists", ErrorKind.AlreadyExists, $"There is a container network '{options.Name}' already. See it with Get-ContainerNetwork, or choose another name.");
        }

        ContainerNetworkDriver driver = ContainerNetworkDriver.Of(options.Driver);
        List<ContainerNetworkRecord> others = Records();
        using NetworkNamespace host = NetworkNamespace.Own();
        ContainerNetworkRecord record = new()
        {
            Name = options.Name,
            Driver = driver.Name,
            Phase = RecordPhase.Creating,
            Created = DateTimeOffset.Now,
            Owner = RecordedProcess.Own,
            HostNetwork = Sys.Status(host.Descriptor).Inode,
            Bridge = BridgeDriver.ChooseName(options.Name, host),
            IsInternal = options.IsInternal,
            Rate = options.Rate,
            Resolver = options.Resolver,
            Pools = [],
        };
        record = driver.Describe(record, options, host, others);
        record = record with { Pools = (options with { Mtu = record.Mtu }).Pools(new SubnetChoice(Taken(host, others, driver.SharedLink(record)))) };
        try
        {
            folder.Make(record);
            driver.Make(record, host);
            if (driver.HasBridge)
            {
                Rules.Rewrite(explain);
            }

            foreach (AddressPool pool in driver.HasBridge && !record.IsInternal ? record.Pools : [])
            {
                Forwarding.Ensure(pool.Subnet.IsSix, record.Name, warn);
            }

            record = record with { Phase = RecordPhase.Ready, Owner = null };
            folder.Write(record);
            return new ContainerNetwork(record, ContainerNetworkState.Ready, []);
        }
        catch
        {
            Undo(record, folder, host);
            throw;
        }
    }

    private void Settle(ContainerNetworkRecord record, ContainerNetworkFolder folder, NetworkNamespace host, Action<string>? explain)
    {
        ContainerNetworkDriver.Of(record.Driver).Settle(record, host);
        Rules.Rewrite(explain);
        folder.Write(record with { Owner = null });
    }

    private void TrySettle(ContainerNetworkRecord record, ContainerNetworkFolder folder, NetworkNamespace host)
    {
        try
        {
            folder.Write(record with { Owner = RecordedProcess.Own });
            Settle(record, folder, host, null);
        }
        catch (Exception exception) when (exception is IsolationException or SyscallException or IOException or UnauthorizedAccessException)
        {
            // What prevented the change is what is to be told; once this process has ended the next call does it.
        }
    }

    // As far as it can: why it is undone is what is to be told.
    private void Undo(ContainerNetworkRecord record, ContainerNetworkFolder folder, NetworkNamespace host)
    {
        try
        {
            Finish(record, folder, host, null);
        }
        catch (IsolationException exception) when (exception.ErrorId is "NftMissing" or "PacketRulesRefused")
        {
            // Then there are none of it either.
            folder.Delete();
        }
        catch (Exception exception) when (exception is IsolationException or SyscallException or IOException or UnauthorizedAccessException)
        {
            // The next call finishes it.
        }
    }

    private void Finish(ContainerNetworkRecord record, ContainerNetworkFolder folder, NetworkNamespace host, Action<string>? explain)
    {
        if (record.HostNetwork == Sys.Status(host.Descriptor).Inode)
        {
            ContainerNetworkDriver driver = ContainerNetworkDriver.Of(record.Driver);
            driver.Remove(record, host);
            if (driver.HasBridge)
            {
                if (record.Phase != RecordPhase.Removing && folder.Exists)
                {
                    folder.Write(record with { Phase = RecordPhase.Removing });
                }

                Rules.Rewrite(explain);
            }
        }

        folder.Delete();
    }

    // Those in this network namespace: others have a table of their own.
    private List<ContainerNetworkRecord> Records()
    {
        List<ContainerNetworkRecord> records = [];
        ulong own = Sys.TryStatus("/proc/self/ns/net", out FileStatus status) ? status.Inode : 0;
        foreach (string name in Names())
        {
            try
            {
                if (new ContainerNetworkFolder(_state, name).Read() is { Phase: RecordPhase.Ready } record && record.HostNetwork == own)
                {
                    records.Add(record);
                }
            }
            catch (IsolationException exception) when (exception.ErrorId is "ContainerNetworkRecordDamaged" or "ContainerNetworkRecordTooNew")
            {
                // Remove-ContainerNetwork tells, and removes what is left.
            }
        }

        return records;
    }

    private static List<(Subnet Subnet, string Owner)> Taken(NetworkNamespace host, List<ContainerNetworkRecord> others, string? shared)
    {
        List<(Subnet, string)> taken = [];
        foreach (ContainerNetworkRecord record in others)
        {
            foreach (AddressPool pool in record.Pools)
            {
                taken.Add((pool.Subnet, $"network '{record.Name}'"));
            }
        }

        foreach (NetworkRoute route in host.Routes())
        {
            // Not the default, which every subnet overlaps with, nor what is true of each link, nor what leads to where the members are to be.
            if (route.Type == "unicast" && !(shared is not null && route.Link == shared) && route.Target is { Length: > 0, Address: { IsIPv6LinkLocal: false, IsIPv6Multicast: false } address })
            {
                taken.Add((Subnet.Of(address, route.Target.Length), route.Link is null ? "a route of this host" : $"a route of this host over {route.Link}"));
            }
        }

        return taken;
    }

    private static ContainerNetworkState StateOf(ContainerNetworkRecord record, NetworkNamespace host) => record.Phase switch
    {
        RecordPhase.Creating => record.Owner?.IsRunning() == true ? ContainerNetworkState.Creating : ContainerNetworkState.Broken,
        RecordPhase.Removing => record.Owner?.IsRunning() == true ? ContainerNetworkState.Removing : ContainerNetworkState.Broken,
        _ => Fault(record, host) is null ? ContainerNetworkState.Ready : ContainerNetworkState.Broken,
    };

    private static string? Fault(ContainerNetworkRecord record, NetworkNamespace host) => record.Phase != RecordPhase.Ready
        ? $"it is being {(record.Phase == RecordPhase.Creating ? "made" : "removed")}, or what did so was killed. The next Get-ContainerNetwork finishes that."
        : record.HostNetwork != Sys.Status(host.Descriptor).Inode
        ? $"it is in another network namespace than this PowerShell. Use it there, or remove it with: Remove-ContainerNetwork {record.Name} -Force"
        : ContainerNetworkDriver.Of(record.Driver).Fault(record, host);

    // Of a network whose record is damaged the bridge has the name that it most likely got.
    private static ContainerNetworkRecord? ReadToRemove(ContainerNetworkFolder folder, bool force)
    {
        try
        {
            return folder.Read();
        }
        catch (IsolationException exception) when (force && exception.ErrorId == "ContainerNetworkRecordDamaged")
        {
            string bridge = "iso-" + folder.Name;
            return new ContainerNetworkRecord
            {
                Name = folder.Name, Bridge = bridge[..Math.Min(bridge.Length, LinkName.MostBytes)], Pools = [], HostNetwork = Sys.TryStatus("/proc/self/ns/net", out FileStatus own) ? own.Inode : 0,
            };
        }
    }

    private static List<MemberRecord> ReadMembersToRemove(ContainerNetworkFolder folder, ContainerNetworkMembers members, bool force)
    {
        try
        {
            List<MemberRecord> all = folder.ReadMembers();
            return force ? all : all.FindAll(members.IsAlive);
        }
        catch (IsolationException exception) when (force && exception.ErrorId == "ContainerNetworkRecordDamaged")
        {
            // Their links stay until their sets go, at no bridge.
            return [];
        }
    }

    private void SweepAll()
    {
        bool removed = false;
        using (Descriptor use = _state.Use())
        {
            foreach (string name in Names())
            {
                ContainerNetworkFolder folder = new(_state, name);
                try
                {
                    removed |= SweepNetwork(name, folder);
                    SweepMembers(name, folder);
                }
                catch (IsolationException exception) when (exception.ErrorId is "ContainerNetworkRecordDamaged" or "ContainerNetworkRecordTooNew")
                {
                    // Only Remove-ContainerNetwork, which somebody asked for, touches it.
                }
            }
        }

        if (removed)
        {
            _state.TryRemove();
        }
    }

    private bool SweepNetwork(string name, ContainerNetworkFolder folder)
    {
        ContainerNetworkRecord? found = folder.Read();
        if (IsUnsettled(found))
        {
            Resettle(name, folder);
        }

        if (!IsAbandoned(found))
        {
            return false;
        }

        using NameLock all = LockAll(CancellationToken.None);
        using NameLock held = Lock(name, CancellationToken.None);
        if (folder.Read() is not ContainerNetworkRecord record || !IsAbandoned(record))
        {
            return false;
        }

        using NetworkNamespace host = NetworkNamespace.Own();
        new ContainerNetworkMembers(_state, folder).Release(folder.ReadMembers(), host, links: true);
        Finish(record, folder, host, null);
        return true;
    }

    private void Resettle(string name, ContainerNetworkFolder folder)
    {
        using NameLock all = LockAll(CancellationToken.None);
        using NameLock held = Lock(name, CancellationToken.None);
        using NetworkNamespace host = NetworkNamespace.Own();

        // One that is broken has nothing to be brought in line.
        if (folder.Read() is ContainerNetworkRecord record && IsUnsettled(record) && Fault(record, host) is null)
        {
            Settle(record, folder, host, null);
        }
    }

    private void SweepMembers(string name, ContainerNetworkFolder folder)
    {
        ContainerNetworkMembers members = new(_state, folder);
        if (folder.ReadMembers().TrueForAll(member => members.IsAlive(member) && !ContainerNetworkMembers.HasDeadPorts(member)))
        {
            return;
        }

        using NameLock held = Lock(name, CancellationToken.None);
        using NetworkNamespace host = NetworkNamespace.Own();
        members.ReleaseDead(host);
        members.ReleaseDeadPorts(host);
    }

    private static bool IsAbandoned(ContainerNetworkRecord? record) => record is { Phase: not RecordPhase.Ready } && record.Owner?.IsRunning() != true;

    private static bool IsUnsettled(ContainerNetworkRecord? record) => record is { Phase: RecordPhase.Ready, Owner: not null } && !record.Owner.IsRunning();
}
