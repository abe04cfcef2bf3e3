using System;
using System.Runtime.InteropServices;

namespace Isolation.Interop;

/// <summary>The names in an open folder, as bytes, read with getdents64(2).</summary>
internal ref struct DirectoryEntries
{
    // DT_DIR of dirent.h.
    private const byte Folder = 4;

    private readonly Descriptor _folder;
    private readonly Span<byte> _buffer;
    private int _filled;
    private int _next;

    /// <summary>Starts reading.</summary>
    /// <param name="folder">The folder, at its start.</param>
    /// <param name="buffer">Scratch memory that is this reader's alone until it is done.</param>
    public DirectoryEntries(Descriptor folder, Span<byte> buffer)
    {
        _folder = folder;
        _buffer = buffer;
    }

    /// <summary>The current name; it is overwritten by the next step.</summary>
    public ReadOnlySpan<byte> Name { get; private set; }

    /// <summary>Whether the current name is a folder's, as the folder around it has noted; some file systems note nothing.</summary>
    public bool IsFolder { get; private set; }

    /// <summary>Goes to the next name; false at the end.</summary>
    public bool MoveNext()
    {
        if (_next >= _filled)
        {
            _filled = Sys.ReadEntries(_folder, _buffer);
            _next = 0;
            if (_filled == 0)
            {
                return false;
            }
        }

        // struct linux_dirent64: d_ino (8), d_off (8), d_reclen (2), d_type (1), d_name.
        Span<byte> entry = _buffer[_next.._filled];
        ushort length = MemoryMarshal.Read<ushort>(entry[16..]);
        Span<byte> name = entry[19..length];
        Name = name[..name.IndexOf((byte)0)];
        IsFolder = entry[18] == Folder;
        _next += length;
        return true;
    }

    /// <summary>Goes to the next name that is a number, as processes, threads and descriptors have in /proc; false at the end.</summary>
    public bool MoveNextNumber(out int number)
    {
        while (MoveNext())
        {
            if (Bytes.TryParseNumber(Name, out ulong value) && value <= int.MaxValue)
            {
                number = (int)value;
                return true;
            }
        }

        number = 0;
        return false;
    }
}
