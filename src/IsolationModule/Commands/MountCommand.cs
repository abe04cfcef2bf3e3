using System.Management.Automation;
using Isolation.Arguments;
using Isolation.Mounts;

namespace Isolation.Commands;

/// <summary>The base of the cmdlets about mounts: where they work, and paths there.</summary>
public abstract class MountCommand : IsolationCommand
{
    private protected static MountTarget OpenTarget(NamespaceReference? reference) => reference is null ? MountTarget.Own() : reference.OpenMounts();

    private protected static MountTable ReadTable(NamespaceReference? reference, MountTarget target, System.Threading.CancellationToken cancellation) =>
        reference?.ProcessId is int pid ? MountTable.OfProcess(pid) : MountTable.Of(target, cancellation);

    /// <summary>
    /// A path as the kernel takes it: one of the own namespace from the current location or of a drive; one of another namespace must be whole.
    /// </summary>
    private protected string FullPath(string path, bool isInside)
    {
        // The kernel would take what is before it.
        if (path.Contains('\0', System.StringComparison.Ordinal))
        {
            throw new IsolationException("MountPathInvalid", ErrorKind.InvalidArgument, $"'{path.Replace('\0', '?')}' has a NUL character in it, which no path has. Give it without.");
        }

        // As it is: PowerShell would make slashes of the backslashes in it.
        if (path.StartsWith('/'))
        {
            return path;
        }

        if (isInside)
        {
            throw new IsolationException(
                "MountPathInvalid", ErrorKind.InvalidArgument, $"'{path}' is not a full path. In another namespace there is no current location: give a path that begins with /.");
        }

        ProviderInfo provider;
        string full;
        try
        {
            full = SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out provider, out _);
        }
        catch (SessionStateException exception)
        {
            throw new IsolationException("MountPathInvalid", ErrorKind.InvalidArgument, $"'{path}' is no path: {exception.Message}", exception);
        }

        return provider.Name == "FileSystem" ? full : throw new IsolationException(
            "MountPathInvalid", ErrorKind.InvalidArgument, $"'{path}' is a path of {provider.Name}, and not of the file system.");
    }

    /// <summary>What is shown of a mount point in messages.</summary>
    private protected static string Describe(string mountPoint, MountTarget target) => target.IsOwn ? mountPoint : $"{mountPoint} in {target.Description}";

    /// <summary>Gives the mount at a mount point as it is now.</summary>
    private protected void WriteMount(NamespaceReference? reference, MountTarget target, string mountPoint, string? root)
    {
        MountPlace place = MountPlace.Find(target, mountPoint, root, Cancellation);
        MountTable table = ReadTable(reference, target, Cancellation);
        table.Link([]);
        if (table.WithId(place.MountId) is MountInfo mount)
        {
            WriteObject(mount);
        }
    }
}
