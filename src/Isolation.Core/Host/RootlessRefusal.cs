using System.Collections.Generic;
using System.Globalization;
using Isolation.Interop;

namespace Isolation.Host;

/// <summary>Why the host refuses namespaces, which the error number does not say: the setting that forbids them, and what to do.</summary>
internal static class RootlessRefusal
{
    /// <summary>Why a user namespace was refused.</summary>
    public static string Explain()
    {
        using HostView view = new();
        return Explain(view);
    }

    /// <summary>Why a step within a user namespace was refused, where AppArmor takes its capabilities away; null where it does not, and for root.</summary>
    public static string? OfAppArmor()
    {
        using HostView view = new();
        return view.Caller.IsAdministrator ? null : OfAppArmor(view);
    }

    /// <summary>Which limit of a number of namespaces is reached.</summary>
    public static string OfLimit(NamespaceType types)
    {
        using HostView view = new();
        return OfLimit(view, types);
    }

    internal static string Explain(HostView view)
    {
        if (Setting(view, "/proc/sys/user/max_user_namespaces") == 0)
        {
            return $"user.max_user_namespaces is 0, so nobody may make user namespaces here. As root: sysctl -w user.max_user_namespaces=10000.{OrAsRoot(view)}";
        }

        if (Setting(view, "/proc/sys/kernel/unprivileged_userns_clone") == 0)
        {
            return $"kernel.unprivileged_userns_clone is 0, so ordinary users may make no user namespaces here. As root: sysctl -w kernel.unprivileged_userns_clone=1.{OrAsRoot(view)}";
        }

        return OfAppArmor(view)
            ?? (view.Caller.SeccompMode is > 0
                ? $"A filter of system calls forbids it, as containers have it: start this one with --security-opt seccomp=unconfined, or with --cap-add=SYS_ADMIN.{OrAsRoot(view)}"
                : "No setting of this host forbids it. In a chroot, and by a user who has no id in the user namespace around, none can be made; a security module may forbid it too. Test-IsolationHost tries more.");
    }

    internal static string? OfAppArmor(HostView view) =>
        Setting(view, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns") is > 0 and long value
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"kernel.apparmor_restrict_unprivileged_userns is {value}, so user namespaces of ordinary users are without capabilities here. As root: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or a profile in /etc/apparmor.d with the rule userns, for pwsh and isolation-runtime.{OrAsRoot(view)}")
            : null;

    internal static string OfLimit(HostView view, NamespaceType types)
    {
        List<string> limits = [];
        foreach (NamespaceType type in NamespaceTypes.All)
        {
            string setting = $"max_{type.ProcName()}_namespaces";
            if (types.HasFlag(type) && Setting(view, $"/proc/sys/user/{setting}") is long value)
            {
                if (value == 0)
                {
                    return $"user.{setting} is 0, so nobody may make such namespaces here. As root: sysctl -w user.{setting}=10000.";
                }

                limits.Add(string.Create(CultureInfo.InvariantCulture, $"user.{setting} is {value}"));
            }
        }

        return $"A limit of the number of namespaces is reached, here or in a user namespace around, or namespaces of kind User or Pid are nested 32 deep, the kernel's limit: {string.Join(", ", limits)}. Remove some, or raise it with sysctl.";
    }

    private static string OrAsRoot(HostView view) => view.Caller.IsAdministrator ? "" : " Or run as root.";

    private static long? Setting(HostView view, string file) =>
        view.Files.TryRead(view.Root + file, out string text) == Errno.None && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? value : null;
}
