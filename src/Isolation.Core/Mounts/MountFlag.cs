using System;

namespace Isolation;

/// <summary>What a mount allows, and how it keeps times: flags of a mount, mount(2), with the kernel's values (<c>linux/mount.h</c>).</summary>
[Flags]
public enum MountFlag
{
    /// <summary>None of the others: what the kernel takes by default.</summary>
    None = 0,
    /// <summary>Nothing can be written: <c>ro</c>.</summary>
    ReadOnly = 0x1,
    /// <summary>Set-user-id and set-group-id bits and file capabilities count for nothing: <c>nosuid</c>.</summary>
    NoSuid = 0x2,
    /// <summary>Device files cannot be opened: <c>nodev</c>.</summary>
    NoDev = 0x4,
    /// <summary>No program can be run from it: <c>noexec</c>.</summary>
    NoExec = 0x8,
    /// <summary>What is written goes to the device at once: <c>sync</c>. Of the whole file system, not of one mount.</summary>
    Synchronous = 0x10,
    /// <summary>The same for changes of folders only: <c>dirsync</c>. Of the whole file system.</summary>
    DirectorySynchronous = 0x80,
    /// <summary>Symbolic links on it are not followed: <c>nosymfollow</c> (Linux 5.10).</summary>
    NoSymlinkFollow = 0x100,
    /// <summary>Access times are not kept: <c>noatime</c>.</summary>
    NoAccessTime = 0x400,
    /// <summary>Those of folders are not kept: <c>nodiratime</c>.</summary>
    NoDirectoryAccessTime = 0x800,
    /// <summary>An access time is kept where it is older than the last change, or than a day: <c>relatime</c>, the default.</summary>
    RelativeAccessTime = 0x200000,
    /// <summary>Every access is noted: <c>strictatime</c>; it is what a mount has that shows none of the others.</summary>
    StrictAccessTime = 0x1000000,
    /// <summary>Times are kept in memory for a while: <c>lazytime</c>. Of the whole file system.</summary>
    LazyTime = 0x2000000,
}
