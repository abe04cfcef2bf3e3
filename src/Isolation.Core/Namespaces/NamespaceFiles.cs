using System;
using System.Text;

namespace Isolation;

/// <summary>The files of <c>/proc/PID/ns</c> as bytes, in the order of <see cref="NamespaceTypes.All"/>.</summary>
internal static class NamespaceFiles
{
    private static readonly byte[][] s_names = Array.ConvertAll(NamespaceTypes.All, static type => Encoding.ASCII.GetBytes(type.ProcName()));
    private static readonly byte[][] s_links = Array.ConvertAll(NamespaceTypes.All, static type => Encoding.ASCII.GetBytes($"/ns/{type.ProcName()}"));

    /// <summary>How many kinds there are.</summary>
    public static int Count => s_names.Length;

    /// <summary>The position of a kind in <see cref="NamespaceTypes.All"/>; -1 for several or none.</summary>
    public static int Slot(NamespaceType type) => Array.IndexOf(NamespaceTypes.All, type);

    /// <summary>The name of the kind at a position, such as <c>net</c>.</summary>
    public static ReadOnlySpan<byte> Name(int slot) => s_names[slot];

    /// <summary>The path of the kind at a position below a process's folder, such as <c>ns/net</c>.</summary>
    public static ReadOnlySpan<byte> Link(int slot) => s_links[slot].AsSpan(1);

    /// <summary>The same path with a slash before it.</summary>
    public static ReadOnlySpan<byte> SlashLink(int slot) => s_links[slot];
}
