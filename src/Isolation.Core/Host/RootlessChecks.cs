using System;
using System.Collections.Generic;
using System.Globalization;
using Isolation.Interop;
using Isolation.Users;

namespace Isolation.Host;

/// <summary>What ordinary users can do: for the caller where it is one, and for users in general where it is root.</summary>
internal static class RootlessChecks
{
    private const string Area = "Rootless";

    // nobody: an id that owns nothing, on Debian and wherever NFS is.
    private const uint Nobody = 65534;

    private const long WantedIds = 65536;

    public static IReadOnlyList<HostCheckDefinition> All { get; } =
    [
        new(Area, "User namespaces", false, "Everything without root.", UserNamespaces),
        new(Area, "user.max_user_namespaces", false, "User namespaces.", MaxUserNamespaces),
        new(Area, "kernel.unprivileged_userns_clone", false, "User namespaces without root.", UnprivilegedClone),
        new(Area, "kernel.apparmor_restrict_unprivileged_userns", false, "Capabilities in user namespaces that were made without root.", AppArmor),
        new(Area, "newuidmap", false, "More than one user in a user namespace.", view => MapProgram(view, "newuidmap", FileCapability.SetUserId)),
        new(Area, "newgidmap", false, "More than one group in a user namespace.", view => MapProgram(view, "newgidmap", FileCapability.SetGroupId)),
        new(Area, "/etc/subuid", false, "More than one user in a user namespace.", view => SubordinateIds(view, "/etc/subuid", "--add-subuids")),
        new(Area, "/etc/subgid", false, "More than one group in a user namespace.", view => SubordinateIds(view, "/etc/subgid", "--add-subgids")),
    ];

    /// <summary>What to do where the kernel refuses a namespace to the caller.</summary>
    public static string WhyRefused(HostView view) =>
        Setting(view, "/proc/sys/user/max_user_namespaces") == 0 ? "sysctl -w user.max_user_namespaces=10000"
        : Setting(view, "/proc/sys/kernel/unprivileged_userns_clone") == 0 ? "sysctl -w kernel.unprivileged_userns_clone=1"
        : Setting(view, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns") > 0 ? AppArmorRemedy
        : view.Caller.SeccompMode is > 0 ? "Start the container with --security-opt seccomp=unconfined, or with CAP_SYS_ADMIN: --cap-add=SYS_ADMIN."
        : "Run as root with CAP_SYS_ADMIN. In a chroot no user namespace can be made.";

    private const string AppArmorRemedy =
        "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or a profile in /etc/apparmor.d with the rule userns, for pwsh and isolation-runtime.";

    private static HostFinding UserNamespaces(HostView view)
    {
        bool asNobody = view.Kernel.User == 0;
        SyscallException? refused = view.Try(HostPlans.MakeUserNamespace(asNobody ? Nobody : null));
        return refused switch
        {
            null => HostFinding.Works(asNobody ? $"one was made as user {Nobody}" : $"one was made as {view.UserName}"),
            { Syscall: "setresuid" or "setresgid" or "setgroups" } => HostFinding.Unknown(
                $"not tried: this root may not become user {Nobody}", "Run it as an ordinary user, or with CAP_SETUID and CAP_SETGID."),
            { Errno: Errno.ENOSPC } => HostFinding.Missing("a limit is reached", "sysctl -w user.max_user_namespaces=10000. In a container the limits of the host count too."),
            _ => HostFinding.Missing($"{refused.Errno.Describe()} ({refused.Errno.Name()})", WhyRefused(view)),
        };
    }

    private static HostFinding MaxUserNamespaces(HostView view) => view.ReadIfThere("/proc/sys/user/max_user_namespaces") switch
    {
        null => HostFinding.Missing("not in this kernel", "Use a kernel with CONFIG_USER_NS."),
        "0" => HostFinding.Missing("0", "sysctl -w user.max_user_namespaces=10000"),
        string value => HostFinding.Works(value),
    };

    // A patch of Debian and of those who follow it.
    private static HostFinding UnprivilegedClone(HostView view) => view.ReadIfThere("/proc/sys/kernel/unprivileged_userns_clone") switch
    {
        null => HostFinding.Works("this kernel has no such restriction"),
        "0" => HostFinding.Missing("0", "sysctl -w kernel.unprivileged_userns_clone=1"),
        string value => HostFinding.Works(value),
    };

    // A patch of Ubuntu, on by default since 24.04: without a profile that allows it a user namespace has no capabilities.
    private static HostFinding AppArmor(HostView view) => view.ReadIfThere("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") switch
    {
        null => HostFinding.Works("this kernel has no such restriction"),
        "0" => HostFinding.Works("0"),
        string value => HostFinding.Limited(value, AppArmorRemedy, "Programs without an AppArmor profile that allows it get user namespaces without capabilities."),
    };

    private static HostFinding MapProgram(HostView view, string name, int capability)
    {
        if (view.FindProgram(name) is not string path)
        {
            return HostFinding.Missing("not found", "apt-get install uidmap");
        }

        view.Kernel.TryStatus(view.Root + path, out FileStatus status);
        const uint setUserId = 0b100_000_000_000;
        string? gives = (status.Mode & setUserId) != 0 && status.Uid == 0 ? "setuid root"
            : FileCapability.Gives(view.Kernel.FileCapabilities(view.Root + path), capability) ? CallerStatus.UsedCapabilities[capability].ToLowerInvariant()
            : null;
        if (gives is null)
        {
            return (status.Mode & setUserId) != 0
                ? HostFinding.Missing($"{path} is setuid, but not to root of this user namespace", "Run it on the host itself.")
                : HostFinding.Missing($"{path} is neither setuid root nor has the file capability", $"chmod u+s {path}, or apt-get install --reinstall uidmap");
        }

        if (view.MountOf(path) is MountInfo mount && Contains(mount.Options, "nosuid"))
        {
            return HostFinding.Missing($"{path}, {gives}, on a file system mounted nosuid", $"mount -o remount,suid {mount.MountPoint}");
        }

        return view.Caller.NoNewPrivileges && view.Kernel.User != 0
            ? HostFinding.Missing($"{path}, {gives}, without effect under no_new_privs", "See the check 'New privileges'.")
            : HostFinding.Works($"{path}, {gives}");
    }

    private static HostFinding SubordinateIds(HostView view, string file, string option)
    {
        if (Service(view) is string service)
        {
            return HostFinding.Unknown($"ranges come from {service}, which is not asked (subid in /etc/nsswitch.conf)", $"getsubids {view.UserName}");
        }

        IReadOnlyList<SubordinateIdRange> ranges = SubordinateIdRange.Parse(view.ReadIfThere(file) ?? "");
        if (view.Kernel.User == 0)
        {
            List<string> users = [];
            foreach (SubordinateIdRange range in ranges)
            {
                if (!users.Contains(range.Owner))
                {
                    users.Add(range.Owner);
                }
            }

            return users.Count == 0
                ? HostFinding.Missing("no user has a range", $"usermod {option} 100000-165535 USER")
                : HostFinding.Works($"{string.Join(", ", users)}");
        }

        long count = 0;
        foreach (SubordinateIdRange range in SubordinateIdRange.Of(ranges, view.UserName, view.Kernel.User))
        {
            count += range.Count;
        }

        long start = SubordinateIdRange.FirstFree(ranges);
        string remedy = string.Create(CultureInfo.InvariantCulture, $"As root: usermod {option} {start}-{start + WantedIds - 1} {view.UserName}");
        return count == 0 ? HostFinding.Missing($"no range for {view.UserName}", remedy)
            : count < WantedIds ? HostFinding.Limited(string.Create(CultureInfo.InvariantCulture, $"{count} for {view.UserName}"), remedy, $"Images use ids up to {WantedIds - 1} (planned).")
            : HostFinding.Works(string.Create(CultureInfo.InvariantCulture, $"{count} for {view.UserName}"));
    }

    private static string? Service(HostView view)
    {
        view.Files.TryRead(view.Root + "/etc/nsswitch.conf", out string text);
        return SubordinateIdRange.Service(text);
    }

    private static long? Setting(HostView view, string file) =>
        view.Files.TryRead(view.Root + file, out string text) == Errno.None && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? value : null;

    private static bool Contains(IReadOnlyList<string> options, string option)
    {
        foreach (string other in options)
        {
            if (other == option)
            {
                return true;
            }
        }

        return false;
    }
}
