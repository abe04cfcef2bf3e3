using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using Isolation.Interop;
using Isolation.Plans;

namespace Isolation.State;

/// <summary>
/// Where named things are kept until they are removed or the host restarts: <c>/run/isolation</c> for root, a folder of the user's own otherwise.
/// </summary>
internal sealed class StateFolder
{
    private const string RootPath = "/run/isolation";

    private static readonly Lazy<StateFolder> s_current = new(static () => Choose());

    private StateFolder(string path, bool isRoot)
    {
        Path = path;
        IsRoot = isRoot;
    }

    /// <summary>A folder elsewhere, for tests.</summary>
    internal static StateFolder At(string path, bool isRoot) => new(path, isRoot);

    /// <summary>The caller's folder.</summary>
    public static StateFolder Current => s_current.Value;

    public string Path { get; }

    /// <summary>Whether it is root's, on which namespaces can be pinned with mounts.</summary>
    public bool IsRoot { get; }

    /// <summary>The folder with a folder for each namespace set.</summary>
    public string Sets => System.IO.Path.Combine(Path, "namespaces");

    /// <summary>The folder with a folder for each container network.</summary>
    public string Networks => System.IO.Path.Combine(Path, "networks");

    private string Locks => System.IO.Path.Combine(Path, "locks");

    private string UseLock => System.IO.Path.Combine(Path, "lock");

    /// <summary>Makes what is missing. Others may pass through the folder, which they may not list; each set's own folder is closed to them.</summary>
    /// <exception cref="IsolationException"><c>StateFolderUnsafe</c>, <c>StateFolderUnavailable</c>.</exception>
    public void Ensure()
    {
        EnsureFolder(Path, IsRoot ? 0b001_001 : 0);
        EnsureFolder(Sets, IsRoot ? 0b001_001 : 0);
        EnsureFolder(Locks, 0);
    }

    /// <summary>Makes the folder of networks, while <see cref="Use"/> keeps the one above it.</summary>
    /// <exception cref="IsolationException"><c>StateFolderUnsafe</c>, <c>StateFolderUnavailable</c>.</exception>
    public void EnsureNetworks() => EnsureFolder(Networks, 0);

    /// <summary>Says that the folder is in use, so that <see cref="TryRemove"/> of another process leaves it; until the result is disposed.</summary>
    public Descriptor Use()
    {
        for (int attempt = 0; ; attempt++)
        {
            Ensure();
            Errno error = Sys.TryOpen(UseLock, OpenFlags.ReadWrite | OpenFlags.Create, out Descriptor? file, 0x180);
            if (error == Errno.None && Sys.TryLock(file!, exclusive: false) == Errno.None && IsStill(file!, UseLock))
            {
                // Another process may have removed the folders since they were looked at, but not from now on.
                try
                {
                    Ensure();
                    return file!;
                }
                catch
                {
                    file!.Dispose();
                    throw;
                }
            }

            // Another process is removing the empty folder, which takes it a moment.
            using (file)
            {
                if (error is not (Errno.None or Errno.ENOENT))
                {
                    throw Unavailable(UseLock, error);
                }

                if (attempt == 1_000)
                {
                    throw new IsolationException(
                        "NamespaceLocked",
                        ErrorKind.Timeout,
                        $"{Path}, where sets are kept, is locked by {(file is null ? "another process" : LockHolder.Describe(file))} for longer than 5 s. Wait for it, or end it, and try again.");
                }
            }

            Thread.Sleep(5);
        }
    }

    /// <summary>Locks a name against every other process and thread, until the result is disposed.</summary>
    /// <exception cref="IsolationException"><c>NamespaceLocked</c>: another holds it too long; the message says who.</exception>
    public NameLock Lock(string name, TimeSpan timeout, CancellationToken cancellation) =>
        NameLock.Acquire(System.IO.Path.Combine(Locks, name), name, timeout, cancellation);

    /// <summary>Locks a name; null where another holds it.</summary>
    public NameLock? TryLock(string name) => NameLock.TryAcquire(System.IO.Path.Combine(Locks, name), name);

    /// <summary>The names that are locked, and those of locks that a killed process left.</summary>
    public IReadOnlyList<string> LockedNames()
    {
        List<string> names = [];
        foreach (string path in Directory.Exists(Locks) ? Directory.GetFiles(Locks) : [])
        {
            names.Add(System.IO.Path.GetFileName(path));
        }

        return names;
    }

    /// <summary>
    /// Makes the folder of sets a mount of its own that shares nothing. On a shared mount a mount namespace cannot be pinned (<c>EINVAL</c>), and
    /// every pin would appear in all other mount namespaces.
    /// </summary>
    public void EnsurePrivateMount()
    {
        if (TryMakePrivate())
        {
            return;
        }

        // One at a time: a second mount would cover the first, and the pins that are on it by then.
        using Descriptor held = HoldLocks();
        if (!TryMakePrivate())
        {
            Sys.Mount(Sets, Sets, null, MountFlags.Bind);
            Sys.Mount("none", Sets, null, MountFlags.Private);
        }
    }

    // False where it is no mount yet.
    private bool TryMakePrivate()
    {
        try
        {
            Sys.Mount("none", Sets, null, MountFlags.Private);
            return true;
        }
        catch (SyscallException exception) when (exception.Errno == Errno.EINVAL)
        {
            return false;
        }
    }

    private Descriptor HoldLocks()
    {
        Descriptor folder = Sys.Open(Locks, OpenFlags.ReadOnly | OpenFlags.Directory);
        for (int attempt = 0; Sys.TryLock(folder, exclusive: true) != Errno.None; attempt++)
        {
            if (attempt == 1_000)
            {
                string holder = LockHolder.Describe(folder);
                folder.Dispose();
                throw new IsolationException("NamespaceLocked", ErrorKind.Timeout, $"{Locks} is locked by {holder} for longer than 5 s. Wait for it, or end it, and try again.");
            }

            Thread.Sleep(5);
        }

        return folder;
    }

    /// <summary>Removes the folder, and the mount on it, when nothing is kept there and no other process uses it.</summary>
    public void TryRemove()
    {
        try
        {
            RemoveIfUnused();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Something that is not ours is in it, or it cannot be listed now: it stays, and the next removal tries again.
        }
    }

    private void RemoveIfUnused()
    {
        if (Sys.TryOpen(UseLock, OpenFlags.ReadWrite, out Descriptor? file) != Errno.None)
        {
            return;
        }

        using (file)
        {
            if (Sys.TryLock(file!, exclusive: true) != Errno.None || !IsStill(file!, UseLock) || Directory.GetFileSystemEntries(Sets).Length != 0
                || (Directory.Exists(Networks) && Directory.GetFileSystemEntries(Networks).Length != 0))
            {
                return;
            }

            if (IsRoot)
            {
                _ = Sys.TryUnmount(Sets);
            }

            foreach (string left in Directory.GetFiles(Locks))
            {
                File.Delete(left);
            }

            if (Directory.Exists(Networks))
            {
                Directory.Delete(Networks);
            }

            // The lock after what it protects: whoever makes a new one finds the rest gone, and makes it anew.
            Directory.Delete(Sets);
            Directory.Delete(Locks);
            File.Delete(UseLock);
            Directory.Delete(Path);
        }
    }

    /// <summary>The folders in one; none where it does not exist.</summary>
    /// <exception cref="IsolationException"><c>StateFolderUnavailable</c>.</exception>
    internal static string[] List(string folder, string pattern)
    {
        try
        {
            return Directory.GetDirectories(folder, pattern);
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(folder, exception);
        }
    }

    internal static bool IsStill(Descriptor file, string path) =>
        Sys.TryStatus(path, out FileStatus now, followLink: false) && now.Inode == Sys.Status(file).Inode;

    private static StateFolder Choose()
    {
        uint user = Sys.EffectiveUserId;
        if (user == 0 && Sys.HasSystemAdministration && IsRootsOwn(static path => Sys.TryStatus(path, out FileStatus status) ? status.Uid : null))
        {
            return new StateFolder(RootPath, isRoot: true);
        }

        string? runtime = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
        return !string.IsNullOrEmpty(runtime) && Sys.TryStatus(runtime, out FileStatus status) && status.IsDirectory && status.Uid == user
            ? new StateFolder(System.IO.Path.Combine(runtime, "isolation"), isRoot: false)
            : new StateFolder($"/tmp/isolation-{user}", isRoot: false);
    }

    /// <summary>
    /// Whether root of this user namespace is root where the folder lies, or would lie: an ordinary user who is root in a user namespace sees the
    /// host's folders as another's and cannot write to them.
    /// </summary>
    /// <param name="ownerOf">The owner of a folder; null where there is none.</param>
    internal static bool IsRootsOwn(Func<string, uint?> ownerOf) => (ownerOf(RootPath) ?? ownerOf("/run") ?? 0) == 0;

    private void EnsureFolder(string path, int othersMay)
    {
        const int ownerMay = 0b111_000_000;
        if (!Sys.TryStatus(path, out FileStatus status, followLink: false))
        {
            // EEXIST: another process made it meanwhile. ENOENT: another process removed the one above it.
            Errno error = Sys.TryMakeDirectory(path, (uint)(ownerMay | othersMay));
            if (error is not (Errno.None or Errno.EEXIST) && (error != Errno.ENOENT || path == Path))
            {
                throw new IsolationException(
                    "StateFolderUnavailable", ErrorKind.Unavailable, $"Cannot make {path}, where sets are kept: {error.Describe()}. The file system must be writable and have room.");
            }

            if (!Sys.TryStatus(path, out status, followLink: false))
            {
                return; // Removed by another process since; who goes on finds out and tries again.
            }
        }

        // In a folder such as /tmp another user may have made it first, or a link in its place.
        if (!status.IsDirectory || status.Uid != Sys.EffectiveUserId || (status.Mode & 0b000_010_010) != 0)
        {
            throw new IsolationException(
                "StateFolderUnsafe",
                ErrorKind.PermissionDenied,
                $"{path}, where sets are kept, is not a folder that only user {Sys.EffectiveUserId} may write to. Somebody else made it or opened it: look at it, and remove it.");
        }
    }

    /// <summary>What is kept cannot be read.</summary>
    internal static IsolationException Unreadable(string path, Exception exception) => new(
        "StateFolderUnavailable",
        exception is UnauthorizedAccessException ? ErrorKind.PermissionDenied : ErrorKind.Unavailable,
        $"Cannot read {path}, where sets are kept: {exception.Message} Sets are read by the user who made them, with descriptors to spare (ulimit -n).",
        exception);

    private static Exception Unavailable(string path, Errno error) => Sys.IsExhausted(error)
        ? new SyscallException("open", error, $"use {path}", PlanHints.ForFork(error))
        : new IsolationException("StateFolderUnavailable", ErrorKind.Unavailable, $"Cannot use {path}: {error.Describe()}. The file system must be writable and have room.");
}
