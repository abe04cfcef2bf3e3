using System;
using System.Runtime.InteropServices;

namespace Isolation.Interop;

internal static unsafe partial class Sys
{
    /// <summary>The capabilities that a file gives, getxattr(2) of <c>security.capability</c>; empty where it gives none or may not be read.</summary>
    public static byte[] FileCapabilities(string path)
    {
        // struct vfs_ns_cap_data, the longest of its versions, has 24 bytes.
        byte[] value = new byte[64];
        fixed (byte* file = CString(path), name = CString("security.capability"), bytes = value)
        {
            nint length = getxattr(file, name, bytes, (nuint)value.Length);
            return length <= 0 ? [] : value[..(int)length];
        }
    }

    /// <summary>Whether a file has an extended attribute that may be read, getxattr(2).</summary>
    public static bool HasAttribute(string path, string attribute)
    {
        fixed (byte* file = CString(path), name = CString(attribute))
        {
            return getxattr(file, name, null, 0) >= 0;
        }
    }

    /// <summary>The value of an extended attribute, getxattr(2), of at most 64 KiB; null where there is none that may be read.</summary>
    public static byte[]? Attribute(string path, string attribute)
    {
        byte[] value = new byte[64 * 1024];
        fixed (byte* file = CString(path), name = CString(attribute), bytes = value)
        {
            nint length = getxattr(file, name, bytes, (nuint)value.Length);
            return length < 0 ? null : value[..(int)length];
        }
    }

    /// <summary>Equivalent to removexattr(2); nothing happens where there is none.</summary>
    public static void RemoveAttribute(string path, string attribute)
    {
        fixed (byte* file = CString(path), name = CString(attribute))
        {
            _ = removexattr(file, name);
        }
    }

    /// <summary>Equivalent to setxattr(2); the error number is the result.</summary>
    public static Errno TrySetAttribute(string path, string attribute, ReadOnlySpan<byte> value)
    {
        fixed (byte* file = CString(path), name = CString(attribute), bytes = value)
        {
            return setxattr(file, name, bytes, (nuint)value.Length, 0) == 0 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint getxattr(byte* path, byte* name, byte* value, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int removexattr(byte* path, byte* name);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setxattr(byte* path, byte* name, byte* value, nuint size, int flags);
}
