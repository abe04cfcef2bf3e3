using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Text;
using System.Threading;
using Isolation.Entry;
using Isolation.Interop;
using Isolation.Mounts;
using Isolation.Plans;
using Isolation.State;

namespace Isolation.ContainerNetworks;

/// <summary>
/// The names of a set's fellow members, hosts(5): a file in the folder of each set that is connected, which lies over <c>/etc/hosts</c> in the set's own mount
/// namespace. It stays the same file as its content changes, for a mount is of a file and not of a path.
/// </summary>
internal static class MemberNames
{
    private const string NamesLock = "names:";
    private const string Place = "/etc/hosts";
    private const string Own = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n";

    private static readonly TimeSpan s_lockTimeout = TimeSpan.FromSeconds(30);

    /// <summary>The file of a set.</summary>
    public static string FileOf(StateFolder state, string set) => Path.Combine(new SetFolder(state, set).Path, "hosts");

    /// <summary>Makes a set's file, and puts it over <c>/etc/hosts</c> where the set has mounts of its own. The caller holds the set's lock.</summary>
    /// <param name="state">The state folder.</param>
    /// <param name="set">The set.</param>
    /// <param name="warn">Is told where the names cannot be had inside.</param>
    /// <param name="explain">Is told the plan as text; null where nobody is.</param>
    /// <param name="cancellation">Stops waiting.</param>
    public static void Prepare(StateFolder state, NamespaceSet set, Action<string> warn, Action<string>? explain, CancellationToken cancellation)
    {
        string path = FileOf(state, set.Name);
        if (File.Exists(path))
        {
            return;
        }

        // Its name says that it is in place; the mount is of the file, whatever it is called.
        string draft = path + ".new";
        if (!File.Exists(draft))
        {
            File.WriteAllText(draft, Own);
            File.SetUnixFileMode(draft, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        }

        if (set.Type.HasFlag(NamespaceType.Mount))
        {
            try
            {
                Bind(set, draft, explain, cancellation);
            }
            catch (Exception exception) when (exception is IsolationException or SyscallException)
            {
                warn($"Set '{set.Name}' does not find its fellow members by name: {path} could not be put over its {Place}. {exception.Message}");
            }
        }

        File.Move(draft, path, overwrite: true);
    }

    /// <summary>Writes the files of a network's members anew, and those of sets that no longer are.</summary>
    public static void Update(StateFolder state, string network, IEnumerable<string> gone)
    {
        // What another network's change writes at the same time is seen by the one or by the other.
        using NameLock held = state.Lock(NamesLock, s_lockTimeout, CancellationToken.None);
        Dictionary<string, List<string>> texts = [];
        HashSet<string> concerned = [.. gone];
        foreach (string name in ContainerNetworkFolder.Names(state))
        {
            List<MemberRecord> members = Members(state, name);
            string text = Text(members);
            foreach (MemberRecord member in members)
            {
                if (!texts.TryGetValue(member.Set, out List<string>? of))
                {
                    texts.Add(member.Set, of = []);
                }

                of.Add(text);
                if (name == network)
                {
                    concerned.Add(member.Set);
                }
            }
        }

        foreach (string set in concerned)
        {
            Write(FileOf(state, set), Own + string.Concat(texts.GetValueOrDefault(set) ?? []));
        }
    }

    /// <summary>The lines for the members of a network.</summary>
    internal static string Text(IReadOnlyList<MemberRecord> members)
    {
        StringBuilder text = new();
        foreach (MemberRecord member in members)
        {
            foreach (IPAddress address in member.Addresses)
            {
                text.Append(address).Append('\t').Append(member.Set);
                foreach (string alias in member.Aliases)
                {
                    text.Append(' ').Append(alias);
                }

                text.Append('\n');
            }
        }

        return text.ToString();
    }

    private static List<MemberRecord> Members(StateFolder state, string network)
    {
        try
        {
            return new ContainerNetworkFolder(state, network).ReadMembers().FindAll(static member => member.Phase == RecordPhase.Ready);
        }
        catch (IsolationException exception) when (exception.ErrorId is "ContainerNetworkRecordDamaged" or "ContainerNetworkRecordTooNew")
        {
            return [];
        }
    }

    // With three system calls: there is one such file for each member, and all are written when one comes or goes.
    private static void Write(string path, string content)
    {
        Errno error = Sys.TryOpen(path, OpenFlags.WriteOnly | OpenFlags.NonBlock, out Descriptor? file);
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
                error = Sys.TryWrite(file!, bytes);
                error = error == Errno.None ? Sys.TryTruncate(file!, bytes.Length) : error;
            }
        }

        if (error != Errno.None)
        {
            throw Sys.IsExhausted(error) ? new SyscallException("open", error, $"write {path}", PlanHints.ForFork(error)) : new IOException($"{path}: {error.Describe()}.");
        }
    }

    private static void Bind(NamespaceSet set, string path, Action<string>? explain, CancellationToken cancellation)
    {
        using MountTarget target = MountTarget.Of(NamespaceTarget.Of(set, NamespaceTypes.Every), null, set.Name);
        MountPlace place = MountPlace.Find(target, Place, null, cancellation);
        if (MountTable.Of(target, cancellation).WithId(place.MountId) is { PeerGroup: not null } shared)
        {
            throw new IsolationException(
                "MountShared", ErrorKind.NotSupported, $"The mount {shared.MountPoint} there is shared, and the file would appear over that of others too. Make the set without -Propagation Shared, or unshare the mount with Set-MountPropagation.");
        }

        new FileSystemMount { MountPoint = Place, Source = path, SourceOutside = true }.Make(target, explain, cancellation);
    }
}
