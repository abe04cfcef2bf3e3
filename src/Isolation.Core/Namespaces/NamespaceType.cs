using System;

namespace Isolation;

/// <summary>The kinds of namespace, namespaces(7). The values are the kernel's <c>CLONE_NEW*</c> flags.</summary>
[Flags]
public enum NamespaceType
{
    /// <summary>No kind.</summary>
    None = 0,
    /// <summary>Clock offsets, time_namespaces(7); <c>CLONE_NEWTIME</c>.</summary>
    Time = 0x00000080,
    /// <summary>Mount points, mount_namespaces(7); <c>CLONE_NEWNS</c>.</summary>
    Mount = 0x00020000,
    /// <summary>The root of what is seen of control groups, cgroup_namespaces(7); <c>CLONE_NEWCGROUP</c>.</summary>
    Cgroup = 0x02000000,
    /// <summary>Host name and NIS domain name, uts_namespaces(7); <c>CLONE_NEWUTS</c>.</summary>
    Uts = 0x04000000,
    /// <summary>System V IPC and POSIX message queues, ipc_namespaces(7); <c>CLONE_NEWIPC</c>.</summary>
    Ipc = 0x08000000,
    /// <summary>User and group ids, and capabilities, user_namespaces(7); <c>CLONE_NEWUSER</c>.</summary>
    User = 0x10000000,
    /// <summary>Process ids, pid_namespaces(7); <c>CLONE_NEWPID</c>.</summary>
    Pid = 0x20000000,
    /// <summary>Network devices, addresses, routes, sockets, network_namespaces(7); <c>CLONE_NEWNET</c>.</summary>
    Net = 0x40000000,
}

/// <summary>What the kernel calls each kind of namespace.</summary>
public static class NamespaceTypes
{
    /// <summary>Every kind, in the order in which lsns(8) and this module list them.</summary>
    public static readonly NamespaceType[] All =
    [
        NamespaceType.Mount, NamespaceType.Net, NamespaceType.Ipc, NamespaceType.User,
        NamespaceType.Pid, NamespaceType.Uts, NamespaceType.Cgroup, NamespaceType.Time,
    ];

    /// <summary>Every kind at once.</summary>
    public const NamespaceType Every =
        NamespaceType.Mount | NamespaceType.Net | NamespaceType.Ipc | NamespaceType.User |
        NamespaceType.Pid | NamespaceType.Uts | NamespaceType.Cgroup | NamespaceType.Time;

    /// <summary>The entry of <c>/proc/PID/ns</c> for one kind, such as <c>mnt</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">More than one kind, or none.</exception>
    public static string ProcName(this NamespaceType type) => type switch
    {
        NamespaceType.Mount => "mnt",
        NamespaceType.Net => "net",
        NamespaceType.Ipc => "ipc",
        NamespaceType.User => "user",
        NamespaceType.Pid => "pid",
        NamespaceType.Uts => "uts",
        NamespaceType.Cgroup => "cgroup",
        NamespaceType.Time => "time",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "one kind of namespace is wanted"),
    };

    /// <summary>The kind that <c>/proc/PID/ns</c> calls <paramref name="name"/>; <see cref="NamespaceType.None"/> where there is none.</summary>
    public static NamespaceType FromProcName(ReadOnlySpan<char> name) => name switch
    {
        "mnt" => NamespaceType.Mount,
        "net" => NamespaceType.Net,
        "ipc" => NamespaceType.Ipc,
        "user" => NamespaceType.User,
        "pid" => NamespaceType.Pid,
        "uts" => NamespaceType.Uts,
        "cgroup" => NamespaceType.Cgroup,
        "time" => NamespaceType.Time,
        _ => NamespaceType.None,
    };
}
