namespace Isolation;

/// <summary>Another mount that a mount passes events to or gets them from.</summary>
/// <param name="Id">The mount's id; ids are unique among all mount namespaces at one time.</param>
/// <param name="MountPoint">Where it is mounted, seen from the root of whoever was read.</param>
/// <param name="NamespaceId">The mount namespace that it is in; null where that could not be read.</param>
/// <param name="ProcessId">A process in that namespace, where it is another than the one that was asked about; null in that one.</param>
public sealed record MountLink(int Id, string MountPoint, ulong? NamespaceId, int? ProcessId)
{
    /// <inheritdoc/>
    public override string ToString() => ProcessId is int pid ? $"{Id}:{MountPoint} (process {pid})" : $"{Id}:{MountPoint}";
}
