using System.Collections.Generic;

namespace Isolation;

/// <summary>The namespaces that a scan has met, of the kinds that it was asked for.</summary>
internal sealed class NamespaceTable
{
    private readonly Dictionary<ulong, NamespaceEntry>?[] _entries = new Dictionary<ulong, NamespaceEntry>?[NamespaceFiles.Count];

    // Neighbours in the list of processes are mostly in the same namespaces.
    private readonly NamespaceEntry?[] _last = new NamespaceEntry?[NamespaceFiles.Count];

    public NamespaceTable(NamespaceType types)
    {
        for (int slot = 0; slot < NamespaceFiles.Count; slot++)
        {
            _entries[slot] = types.HasFlag(NamespaceTypes.All[slot]) ? [] : null;
        }
    }

    /// <summary>Whether the scan was asked for the kind at this position of <see cref="NamespaceTypes.All"/>.</summary>
    public bool Wants(int slot) => _entries[slot] is not null;

    public bool Wants(NamespaceType type) => Wants(NamespaceFiles.Slot(type));

    /// <summary>The entry of a namespace, made where there is none; null where its kind was not asked for.</summary>
    public NamespaceEntry? Entry(NamespaceKey key) => Entry(NamespaceFiles.Slot(key.Type), key.Id);

    /// <inheritdoc cref="Entry(NamespaceKey)"/>
    public NamespaceEntry? Entry(int slot, ulong id)
    {
        if (_last[slot] is NamespaceEntry last && last.Key.Id == id)
        {
            return last;
        }

        if (_entries[slot] is not Dictionary<ulong, NamespaceEntry> entries)
        {
            return null;
        }

        if (!entries.TryGetValue(id, out NamespaceEntry? entry))
        {
            entry = new NamespaceEntry(new NamespaceKey(NamespaceTypes.All[slot], id));
            entries.Add(id, entry);
        }

        _last[slot] = entry;
        return entry;
    }

    /// <summary>All entries, by kind in the order of <see cref="NamespaceTypes.All"/>, then by number.</summary>
    public List<NamespaceEntry> Sorted()
    {
        List<NamespaceEntry> all = [];
        foreach (Dictionary<ulong, NamespaceEntry>? entries in _entries)
        {
            if (entries is not null)
            {
                int start = all.Count;
                all.AddRange(entries.Values);
                all.Sort(start, all.Count - start, Comparer<NamespaceEntry>.Create(static (a, b) => a.Key.Id.CompareTo(b.Key.Id)));
            }
        }

        return all;
    }
}
