using System.Collections.Generic;
using Isolation.Interop;

namespace Isolation.Plans;

/// <summary>Flags as the kernel's headers name them, for a plan's text.</summary>
internal static class PlanFlags
{
    private static readonly (NamespaceType Flag, string Name)[] s_namespaces =
    [
        (NamespaceType.User, "CLONE_NEWUSER"), (NamespaceType.Mount, "CLONE_NEWNS"), (NamespaceType.Uts, "CLONE_NEWUTS"),
        (NamespaceType.Ipc, "CLONE_NEWIPC"), (NamespaceType.Pid, "CLONE_NEWPID"), (NamespaceType.Net, "CLONE_NEWNET"),
        (NamespaceType.Cgroup, "CLONE_NEWCGROUP"), (NamespaceType.Time, "CLONE_NEWTIME"),
    ];

    private static readonly (MountFlags Flag, string Name)[] s_mounts =
    [
        (MountFlags.ReadOnly, "MS_RDONLY"), (MountFlags.NoSuid, "MS_NOSUID"), (MountFlags.NoDev, "MS_NODEV"), (MountFlags.NoExec, "MS_NOEXEC"),
        (MountFlags.Synchronous, "MS_SYNCHRONOUS"),
        (MountFlags.Remount, "MS_REMOUNT"), (MountFlags.DirectorySynchronous, "MS_DIRSYNC"), (MountFlags.NoSymlinkFollow, "MS_NOSYMFOLLOW"),
        (MountFlags.NoAccessTime, "MS_NOATIME"), (MountFlags.NoDirectoryAccessTime, "MS_NODIRATIME"), (MountFlags.Bind, "MS_BIND"), (MountFlags.Move, "MS_MOVE"), (MountFlags.Recursive, "MS_REC"),
        (MountFlags.Unbindable, "MS_UNBINDABLE"), (MountFlags.Private, "MS_PRIVATE"), (MountFlags.Slave, "MS_SLAVE"), (MountFlags.Shared, "MS_SHARED"),
        (MountFlags.RelativeAccessTime, "MS_RELATIME"), (MountFlags.StrictAccessTime, "MS_STRICTATIME"), (MountFlags.LazyTime, "MS_LAZYTIME"),
    ];

    private static readonly (OpenFlags Flag, string Name)[] s_opens =
    [
        (OpenFlags.WriteOnly, "O_WRONLY"), (OpenFlags.ReadWrite, "O_RDWR"), (OpenFlags.Create, "O_CREAT"), (OpenFlags.Exclusive, "O_EXCL"),
        (OpenFlags.Truncate, "O_TRUNC"), (OpenFlags.Append, "O_APPEND"), (OpenFlags.NonBlock, "O_NONBLOCK"), (OpenFlags.CloseOnExec, "O_CLOEXEC"),
        (OpenFlags.Path, "O_PATH"), (OpenFlags.Directory, "O_DIRECTORY"), (OpenFlags.NoFollow, "O_NOFOLLOW"),
    ];

    public static string Show(NamespaceType types)
    {
        List<string> names = [];
        foreach ((NamespaceType flag, string name) in s_namespaces)
        {
            if ((types & flag) != 0)
            {
                names.Add(name);
            }
        }

        return Join(names);
    }

    public static string Show(MountFlags flags)
    {
        List<string> names = [];
        foreach ((MountFlags flag, string name) in s_mounts)
        {
            if ((flags & flag) != 0)
            {
                names.Add(name);
            }
        }

        return Join(names);
    }

    public static string Show(OpenFlags flags)
    {
        List<string> names = [(flags & (OpenFlags.WriteOnly | OpenFlags.ReadWrite)) == 0 ? "O_RDONLY" : ""];
        foreach ((OpenFlags flag, string name) in s_opens)
        {
            if ((flags & flag) != 0)
            {
                names.Add(name);
            }
        }

        names.Remove("");
        return Join(names);
    }

    private static string Join(List<string> names) => names.Count == 0 ? "0" : string.Join('|', names);
}
