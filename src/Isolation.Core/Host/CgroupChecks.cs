using System;
using System.Collections.Generic;
using System.Globalization;
using Isolation.Cgroups;
using Isolation.Interop;

namespace Isolation.Host;

/// <summary>Control groups: their layout, where each controller lives, and whether the caller may make groups.</summary>
internal static class CgroupChecks
{
    private const string Area = "Cgroups";
    private const string BootUnified = "Boot with systemd.unified_cgroup_hierarchy=1 on the kernel's command line.";

    public static IReadOnlyList<HostCheckDefinition> All { get; } =
    [
        new(Area, "Layout", false, "Limits.", Layout),
        new(Area, "Owner", false, "Where cgroups of this module lie.", Owner),
        new(Area, "New cgroups", false, "Set-CgroupLimit on sets.", NewCgroups),
        Controller("cpu", "cpu", "-CpuMax and -CpuWeight."),
        Controller("cpuset", "cpuset", "-CpuSet."),
        Controller("memory", "memory", "-MemoryMax."),
        Controller("pids", "pids", "-PidsMax."),
        Controller("io", "blkio", "The limits of disks, such as -IoReadBytesMax."),
        new(Area, "Freezing", false, "Suspend-Cgroup; removing what forks quickly on version 1.", Freezing),
        new(Area, "cgroup.kill", false, "Ending all of a group at once.", Kill),
        new(Area, "Pressure", false, "Get-CgroupPressure, and Register-CgroupEvent -Pressure.", Pressure),
    ];

    private static HostCheckDefinition Controller(string name, string firstName, string effect) =>
        new(Area, name, false, effect, view => FindController(view, name, firstName));

    private static HostFinding Layout(HostView view)
    {
        CgroupHost host = view.Cgroups;
        if (host.Hierarchies.Count == 0)
        {
            view.Read("/proc/self/mountinfo");
            return HostFinding.Missing("none is mounted", "mount -t cgroup2 none /sys/fs/cgroup");
        }

        List<string> parts = [];
        if (host.Unified is CgroupHierarchy unified)
        {
            parts.Add($"version 2 at {Place(view, unified)}");
        }

        int first = host.Hierarchies.Count - parts.Count;
        if (first > 0)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{first} of version 1"));
        }

        string value = string.Join(" and ", parts);
        return host.Version switch
        {
            CgroupVersion.None => HostFinding.Limited($"{value}, without controllers", "mount -t cgroup2 none /sys/fs/cgroup"),
            CgroupVersion.V2 => HostFinding.Works(value),
            _ when view.Kernel.User != 0 && !HasLimits(host.Unified) => HostFinding.Limited(
                value,
                BootUnified,
                "Controllers of version 1 are for root alone: no limits for ordinary users."),
            _ => HostFinding.Works(value),
        };
    }

    private static HostFinding Owner(HostView view)
    {
        CgroupHost host = view.Cgroups;
        if (host.Systemd is not SystemdTree systemd)
        {
            return HostFinding.Works(host.Hierarchies.Count == 0 ? "there is nothing to own" : "none; systemd does not own the tree");
        }

        string name = systemd.Version is string version ? $"systemd {version}" : "systemd";
        if (host.Placement.Unit is not SystemdUnit unit)
        {
            return host.Placement.Refusal is null
                ? HostFinding.Works($"{name}, which has delegated {host.Placement.Top}")
                : HostFinding.Limited(name, $"As root: loginctl enable-linger {view.UserName}", "No cgroups for a user whose own systemd does not run.");
        }

        string value = $"{name}; ours are those of {unit.Path}";
        string? bus = BusCause(view, unit);
        return bus is not null ? HostFinding.Limited(value, bus, "systemd cannot be asked for the unit.")
            : !unit.OfUser ? HostFinding.Works(value)
            : host.Files.TryRead(host.Unified!.DirectoryOf(unit.Manager) + "/cgroup.controllers", out string controllers) == Errno.None
                ? HostFinding.Works($"{value}, with {controllers.Replace(" ", ", ", StringComparison.Ordinal)}")
            : HostFinding.Works(value);
    }

    private static string? BusCause(HostView view, SystemdUnit unit)
    {
        if (view.FindProgram("busctl") is null)
        {
            return "apt-get install systemd, which brings busctl";
        }

        string folder = view.Kernel.Variable("XDG_RUNTIME_DIR") is { Length: > 0 } set ? set : $"/run/user/{view.Kernel.User}";
        return unit.OfUser && string.IsNullOrEmpty(view.Kernel.Variable("DBUS_SESSION_BUS_ADDRESS")) && !view.Kernel.TryStatus($"{view.Root}{folder}/bus", out _)
            ? "apt-get install dbus-user-session, and log in anew"
            : null;
    }

    private static HostFinding NewCgroups(HostView view)
    {
        CgroupHost host = view.Cgroups;
        if (host.Hierarchies.Count == 0)
        {
            return HostFinding.Missing("no hierarchy is mounted", "mount -t cgroup2 none /sys/fs/cgroup");
        }

        CgroupPlacement placement = host.Placement;
        if (placement.Refusal is string refusal)
        {
            string remedy = !HasLimits(host.Unified) ? $"Run as root. {BootUnified}"
                : view.HasSystemd ? $"As root: loginctl enable-linger {view.UserName}"
                : $"Run as root, or have root give you a group: mkdir {Place(view, host.Unified!)}/{view.UserName}; chown -R {view.UserName} {Place(view, host.Unified!)}/{view.UserName}; and start PowerShell in it.";
            return HostFinding.Missing(view.Root.Length == 0 ? refusal : refusal.Replace(view.Root, "", StringComparison.Ordinal), remedy);
        }

        List<string> closed = [];
        foreach (CgroupHierarchy hierarchy in host.Hierarchies)
        {
            if (placement.Covers(hierarchy) && !CanMake(view, hierarchy))
            {
                closed.Add(Place(view, hierarchy));
            }
        }

        if (closed.Count > 0)
        {
            const string remedy = "mount -o remount,rw, by the host's root; in a container, one with a cgroup namespace of its own and a writable /sys/fs/cgroup.";
            return closed.Count == host.Hierarchies.Count
                ? HostFinding.Missing("no hierarchy may be written to", remedy)
                : HostFinding.Limited($"may not be written to: {string.Join(", ", closed)}", remedy, "No limits of the controllers there.");
        }

        return HostFinding.Works(placement.Unit is SystemdUnit unit ? $"{placement.Folder}, by {(unit.OfUser ? "the user's " : "")}systemd"
            : placement.Delegated is null ? $"{placement.Folder} in each hierarchy"
            : $"{placement.Folder} in {Place(view, host.Unified!)}, delegated to {view.UserName}");
    }

    private static HostFinding FindController(HostView view, string name, string firstName)
    {
        CgroupHost host = view.Cgroups;
        if ((host.HierarchyOf(name) ?? host.HierarchyOf(firstName)) is not CgroupHierarchy hierarchy)
        {
            view.Read("/proc/self/mountinfo");
            return HostFinding.From(HostCheckStatus.Missing, host.CauseOfAbsence(host.KernelKnows(firstName) ? firstName : name));
        }

        string value = $"version {(hierarchy.Version == CgroupVersion.V1 ? 1 : 2)} at {Place(view, hierarchy)}";
        if (!host.Placement.Covers(hierarchy))
        {
            return HostFinding.Missing($"{value}, for root alone", "Run as root, or see the check 'New cgroups'.");
        }

        if (!CanMake(view, hierarchy))
        {
            return HostFinding.Missing($"{value}, which may not be written to", "See the check 'New cgroups'.");
        }

        if (Given(host) is string delegated && !IsOn(view, hierarchy.DirectoryOf(delegated) + "/cgroup.controllers", name))
        {
            return HostFinding.Missing(
                $"{value}, not delegated to {view.UserName}",
                view.HasSystemd
                    ? "As root: systemctl edit user@.service, with the lines [Service] and Delegate=cpu cpuset io memory pids; then log in anew."
                    : $"As root: echo +{name} > {Place(view, hierarchy)}{CgroupPlacement.Parent(delegated)}/cgroup.subtree_control");
        }

        return HostFinding.Works(value);
    }

    private static HostFinding Freezing(HostView view)
    {
        if (view.Cgroups.HierarchyOf("freezer") is CgroupHierarchy first)
        {
            return HostFinding.Works($"version 1 at {Place(view, first)}");
        }

        return view.Cgroups.Unified is not CgroupHierarchy unified ? HostFinding.Missing("no hierarchy has it", "mount -t cgroup -o freezer none /sys/fs/cgroup/freezer")
            : view.IsAtLeast(5, 2) ? HostFinding.Works($"version 2 at {Place(view, unified)}")
            : HostFinding.Missing($"version 2 has it since Linux 5.2; this is {view.Release}", "Install a newer kernel, or mount the freezer of version 1.");
    }

    private static HostFinding Kill(HostView view)
    {
        if (view.Cgroups.Unified is not CgroupHierarchy unified)
        {
            return HostFinding.Limited("version 2 alone has it", null, "Processes of a group are ended one by one.");
        }

        // The root has no such file: a group does, and where there is none the version tells.
        foreach (string child in view.Files.Subdirectories(unified.MountPoint))
        {
            return view.Files.FileExists($"{unified.MountPoint}/{child}/cgroup.kill") ? HostFinding.Works("there") : Without();
        }

        return view.IsAtLeast(5, 14) ? HostFinding.Works("there") : Without();

        HostFinding Without() => HostFinding.Limited("not in this kernel; since 5.14", "Install a newer kernel.", "Processes of a group are ended one by one.");
    }

    private static HostFinding Pressure(HostView view) => view.ReadIfThere("/proc/pressure/memory") is null
        ? HostFinding.Missing("no /proc/pressure", "Boot with psi=1 on the kernel's command line; the kernel needs CONFIG_PSI.")
        : HostFinding.Works("told");

    // A hybrid host may have version 2 for naming processes alone, or with a controller that version 1 has no use for.
    private static bool HasLimits(CgroupHierarchy? unified) =>
        unified is not null && Array.Exists((string[])["cpu", "cpuset", "memory", "pids"], controller => Contains(unified.Controllers, controller));

    private static bool Contains(IReadOnlyList<string> controllers, string controller)
    {
        foreach (string other in controllers)
        {
            if (other == controller)
            {
                return true;
            }
        }

        return false;
    }

    private static bool CanMake(HostView view, CgroupHierarchy hierarchy) => !hierarchy.ReadOnly
        && view.Files.IsWritable(hierarchy.DirectoryOf(Given(view.Cgroups) ?? "/") + "/cgroup.procs");

    // What the user was given; our folder in it may not be there yet.
    private static string? Given(CgroupHost host) => host.Placement.Delegated is not string delegated ? null : host.Placement.Unit?.Manager ?? delegated;

    private static bool IsOn(HostView view, string file, string controller) =>
        view.Files.TryRead(file, out string text) == Errno.None && Array.IndexOf(text.Split(' '), controller) >= 0;

    private static string Place(HostView view, CgroupHierarchy hierarchy) => hierarchy.MountPoint[view.Root.Length..];
}
