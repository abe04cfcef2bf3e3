using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace Isolation.Interop;

internal static unsafe partial class Sys
{
    /// <summary>The effective user id of this process, geteuid(2).</summary>
    public static uint EffectiveUser => (uint)geteuid();

    /// <summary>Equivalent to mkdir(2); the error number is the result.</summary>
    public static Errno TryMakeDirectory(string path, uint mode = 0x1ED)
    {
        fixed (byte* bytes = CString(path))
        {
            return mkdir(bytes, (mode_t)(ushort)mode) == 0 ? Errno.None : (Errno)errno;
        }
    }

    /// <summary>Equivalent to rmdir(2); the error number is the result.</summary>
    public static Errno TryRemoveDirectory(string path)
    {
        fixed (byte* bytes = CString(path))
        {
            return rmdir(bytes) == 0 ? Errno.None : (Errno)errno;
        }
    }

    /// <summary>Equivalent to chown(2); the error number is the result.</summary>
    public static Errno TryChangeOwner(string path, uint uid, uint gid)
    {
        fixed (byte* bytes = CString(path))
        {
            return chown(bytes, (uid_t)uid, (gid_t)gid) == 0 ? Errno.None : (Errno)errno;
        }
    }

    /// <summary>Whether this process may write a file, access(2) with <c>W_OK</c>.</summary>
    public static bool IsWritable(string path)
    {
        fixed (byte* bytes = CString(path))
        {
            return access(bytes, W_OK) == 0;
        }
    }
}
