using System;
using System.Collections.Generic;
using Isolation.Interop;
using Isolation.Network;
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

        // The link first: who is killed between the two leaves a record that says what there is.
        foreach (MemberRecord member in released)
        {
            if (links)
            {
                MemberLink.Remove(state, member, host);
            }
        }

        HashSet<string> names = [];
        foreach (MemberRecord member in released)
        {
            names.Add(member.Set);
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
