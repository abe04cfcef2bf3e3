using System.Collections.Generic;
using System.Globalization;
using Isolation.Interop;

namespace Isolation.Host;

/// <summary>The kinds of namespace: whether the kernel has them, how many it allows, and whether the caller can make one now.</summary>
internal static class NamespaceChecks
{
    private const string Area = "Namespaces";

    public static IReadOnlyList<HostCheckDefinition> All { get; } = Define();

    private static List<HostCheckDefinition> Define()
    {
        List<HostCheckDefinition> checks = [];
        foreach (NamespaceType type in NamespaceTypes.All)
        {
            // An ordinary user needs a user namespace for any of the others, whose checks make one; root needs none.
            bool isRequired = type is not (NamespaceType.User or NamespaceType.Cgroup or NamespaceType.Time);
            string effect = type == NamespaceType.User ? "-Type User, and every other kind for ordinary users." : $"-Type {type}.";
            checks.Add(new(Area, type.ToString(), isRequired, effect, view => Kind(view, type)));
        }

        checks.Add(new(Area, "New /proc", false, "-Type Pid with Mount: a /proc of the set's own.", NewProc));
        return checks;
    }

    private static HostFinding Kind(HostView view, NamespaceType type)
    {
        if (!view.Kernel.TryStatus($"{view.Root}/proc/self/ns/{type.ProcName()}", out _, followLink: false))
        {
            string option = type switch { NamespaceType.Mount => "CONFIG_NAMESPACES", NamespaceType.Cgroup => "CONFIG_CGROUPS", _ => $"CONFIG_{type.ToString().ToUpperInvariant()}_NS" };
            return HostFinding.Missing("not in this kernel", $"Use a kernel with {option}{(type == NamespaceType.Time ? ", 5.6 or newer" : "")}.");
        }

        // A limit that cannot be read, as in a container that hides it, does not stop the trial.
        string setting = $"max_{type.ProcName()}_namespaces";
        long? limit = view.Files.TryRead($"{view.Root}/proc/sys/user/{setting}", out string text) == Errno.None
            && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;
        if (limit == 0)
        {
            return HostFinding.Missing($"none allowed: user.{setting} = 0", $"sysctl -w user.{setting}=10000");
        }

        string counts = limit is null ? "limit unknown" : string.Create(CultureInfo.InvariantCulture, $"{limit} allowed");
        if (view.NamespaceCounts.TryGetValue(type, out int seen))
        {
            counts = string.Create(CultureInfo.InvariantCulture, $"{counts}, {seen} in use");
        }

        SyscallException? refused = view.Try(HostPlans.MakeNamespace(type, withUser: !view.Caller.IsAdministrator));
        return refused?.Errno switch
        {
            null => HostFinding.Works(counts),
            Errno.ENOSPC => HostFinding.Missing($"a limit is reached ({counts})", $"Remove namespaces, or sysctl -w user.{setting}={(limit ?? 5000) * 2}. In a container the limits of the host count too."),
            Errno.EUSERS => HostFinding.Missing("user namespaces are nested 32 deep, as many as there may be", "Run it further outside."),
            Errno.EPERM or Errno.EACCES => HostFinding.Missing(Said(refused), RootlessChecks.WhyRefused(view)),
            _ => HostFinding.Missing(Said(refused)),
        };
    }

    private static HostFinding NewProc(HostView view)
    {
        SyscallException? refused = view.Try(HostPlans.MountProc(withUser: !view.Caller.IsAdministrator));
        return refused switch
        {
            null => HostFinding.Works("can be mounted"),
            { Syscall: "mount", Errno: Errno.EPERM } => HostFinding.Missing(
                "refused: parts of the /proc that is seen here are covered, as containers do, or it is read-only",
                "Start the container with /proc uncovered: --security-opt unmask=ALL (podman), systempaths=unconfined (docker)."),
            _ => HostFinding.Missing(Said(refused), RootlessChecks.WhyRefused(view)),
        };
    }

    private static string Said(SyscallException refused) => $"{refused.Syscall}: {refused.Errno.Describe()} ({refused.Errno.Name()})";
}
