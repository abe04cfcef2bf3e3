using Isolation.Interop;

namespace Isolation.State;

/// <summary>
/// What tells a file of the state folder from one that replaced it. Such a file is written beside its place and moved there, so another content is another file: with
/// another number, or the number of one that is gone and another time.
/// </summary>
/// <param name="Device">The file system.</param>
/// <param name="Inode">The file's number in it.</param>
/// <param name="Seconds">When it was written, since 1970.</param>
/// <param name="Nanoseconds">The rest of that.</param>
internal readonly record struct FileVersion(ulong Device, ulong Inode, long Seconds, uint Nanoseconds)
{
    /// <summary>The version of a file as it is now; null where there is none.</summary>
    public static FileVersion? Of(string path) =>
        Sys.TryStatus(path, out FileStatus status, followLink: false) ? new FileVersion(status.Device, status.Inode, status.Modified, status.ModifiedNanoseconds) : null;
}
