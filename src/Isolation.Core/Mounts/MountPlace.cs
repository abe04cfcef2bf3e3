using System;
using System.IO;
using System.Threading;
using Isolation.Agent;
using Isolation.Interop;
using Isolation.Plans;

namespace Isolation.Mounts;

/// <summary>A place in a mount namespace: the mount that it lies on, and its path without links.</summary>
/// <param name="MountId">The mount.</param>
/// <param name="Path">The path, from the root of the namespace.</param>
internal sealed record MountPlace(int MountId, string Path)
{
    /// <summary>Finds a path. No link leads out of the target's root.</summary>
    /// <exception cref="IsolationException"><c>MountPathNotFound</c>, <c>MountPathInvalid</c>.</exception>
    public static MountPlace Find(MountTarget target, string path, string? root, CancellationToken cancellation)
    {
        using PlanOutcome outcome = MountCalls.Run(
            target, oldCalls => MountPlans.Locate(target.Scope, path, root, oldCalls), [], null, target.Scope, cancellation);
        Descriptor place = outcome.Descriptors[0];
        Span<byte> link = new byte[4096];
        using Descriptor self = Sys.Open("/proc/self/fd", OpenFlags.Path);
        int length = Sys.ReadLinkAt(self, Sys.CString(place.Number.ToString(System.Globalization.CultureInfo.InvariantCulture)), link, out _);

        // mnt_id: proc_pid_fdinfo(5), since Linux 3.15.
        foreach (string line in File.ReadLines($"/proc/self/fdinfo/{place.Number}"))
        {
            if (line.StartsWith("mnt_id:", StringComparison.Ordinal) && int.TryParse(line.AsSpan("mnt_id:".Length), out int id))
            {
                return new MountPlace(id, KernelText.Decode(link[..length]));
            }
        }

        throw new IsolationException("MountPathNotFound", ErrorKind.NotFound, $"The kernel does not say on which mount {path} lies.");
    }

    /// <summary>The mount at a mount point, given as a path that may lead there over links.</summary>
    /// <exception cref="IsolationException"><c>MountPointNotMounted</c>, <c>MountPathNotFound</c>, <c>MountPathInvalid</c>.</exception>
    public static MountInfo MountAt(MountTarget target, MountTable table, string path, CancellationToken cancellation)
    {
        string plain = "/" + string.Join('/', MountPlans.Names(path));
        if (!path.Contains("..", StringComparison.Ordinal) && table.At(plain) is MountInfo direct)
        {
            return direct;
        }

        MountPlace place = Find(target, path, null, cancellation);
        return table.WithId(place.MountId) is MountInfo mount && mount.MountPoint == place.Path
            ? mount
            : throw new IsolationException(
                "MountPointNotMounted",
                ErrorKind.NotFound,
                $"{path} is no mount point{(target.IsOwn ? "" : $" in {target.Description}")}: it lies on the mount {table.WithId(place.MountId)?.MountPoint ?? place.MountId.ToString(System.Globalization.CultureInfo.InvariantCulture)}. Get-MountInfo lists the mounts.");
    }
}
