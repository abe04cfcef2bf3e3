using System;
using System.Collections.Generic;
using System.Globalization;
using Isolation.Interop;

namespace Isolation.Cgroups;

/// <summary>The kernel's refusals in words: the thing, the cause as far as it can be found out, the next step.</summary>
internal static class CgroupRefusal
{
    /// <summary>The refusal of a value by one of a cgroup's files.</summary>
    public static IsolationException Explain(CgroupRefusedException refused, CgroupHost host)
    {
        CgroupWrite write = refused.Write;
        string start = $"Cannot set {write.Parameter} of {write.Directory}";
        bool first = write.Hierarchy.Version == CgroupVersion.V1;
        string path = write.Hierarchy.PathOf(write.Directory) ?? "/";
        switch (refused.Errno)
        {
            case Errno.ENOENT or Errno.ENODEV or Errno.EACCES or Errno.EPERM when !host.Files.DirectoryExists(write.Directory):
                return new IsolationException(
                    "CgroupNotFound", ErrorKind.NotFound, $"{start}: there is no such cgroup any more. Get-CgroupLimit lists those that there are.", refused);

            // Removed, and made anew since. A disk that is gone says the same.
            case Errno.ENODEV when write.Controller != CgroupControllers.Io:
                return new IsolationException("CgroupNotFound", ErrorKind.NotFound, $"{start}: it was removed in the meantime. Try again if there is another of that name.", refused);

            // The kernel lets nobody create files here: opening one that is not there is EACCES for some kernels, ENOENT for others.
            case Errno.ENOENT or Errno.EACCES or Errno.EPERM when !first && !host.Files.FileExists(write.Path) && IsOn(write, host):
                return new IsolationException("CgroupLimitUnsupported", ErrorKind.NotSupported, $"{start}: this kernel has no {write.File}{SinceFor(write.File)}.", refused);

            case Errno.ENOENT or Errno.EACCES or Errno.EPERM when !first && !host.Files.FileExists(write.Path):
                return NotEnabled(start, write.Controller, write.Hierarchy, path, host, refused);

            case Errno.ENOENT when first:
                return new IsolationException("CgroupLimitUnsupported", ErrorKind.NotSupported, $"{start}: this kernel has no {write.File}{SinceFor(write.File)}.", refused);

            case Errno.EACCES when write.Controller == CgroupControllers.CpuSet && first:
                return Failed(
                    ErrorKind.InvalidArgument,
                    $"{start} to {Quote(write.Value)}: the cgroup above has the processors {ReadAbove(write, host, "cpuset.cpus")} only. Choose among them, or give it more first.",
                    refused);

            case Errno.EPERM when write.Controller == CgroupControllers.Devices && host.Files.EffectiveUser == 0:
                return Failed(
                    ErrorKind.PermissionDenied,
                    $"{start} to {write.Value}: the cgroup above allows less ({ReadAbove(write, host, "devices.list").ReplaceLineEndings(", ")}). Choose among that, or give it more first.",
                    refused);

            case Errno.EINVAL when write.Controller == CgroupControllers.Devices:
                return Failed(
                    ErrorKind.InvalidArgument,
                    $"{start} to {write.Value}: in version 1 the list of a cgroup that has others below it{ChildrenWith(write, host, "devices.list")} cannot be emptied first, as a new one needs. Set theirs, or remove them.",
                    refused);

            case Errno.EPERM or Errno.EACCES when write.File == DeviceWrites.Program:
                return CgroupPlacement.NotDelegated($"set {write.Parameter} of {write.Directory}", "in version 2 a program decides of devices, and loading one takes CAP_BPF and CAP_NET_ADMIN, or CAP_SYS_ADMIN, bpf(2)");

            case Errno.EINVAL or Errno.ENOSYS when write.File == DeviceWrites.Program:
                return new IsolationException("CgroupLimitUnsupported", ErrorKind.NotSupported, $"{start}: this kernel was built without CONFIG_CGROUP_BPF.", refused);

            case Errno.EACCES or Errno.EPERM:
                return CgroupPlacement.NotDelegated($"set {write.Parameter} of {write.Directory}", $"this user may not write {write.File} there");

            case Errno.EROFS:
                return Failed(
                    ErrorKind.PermissionDenied,
                    $"{start}: {write.Hierarchy.MountPoint} is mounted read-only, as in most containers. Start the container with a writable cgroup mount.",
                    refused);

            case Errno.EBUSY when write.Controller == CgroupControllers.Memory && first:
                return new IsolationException(
                    "CgroupBusy",
                    ErrorKind.Busy,
                    $"{start} to {write.Value}: its processes use {Read(write.Directory, "memory.usage_in_bytes", host)} bytes and the kernel could not take enough back. "
                    + "Choose a higher limit, or end some of them (version 1 refuses a limit below what is used).",
                    refused);

            case Errno.EBUSY when write.Controller == CgroupControllers.CpuSet:
                return new IsolationException(
                    "CgroupBusy",
                    ErrorKind.Busy,
                    $"{start} to {Quote(write.Value)}: a cgroup below it uses other processors{ChildrenWith(write, host, "cpuset.cpus")}. Change that one first.",
                    refused);

            case Errno.ENOSPC when write.Controller == CgroupControllers.CpuSet:
                return Failed(
                    ErrorKind.InvalidArgument,
                    $"{start} to {Quote(write.Value)}: processes in it would have no processor left to run on. Choose processors that are on.",
                    refused);

            case Errno.EINVAL when write.File == "cpu.cfs_quota_us":
                return Failed(
                    ErrorKind.InvalidArgument,
                    $"{start} to {write.Value} µs a period: in version 1 a cgroup's limit may not be above that of the cgroup above it ({CpuAbove(write, host)}) "
                    + $"nor below that of one inside it{ChildrenWith(write, host, "cpu.cfs_quota_us")}. Change that one first.",
                    refused);

            case Errno.EINVAL when write.File == "cpu.rt_runtime_us":
                return Failed(
                    ErrorKind.InvalidArgument,
                    $"{start} to {write.Value} µs: the cgroup above has {ReadAbove(write, host, "cpu.rt_runtime_us")} µs for real-time processes to share out, and those beside this one have their part. "
                    + "Give that one more first.",
                    refused);

            case Errno.EINVAL when write.File.StartsWith("memory.", StringComparison.Ordinal) && first:
                return Failed(
                    ErrorKind.InvalidArgument,
                    $"{start} to {write.Value}: the limit of memory ({Read(write.Directory, "memory.limit_in_bytes", host)}) may never be above that of memory and swap "
                    + $"({Read(write.Directory, "memory.memsw.limit_in_bytes", host)}).",
                    refused);

            case Errno.EINVAL or Errno.ERANGE or Errno.EOVERFLOW:
                return new IsolationException(
                    "CgroupLimitInvalid", ErrorKind.InvalidArgument, $"{start}: the kernel does not take {Quote(write.Value)} for {write.File}, it allows {Range(write.File)}.", refused);

            case Errno.EOPNOTSUPP:
                return Failed(
                    ErrorKind.NotSupported,
                    $"{start}: the cgroup is of type '{Read(write.Directory, "cgroup.type", host)}', and only a cgroup of type 'domain' has the {write.Controller} controller.",
                    refused);

            default:
                string attempt = write.Value.Length == 0 ? $"reading {write.File}" : $"writing {Quote(write.Value)} to {write.File}";
                return Failed(ErrorKind.Unspecified, $"{start}: {attempt}: {refused.Errno.Describe()} ({refused.Errno.Name()}).", refused);
        }
    }

    /// <summary>The root of a hierarchy, which the kernel gives no limits.</summary>
    public static IsolationException Root(string directory, string controller) => Failed(
        ErrorKind.InvalidArgument,
        $"Cannot limit {directory}: it is the root of the {controller} hierarchy, which takes no limits. "
        + "Put the processes into a cgroup of their own, such as that of a namespace set.");

    /// <summary>A controller of version 2 that is not on for a cgroup: where on the way from the root it ends.</summary>
    public static IsolationException NotEnabled(
        string start, string controller, CgroupHierarchy hierarchy, string path, CgroupHost host, Exception? inner = null)
    {
        // From the root down, the first cgroup that does not hand the controller on.
        List<string> chain = [];
        for (string? at = CgroupPlacement.Parent(path); at is not null; at = CgroupPlacement.Parent(at))
        {
            chain.Insert(0, at);
        }

        string where = chain.Count == 0 ? path : chain[^1];
        foreach (string at in chain)
        {
            host.Files.TryRead(hierarchy.DirectoryOf(at) + "/cgroup.subtree_control", out string on);
            if (Array.IndexOf(on.Split(' '), controller) < 0)
            {
                where = at;
                break;
            }
        }

        return new IsolationException(
            "CgroupControllerNotEnabled",
            ErrorKind.NotSupported,
            $"{start}: the {controller} controller is not on in {hierarchy.DirectoryOf(where)}/cgroup.subtree_control. Turn it on from there down with: "
            + $"Enable-CgroupController {CgroupPlacement.Parent(path) ?? "/"} -Controller {controller}",
            inner);
    }

    /// <summary>A refused write to <c>cgroup.subtree_control</c>.</summary>
    public static IsolationException ExplainEnable(string what, IReadOnlyList<string> controllers, string directory, Errno error, CgroupHost host)
    {
        string file = directory + "/cgroup.subtree_control";
        string names = $"the {string.Join(" and ", controllers)} {(controllers.Count == 1 ? "controller" : "controllers")}";
        string start = $"Cannot {what}: turning on {names} in {file} was refused";
        switch (error)
        {
            case Errno.EBUSY:
                host.Files.TryRead(directory + "/cgroup.procs", out string text);
                string path = host.Locate(directory)?.Path ?? directory;
                string main = CgroupTree.Combine(path, "main");
                return new IsolationException(
                    "CgroupBusy",
                    ErrorKind.Busy,
                    $"{start}: processes are in {directory} itself{Processes(ParsePids(text), host)}, and a cgroup of version 2 other than the root holds either processes or "
                    + $"cgroups with controllers (\"no internal processes\", cgroups(7)). Move them into a cgroup below it first: New-Cgroup {main}, then Enable-CgroupController {path} {string.Join(", ", controllers)} -MoveProcessTo {main}");
            case Errno.EACCES or Errno.EPERM or Errno.EROFS:
                return CgroupPlacement.NotDelegated(what, $"this user may not turn on {names} in {file} ({error.Name()})");
            case Errno.EOPNOTSUPP:
                return new IsolationException(
                    "CgroupControllerNotEnabled",
                    ErrorKind.NotSupported,
                    $"{start}: a cgroup there is threaded, and of {names} not all work there. Choose another place.");
            default:
                host.Files.TryRead(directory + "/cgroup.controllers", out string available);
                return new IsolationException(
                    "CgroupControllerNotEnabled",
                    ErrorKind.NotSupported,
                    $"{start} ({error.Name()}): what is available there is '{available}'. A controller must first be turned on in the cgroups above, or is held by a hierarchy of version 1.");
        }
    }

    /// <summary>A folder that could not be made.</summary>
    public static IsolationException ExplainMake(string directory, CgroupHierarchy hierarchy, Errno error, CgroupHost host) => error switch
    {
        Errno.EACCES or Errno.EPERM => CgroupPlacement.NotDelegated($"make the cgroup {directory}", $"this user may not write there ({error.Name()})"),
        Errno.EROFS => Failed(
            ErrorKind.PermissionDenied,
            $"Cannot make the cgroup {directory}: {hierarchy.MountPoint} is mounted read-only, as in most containers. Start the container with a writable cgroup mount."),
        Errno.EAGAIN => Failed(
            ErrorKind.LimitsExceeded,
            $"Cannot make the cgroup {directory}: a cgroup above allows no more or no deeper ones (cgroup.max.descendants, cgroup.max.depth). Raise that, or remove some."),
        Errno.ENOSPC or Errno.ENOMEM => Failed(
            ErrorKind.LimitsExceeded, $"Cannot make the cgroup {directory}: the kernel has no room for more ({error.Name()}). Remove cgroups that are not needed."),
        Errno.EEXIST => Failed(
            ErrorKind.InvalidArgument, $"Cannot make the cgroup {directory}: the kernel has a file of that name there. Choose another name."),
        Errno.EINVAL or Errno.ENAMETOOLONG => Failed(ErrorKind.InvalidArgument, $"Cannot make the cgroup {directory}: the kernel does not take the name ({error.Name()})."),
        _ => Failed(ErrorKind.Unspecified, $"Cannot make the cgroup {directory}: mkdir: {error.Describe()} ({error.Name()})."),
    };

    /// <summary>A process that could not be moved.</summary>
    public static IsolationException ExplainMove(int pid, string directory, CgroupHierarchy hierarchy, Errno error, CgroupHost host)
    {
        string start = $"Cannot move process {pid}{Name(pid, host)} into {directory}";
        return error switch
        {
            Errno.ESRCH => new IsolationException("CgroupProcessNotFound", ErrorKind.NotFound, $"{start}: it has ended."),
            Errno.EACCES or Errno.EPERM => CgroupPlacement.NotDelegated(
                $"move process {pid}{Name(pid, host)} into {directory}", "this user may not write the cgroup.procs file of the cgroup above both places"),
            Errno.EBUSY => new IsolationException(
                "CgroupBusy",
                ErrorKind.Busy,
                $"{start}: the cgroup has controllers on for cgroups inside it, so it may not hold processes itself (\"no internal processes\", cgroups(7)). Use one of those inside."),
            Errno.ENOSPC => Failed(ErrorKind.InvalidArgument, $"{start}: its cpuset.cpus or cpuset.mems is empty. Write a list of processors and of memory nodes first."),
            Errno.EINVAL when hierarchy.Version == CgroupVersion.V1 => Failed(
                ErrorKind.InvalidArgument,
                $"{start}: the kernel refused it (EINVAL); a process with real-time scheduling needs cpu.rt_runtime_us in the cgroup, and a thread of the kernel's cannot be moved."),
            Errno.EINVAL => Failed(ErrorKind.InvalidArgument, $"{start}: the kernel refused it (EINVAL); a thread of the kernel's cannot be moved, nor a process that has ended and was not waited for."),
            Errno.EAGAIN => Failed(ErrorKind.LimitsExceeded, $"{start}: a limit on its number of processes is reached."),
            Errno.EOPNOTSUPP => Failed(
                ErrorKind.NotSupported, $"{start}: the cgroup is of type '{Read(directory, "cgroup.type", host)}' and takes no whole processes."),
            Errno.ENOENT or Errno.ENODEV => new IsolationException("CgroupNotFound", ErrorKind.NotFound, $"{start}: there is no such cgroup any more."),
            _ => Failed(ErrorKind.Unspecified, $"{start}: {error.Describe()} ({error.Name()})."),
        };
    }

    /// <summary>A process that systemd could not move either.</summary>
    public static IsolationException ExplainAttach(int pid, string directory, string refusal, CgroupHost host) => CgroupPlacement.NotDelegated(
        $"move process {pid}{Name(pid, host)} into {directory}",
        $"this user may not write the cgroup.procs file of the cgroup above both places, and systemd refuses to do it: {refusal.TrimEnd('.')}");

    /// <summary>A single thread that version 2 keeps out of a cgroup.</summary>
    public static IsolationException ExplainThread(int thread, string directory, CgroupHost host) => Failed(
        ErrorKind.NotSupported,
        $"Cannot move thread {thread}{Name(thread, host)} into {directory}, which is of type '{Read(directory, "cgroup.type", host)}': a thread can be in the cgroup of its process "
        + "and in threaded ones below that. Move the process to the domain above first, and make cgroups for its threads with New-Cgroup -Threaded.");

    /// <summary>Process ids, one a line; 0 stands for a process outside of the reader's pid namespace and is left out.</summary>
    public static List<int> ParsePids(string text)
    {
        List<int> pids = [];
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (int.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out int pid) && pid > 0)
            {
                pids.Add(pid);
            }
        }

        return pids;
    }

    /// <summary>Processes by number and name, the first few of them, in brackets; empty for none.</summary>
    public static string Processes(IReadOnlyList<int> pids, CgroupHost host)
    {
        const int Shown = 5;
        if (pids.Count == 0)
        {
            return "";
        }

        List<string> names = [];
        for (int i = 0; i < Math.Min(pids.Count, Shown); i++)
        {
            names.Add($"{pids[i]}{Name(pids[i], host)}");
        }

        return pids.Count > Shown ? $" ({string.Join(", ", names)} and {pids.Count - Shown} more)" : $" ({string.Join(", ", names)})";
    }

    private static string Name(int pid, CgroupHost host) =>
        host.Files.TryRead($"{host.Root}/proc/{pid}/comm", out string name) == Errno.None && name.Length > 0 ? " " + name : "";

    private static IsolationException Failed(ErrorKind kind, string message, Exception? inner = null) => new("CgroupLimitFailed", kind, message, inner);

    private static bool IsOn(CgroupWrite write, CgroupHost host) =>
        write.Controller == UnifiedWrites.Core
        || (host.Files.TryRead(write.Directory + "/cgroup.controllers", out string on) == Errno.None && Array.IndexOf(on.Split(' '), write.Controller) >= 0);

    // Where the kernel's version is the likely cause.
    private static string SinceFor(string file) => file switch
    {
        "cpu.max.burst" or "cpu.cfs_burst_us" => ", which came with Linux 5.14",
        "cpu.idle" => ", which came with Linux 5.15",
        "cpu.uclamp.min" or "cpu.uclamp.max" => ", which it has when built with CONFIG_UCLAMP_TASK_GROUP",
        "memory.zswap.max" => ", which came with Linux 5.19, and needs CONFIG_ZSWAP",
        "memory.zswap.writeback" => ", which came with Linux 6.8, and needs CONFIG_ZSWAP",
        "memory.swap.max" => ", which it has when built with CONFIG_SWAP",
        "memory.oom.group" => ", which came with Linux 4.19",
        "cpuset.cpus.partition" => ", which came with Linux 5.0",
        _ => "",
    };

    private static string Range(string file) => file switch
    {
        "cpu.weight" => "1 to 10000",
        "cpu.shares" => "2 to 262144",
        "cpu.max" => "a quota of 1000 µs and more, a period of 1000 to 1000000 µs",
        "pids.max" => $"0 to {CgroupConversion.MostPids} or max",
        "memory.max" or "memory.limit_in_bytes" => "bytes or max",
        "cpu.max.burst" or "cpu.cfs_burst_us" => "microseconds up to the quota of the cgroup; without a quota there is no burst",
        "cpu.cfs_period_us" => "1000 to 1000000 µs",
        "cpu.rt_runtime_us" or "cpu.rt_period_us" => "a runtime up to the period, and in sum no more than the cgroup above has",
        "cpuset.cpus" => "a list of processors that this host has",
        "cpuset.mems" => "a list of memory nodes that this host has",
        "memory.swappiness" => "0 to 100, since Linux 6.8 to 200",
        "io.weight" => "1 to 10000",
        "io.bfq.weight" or "blkio.bfq.weight" or "blkio.bfq.weight_device" => "1 to 1000",
        "blkio.weight" or "blkio.weight_device" => "10 to 1000",
        "io.max" => "numbers of 1 and more, or max",
        _ => "other values",
    };

    private static string Quote(string value) => value is "\n" or "" ? "an empty list" : value;

    private static string Read(string directory, string file, CgroupHost host) =>
        host.Files.TryRead(directory + "/" + file, out string text) == Errno.None ? text : "unknown";

    private static string ReadAbove(CgroupWrite write, CgroupHost host, string file) => Read(write.Directory[..write.Directory.LastIndexOf('/')], file, host);

    private static string CpuAbove(CgroupWrite write, CgroupHost host) =>
        $"{ReadAbove(write, host, "cpu.cfs_quota_us")} of {ReadAbove(write, host, "cpu.cfs_period_us")} µs";

    private static string ChildrenWith(CgroupWrite write, CgroupHost host, string file)
    {
        List<string> children = [];
        foreach (string child in host.Files.Subdirectories(write.Directory))
        {
            children.Add($"{child}: {Read(write.Directory + "/" + child, file, host)}");
        }

        return children.Count == 0 ? "" : $" ({string.Join(", ", children)})";
    }
}
