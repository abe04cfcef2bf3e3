using System.Collections.Generic;

namespace Isolation;

/// <summary>A namespace that a scan has met, with what it learnt so far.</summary>
internal sealed class NamespaceEntry(NamespaceKey key)
{
    public NamespaceKey Key { get; } = key;

    /// <summary>The processes in it, in the order in which they were met, which is ascending.</summary>
    public List<int> ProcessIds { get; } = [];

    /// <summary>Processes that keep it without being in it, and how; null while there is none.</summary>
    public List<NamespaceHold>? Holds { get; private set; }

    /// <summary>The mount points that pin it; null while there is none.</summary>
    public List<string>? Paths { get; private set; }

    /// <summary>A path, absolute or below /proc and with a NUL at its end, under which it can be opened; null where only its processes lead to it.</summary>
    public byte[]? Source { get; private set; }

    /// <summary>The process whose view of the file system that path goes through; null where it is the caller's own.</summary>
    public int? SourceView { get; private set; }

    /// <summary>Whether the kernel was asked for its relatives.</summary>
    public bool IsResolved { get; set; }

    /// <summary>Whether it exists even without a process, a pin or a holder that was found: it is a relative of another, or was asked for.</summary>
    public bool IsLedTo { get; set; }

    public ulong? OwnerId { get; set; }

    public ulong? ParentId { get; set; }

    public uint? OwnerUserId { get; set; }

    public int? NetNsId { get; set; }

    public void AddHold(NamespaceHold hold, byte[]? source)
    {
        Holds ??= [];
        Holds.Add(hold);
        Source ??= source;
    }

    public void AddPath(string path, byte[] source, int? view)
    {
        Paths ??= [];
        if (!Paths.Contains(path))
        {
            Paths.Add(path);
        }

        if (Source is null)
        {
            Source = source;
            SourceView = view;
        }
    }
}
