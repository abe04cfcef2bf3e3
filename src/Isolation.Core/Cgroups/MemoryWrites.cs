using System;
using System.Collections.Generic;

namespace Isolation.Cgroups;

/// <summary>Limits of memory as values for files.</summary>
internal static class MemoryWrites
{
    private const string FirstLimit = "memory.limit_in_bytes";
    private const string FirstSum = "memory.memsw.limit_in_bytes";

    public static void Add(List<CgroupWrite> writes, CgroupLimitRequest request, ControllerFolder folder)
    {
        if (folder.IsFirst)
        {
            AddFirst(writes, request, folder);
            return;
        }

        // What protects rises to what limits, and what limits stays above what protects, whatever the order: the kernel takes all of them one by one.
        Add("MemoryMin", "memory.min", request.MemoryMin);
        Add("MemoryLow", "memory.low", request.MemoryLow);
        Add("MemoryHigh", "memory.high", request.MemoryHigh);
        Add("MemoryMax", "memory.max", request.MemoryMax);
        Add("MemorySwapMax", "memory.swap.max", request.MemorySwapMax);
        Add("MemoryZSwapMax", "memory.zswap.max", request.MemoryZSwapMax);
        AddSwitch("MemoryZSwapWriteback", "memory.zswap.writeback", request.MemoryZSwapWriteback);
        AddSwitch("MemoryOomGroup", "memory.oom.group", request.MemoryOomGroup);
        if (request.MemoryOomKill == false)
        {
            throw folder.Unsupported("MemoryOomKill", "in version 2 the kernel always kills where memory runs out. MemoryHigh slows processes down before it comes to that");
        }

        if (request.MemorySwappiness is not null)
        {
            throw folder.Unsupported("MemorySwappiness", "version 2 has it for the whole host alone, in /proc/sys/vm/swappiness. MemorySwapMax limits the swap of a cgroup");
        }

        void Add(string parameter, string file, LimitValue<long>? value)
        {
            if (value is LimitValue<long> limit)
            {
                writes.Add(folder.Write(parameter, file, limit));
            }
        }

        void AddSwitch(string parameter, string file, bool? value)
        {
            if (value is bool on)
            {
                writes.Add(folder.Write(parameter, file, on ? 1 : 0));
            }
        }
    }

    private static void AddFirst(List<CgroupWrite> writes, CgroupLimitRequest request, ControllerFolder folder)
    {
        foreach ((string parameter, bool given, string instead) in (ReadOnlySpan<(string, bool, string)>)[
            ("MemoryMin", request.MemoryMin is not null, "MemoryLow is the nearest that there is"),
            ("MemoryHigh", request.MemoryHigh is not null, "MemoryMax is a limit that there is, and MemoryLow what a cgroup is brought back to where the host is short of memory"),
            ("MemoryZSwapMax", request.MemoryZSwapMax is not null, "MemorySwapMax limits swap of every kind"),
            ("MemoryZSwapWriteback", request.MemoryZSwapWriteback is not null, "MemorySwapMax limits swap of every kind"),
            ("MemoryOomGroup", request.MemoryOomGroup is not null, "MemoryOomKill says whether anything is killed")])
        {
            if (given)
            {
                throw folder.Unsupported(parameter, $"the memory controller is in version 1 on this host, which does not have it. {instead}");
            }
        }

        if (request.MemoryLow is LimitValue<long> low)
        {
            const string File = "memory.soft_limit_in_bytes";
            writes.Add(folder.Write("MemoryLow", File, Bytes(low.Value), Bytes(CgroupConversion.ParseMemory(folder.Read("MemoryLow", File)))));
        }

        AddLimitAndSwap(writes, request, folder);
        if (request.MemorySwappiness is int swappiness)
        {
            writes.Add(folder.Write("MemorySwappiness", "memory.swappiness", swappiness));
        }

        if (request.MemoryOomKill is bool kill)
        {
            const string File = "memory.oom_control";
            string former = folder.Read("MemoryOomKill", File).Contains("oom_kill_disable 1", StringComparison.Ordinal) ? "1" : "0";
            writes.Add(folder.Write("MemoryOomKill", File, kill ? "0" : "1", former));
        }
    }

    // Version 1 limits the sum of memory and swap, and refuses (EINVAL) a sum below the memory limit at any moment. The swap that was allowed stays
    // allowed: the sum moves along, first when the limit rises, last when it falls.
    private static void AddLimitAndSwap(List<CgroupWrite> writes, CgroupLimitRequest request, ControllerFolder folder)
    {
        if (request.MemoryMax is null && request.MemorySwapMax is null)
        {
            return;
        }

        string first = request.MemoryMax is null ? "MemorySwapMax" : "MemoryMax";
        long? former = CgroupConversion.ParseMemory(folder.Read(first, FirstLimit));
        bool counts = folder.TryRead(FirstSum, out string text);
        if (!counts && request.MemorySwapMax is not null)
        {
            throw folder.Unsupported(
                "MemorySwapMax", "this kernel does not count the swap of version 1. Boot it with swapaccount=1, or built with CONFIG_SWAP");
        }

        long? formerSum = counts ? CgroupConversion.ParseMemory(text) : null;
        long? target = request.MemoryMax is LimitValue<long> asked ? asked.Value : former;
        long? swap = request.MemorySwapMax is LimitValue<long> given ? given.Value
            : former is not null && formerSum is not null ? formerSum - former
            : null;
        if (request.MemorySwapMax is { IsUnlimited: false } && target is null)
        {
            throw folder.Unsupported(
                "MemorySwapMax", "version 1 limits memory and swap together, and memory has no limit here. Give MemoryMax as well, of 'how much there is' where it shall not count");
        }

        long? sum = target is long bytes && swap is long more ? bytes + Math.Min(more, long.MaxValue - bytes) : null;
        bool sumChanges = counts && (request.MemorySwapMax is not null || (former is not null && formerSum is not null));
        CgroupWrite? limit = request.MemoryMax is null ? null : folder.Write("MemoryMax", FirstLimit, Bytes(target), Bytes(former));
        CgroupWrite? both = sumChanges
            ? folder.Write(request.MemorySwapMax is null ? "MemoryMax" : "MemorySwapMax", FirstSum, Bytes(sum), Bytes(formerSum))
            : null;
        bool rises = target is null || (former is long before && target > before);
        foreach (CgroupWrite? write in rises ? [both, limit] : (ReadOnlySpan<CgroupWrite?>)[limit, both])
        {
            if (write is not null)
            {
                writes.Add(write);
            }
        }
    }

    private static string Bytes(long? value) => value is long bytes ? ControllerFolder.Text(bytes) : "-1";
}
