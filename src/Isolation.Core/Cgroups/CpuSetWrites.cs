using System;
using System.Collections.Generic;

namespace Isolation.Cgroups;

/// <summary>Processors and memory nodes as values for files.</summary>
internal static class CpuSetWrites
{
    public static void Add(List<CgroupWrite> writes, CgroupLimitRequest request, ControllerFolder folder)
    {
        CpuSetPartition? partition = request.CpuSetPartition;
        if (partition is not null && folder.IsFirst)
        {
            throw folder.Unsupported("CpuSetPartition", "the cpuset controller is in version 1 on this host, where cpuset.cpu_exclusive keeps processors to one cgroup");
        }

        // A partition is given up before its processors change, and made of those that it has then.
        if (partition == CpuSetPartition.Member)
        {
            AddPartition(writes, CpuSetPartition.Member, folder);
        }

        AddList(writes, "CpuSet", "cpuset.cpus", request.CpuSet, folder);
        AddList(writes, "MemoryNode", "cpuset.mems", request.MemoryNode, folder);
        if (partition is CpuSetPartition.Root or CpuSetPartition.Isolated)
        {
            AddPartition(writes, partition.Value, folder);
        }
    }

    private static void AddList(List<CgroupWrite> writes, string parameter, string file, CpuList? list, ControllerFolder folder)
    {
        if (list is null)
        {
            return;
        }

        // In version 2 an empty list means the parent's; version 1 needs a list of its own. write(2) of nothing does not reach the kernel's file.
        string value = !list.IsEmpty ? list.ToString() : folder.IsFirst ? folder.ReadParent(file) : "\n";
        string former = folder.Read(parameter, file);
        writes.Add(folder.Write(parameter, file, value, former.Length == 0 ? "\n" : former));
    }

    private static void AddPartition(List<CgroupWrite> writes, CpuSetPartition partition, ControllerFolder folder)
    {
        const string File = "cpuset.cpus.partition";
        string former = folder.Read("CpuSetPartition", File);
        string word = former.Split(' ')[0];
        writes.Add(folder.Write("CpuSetPartition", File, partition.ToString().ToLowerInvariant(), word) with
        {
            // The kernel takes it and says afterwards that it could not be: "root invalid (Cpu list in cpuset.cpus not exclusive)".
            Check = now => now.IndexOf(" invalid", StringComparison.Ordinal) is int at and > 0
                ? $"the kernel says '{now[(at + 1)..]}'. The processors must be in CpuSet, be those of no cgroup beside it, and the cgroup above must be a partition itself or the root"
                : null,
        });
    }
}
