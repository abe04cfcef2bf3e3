using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Isolation.Cgroups;
using Isolation.Interop;

namespace Isolation.Tests.Cgroups;

/// <summary>
/// A host in a temporary folder: its mountinfo, and cgroup folders that fill themselves with files as the kernel's do. Writes are recorded, and any of
/// them can be refused.
/// </summary>
internal sealed class FakeHost : ICgroupFiles, IDisposable
{
    public const string V1Mounts = """
        22 27 0:21 / /sys rw,nosuid shared:7 - sysfs sysfs rw
        28 22 0:25 / /sys/fs/cgroup ro,nosuid shared:9 - tmpfs tmpfs ro,mode=755
        30 28 0:27 / /sys/fs/cgroup/systemd rw,nosuid shared:11 - cgroup cgroup rw,xattr,name=systemd
        33 28 0:30 / /sys/fs/cgroup/cpuset rw,nosuid shared:15 - cgroup cgroup rw,cpuset
        34 28 0:31 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:16 - cgroup cgroup rw,cpu,cpuacct
        35 28 0:32 / /sys/fs/cgroup/memory rw,nosuid shared:17 - cgroup cgroup rw,memory
        36 28 0:33 / /sys/fs/cgroup/pids rw,nosuid shared:18 - cgroup cgroup rw,pids
        37 28 0:34 / /sys/fs/cgroup/freezer rw,nosuid shared:19 - cgroup cgroup rw,freezer
        """;

    public const string V2Mounts = """
        22 27 0:21 / /sys rw,nosuid shared:7 - sysfs sysfs rw
        29 22 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot
        """;

    public const string HybridMounts = """
        28 22 0:25 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
        29 28 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
        33 28 0:30 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset
        35 28 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
        """;

    private readonly Dictionary<string, string[]> _controllersByMount = [];

    public FakeHost(string mounts, string unified = "cpuset cpu io memory pids")
    {
        Root = Directory.CreateTempSubdirectory("isolation-test-").FullName;
        Put("/proc/self/mountinfo", mounts);
        Put("/proc/self/cgroup", "0::/\n");
        Put("/proc/cgroups", "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpuset\t3\t1\t1\nblkio\t0\t1\t1\nperf_event\t0\t1\t0\n");
        Put("/proc/meminfo", "MemTotal:        8388608 kB\nMemFree:         1000 kB\n");
        Put("/sys/devices/system/cpu/online", "0-3\n");
        foreach (MountInfo mount in MountInfo.Parse(new StringReader(mounts)))
        {
            Directory.CreateDirectory(Root + mount.MountPoint);
            if (mount.FileSystemType == "cgroup2")
            {
                _controllersByMount[Root + mount.MountPoint] = ["cgroup2"];
                Put(mount.MountPoint + "/cgroup.controllers", unified);
                Put(mount.MountPoint + "/cgroup.subtree_control", "");
                Put(mount.MountPoint + "/cgroup.procs", "1\n2");
                Put(mount.MountPoint + "/cpuset.cpus.effective", "0-3");
            }
            else if (mount.FileSystemType == "cgroup")
            {
                string[] controllers = [.. mount.SuperOptions.Where(option => option is not ("rw" or "ro" or "xattr"))];
                _controllersByMount[Root + mount.MountPoint] = controllers;
                foreach ((string file, string value) in FilesOfFirst(controllers, root: true))
                {
                    Put($"{mount.MountPoint}/{file}", value);
                }
            }
        }
    }

    public string Root { get; }

    public uint EffectiveUser { get; set; }

    /// <summary>What was written, in order, as <c>file=value</c> with the path from the root.</summary>
    public List<string> Writes { get; } = [];

    /// <summary>Decides on a read before it is done: path from the root.</summary>
    public Func<string, Errno>? OnRead { get; set; }

    /// <summary>Decides on a write before it is done: path from the root, value.</summary>
    public Func<string, string, Errno>? OnWrite { get; set; }

    /// <summary>Decides on a mkdir before it is done.</summary>
    public Func<string, Errno>? OnMake { get; set; }

    /// <summary>Decides on an rmdir before it is done.</summary>
    public Func<string, Errno>? OnRemove { get; set; }

    /// <summary>The folders that belong to the user; the rest is root's.</summary>
    public HashSet<string> Owned { get; } = [];

    /// <summary>What was given to whom, in order, as <c>path=uid:gid</c>.</summary>
    public List<string> Owners { get; } = [];

    /// <summary>The folders that are noted as made here.</summary>
    public HashSet<string> Marked { get; } = [];

    /// <summary>The folders that systemd has noted as delegated.</summary>
    public HashSet<string> DelegatedFolders { get; } = [];

    /// <summary>The systemd that is asked; none where null.</summary>
    public FakeSystemd? Systemd { get; set; }

    public CgroupHost Read() => CgroupHost.Read(Root, this, Systemd);

    public void Put(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Root + path)!);
        File.WriteAllText(Root + path, text);
    }

    public string Get(string path) => File.ReadAllText(Root + path);

    public bool Has(string path) => Directory.Exists(Root + path);

    /// <summary>A process in the given cgroups, one line a hierarchy.</summary>
    public void PutProcess(int pid, params string[] lines)
    {
        Put($"/proc/{pid}/cgroup", string.Join('\n', lines) + "\n");
        Put($"/proc/{pid}/comm", "sleeper\n");
    }

    public void MakeCgroup(string path) => Assert(TryMakeDirectory(Root + path));

    public Errno TryRead(string path, out string text)
    {
        text = "";
        if (!File.Exists(path))
        {
            return Errno.ENOENT;
        }

        Errno refused = OnRead?.Invoke(path[Root.Length..]) ?? Errno.None;
        if (refused != Errno.None)
        {
            return refused;
        }

        text = File.ReadAllText(path).TrimEnd('\n');
        return Errno.None;
    }

    public Errno TryWrite(string path, string value)
    {
        if (!File.Exists(path))
        {
            return Errno.ENOENT;
        }

        Errno refused = OnWrite?.Invoke(path[Root.Length..], value) ?? Errno.None;
        if (refused != Errno.None)
        {
            return refused;
        }

        Writes.Add($"{path[Root.Length..]}={value}");
        string name = Path.GetFileName(path);
        if (name == "cgroup.subtree_control")
        {
            return Enable(path, value);
        }

        if (name == "cgroup.procs")
        {
            File.AppendAllText(path, value + "\n");
            return Errno.None;
        }

        File.WriteAllText(path, value == "-1" && name.EndsWith("limit_in_bytes", StringComparison.Ordinal) ? "9223372036854771712" : value.TrimEnd('\n'));
        return Errno.None;
    }

    public Errno TryMakeDirectory(string path)
    {
        Errno refused = OnMake?.Invoke(path[Root.Length..]) ?? Errno.None;
        if (refused != Errno.None)
        {
            return refused;
        }

        if (Directory.Exists(path) || File.Exists(path))
        {
            return Errno.EEXIST;
        }

        string parent = Path.GetDirectoryName(path)!;
        if (!Directory.Exists(parent))
        {
            return Errno.ENOENT;
        }

        Directory.CreateDirectory(path);
        string[] controllers = ControllersAt(path);
        IEnumerable<(string, string)> files = controllers is ["cgroup2"] ? FilesOfSecond(parent) : FilesOfFirst(controllers, root: false);
        foreach ((string file, string value) in files)
        {
            File.WriteAllText($"{path}/{file}", value);
        }

        return Errno.None;
    }

    public Errno TryRemoveDirectory(string path)
    {
        Errno refused = OnRemove?.Invoke(path[Root.Length..]) ?? Errno.None;
        if (refused != Errno.None)
        {
            return refused;
        }

        if (!Directory.Exists(path))
        {
            return Errno.ENOENT;
        }

        if (Directory.GetDirectories(path).Length > 0)
        {
            return Errno.EBUSY;
        }

        Directory.Delete(path, recursive: true);
        Marked.Remove(path[Root.Length..]);
        return Errno.None;
    }

    public bool DirectoryExists(string path) => Directory.Exists(path);

    public bool FileExists(string path) => File.Exists(path);

    public IReadOnlyList<string> Subdirectories(string path) =>
        Directory.Exists(path) ? [.. Directory.GetDirectories(path).Select(directory => Path.GetFileName(directory)).Order(StringComparer.Ordinal)] : [];

    public IReadOnlyList<string> FileNames(string path) =>
        Directory.Exists(path) ? [.. Directory.GetFiles(path).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)] : [];

    public uint? Owner(string path) => !Directory.Exists(path) ? null : Owned.Contains(path[Root.Length..]) ? EffectiveUser : 0u;

    public bool IsWritable(string path) => File.Exists(path) && (EffectiveUser == 0 || Owned.Contains(Path.GetDirectoryName(path)![Root.Length..]));

    public (Errno Error, Func<Errno>? Undo) TrySetDevices(string directory, IReadOnlyList<DeviceRule>? rules)
    {
        Writes.Add($"{directory[Root.Length..]}/devices={(rules is null ? "all" : string.Join(", ", rules))}");
        return (Errno.None, () => TrySetDevices(directory, null).Error);
    }

    public IReadOnlyList<DeviceRule>? Devices(string directory) => null;

    public bool WaitFor(string path, Func<string, bool> condition, TimeSpan timeout) => TryRead(path, out string text) == Errno.None && condition(text);

    public Errno TryChangeOwner(string path, uint uid, uint gid)
    {
        if (!File.Exists(path) && !Directory.Exists(path))
        {
            return Errno.ENOENT;
        }

        Owners.Add($"{path[Root.Length..]}={uid}:{gid}");
        return Errno.None;
    }

    public void Mark(string path) => Marked.Add(path[Root.Length..]);

    public bool IsMarked(string path) => Marked.Contains(path[Root.Length..]);

    public bool IsDelegated(string path) => DelegatedFolders.Contains(path[Root.Length..]);

    public void Dispose() => Directory.Delete(Root, recursive: true);

    private static void Assert(Errno error)
    {
        if (error != Errno.None)
        {
            throw new InvalidOperationException(error.ToString());
        }
    }

    private string[] ControllersAt(string path) =>
        _controllersByMount.Where(mount => path.StartsWith(mount.Key + "/", StringComparison.Ordinal)).OrderByDescending(mount => mount.Key.Length).First().Value;

    private static Errno Enable(string path, string value)
    {
        string directory = Path.GetDirectoryName(path)!;
        string[] available = File.ReadAllText(directory + "/cgroup.controllers").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        List<string> on = [.. File.ReadAllText(path).Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        foreach (string word in value.Split(' '))
        {
            if (word[0] == '-')
            {
                on.Remove(word[1..]);
            }
            else if (!available.Contains(word[1..]))
            {
                return Errno.ENOENT;
            }
        }

        on.AddRange(value.Split(' ').Where(word => word[0] == '+').Select(word => word[1..]).Except(on));
        File.WriteAllText(path, string.Join(' ', on));
        foreach (string child in Directory.GetDirectories(directory))
        {
            foreach ((string file, string text) in FilesOfSecond(directory))
            {
                if (file == "cgroup.controllers" || !File.Exists($"{child}/{file}"))
                {
                    File.WriteAllText($"{child}/{file}", text);
                }
            }
        }

        return Errno.None;
    }

    private static IEnumerable<(string, string)> FilesOfSecond(string parent)
    {
        string on = File.ReadAllText(parent + "/cgroup.subtree_control");
        yield return ("cgroup.controllers", on);
        yield return ("cgroup.subtree_control", "");
        yield return ("cgroup.procs", "");
        yield return ("cgroup.freeze", "0");
        yield return ("cgroup.type", "domain");
        foreach (string controller in on.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            (string, string)[] files = controller switch
            {
                "memory" =>
                [
                    ("memory.min", "0"), ("memory.low", "0"), ("memory.high", "max"), ("memory.max", "max"), ("memory.swap.max", "max"),
                    ("memory.zswap.max", "max"), ("memory.zswap.writeback", "1"), ("memory.oom.group", "0"),
                ],
                "cpu" =>
                [
                    ("cpu.max", "max 100000"), ("cpu.max.burst", "0"), ("cpu.weight", "100"), ("cpu.idle", "0"), ("cpu.uclamp.min", "0.00"), ("cpu.uclamp.max", "max"),
                ],
                "io" => [("io.max", ""), ("io.weight", "default 100"), ("io.latency", "")],
                "hugetlb" => [("hugetlb.2MB.max", "max"), ("hugetlb.2MB.rsvd.max", "max")],
                "rdma" => [("rdma.max", "mlx4_0 hca_handle=max hca_object=max")],
                "misc" => [("misc.max", "sev max")],
                "pids" => [("pids.max", "max")],
                "cpuset" => [("cpuset.cpus", ""), ("cpuset.cpus.effective", "0-3"), ("cpuset.mems", ""), ("cpuset.mems.effective", "0"), ("cpuset.cpus.partition", "member")],
                _ => [],
            };
            foreach ((string, string) file in files)
            {
                yield return file;
            }
        }
    }

    private static IEnumerable<(string, string)> FilesOfFirst(string[] controllers, bool root)
    {
        yield return ("cgroup.procs", "");
        foreach (string controller in controllers)
        {
            (string, string)[] files = controller switch
            {
                "memory" => [("memory.limit_in_bytes", "9223372036854771712"), ("memory.memsw.limit_in_bytes", "9223372036854771712"), ("memory.usage_in_bytes", "4096"),
                    ("memory.soft_limit_in_bytes", "9223372036854771712"), ("memory.swappiness", "60"), ("memory.oom_control", "oom_kill_disable 0\nunder_oom 0")],
                "cpu" => [("cpu.cfs_quota_us", "-1"), ("cpu.cfs_period_us", "100000"), ("cpu.cfs_burst_us", "0"), ("cpu.shares", "1024"), ("cpu.idle", "0"), ("cpu.rt_runtime_us", "0"), ("cpu.rt_period_us", "1000000")],
                "blkio" =>
                [
                    ("blkio.throttle.read_bps_device", ""), ("blkio.throttle.write_bps_device", ""), ("blkio.throttle.read_iops_device", ""),
                    ("blkio.throttle.write_iops_device", ""), ("blkio.bfq.weight", "100"), ("blkio.bfq.weight_device", "default 100"),
                ],
                "hugetlb" => [("hugetlb.2MB.limit_in_bytes", "9223372036854771712"), ("hugetlb.2MB.rsvd.limit_in_bytes", "9223372036854771712")],
                "devices" => [("devices.list", "a *:* rwm"), ("devices.allow", ""), ("devices.deny", "")],
                "net_cls" => [("net_cls.classid", "0")],
                "net_prio" => [("net_prio.ifpriomap", "lo 0\neth0 0")],
                "pids" when !root => [("pids.max", "max")],
                "cpuset" => [("cpuset.cpus", root ? "0-3" : ""), ("cpuset.mems", root ? "0" : ""), ("cpuset.effective_cpus", root ? "0-3" : "")],
                "freezer" when !root => [("freezer.state", "THAWED")],
                _ => [],
            };
            foreach ((string, string) file in files)
            {
                yield return file;
            }
        }
    }
}
