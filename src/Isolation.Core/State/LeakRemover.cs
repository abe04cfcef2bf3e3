using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using Isolation.Interop;
using Isolation.Processes;

namespace Isolation.State;

/// <summary>
/// Lets namespaces go that no set of this module keeps: takes away the mounts that pin them, and says who else keeps them. The kernel removes a namespace
/// when nothing keeps it any more, namespaces(7). It ends no process.
/// </summary>
internal sealed class LeakRemover(CancellationToken cancellation)
{
    /// <summary>Removes namespaces. One look at the host serves all of them.</summary>
    /// <param name="leaks">The namespaces, as they were seen.</param>
    /// <param name="confirm">Is asked before a pin is taken away, with its path and what is done.</param>
    /// <param name="failed">Is told of each that stays, and why.</param>
    public void Remove(IReadOnlyList<NamespaceInfo> leaks, Func<string, string, bool> confirm, Action<NamespaceInfo, Exception> failed)
    {
        Dictionary<NamespaceKey, NamespaceInfo> found = Look(leaks);
        List<NamespaceInfo> rest = [];
        foreach (NamespaceInfo leak in leaks)
        {
            try
            {
                if (!found.TryGetValue(leak.Key, out NamespaceInfo? now) || !IsSame(leak, now))
                {
                    throw new IsolationException("NamespaceNotFound", ErrorKind.NotFound, $"There is no namespace {leak} any more. Get-NamespaceInfo lists those that there are.");
                }

                RefuseUsed(now);
                if (Unpin(leak, now, confirm))
                {
                    rest.Add(leak);
                }
            }
            catch (Exception exception) when (exception is IsolationException or SyscallException)
            {
                failed(leak, exception);
            }
        }

        NamedNetworkPins.TryRemoveFolder();
        if (rest.Count == 0)
        {
            return;
        }

        // Again: with a mount go its copies in other mount namespaces, and a process may have closed what it had open.
        found = Look(rest);
        foreach (NamespaceInfo leak in rest)
        {
            if (found.TryGetValue(leak.Key, out NamespaceInfo? now))
            {
                failed(leak, Kept(now));
            }
        }
    }

    private Dictionary<NamespaceKey, NamespaceInfo> Look(IReadOnlyList<NamespaceInfo> leaks)
    {
        NamespaceType types = NamespaceType.None;
        foreach (NamespaceInfo leak in leaks)
        {
            types |= leak.Type;
        }

        Dictionary<NamespaceKey, NamespaceInfo> found = [];
        ScanOptions options = new() { Types = types, Deep = true, Names = NamespaceStore.Current.NamesByKey() };
        foreach (NamespaceInfo info in NamespaceScanner.Scan(options, cancellation))
        {
            found.Add(info.Key, info);
        }

        return found;
    }

    // The kernel gives a number out again at once: what kept the namespace then and does not now means that this is another.
    private static bool IsSame(NamespaceInfo seen, NamespaceInfo now) =>
        (seen.Paths.Length == 0 && seen.Holds.Length == 0)
        || Array.Exists(seen.Paths, path => Array.IndexOf(now.Paths, path) >= 0)
        || Array.Exists(seen.Holds, hold => Array.IndexOf(now.Holds, hold) >= 0);

    private static void RefuseUsed(NamespaceInfo info)
    {
        if (info.IsOfSet)
        {
            throw new IsolationException("NamespaceInUse", ErrorKind.Busy, $"Namespace {info} is not leaked: it is one of set '{info.Name}'. Remove the set with: Remove-Namespace {info.Name}");
        }

        NamespaceHold? hold = Array.Find(info.Holds, static hold => hold.Kind is NamespaceHoldKind.Thread or NamespaceHoldKind.Children);
        string? users = info.ProcessCount switch
        {
            0 when hold is null => null,
            0 => hold.Kind == NamespaceHoldKind.Thread ? $"a thread of process {hold.ProcessId} is in it" : $"the children of process {hold.ProcessId} will be in it",
            1 => $"process {info.ProcessId} ({info.Command}) is in it",
            int count => $"{count} processes are in it, the first of them {info.ProcessId} ({info.Command})",
        };
        if (users is not null)
        {
            throw new IsolationException(
                "NamespaceInUse", ErrorKind.Busy, $"Namespace {info} is not leaked: {users}. Get-NamespaceProcess lists the processes, and Stop-NamespaceProcess ends them.");
        }
    }

    // Whether all that was asked about was confirmed, so that what is left is to be told.
    private static bool Unpin(NamespaceInfo leak, NamespaceInfo now, Func<string, string, bool> confirm)
    {
        bool all = true;
        foreach (string path in now.Paths)
        {
            // A pin that came later is not what was meant.
            if (IsElsewhere(path) || Array.IndexOf(leak.Paths, path) < 0)
            {
                continue;
            }

            string? name = NamedNetworks.NameOf(path);
            if (!confirm(KernelText.Plain(path), $"Unmount the namespace {now}{(name is null ? "" : " and remove the file")}"))
            {
                all = false;
            }
            else if (name is null)
            {
                Unmount(now, path);
            }
            else
            {
                RemoveNamed(now, name, path);
            }
        }

        return all;
    }

    private static void Unmount(NamespaceInfo info, string path)
    {
        // As often as it is mounted there. By a descriptor: what the path leads to may be something else by the time it is unmounted.
        while (Sys.TryOpen(path, OpenFlags.Path, out Descriptor? file) == Errno.None)
        {
            using (file)
            {
                Errno error = NamespaceScanner.NumberOf(file!) == info.Id ? Sys.TryUnmount(file!) : Errno.EINVAL;
                if (error == Errno.EINVAL)
                {
                    return;
                }

                if (error != Errno.None)
                {
                    throw new SyscallException(
                        "umount2", error, $"unmount the namespace {info} from {KernelText.Plain(path)}", error == Errno.EPERM ? "It takes CAP_SYS_ADMIN. Run as root." : null);
                }
            }
        }
    }

    private static void RemoveNamed(NamespaceInfo info, string name, string path)
    {
        try
        {
            NamedNetworkPins.Remove(name, info.Id);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IsolationException(
                "NamespaceAccessDenied", ErrorKind.PermissionDenied, $"Cannot remove {path}: {exception.Message} Unmounting it takes CAP_SYS_ADMIN. Run as root.", exception);
        }
    }

    private static IsolationException Kept(NamespaceInfo info)
    {
        List<string> reasons = [];
        foreach (NamespaceHold hold in info.Holds)
        {
            string command = NamespaceProcess.Find(hold.ProcessId)?.Name is string name ? $" ({name})" : "";
            reasons.Add($"process {hold.ProcessId}{command} has it open as {(hold.Kind == NamespaceHoldKind.Socket ? "socket" : "descriptor")} {hold.Number}; it goes when the process closes that or ends: Stop-NamespaceProcess -Id {hold.ProcessId}");
        }

        foreach (string path in info.Paths)
        {
            string place = KernelText.Plain(path);
            if (IsElsewhere(path) && place.Split('/') is [_, _, string pid, _, ..])
            {
                string inside = place[$"/proc/{pid}/root".Length..];
                reasons.Add($"it is mounted at {inside} in the mount namespace of process {pid}: Enter-Namespace {pid} umount {inside} -Type Mount");
            }
            else
            {
                reasons.Add($"it is mounted at {place} too");
            }
        }

        if (info.ProcessCount != 0)
        {
            reasons.Add($"process {info.ProcessId} ({info.Command}) has entered it meanwhile");
        }

        if (reasons.Count == 0)
        {
            reasons.Add("another namespace was made in it or is owned by it, and it goes with that one: Get-NamespaceInfo -Tree Owner");
        }

        return new IsolationException("NamespaceHeld", ErrorKind.Busy, $"Namespace {info} is kept: {string.Join("; ", reasons)}.");
    }

    // A mount that only a process in another mount namespace sees.
    private static bool IsElsewhere(string path) => path.StartsWith("/proc/", StringComparison.Ordinal);
}
