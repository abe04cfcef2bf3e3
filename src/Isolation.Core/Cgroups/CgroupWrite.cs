using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using Isolation.Interop;

namespace Isolation.Cgroups;

/// <summary>One value for one file of a cgroup.</summary>
/// <param name="Parameter">The limit that asks for it, as users name it.</param>
/// <param name="Controller">The controller whose file it is.</param>
/// <param name="Hierarchy">The hierarchy.</param>
/// <param name="Directory">The cgroup's folder.</param>
/// <param name="File">The file's name.</param>
/// <param name="Value">What to write.</param>
/// <param name="Restore">What to write to get the former state back.</param>
internal sealed record CgroupWrite(
    string Parameter, string Controller, CgroupHierarchy Hierarchy, string Directory, string File, string Value, string Restore)
{
    public string Path => Directory + "/" + File;
}

/// <summary>
/// Limits as values for files: the one place that knows each version's files. The order of the writes is such that no file passes through a state
/// that is tighter or looser than both what was and what shall be.
/// </summary>
internal static class CgroupWritePlan
{
    /// <summary>The writes for the limits of one call.</summary>
    /// <param name="request">The limits.</param>
    /// <param name="files">For the values as they are.</param>
    /// <param name="locate">The hierarchy and the folder for a controller.</param>
    public static IReadOnlyList<CgroupWrite> Build(
        CgroupLimitRequest request, ICgroupFiles files, Func<string, (CgroupHierarchy Hierarchy, string Directory)> locate)
    {
        List<CgroupWrite> writes = [];
        if (request.MemoryMax is LimitValue<long> memory)
        {
            AddMemory(writes, memory.Value, new Folder(CgroupControllers.Memory, "MemoryMax", files, locate));
        }

        if (request.CpuMax is LimitValue<double> cpu)
        {
            AddCpuMax(writes, cpu.Value, new Folder(CgroupControllers.Cpu, "CpuMax", files, locate));
        }

        if (request.CpuWeight is int weight)
        {
            Folder folder = new(CgroupControllers.Cpu, "CpuWeight", files, locate);
            if (folder.IsFirst)
            {
                folder.Add(writes, "cpu.shares", Text(CgroupConversion.WeightToShares(weight)));
            }
            else
            {
                folder.Add(writes, "cpu.weight", Text(weight));
            }
        }

        if (request.PidsMax is LimitValue<long> pids)
        {
            new Folder(CgroupControllers.Pids, "PidsMax", files, locate).Add(writes, "pids.max", pids.Value is long count ? Text(count) : "max");
        }

        if (request.CpuSet is CpuList cpus)
        {
            AddCpuSet(writes, cpus, new Folder(CgroupControllers.CpuSet, "CpuSet", files, locate));
        }

        return writes;
    }

    private static void AddMemory(List<CgroupWrite> writes, long? limit, Folder folder)
    {
        if (!folder.IsFirst)
        {
            folder.Add(writes, "memory.max", limit is long bytes ? Text(bytes) : "max");
            return;
        }

        const string Memory = "memory.limit_in_bytes";
        const string MemoryAndSwap = "memory.memsw.limit_in_bytes";
        long? former = CgroupConversion.ParseMemory(folder.Read(Memory));
        long? formerSum = former is not null && folder.TryRead(MemoryAndSwap, out string text) ? CgroupConversion.ParseMemory(text) : null;
        CgroupWrite main = folder.Write(Memory, limit is long value ? Text(value) : "-1", former is long old ? Text(old) : "-1");
        if (former is null || formerSum is null)
        {
            writes.Add(main);
            return;
        }

        // Version 1 limits the sum of memory and swap, and refuses (EINVAL) a sum below the memory limit at any moment. The swap that was allowed stays
        // allowed: the sum moves along, first when the limit rises, last when it falls.
        string sum = limit is long target ? Text(target + Math.Min(formerSum.Value - former.Value, long.MaxValue - target)) : "-1";
        CgroupWrite second = folder.Write(MemoryAndSwap, sum, Text(formerSum.Value));
        bool rises = limit is null || limit > former;
        writes.Add(rises ? second : main);
        writes.Add(rises ? main : second);
    }

    private static void AddCpuMax(List<CgroupWrite> writes, double? cores, Folder folder)
    {
        if (!folder.IsFirst)
        {
            folder.Add(writes, "cpu.max", CgroupConversion.CpuMaxText(cores));
            return;
        }

        const string QuotaFile = "cpu.cfs_quota_us";
        const string PeriodFile = "cpu.cfs_period_us";
        long formerQuota = CgroupConversion.ParseNumber(folder.Read(QuotaFile)) ?? -1;
        if (cores is not double target)
        {
            writes.Add(folder.Write(QuotaFile, "-1", Text(formerQuota)));
            return;
        }

        long period = CgroupConversion.ParseNumber(folder.Read(PeriodFile)) ?? CgroupConversion.DefaultPeriod;
        if (period != CgroupConversion.DefaultPeriod && (formerQuota < 0 || CgroupConversion.Quota(target, period) < CgroupConversion.LeastQuota))
        {
            // Without a quota the period has no effect; with one this is a step down (the target is below what the least quota gives), so the longer
            // period lies between both ends. Any other period that somebody chose is kept: two writes would pass through a third limit.
            writes.Add(folder.Write(PeriodFile, Text(CgroupConversion.DefaultPeriod), Text(period)));
            period = CgroupConversion.DefaultPeriod;
        }

        writes.Add(folder.Write(QuotaFile, Text(CgroupConversion.Quota(target, period)), Text(formerQuota)));
    }

    private static void AddCpuSet(List<CgroupWrite> writes, CpuList cpus, Folder folder)
    {
        const string File = "cpuset.cpus";
        string value = cpus.ToString();
        if (cpus.IsEmpty)
        {
            // In version 2 an empty list means the parent's; version 1 needs a list of its own. write(2) of nothing does not reach the kernel's file.
            value = folder.IsFirst ? folder.ReadParent(File) : "\n";
        }

        string former = folder.Read(File);
        writes.Add(folder.Write(File, value, former.Length == 0 ? "\n" : former));
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>One controller's folder of the cgroup.</summary>
    private sealed class Folder
    {
        private readonly ICgroupFiles _files;
        private readonly string _controller;
        private readonly string _parameter;
        private readonly CgroupHierarchy _hierarchy;
        private readonly string _directory;

        public Folder(string controller, string parameter, ICgroupFiles files, Func<string, (CgroupHierarchy Hierarchy, string Directory)> locate)
        {
            _controller = controller;
            _parameter = parameter;
            _files = files;
            (_hierarchy, _directory) = locate(controller);
        }

        public bool IsFirst => _hierarchy.Version == CgroupVersion.V1;

        public CgroupWrite Write(string file, string value, string restore) =>
            new(_parameter, _controller, _hierarchy, _directory, file, value, restore);

        public void Add(List<CgroupWrite> writes, string file, string value) => writes.Add(Write(file, value, Read(file)));

        public bool TryRead(string file, out string text) => _files.TryRead(_directory + "/" + file, out text) == Errno.None;

        public string Read(string file)
        {
            Errno error = _files.TryRead(_directory + "/" + file, out string text);
            return error == Errno.None ? text : throw new CgroupRefusedException(error, Write(file, "", ""));
        }

        public string ReadParent(string file) =>
            _files.TryRead(Path.GetDirectoryName(_directory) + "/" + file, out string text) == Errno.None ? text : "";
    }
}

/// <summary>A refused read or write, on its way to <see cref="CgroupRefusal"/>, which puts it into words.</summary>
internal sealed class CgroupRefusedException(Errno errno, CgroupWrite write) : Exception
{
    public Errno Errno { get; } = errno;

    public CgroupWrite Write { get; } = write;
}

/// <summary>Writes values one after the other; after a refusal what was written is taken back, last first.</summary>
internal sealed class CgroupWriter(ICgroupFiles files)
{
    private readonly List<CgroupWrite> _done = [];

    /// <summary>Writes all, or none: after a refusal everything written before is restored and the refusal thrown.</summary>
    /// <exception cref="CgroupRefusedException">A write was refused.</exception>
    public void WriteAll(IReadOnlyList<CgroupWrite> writes)
    {
        foreach (CgroupWrite write in writes)
        {
            Errno error = files.TryWrite(write.Path, write.Value);
            if (error != Errno.None)
            {
                throw new CgroupRefusedException(error, write);
            }

            _done.Add(write);
        }
    }

    /// <summary>Restores what was written. The result names the files that could not be restored.</summary>
    public IReadOnlyList<string> RollBack()
    {
        List<string> stuck = [];
        for (int i = _done.Count - 1; i >= 0; i--)
        {
            Errno error = files.TryWrite(_done[i].Path, _done[i].Restore);
            if (error is not (Errno.None or Errno.ENOENT or Errno.ENODEV))
            {
                stuck.Add($"{_done[i].Path} ({error.Name()})");
            }
        }

        _done.Clear();
        return stuck;
    }
}
