using System;
using System.Collections.Generic;

namespace Isolation.Cgroups;

/// <summary>
/// Limits as values for files. The order of the writes is such that no file passes through a state that is tighter or looser than both what was and what
/// shall be.
/// </summary>
internal static class CgroupWritePlan
{
    /// <summary>The writes for the limits of one call.</summary>
    /// <param name="request">The limits.</param>
    /// <param name="files">For the values as they are.</param>
    /// <param name="locate">The hierarchy and the folder for a controller.</param>
    /// <param name="devicesAreFirst">Whether devices are a controller of version 1 on this host.</param>
    /// <exception cref="CgroupRefusedException">A file that is to be written cannot be read.</exception>
    /// <exception cref="IsolationException"><c>CgroupLimitUnsupported</c>: the version in which the controller lives does not have a limit.</exception>
    public static IReadOnlyList<CgroupWrite> Build(
        CgroupLimitRequest request, ICgroupFiles files, Func<string, (CgroupHierarchy Hierarchy, string Directory)> locate, bool devicesAreFirst = false)
    {
        List<CgroupWrite> writes = [];
        foreach (string controller in request.Controllers)
        {
            (CgroupHierarchy hierarchy, string directory) = locate(controller);
            ControllerFolder folder = new(controller, hierarchy, directory, files);
            switch (controller)
            {
                case CgroupControllers.Memory:
                    MemoryWrites.Add(writes, request, folder);
                    break;
                case CgroupControllers.Cpu:
                    CpuWrites.Add(writes, request, folder);
                    break;
                case CgroupControllers.Pids when request.PidsMax is LimitValue<long> pids:
                    writes.Add(folder.Write("PidsMax", "pids.max", pids));
                    break;
                case CgroupControllers.CpuSet:
                    CpuSetWrites.Add(writes, request, folder);
                    break;
                case CgroupControllers.Io:
                    IoWrites.Add(writes, request, folder);
                    break;
                case CgroupControllers.NetworkClass or CgroupControllers.NetworkPriority:
                    NetworkWrites.Add(writes, request, folder);
                    break;
                default:
                    ResourceWrites.Add(writes, request, folder);
                    break;
            }
        }

        UnifiedWrites.Add(writes, request, files, locate);
        DeviceWrites.Add(writes, request, locate, devicesAreFirst);
        return writes;
    }
}
