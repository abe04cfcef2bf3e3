using System;
using System.IO;
using Isolation.Interop;

namespace Isolation.State;

/// <summary>
/// Pins where ip-netns(8) looks, so that <c>ip netns exec NAME</c> works with a set's network. The folder is prepared as that command does: the first
/// user makes it a shared mount of its own, under a lock on the folder.
/// </summary>
internal static class NamedNetworkPins
{
    private const string Mark = "/run/isolation/netns-mounted";

    public static void Add(string name, Descriptor ns)
    {
        Directory.CreateDirectory(NamedNetworks.Folder, (UnixFileMode)0b111_101_101);
        using (Locked())
        {
            if (!TryShare())
            {
                Sys.Mount(NamedNetworks.Folder, NamedNetworks.Folder, null, MountFlags.Bind | MountFlags.Recursive);
                Sys.Mount("none", NamedNetworks.Folder, null, MountFlags.Shared | MountFlags.Recursive);
                StateFile.Write(Mark, []);
            }

            string pin = Path.Combine(NamedNetworks.Folder, name);
            using (Sys.Open(pin, OpenFlags.ReadOnly | OpenFlags.Create | OpenFlags.Exclusive))
            {
            }

            Sys.Mount(ns.ProcPath, pin, null, MountFlags.Bind);
        }
    }

    /// <summary>Removes a pin if it is the one of this namespace: a name of the same spelling may be another tool's by now.</summary>
    public static void Remove(string name, ulong? id)
    {
        string pin = Path.Combine(NamedNetworks.Folder, name);
        if (!Directory.Exists(NamedNetworks.Folder))
        {
            return;
        }

        using (Locked())
        {
            if (!Sys.TryStatus(pin, out FileStatus status, followLink: false))
            {
                return;
            }

            // A file that is empty and not mounted on is a pin that was not finished.
            if (status.Inode == id)
            {
                _ = Sys.TryUnmount(pin);
            }
            else if (!status.IsRegular || new FileInfo(pin).Length != 0 || Sys.IsNamespaceFile(pin))
            {
                return;
            }

            File.Delete(pin);
        }
    }

    /// <summary>Undoes the shared mount if it was made here and nobody uses it.</summary>
    public static void TryRemoveFolder()
    {
        if (!File.Exists(Mark) || !Directory.Exists(NamedNetworks.Folder))
        {
            return;
        }

        try
        {
            using (Locked())
            {
                if (Directory.GetFileSystemEntries(NamedNetworks.Folder).Length == 0)
                {
                    File.Delete(Mark);
                    _ = Sys.TryUnmount(NamedNetworks.Folder);
                }
            }
        }
        catch (Exception exception) when (exception is IsolationException or SyscallException or IOException or UnauthorizedAccessException)
        {
            // No set is kept by it: it stays, and the next removal tries again.
        }
    }

    private static bool TryShare()
    {
        try
        {
            // Not with those below it, as ip-netns(8) does: that looks at each, and what is mounted below a shared mount is shared anyway.
            Sys.Mount("none", NamedNetworks.Folder, null, MountFlags.Shared);
            return true;
        }
        catch (SyscallException exception) when (exception.Errno == Errno.EINVAL)
        {
            return false; // Not a mount point yet.
        }
    }

    private static Descriptor Locked()
    {
        Descriptor folder = Sys.Open(NamedNetworks.Folder, OpenFlags.ReadOnly);
        for (int i = 0; i < 1_000; i++)
        {
            if (Sys.TryLock(folder, exclusive: true) == Errno.None)
            {
                return folder;
            }

            System.Threading.Thread.Sleep(5);
        }

        using (folder)
        {
            throw new IsolationException(
                "NamespaceLocked", ErrorKind.Timeout, $"{NamedNetworks.Folder} is locked by {LockHolder.Describe(folder)} for longer than 5 s. Wait for it, or end it, and try again.");
        }
    }
}
