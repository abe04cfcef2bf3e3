using System;
using System.Collections.Generic;
using Isolation.Cgroups;
using Isolation.Interop;
using Isolation.Plans;
using Isolation.Users;

namespace Isolation.Host;

/// <summary>A host as the checks look at it: its files below a root, and the kernel. What several checks need is read once.</summary>
internal sealed class HostView : IDisposable
{
    private readonly Lazy<string> _release;
    private readonly Lazy<CallerStatus> _caller;
    private readonly Lazy<CgroupHost> _cgroups;
    private readonly Lazy<UserDatabase> _users;
    private readonly Lazy<IReadOnlyDictionary<NamespaceType, int>> _counts;
    private readonly Lazy<IReadOnlyList<MountInfo>> _mounts;

    public HostView(string root = "", ICgroupFiles? files = null, IHostKernel? kernel = null)
    {
        Root = root;
        Files = files ?? KernelCgroupFiles.Instance;
        Kernel = kernel ?? new HostKernel();
        _release = new(() => Read("/proc/sys/kernel/osrelease"));
        _caller = new(() => CallerStatus.Parse(Read("/proc/self/status")));
        _cgroups = new(() => CgroupHost.Read(Root, Files));
        _users = new(() => UserDatabase.Load(Root + "/"));
        _counts = new(Kernel.CountNamespaces);
        _mounts = new(() => MountInfo.Parse(new System.IO.StringReader(Read("/proc/self/mountinfo"))));
        Drivers = new KernelDrivers(this);
    }

    /// <summary>The folder that stands for <c>/</c>; empty for the real one.</summary>
    public string Root { get; }

    /// <summary>The calls on files.</summary>
    public ICgroupFiles Files { get; }

    /// <summary>What is no file.</summary>
    public IHostKernel Kernel { get; }

    /// <summary>The kernel's release, such as <c>6.1.0-28-amd64</c>.</summary>
    public string Release => _release.Value;

    /// <summary>The drivers of the kernel.</summary>
    public KernelDrivers Drivers { get; }

    /// <summary>What the caller may do.</summary>
    public CallerStatus Caller => _caller.Value;

    /// <summary>The hierarchies of control groups.</summary>
    public CgroupHost Cgroups => _cgroups.Value;

    /// <summary>The users of the host.</summary>
    public UserDatabase Users => _users.Value;

    /// <summary>How many namespaces of each kind the caller sees.</summary>
    public IReadOnlyDictionary<NamespaceType, int> NamespaceCounts => _counts.Value;

    /// <summary>Whether the caller is user 0 with CAP_SYS_ADMIN: what needs no user namespace of its own.</summary>
    public bool IsRoot => Kernel.User == 0 && Caller.IsAdministrator;

    /// <summary>The caller's name, or the digits of its id.</summary>
    public string UserName => Users.UserName(Kernel.User);

    /// <summary>Whether process 1 is systemd, sd_booted(3).</summary>
    public bool HasSystemd => Files.DirectoryExists(Root + "/run/systemd/system");

    /// <summary>Whether the kernel's release is at least this; false where it is not of the usual form.</summary>
    public bool IsAtLeast(int major, int minor) => KernelVersion.TryParse(Release, out KernelVersion version) && version >= new KernelVersion(major, minor);

    /// <summary>The text of a file.</summary>
    /// <exception cref="SyscallException">It cannot be read.</exception>
    public string Read(string path)
    {
        Errno error = Files.TryRead(Root + path, out string text);
        return error == Errno.None ? text : throw new SyscallException("open", error, $"read {path}");
    }

    /// <summary>The text of a file; null where there is none.</summary>
    /// <exception cref="SyscallException">It is there and cannot be read.</exception>
    public string? ReadIfThere(string path)
    {
        Errno error = Files.TryRead(Root + path, out string text);
        return error switch
        {
            Errno.None => text,
            Errno.ENOENT or Errno.ENOTDIR => null,
            _ => throw new SyscallException("open", error, $"read {path}"),
        };
    }

    /// <summary>A program's path; null where it is in no folder of PATH and in none of those where a system keeps programs.</summary>
    public string? FindProgram(string name)
    {
        string path = $"{Kernel.Variable("PATH")}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        foreach (string folder in path.Split(':', StringSplitOptions.RemoveEmptyEntries))
        {
            string file = $"{folder.TrimEnd('/')}/{name}";
            if (file[0] == '/' && Kernel.TryStatus(Root + file, out FileStatus status) && status.IsRegular && (status.Mode & 0b001_001_001) != 0)
            {
                return file;
            }
        }

        return null;
    }

    /// <summary>The mount that a file lies on: of those with the longest mount point the last, which covers the others.</summary>
    public MountInfo? MountOf(string path)
    {
        MountInfo? found = null;
        foreach (MountInfo mount in _mounts.Value)
        {
            string point = mount.MountPoint;
            bool holds = point == "/" || path == point || path.StartsWith(point + "/", StringComparison.Ordinal);
            if (holds && (found is null || point.Length >= found.MountPoint.Length))
            {
                found = mount;
            }
        }

        return found;
    }

    /// <summary>Walks a plan in a process of its own; null where it was done.</summary>
    public SyscallException? Try(Plan plan) => Kernel.Try(plan);

    public void Dispose() => Kernel.Dispose();
}
