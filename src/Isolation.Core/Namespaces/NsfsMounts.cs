using System;
using System.Buffers;
using Isolation.Interop;

namespace Isolation;

/// <summary>
/// Reads from a mountinfo file, proc_pid_mountinfo(5), the mounts that pin a namespace, and nothing else of it: a scan reads one such file for every
/// mount namespace.
/// </summary>
internal ref struct NsfsMounts
{
    private ReadOnlySpan<byte> _rest;

    /// <summary>Starts reading.</summary>
    /// <param name="text">The file's content.</param>
    public NsfsMounts(ReadOnlySpan<byte> text) => _rest = text;

    /// <summary>The pinned namespace of the current mount.</summary>
    public NamespaceKey Key { get; private set; }

    /// <summary>The current mount point, as the kernel escapes it.</summary>
    public ReadOnlySpan<byte> EscapedPath { get; private set; }

    /// <summary>Goes to the next mount that pins a namespace; false at the end.</summary>
    public bool MoveNext()
    {
        // 36 35 0:4 net:[4026532281] /run/netns/x rw shared:1 - nsfs nsfs rw
        while (!_rest.IsEmpty)
        {
            ReadOnlySpan<byte> line = Bytes.Cut(ref _rest, (byte)'\n');
            Bytes.Cut(ref line, (byte)' ');
            Bytes.Cut(ref line, (byte)' ');
            Bytes.Cut(ref line, (byte)' ');
            ReadOnlySpan<byte> root = Bytes.Cut(ref line, (byte)' ');
            // The root of any other mount is a path, so a folder cannot pass for a namespace.
            if (NamespaceKey.TryParse(root, out NamespaceKey key) && line.IndexOf(" - nsfs "u8) > 0)
            {
                Key = key;
                EscapedPath = Bytes.Cut(ref line, (byte)' ');
                return true;
            }
        }

        return false;
    }

    /// <summary>The path with blanks, tabs, line ends and backslashes put back (<c>\040</c> and so on).</summary>
    public static byte[] Unescape(ReadOnlySpan<byte> path)
    {
        ArrayBufferWriter<byte> bytes = new(path.Length + 1);
        for (int i = 0; i < path.Length; i++)
        {
            bool escaped = path[i] == '\\' && path.Length - i > 3 && IsOctal(path[i + 1]) && IsOctal(path[i + 2]) && IsOctal(path[i + 3]);
            bytes.GetSpan(1)[0] = escaped ? (byte)(((path[i + 1] - '0') << 6) | ((path[i + 2] - '0') << 3) | (path[i + 3] - '0')) : path[i];
            bytes.Advance(1);
            i += escaped ? 3 : 0;
        }

        return bytes.WrittenSpan.ToArray();
    }

    private static bool IsOctal(byte digit) => digit is >= (byte)'0' and <= (byte)'7';
}
