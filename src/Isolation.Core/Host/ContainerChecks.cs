using System;
using System.Collections.Generic;

namespace Isolation.Host;

/// <summary>What containers will use.</summary>
internal static class ContainerChecks
{
    private const string Area = "Containers";

    public static IReadOnlyList<HostCheckDefinition> All { get; } =
    [
        new(Area, "overlay", false, "Containers from image layers (planned).", Overlay),
        new(Area, "Rootless overlay", false, "Containers from image layers without root (planned).", RootlessOverlay),
        NetworkChecks.Program("crun", "crun", "Another runtime in place of the module's own (planned).", Area),
    ];

    private static HostFinding Overlay(HostView view) =>
        HasFileSystem(view, "overlay") ? HostFinding.Works("in the kernel") : NetworkChecks.FindDriver(view, "overlay", "CONFIG_OVERLAY_FS");

    private static HostFinding RootlessOverlay(HostView view)
    {
        if (view.IsAtLeast(5, 11))
        {
            return Overlay(view);
        }

        return view.FindProgram("fuse-overlayfs") is not string path
            ? HostFinding.Missing($"the kernel's own is for root before 5.11; this is {view.Release}", "apt-get install fuse-overlayfs")
            : view.Kernel.TryStatus(view.Root + "/dev/fuse", out _)
                ? HostFinding.Limited(path, "Install kernel 5.11 or newer.", "Slower than the kernel's own.")
                : HostFinding.Missing($"{path}, but no /dev/fuse", "As root: modprobe fuse. In a container: --device /dev/fuse");
    }

    // nodev<TAB>overlay
    private static bool HasFileSystem(HostView view, string name)
    {
        foreach (string line in view.Read("/proc/filesystems").Split('\n'))
        {
            if (line.EndsWith("\t" + name, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}
