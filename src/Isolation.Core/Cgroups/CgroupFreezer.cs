using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;
using Isolation.Interop;

namespace Isolation.Cgroups;

/// <summary>
/// Stops all processes of a cgroup where they are, and lets them go on: <c>cgroup.freeze</c> of version 2, <c>freezer.state</c> of version 1. A cgroup that
/// has a folder in both is frozen by that of version 2, in which signals still end a frozen process.
/// </summary>
internal sealed class CgroupFreezer(CgroupHost host)
{
    private const string State = "freezer.state";
    private const string Freeze2 = "cgroup.freeze";
    private const string Events = "cgroup.events";

    // A fork that races the freezer of version 1 leaves it in FREEZING for good, until it is thawed and frozen anew.
    private const int RoundsToThaw = 50;

    private static readonly TimeSpan s_slice = TimeSpan.FromMilliseconds(100);

    /// <summary>Freezes a cgroup with all below it; after a failure nothing is frozen that was not before.</summary>
    /// <param name="cgroup">The cgroup.</param>
    /// <param name="spared">Processes that must go on, such as PowerShell itself.</param>
    /// <param name="timeout">How long to wait until every process has stopped.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="IsolationException">
    /// <c>CgroupFreezeUnsupported</c>, <c>CgroupFreezeTimeout</c>, <c>CgroupBusy</c>, <c>CgroupNotDelegated</c>, <c>CgroupNotFound</c>.
    /// </exception>
    public void Freeze(Cgroup cgroup, IReadOnlyCollection<int> spared, TimeSpan timeout, CancellationToken cancellation)
    {
        CgroupDirectory directory = Find(cgroup.Directories) ?? throw Unsupported(cgroup);
        SortedSet<int> inside = [];
        Cgroup.Collect(host, directory.FullPath, inside);
        foreach (int pid in spared)
        {
            if (inside.Contains(pid))
            {
                throw new IsolationException(
                    "CgroupBusy", ErrorKind.Busy, $"Cannot freeze {directory.FullPath}: this PowerShell is in it, and would stop with it{CgroupRefusal.Processes([pid], host)}. Move it elsewhere first.");
            }
        }

        if (Outside(cgroup, directory) is { Count: > 0 } outside)
        {
            throw new IsolationException(
                "CgroupFreezeUnsupported",
                ErrorKind.NotSupported,
                $"Cannot freeze {cgroup.Path}: processes are in it that are not in {directory.FullPath}, by which it is frozen{CgroupRefusal.Processes(outside, host)}. Move them there as well.");
        }

        if (directory.Hierarchy.Version == CgroupVersion.V2)
        {
            FreezeSecond(directory, timeout, cancellation);
        }
        else
        {
            FreezeFirst(directory, timeout, cancellation);
        }
    }

    /// <summary>Lets a cgroup go on.</summary>
    /// <param name="cgroup">The cgroup.</param>
    /// <param name="recurse">Whether those below it that were frozen by themselves go on too.</param>
    /// <param name="timeout">How long to wait.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="IsolationException">
    /// <c>CgroupFreezeUnsupported</c>, <c>CgroupFrozenAbove</c>, <c>CgroupFreezeTimeout</c>, <c>CgroupNotDelegated</c>, <c>CgroupNotFound</c>.
    /// </exception>
    public void Thaw(Cgroup cgroup, bool recurse, TimeSpan timeout, CancellationToken cancellation)
    {
        bool any = false;
        foreach (CgroupDirectory directory in cgroup.Directories)
        {
            if (HasFreezer(directory))
            {
                any = true;
                bool first = directory.Hierarchy.Version == CgroupVersion.V1;
                Thaw(directory, directory.FullPath, recurse);
                if (!WaitUntil(directory, first ? State : Events, text => first ? text == "THAWED" : IsFrozen(text) != true, timeout, cancellation))
                {
                    throw FrozenAbove(directory) ?? new IsolationException(
                        "CgroupFreezeTimeout", ErrorKind.Timeout, $"{directory.FullPath} was told to go on and has not within {timeout.TotalSeconds:0.#} s. Try again.");
                }
            }
        }

        if (!any)
        {
            throw Unsupported(cgroup);
        }
    }

    /// <summary>Whether a cgroup's processes are stopped; null where it has no freezer.</summary>
    public bool? IsFrozen(CgroupDirectory directory) =>
        directory.Hierarchy.Version == CgroupVersion.V2
            ? host.Files.TryRead($"{directory.FullPath}/{Events}", out string events) == Errno.None ? IsFrozen(events) : null
            : host.Files.TryRead($"{directory.FullPath}/{State}", out string state) == Errno.None ? state == "FROZEN" : null;

    // Processes come and go between two lists, and one that is ending is shown in the root: what is there and not here twice is outside.
    private List<int> Outside(Cgroup cgroup, CgroupDirectory directory)
    {
        HashSet<int>? before = null;
        while (true)
        {
            HashSet<int> outside = [];
            foreach (CgroupDirectory other in cgroup.Directories)
            {
                if (other.Hierarchy != directory.Hierarchy)
                {
                    Cgroup.Collect(host, other.FullPath, outside);
                }
            }

            HashSet<int> inside = [];
            Cgroup.Collect(host, directory.FullPath, inside);
            outside.ExceptWith(inside);
            if (before is not null || outside.Count == 0)
            {
                outside.IntersectWith(before ?? outside);
                return [.. outside];
            }

            before = outside;
        }
    }

    // On a hybrid host the folder that the processes are in; the one of version 2 where there are none.
    private CgroupDirectory? Find(IReadOnlyList<CgroupDirectory> directories)
    {
        CgroupDirectory? found = null;
        foreach (CgroupDirectory directory in directories)
        {
            if (HasFreezer(directory))
            {
                SortedSet<int> pids = [];
                Cgroup.Collect(host, directory.FullPath, pids);
                if (pids.Count > 0)
                {
                    return directory;
                }

                found ??= directory;
            }
        }

        return found;
    }

    private bool HasFreezer(CgroupDirectory directory) =>
        directory.Path != "/" && host.Files.FileExists($"{directory.FullPath}/{(directory.Hierarchy.Version == CgroupVersion.V2 ? Freeze2 : State)}");

    private void FreezeSecond(CgroupDirectory directory, TimeSpan timeout, CancellationToken cancellation)
    {
        string file = $"{directory.FullPath}/{Freeze2}";
        bool was = host.Files.TryRead(file, out string former) == Errno.None && former == "1";
        Write(directory, Freeze2, "1");
        bool done = false;
        try
        {
            done = WaitUntil(directory, Events, static text => IsFrozen(text) == true, timeout, cancellation);
            if (!done)
            {
                throw TimedOut(directory, timeout);
            }
        }
        finally
        {
            if (!done && !was)
            {
                _ = host.Files.TryWrite(file, "0");
            }
        }
    }

    private void FreezeFirst(CgroupDirectory directory, TimeSpan timeout, CancellationToken cancellation)
    {
        string file = $"{directory.FullPath}/{State}";
        bool was = host.Files.TryRead($"{directory.FullPath}/freezer.self_freezing", out string self) == Errno.None && self == "1";
        long start = Stopwatch.GetTimestamp();
        bool done = false;
        try
        {
            for (int round = 1; ; round++)
            {
                Write(directory, State, "FROZEN");
                if (host.Files.TryRead(file, out string state) == Errno.None && state == "FROZEN")
                {
                    done = true;
                    return;
                }

                if (Stopwatch.GetElapsedTime(start) >= timeout)
                {
                    throw TimedOut(directory, timeout);
                }

                if (round % RoundsToThaw == 0)
                {
                    _ = host.Files.TryWrite(file, "THAWED");
                }

                cancellation.WaitHandle.WaitOne(round % RoundsToThaw == 0 ? 10 : 1);
                cancellation.ThrowIfCancellationRequested();
            }
        }
        finally
        {
            if (!done && !was)
            {
                _ = host.Files.TryWrite(file, "THAWED");
            }
        }
    }

    private void Thaw(CgroupDirectory directory, string folder, bool recurse)
    {
        bool first = directory.Hierarchy.Version == CgroupVersion.V1;
        Write(directory with { Path = directory.Hierarchy.PathOf(folder)! }, first ? State : Freeze2, first ? "THAWED" : "0");
        foreach (string child in recurse ? host.Files.Subdirectories(folder) : [])
        {
            Thaw(directory, $"{folder}/{child}", recurse);
        }
    }

    private void Write(CgroupDirectory directory, string file, string value)
    {
        Errno error = host.Files.TryWrite($"{directory.FullPath}/{file}", value);
        if (error == Errno.None)
        {
            return;
        }

        throw !host.Files.DirectoryExists(directory.FullPath)
            ? new IsolationException("CgroupNotFound", ErrorKind.NotFound, $"There is no cgroup {directory.FullPath} any more.")
            : error is Errno.EACCES or Errno.EPERM or Errno.EROFS
                ? CgroupPlacement.NotDelegated($"{(value is "1" or "FROZEN" ? "freeze" : "thaw")} the cgroup {directory.FullPath}", $"this user may not write {file} there ({error.Name()})")
                : new SyscallException("write", error, $"write {value} to {directory.FullPath}/{file}");
    }

    private bool WaitUntil(CgroupDirectory directory, string file, Func<string, bool> condition, TimeSpan timeout, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            // In slices, so that Ctrl+C is heard.
            TimeSpan left = timeout - Stopwatch.GetElapsedTime(start);
            if (host.Files.WaitFor($"{directory.FullPath}/{file}", condition, left < TimeSpan.Zero ? TimeSpan.Zero : left < s_slice ? left : s_slice))
            {
                return true;
            }

            cancellation.ThrowIfCancellationRequested();
            if (Stopwatch.GetElapsedTime(start) >= timeout || FrozenAbove(directory) is not null)
            {
                return false;
            }
        }
    }

    // populated 1, frozen 0
    private static bool? IsFrozen(string events)
    {
        foreach (string line in events.Split('\n'))
        {
            if (line.StartsWith("frozen ", StringComparison.Ordinal))
            {
                return line.EndsWith('1');
            }
        }

        return null;
    }

    private IsolationException? FrozenAbove(CgroupDirectory directory)
    {
        bool first = directory.Hierarchy.Version == CgroupVersion.V1;
        for (string? at = CgroupPlacement.Parent(directory.Path); at is not null and not "/"; at = CgroupPlacement.Parent(at))
        {
            string folder = directory.Hierarchy.DirectoryOf(at);
            if (host.Files.TryRead($"{folder}/{(first ? "freezer.self_freezing" : Freeze2)}", out string self) == Errno.None && self == "1")
            {
                return new IsolationException(
                    "CgroupFrozenAbove", ErrorKind.Busy, $"{directory.FullPath} was told to go on, but {folder} above it is frozen, and all in it. Thaw that: Resume-Cgroup {at}");
            }
        }

        return null;
    }

    private IsolationException TimedOut(CgroupDirectory directory, TimeSpan timeout)
    {
        SortedSet<int> pids = [];
        Cgroup.Collect(host, directory.FullPath, pids);
        return new IsolationException(
            "CgroupFreezeTimeout",
            ErrorKind.Timeout,
            $"{directory.FullPath} was not frozen within {timeout.TotalSeconds:0.#} s and goes on as before: a process in it waits in the kernel where it cannot be stopped"
            + $"{CgroupRefusal.Processes([.. pids], host)}. Give -Timeout more seconds, or look at their state D in /proc/PID/status and wchan.");
    }

    private IsolationException Unsupported(Cgroup cgroup) => !cgroup.Exists ? cgroup.NotFound() : new(
        "CgroupFreezeUnsupported",
        ErrorKind.NotSupported,
        cgroup.IsRoot ? "The root of the hierarchies cannot be frozen: the whole host would stop. Name a cgroup below it."
        : host.Unified is null && host.HierarchyOf(CgroupControllers.Freezer) is null
            ? $"Cannot freeze {cgroup.Path}: the freezer is not on this host: {host.CauseOfAbsence(CgroupControllers.Freezer)}."
            : $"Cannot freeze {cgroup.Path}: it has no folder in version 2 nor in the freezer hierarchy of version 1, but {string.Join(", ", cgroup.DirectoryPaths)}. Name it without a mount point, "
                + "and put its processes into a cgroup there.");
}
