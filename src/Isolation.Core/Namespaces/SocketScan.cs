using System;
using System.Collections.Generic;
using Isolation.Interop;

namespace Isolation;

/// <summary>
/// Asks sockets for their network namespace. A socket keeps the one in which it was made, wherever its process went since, and no path leads there:
/// the descriptor is copied with pidfd_getfd(2) and asked with <c>SIOCGSKNS</c>, which takes root's privileges.
/// </summary>
internal static class SocketScan
{
    /// <summary>Looks at all sockets that were found.</summary>
    /// <param name="sockets">The sockets, those of one process side by side.</param>
    /// <param name="found">Called for each that keeps a network namespace other than its process's own: the socket, the namespace's number, and, the first time, the namespace.</param>
    public static void Look(List<OpenSocket> sockets, Action<OpenSocket, ulong, Descriptor?> found)
    {
        Dictionary<ulong, ulong> networks = [];
        Descriptor? pidfd = null;
        int opened = 0;
        foreach (OpenSocket socket in sockets)
        {
            if (!networks.TryGetValue(socket.Inode, out ulong network))
            {
                if (opened != socket.ProcessId)
                {
                    pidfd?.Dispose();
                    pidfd = Sys.OpenPidfd(socket.ProcessId, out _);
                    opened = socket.ProcessId;
                }

                using Descriptor? copy = pidfd is null ? null : Sys.CopyDescriptor(pidfd, socket.Number, out _);
                using Descriptor? ns = copy is null ? null : Sys.NamespaceOfSocket(copy, out _);
                network = ns is null ? 0 : Sys.Status(ns).Inode;
                networks.Add(socket.Inode, network);
                if (ns is not null && network != socket.OwnNetwork)
                {
                    found(socket, network, ns);
                    continue;
                }
            }

            if (network != 0 && network != socket.OwnNetwork)
            {
                found(socket, network, null);
            }
        }

        pidfd?.Dispose();
    }
}
