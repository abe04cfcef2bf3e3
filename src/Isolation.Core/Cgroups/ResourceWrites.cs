using System.Collections.Generic;

namespace Isolation.Cgroups;

/// <summary>Limits of huge pages, of RDMA devices and of other counted resources as values for files.</summary>
internal static class ResourceWrites
{
    public static void Add(List<CgroupWrite> writes, CgroupLimitRequest request, ControllerFolder folder)
    {
        switch (folder.Controller)
        {
            case CgroupControllers.HugePages:
                foreach (KeyedLimit limit in request.HugePages)
                {
                    string kind = limit.Parameter == "HugePageReservationMax" ? "rsvd." : "";
                    if (folder.IsFirst)
                    {
                        string file = $"hugetlb.{limit.Key}.{kind}limit_in_bytes";
                        long? former = CgroupConversion.ParseMemory(folder.Read(limit.Parameter, file));
                        writes.Add(folder.Write(limit.Parameter, file, Bytes(limit.Value.Value), Bytes(former)));
                    }
                    else
                    {
                        writes.Add(folder.Write(limit.Parameter, $"hugetlb.{limit.Key}.{kind}max", limit.Value));
                    }
                }

                break;
            case CgroupControllers.Rdma:
                foreach (KeyedText limit in request.Rdma)
                {
                    AddLine("RdmaMax", "rdma.max", limit.Key, limit.Text, "hca_handle=max hca_object=max");
                }

                break;
            case CgroupControllers.Misc:
                foreach (KeyedLimit limit in request.Misc)
                {
                    AddLine("MiscMax", "misc.max", limit.Key, limit.Value.Value is long number ? ControllerFolder.Text(number) : "max", "max");
                }

                break;
        }

        void AddLine(string parameter, string file, string key, string value, string none)
        {
            folder.Read(parameter, file);
            writes.Add(folder.Write(parameter, file, $"{key} {value}", $"{key} {folder.ReadLine(file, key) ?? none}"));
        }
    }

    private static string Bytes(long? value) => value is long bytes ? ControllerFolder.Text(bytes) : "-1";
}
