using System;
using System.Collections.Generic;
using Isolation.Interop;

namespace Isolation.Cgroups;

/// <summary>Reads pressure stall information: of a cgroup of version 2, or of the host.</summary>
internal static class CgroupPressureReader
{
    private static readonly PressureResource[] s_resources = [PressureResource.Cpu, PressureResource.Memory, PressureResource.Io, PressureResource.Irq];

    /// <summary>The file of a resource: in a folder of version 2, or for null that of the host.</summary>
    public static string FileOf(CgroupHost host, string? directory, PressureResource resource)
    {
        string name = Enum.GetName(resource)!.ToLowerInvariant();
        return directory is null ? $"{host.Root}/proc/pressure/{name}" : $"{directory}/{name}.pressure";
    }

    /// <summary>One object a resource that the kernel measures; none where it measures nothing.</summary>
    public static IReadOnlyList<CgroupPressure> Read(CgroupHost host, string? directory, string cgroup, string? set)
    {
        List<CgroupPressure> found = [];
        foreach (PressureResource resource in s_resources)
        {
            if (host.Files.TryRead(FileOf(host, directory, resource), out string text) == Errno.None)
            {
                (double? some10, double? some60, double? some300, TimeSpan? some) = CgroupCounters.ParsePressure(text, "some");
                (double? full10, double? full60, double? full300, TimeSpan? full) = CgroupCounters.ParsePressure(text, "full");
                found.Add(new CgroupPressure
                {
                    Namespace = set,
                    Cgroup = cgroup,
                    Resource = resource,
                    SomeAverage10 = some10,
                    SomeAverage60 = some60,
                    SomeAverage300 = some300,
                    SomeTotal = some,
                    FullAverage10 = full10,
                    FullAverage60 = full60,
                    FullAverage300 = full300,
                    FullTotal = full,
                });
            }
        }

        return found;
    }

    /// <summary>Why nothing is measured, and what to do.</summary>
    /// <param name="host">The host.</param>
    /// <param name="cgroup">The cgroup's path; <c>/</c> for the host.</param>
    /// <param name="directory">Its folder of version 2; null where it has none.</param>
    public static IsolationException Absence(CgroupHost host, string cgroup, string? directory)
    {
        string cause =
            host.Files.TryRead(FileOf(host, null, PressureResource.Cpu), out _) != Errno.None ? CauseOfAbsence(host)
            : host.Unified is null ? "only control groups of version 2 have it, and none are mounted. Mount them with: mount -t cgroup2 none FOLDER. Get-CgroupPressure / is that of the host"
            : directory is null ? $"only control groups of version 2 have it, and this one is in hierarchies of version 1 alone. Make it in {host.Unified.MountPoint} too, and move its processes there"
            : host.Files.TryRead(directory + "/cgroup.pressure", out string on) == Errno.None && on.Trim() == "0" ? $"it is switched off there. Write 1 to {directory}/cgroup.pressure"
            : "the kernel shows it to nobody here. Linux 4.20 is the first that has it";
        return new IsolationException(
            "PressureUnavailable", ErrorKind.NotSupported, $"There is no pressure stall information of {(cgroup == "/" ? "the host" : $"cgroup {cgroup}")}: {cause}.");
    }

    private static string CauseOfAbsence(CgroupHost host)
    {
        if (host.Files.TryRead(host.Root + "/proc/cmdline", out string line) == Errno.None && Array.IndexOf(line.Split(' '), "psi=0") >= 0)
        {
            return "the kernel was booted with psi=0. Boot it with psi=1";
        }

        host.Files.TryRead(host.Root + "/proc/sys/kernel/osrelease", out string release);
        return host.Files.TryRead($"{host.Root}/boot/config-{release}", out string built) != Errno.None
            ? "this kernel was built without CONFIG_PSI (Linux 4.20 is the first that has it), or has it switched off. Try to boot it with psi=1"
            : built.Contains("\nCONFIG_PSI=y", StringComparison.Ordinal) ? "this kernel has it switched off (CONFIG_PSI_DEFAULT_DISABLED). Boot it with psi=1"
            : "this kernel was built without CONFIG_PSI. Install one that has it";
    }
}
