using System;
using Isolation.Interop;

namespace Isolation;

/// <summary>What tells one namespace of the running kernel from every other: its kind and its number.</summary>
/// <param name="Type">The kind.</param>
/// <param name="Id">The number, the inode of the namespace's file; lsns(8) column NS.</param>
public readonly record struct NamespaceKey(NamespaceType Type, ulong Id)
{
    /// <summary>The kernel's way to write it, namespaces(7), such as <c>net:[4026531840]</c>.</summary>
    public override string ToString() => $"{Type.ProcName()}:[{Id}]";

    /// <summary>Parses the kernel's way to write it; false for other text.</summary>
    internal static bool TryParse(ReadOnlySpan<byte> text, out NamespaceKey key)
    {
        for (int slot = 0; slot < NamespaceFiles.Count; slot++)
        {
            ReadOnlySpan<byte> name = NamespaceFiles.Name(slot);
            if (text.StartsWith(name) && TryParseId(text[name.Length..], out ulong id))
            {
                key = new NamespaceKey(NamespaceTypes.All[slot], id);
                return true;
            }
        }

        key = default;
        return false;
    }

    /// <summary>Parses the part from the colon on, <c>:[4026531840]</c>.</summary>
    internal static bool TryParseId(ReadOnlySpan<byte> text, out ulong id)
    {
        id = 0;
        return text is [(byte)':', (byte)'[', .., (byte)']'] && Bytes.TryParseNumber(text[2..^1], out id);
    }
}
