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

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint getxattr(byte* path, byte* name, byte* value, nuint size);
}
