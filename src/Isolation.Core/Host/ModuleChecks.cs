using System.Collections.Generic;
using System.IO;
using Isolation.Interop;

namespace Isolation.Host;

/// <summary>The module's own parts on this host.</summary>
internal static class ModuleChecks
{
    private const string Area = "Module";

    public static IReadOnlyList<HostCheckDefinition> All { get; } =
    [
        new(Area, "Launcher", true, "Making and entering namespaces.", Launcher),
        new(Area, "State folder", true, "Sets: their names, pins and records.", StateFolder),
    ];

    private static HostFinding Launcher(HostView view)
    {
        try
        {
            return HostFinding.Works($"{Agent.AgentClient.Version}, {view.Kernel.StartAgent()}");
        }
        catch (IsolationException exception)
        {
            return HostFinding.From(HostCheckStatus.Missing, exception.Message);
        }
    }

    private static HostFinding StateFolder(HostView view)
    {
        string folder = view.Kernel.StateFolder;
        if (view.Kernel.TryStatus(view.Root + folder, out FileStatus status, followLink: false))
        {
            // The same that is asked of it when it is used: in a folder such as /tmp another user may have made it first.
            return status.IsDirectory && status.Uid == view.Kernel.User && (status.Mode & 0b000_010_010) == 0
                ? view.Kernel.IsWritable(view.Root + folder) ? HostFinding.Works(folder) : HostFinding.Missing($"{folder} is read-only", $"mount -o remount,rw {view.MountOf(folder)}")
                : HostFinding.Missing($"{folder} is not a folder that only user {view.Kernel.User} may write to", "Somebody else made it or opened it: look at it, and remove it.");
        }

        string above = Path.GetDirectoryName(folder)!;
        return view.Kernel.IsWritable(view.Root + above)
            ? HostFinding.Works($"{folder}, made when it is needed")
            : HostFinding.Missing($"{folder} cannot be made: {above} is not there or may not be written to", "Set XDG_RUNTIME_DIR to a folder of your own, or make the file system writable.");
    }
}
