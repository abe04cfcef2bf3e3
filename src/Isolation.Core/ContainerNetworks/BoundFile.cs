using System;
using System.IO;
using System.Text;
using System.Threading;
using Isolation.Entry;
using Isolation.Interop;
using Isolation.Mounts;
using Isolation.Plans;
using Isolation.State;

namespace Isolation.ContainerNetworks;

/// <summary>
/// A file in a set's folder that lies over one in the set's own mount namespace. It stays the same file as its content changes, for a mount is of a file and not
/// of a path.
/// </summary>
internal sealed class BoundFile
{
    private readonly string _place;
    private readonly string _path;

    /// <param name="state">The state folder.</param>
    /// <param name="set">The name of the set.</param>
    /// <param name="place">What it lies over.</param>
    public BoundFile(StateFolder state, string set, string place)
    {
        _place = place;
        _path = Path.Combine(new SetFolder(state, set).Path, Path.GetFileName(place));
    }

    /// <summary>Whether it was put in place.</summary>
    public bool Exists => File.Exists(_path);

    /// <summary>Puts it in place, unless it is. The caller holds the set's lock.</summary>
    /// <param name="set">The set, which has a mount namespace of its own.</param>
    /// <param name="content">What is in it.</param>
    /// <param name="warn">Is told why it cannot be had inside.</param>
    /// <param name="explain">Is told the plan as text; null where nobody is.</param>
    /// <param name="cancellation">Stops waiting.</param>
    public void Prepare(NamespaceSet set, string content, Action<string> warn, Action<string>? explain, CancellationToken cancellation)
    {
        if (Exists)
        {
            return;
        }

        // Its name says that it is in place; the mount is of the file, whatever it is called.
        string draft = _path + ".new";
        if (!File.Exists(draft))
        {
            File.WriteAllText(draft, content);
            File.SetUnixFileMode(draft, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        }

        try
        {
            Bind(set, draft, explain, cancellation);
        }
        catch (Exception exception) when (exception is IsolationException or SyscallException)
        {
            warn($"{_path} could not be put over its {_place}. {exception.Message}");
        }

        File.Move(draft, _path, overwrite: true);
    }

    /// <summary>Writes it anew, if there is one. With three system calls: there may be one for each member of a network, and all are written when one comes or goes.</summary>
    /// <exception cref="SyscallException">There is no descriptor left.</exception>
    /// <exception cref="IOException">The file system is full, or read-only.</exception>
    public void Write(string content)
    {
        Errno error = Sys.TryOpen(_path, OpenFlags.WriteOnly | OpenFlags.NonBlock, out Descriptor? file);
        if (error is Errno.ENOENT or Errno.ENOTDIR)
        {
            // The set is gone, or was never connected far enough to have one.
            return;
        }

        using (file)
        {
            if (error == Errno.None)
            {
                // Cut to its length last: a reader meanwhile finds a line twice rather than none.
                byte[] bytes = Encoding.UTF8.GetBytes(content);
                error = bytes.Length == 0 ? Errno.None : Sys.TryWrite(file!, bytes);
                error = error == Errno.None ? Sys.TryTruncate(file!, bytes.Length) : error;
            }
        }

        if (error != Errno.None)
        {
            throw Sys.IsExhausted(error) ? new SyscallException("open", error, $"write {_path}", PlanHints.ForFork(error)) : new IOException($"{_path}: {error.Describe()}.");
        }
    }

    private void Bind(NamespaceSet set, string path, Action<string>? explain, CancellationToken cancellation)
    {
        using MountTarget target = MountTarget.Of(NamespaceTarget.Of(set, NamespaceTypes.Every), null, set.Name);
        MountPlace place = MountPlace.Find(target, _place, null, cancellation);
        if (MountTable.Of(target, cancellation).WithId(place.MountId) is { PeerGroup: not null } shared)
        {
            throw new IsolationException(
                "MountShared", ErrorKind.NotSupported, $"The mount {shared.MountPoint} there is shared, and the file would appear over that of others too. Make the set without -Propagation Shared, or unshare the mount with Set-MountPropagation.");
        }

        new FileSystemMount { MountPoint = _place, Source = path, SourceOutside = true }.Make(target, explain, cancellation);
    }
}
