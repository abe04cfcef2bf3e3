using System.Collections.Generic;

namespace Isolation.Host;

/// <summary>The catalogue of what is checked, in the order in which it is shown.</summary>
internal static class HostChecks
{
    /// <summary>Every check.</summary>
    public static IReadOnlyList<HostCheckDefinition> All { get; } =
    [
        .. KernelChecks.All,
        .. CallerChecks.All,
        .. ModuleChecks.All,
        .. NamespaceChecks.All,
        .. CgroupChecks.All,
        .. RootlessChecks.All,
        .. NetworkChecks.All,
        .. ContainerChecks.All,
    ];
}
