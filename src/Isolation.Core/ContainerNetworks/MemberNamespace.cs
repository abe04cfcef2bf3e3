using System;
using System.Threading;
using Isolation.Entry;
using Isolation.Interop;
using Isolation.Network;
using Isolation.State;

namespace Isolation.ContainerNetworks;

/// <summary>The network namespace of a member, to be found where its set may be gone: another set that joined it keeps it then.</summary>
internal static class MemberNamespace
{
    /// <summary>The namespace; null where no set has it any more. It is gone then, with the links in it.</summary>
    public static NetworkNamespace? Open(StateFolder state, MemberRecord member)
    {
        if (OpenOf(state, member.Set, member.NetworkId) is NetworkNamespace own)
        {
            return own;
        }

        foreach (string set in new NamespaceStore(state).Names())
        {
            if (set != member.Set && OpenOf(state, set, member.NetworkId) is NetworkNamespace joined)
            {
                return joined;
            }
        }

        return null;
    }

    private static NetworkNamespace? OpenOf(StateFolder state, string set, ulong id)
    {
        SetFolder folder = new(state, set);
        try
        {
            return folder.Read() is NamespaceRecord record && SetNamespaces.PathOf(record, folder.Path, NamespaceType.Net) is string path
                && Sys.TryStatus(path, out FileStatus status) && status.Inode == id
                ? NetworkNamespace.Of(NamespaceTarget.OfPath(path, NamespaceType.Net), set, CancellationToken.None)
                : null;
        }
        catch (IsolationException exception) when (exception.ErrorId is "NamespaceRecordDamaged" or "NamespaceRecordTooNew" or "NamespacePathNotFound" or "NamespacePathInvalid")
        {
            // Damaged, or gone meanwhile.
            return null;
        }
    }
}
