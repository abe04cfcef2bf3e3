using System;

namespace Isolation;

/// <summary>
/// How a mount passes on what is mounted and unmounted below it, mount_namespaces(7), with the values of mount(2). A mount can be
/// <see cref="Shared"/> and <see cref="Slave"/> at once.
/// </summary>
[Flags]
public enum MountPropagation
{
    /// <summary>None is named; no mount has it.</summary>
    None = 0,
    /// <summary>It cannot be bound elsewhere, and is private otherwise.</summary>
    Unbindable = 0x20000,
    /// <summary>Nothing is passed on, and nothing comes.</summary>
    Private = 0x40000,
    /// <summary>What happens in the peer group of its master comes here, and nothing is passed back.</summary>
    Slave = 0x80000,
    /// <summary>What happens here happens in every mount of its peer group, and the other way round.</summary>
    Shared = 0x100000,
}
