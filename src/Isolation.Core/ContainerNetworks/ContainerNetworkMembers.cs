using System;
using System.Collections.Generic;
using System.Linq;
using Isolation.Interop;
using Isolation.Network;
using Isolation.Processes;
using Isolation.State;

namespace Isolation.ContainerNetworks;

/// <summary>The members of one network. The caller holds its lock where anything is changed.</summary>
internal sealed class ContainerNetworkMembers(StateFolder state, ContainerNetworkFolder folder)
{
    /// <summary>
    /// Whether a member is what it says: the set is there with the same network namespace, and where it is being connected or disconnected, somebody is at it.
    /// </summary>
    public bool IsAlive(MemberRecord member)
    {
        if (member.Phase != RecordPhase.Ready)
        {
            return member.Owner?.IsRunning() == true;
        }

        // The pin says it most quickly; a set that a process keeps has none.
        SetFolder set = new(state, member.Set);
        return (Sys.TryStatus(set.Pin("net"), out FileStatus status) && status.Inode == member.NetworkId) || HasNetwork(set, member.NetworkId);
    }

    /// <summary>Forgets members, whose addresses are free from then on, and removes their links if asked to.</summary>
    public void Release(IReadOnlyList<MemberRecord> released, NetworkNamespace host, bool links)
    {
        if (released.Count == 0)
        {
            return;
        }

        // A link that is limited goes now, and what limits it with it: that is a link of its own, which stays where the other goes by itself.
        bool isLimited = IsLimited();

        // The link first: who is killed between the two leaves a record that says what there is.
        foreach (MemberRecord member in released)
        {
            if (links || isLimited)
            {
                MemberLink.Remove(state, member, host);
            }
        }

        if (isLimited)
        {
            host.SweepRates();
        }

        HashSet<string> names = [];
        bool published = false;
        foreach (MemberRecord member in released)
        {
            names.Add(member.Set);
            published |= member.Ports.Count != 0;
        }

        if (published)
        {
            // Before another gets the address that they lead to.
            new NetworkRules(state, HostCommands.Instance).Rewrite(null);
        }

        List<MemberRecord> left = folder.ReadMembers();
        left.RemoveAll(member => names.Contains(member.Set));
        folder.WriteMembers(left);
        MemberNames.Update(state, folder.Name, names);
        MemberResolver.Update(state, names);
    }

    /// <summary>Forgets what processes and sets that are gone have left, and gives the others.</summary>
    public List<MemberRecord> ReleaseDead(NetworkNamespace host)
    {
        List<MemberRecord> members = folder.ReadMembers();
        List<MemberRecord> alive = members.FindAll(IsAlive);
        if (alive.Count != members.Count)
        {
            Release(members.FindAll(member => !alive.Contains(member)), host, links: true);
        }

        return alive;
    }

    /// <summary>Takes away the ports that processes which are gone have left half published or half taken away.</summary>
    public void ReleaseDeadPorts(NetworkNamespace host)
    {
        List<MemberRecord> members = folder.ReadMembers();
        List<MemberRecord> left = members.ConvertAll(static member => HasDeadPorts(member) ? member with { Ports = [.. member.Ports.Where(static port => !port.IsAbandoned)] } : member);
        if (left.SequenceEqual(members))
        {
            return;
        }

        // There are no rules for them in what is written from now on.
        new NetworkRules(state, HostCommands.Instance).Rewrite(null);
        foreach (MemberRecord member in left.Except(members))
        {
            if (member.Ports.Count == 0 && MemberLink.AtBridge(member, host) is NetworkLink link)
            {
                host.SetHairpin(link, false);
            }
        }

        folder.WriteMembers(left);
    }

    /// <summary>Whether there is something for <see cref="ReleaseDeadPorts"/> to do.</summary>
    public static bool HasDeadPorts(MemberRecord member) => member.Ports.Any(static port => port.IsAbandoned);

    private bool IsLimited()
    {
        try
        {
            return folder.Read() is { Rate.IsNone: false };
        }
        catch (IsolationException exception) when (exception.ErrorId is "ContainerNetworkRecordDamaged" or "ContainerNetworkRecordTooNew")
        {
            return true;
        }
    }

    private static bool HasNetwork(SetFolder set, ulong id)
    {
        try
        {
            return set.Read() is NamespaceRecord record && SetNamespaces.Living(record, set.Path).GetValueOrDefault("net") == id;
        }
        catch (IsolationException)
        {
            // Damaged: Remove-Namespace, which touches it alone, releases it then.
            return true;
        }
    }
}
