using System;
using System.Collections.Generic;

namespace Isolation;

/// <summary>The mount points of namespaces, by path. Paths are bytes: a mount point need not be UTF-8.</summary>
internal sealed class NamespacePins
{
    private readonly Dictionary<byte[], NamespaceKey> _pins = new(ByteComparer.Instance);
    private readonly Dictionary<byte[], NamespaceKey>.AlternateLookup<ReadOnlySpan<byte>> _lookup;

    public NamespacePins() => _lookup = _pins.GetAlternateLookup<ReadOnlySpan<byte>>();

    /// <summary>Adds a pin; false where this path is known for this namespace, be it from another mount namespace.</summary>
    public bool Add(byte[] path, NamespaceKey key)
    {
        if (_pins.TryAdd(path, key))
        {
            return true;
        }

        // The same path may pin another namespace elsewhere; the first, the caller's own, stays the one for this path.
        return _pins[path] != key;
    }

    /// <summary>The namespace pinned at a path.</summary>
    public bool TryGet(ReadOnlySpan<byte> path, out NamespaceKey key) => _lookup.TryGetValue(path, out key);

    private sealed class ByteComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public static readonly ByteComparer Instance = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(byte[] obj) => GetHashCode((ReadOnlySpan<byte>)obj);

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            HashCode hash = default;
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}
