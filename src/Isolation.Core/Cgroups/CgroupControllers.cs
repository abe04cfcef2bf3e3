namespace Isolation.Cgroups;

/// <summary>The kernel's names of the controllers that limits are set through, cgroups(7); where the versions differ, that of version 2.</summary>
internal static class CgroupControllers
{
    public const string Memory = "memory";
    public const string Cpu = "cpu";
    public const string Pids = "pids";
    public const string CpuSet = "cpuset";
    public const string Freezer = "freezer";
    public const string Devices = "devices";
    public const string Io = "io";
    public const string HugePages = "hugetlb";
    public const string Rdma = "rdma";
    public const string Misc = "misc";
    public const string NetworkClass = "net_cls";
    public const string NetworkPriority = "net_prio";

    /// <summary>Those of the limits that most ask for.</summary>
    public static readonly string[] OfLimits = [Memory, Cpu, Pids, CpuSet];

    /// <summary>What version 1 calls a controller of version 2.</summary>
    public static string FirstName(string controller) => controller == Io ? "blkio" : controller;

    /// <summary>What version 2 calls a controller of version 1.</summary>
    public static string SecondName(string controller) => controller == "blkio" ? Io : controller;
}
