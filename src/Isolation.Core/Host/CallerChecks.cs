using System;
using System.Collections.Generic;

namespace Isolation.Host;

/// <summary>What the process that asks may do.</summary>
internal static class CallerChecks
{
    private const string Area = "Caller";

    public static IReadOnlyList<HostCheckDefinition> All { get; } =
    [
        new(Area, "Capabilities", false, "Namespaces without a user namespace, pins, limits everywhere, links, other users' processes.", Capabilities),
        new(Area, "Initial user namespace", false, "What the kernel allows to the host's root alone.", InitialUserNamespace),
        new(Area, "New privileges", false, "newuidmap, newgidmap and all else that is setuid.", NewPrivileges),
        new(Area, "No filter", false, "Calls that the filter refuses.", NoFilter),
    ];

    private static HostFinding Capabilities(HostView view)
    {
        string user = $"{view.UserName} ({view.Kernel.User})";
        List<string> missing = [];
        foreach ((int number, string name) in CallerStatus.UsedCapabilities)
        {
            if (!view.Caller.Has(number))
            {
                missing.Add(name);
            }
        }

        if (missing.Count == 0)
        {
            return HostFinding.Works($"{user}, all that are used");
        }

        if (!view.Caller.IsAdministrator && view.Kernel.User != 0)
        {
            return HostFinding.Limited(
                $"{user}, an ordinary user",
                "Run as root, or add User to -Type (with -MapRootUser).",
                "Namespaces come with a user namespace of the caller's own; sets are held by a process; limits need a delegated control group.");
        }

        return HostFinding.Limited(
            $"{user}, without {string.Join(", ", missing)}",
            $"Give them to the container or service that this runs in, such as with --cap-add={missing[0]["CAP_".Length..]}.",
            "What these capabilities allow is refused, capabilities(7).");
    }

    // The initial namespace maps every id to itself: 0 0 4294967295.
    private static HostFinding InitialUserNamespace(HostView view)
    {
        string map = view.Read("/proc/self/uid_map");
        string[] fields = map.Split((char[])[' ', '\t', '\n'], StringSplitOptions.RemoveEmptyEntries);
        return fields is ["0", "0", "4294967295"]
            ? HostFinding.Works("yes")
            : HostFinding.Limited(
                $"no; ids here are mapped {string.Join(' ', fields)}",
                "Run it on the host itself.",
                "Root here is not the host's root: block devices, some mounts and settings of the kernel stay closed.");
    }

    private static HostFinding NewPrivileges(HostView view) => view.Caller.NoNewPrivileges
        ? HostFinding.Limited("off (no_new_privs)", "Start PowerShell without no_new_privs: NoNewPrivileges=no in a unit, not --security-opt no-new-privileges.")
        : HostFinding.Works("can be gained");

    private static HostFinding NoFilter(HostView view)
    {
        if (view.Caller.SeccompMode is null or 0)
        {
            return HostFinding.Works("none");
        }

        string count = view.Caller.SeccompFilters is int filters ? $"{filters} filter{(filters == 1 ? "" : "s")} of system calls (seccomp)" : "a filter of system calls (seccomp)";
        return HostFinding.Limited(
            count, "Where the other checks name calls that are refused: start the container with --security-opt seccomp=unconfined.", "The filter may refuse calls. The other checks say which.");
    }
}
