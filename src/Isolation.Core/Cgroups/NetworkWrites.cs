using System.Collections.Generic;
using System.Globalization;

namespace Isolation.Cgroups;

/// <summary>What version 1 tells traffic control of the packets of a cgroup, as values for files.</summary>
internal static class NetworkWrites
{
    public static void Add(List<CgroupWrite> writes, CgroupLimitRequest request, ControllerFolder folder)
    {
        if (folder.Controller == CgroupControllers.NetworkClass && request.NetworkClass is uint number)
        {
            writes.Add(folder.Write("NetworkClass", "net_cls.classid", number.ToString(CultureInfo.InvariantCulture), folder.Read("NetworkClass", "net_cls.classid")));
        }

        if (folder.Controller == CgroupControllers.NetworkPriority)
        {
            const string File = "net_prio.ifpriomap";
            foreach (KeyedLimit limit in request.NetworkPriority)
            {
                folder.Read("NetworkPriority", File);
                writes.Add(folder.Write(
                    "NetworkPriority", File, $"{limit.Key} {ControllerFolder.Text(limit.Value.Value ?? 0)}", $"{limit.Key} {folder.ReadLine(File, limit.Key) ?? "0"}"));
            }
        }
    }
}
