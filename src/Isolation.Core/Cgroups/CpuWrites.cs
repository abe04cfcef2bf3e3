using System.Collections.Generic;
using System.Globalization;

namespace Isolation.Cgroups;

/// <summary>Limits of processor time as values for files.</summary>
internal static class CpuWrites
{
    private const string QuotaFile = "cpu.cfs_quota_us";
    private const string PeriodFile = "cpu.cfs_period_us";

    public static void Add(List<CgroupWrite> writes, CgroupLimitRequest request, ControllerFolder folder)
    {
        // A burst is never above the quota: it goes before where it falls, and comes after where it rises.
        CgroupWrite? burst = request.CpuBurst is long time ? folder.Write("CpuBurst", folder.IsFirst ? "cpu.cfs_burst_us" : "cpu.max.burst", time) : null;
        bool falls = burst is not null && CgroupConversion.ParseNumber(burst.Restore) > request.CpuBurst;
        if (falls)
        {
            writes.Add(burst!);
        }

        if (request.CpuMax is not null || request.CpuPeriod is not null)
        {
            if (folder.IsFirst)
            {
                AddFirstMax(writes, request, folder);
            }
            else
            {
                AddMax(writes, request, folder);
            }
        }

        if (burst is not null && !falls)
        {
            writes.Add(burst);
        }

        AddWeight(writes, request, folder);
        AddUtilization(writes, "CpuUtilizationMin", "cpu.uclamp.min", request.CpuUtilizationMin, folder);
        AddUtilization(writes, "CpuUtilizationMax", "cpu.uclamp.max", request.CpuUtilizationMax, folder);
        AddRealtime(writes, request, folder);
    }

    private static void AddMax(List<CgroupWrite> writes, CgroupLimitRequest request, ControllerFolder folder)
    {
        const string File = "cpu.max";
        string parameter = request.CpuMax is null ? "CpuPeriod" : "CpuMax";
        string former = folder.Read(parameter, File);
        string[] words = former.Split(' ');
        long? formerQuota = CgroupConversion.ParseNumber(words[0]);
        long formerPeriod = (words.Length > 1 ? CgroupConversion.ParseNumber(words[1]) : null) ?? CgroupConversion.DefaultPeriod;
        double? cores = request.CpuMax is LimitValue<double> max ? max.Value : formerQuota is long quota ? CgroupConversion.Cores(quota, formerPeriod) : null;
        long period = request.CpuPeriod ?? PeriodFor(cores, formerPeriod);
        string value = cores is double number ? ControllerFolder.Text(CgroupConversion.Quota(number, period)) : "max";
        writes.Add(folder.Write(parameter, File, $"{value} {ControllerFolder.Text(period)}", former));
    }

    // Another's period is kept where the quota can be expressed in it.
    private static long PeriodFor(double? cores, long period) =>
        cores is double number && CgroupConversion.Quota(number, period) < CgroupConversion.LeastQuota ? CgroupConversion.DefaultPeriod : period;

    private static void AddFirstMax(List<CgroupWrite> writes, CgroupLimitRequest request, ControllerFolder folder)
    {
        string parameter = request.CpuMax is null ? "CpuPeriod" : "CpuMax";
        long formerQuota = CgroupConversion.ParseNumber(folder.Read(parameter, QuotaFile)) ?? -1;
        long formerPeriod = CgroupConversion.ParseNumber(folder.Read(parameter, PeriodFile)) ?? CgroupConversion.DefaultPeriod;
        double? cores = request.CpuMax is LimitValue<double> max ? max.Value : CgroupConversion.Cores(formerQuota, formerPeriod);
        if (cores is not double target)
        {
            writes.Add(folder.Write(parameter, QuotaFile, -1));
            AddPeriod(request.CpuPeriod);
            return;
        }

        // Without a quota the period has no effect; with one below the least quota this is a step down, so that the longer period lies between both ends.
        // Any other period that somebody chose is kept: two writes would pass through a third limit.
        long period = request.CpuPeriod
            ?? (formerQuota < 0 ? CgroupConversion.DefaultPeriod : PeriodFor(target, formerPeriod));
        CgroupWrite quota = folder.Write(parameter, QuotaFile, CgroupConversion.Quota(target, period));

        // Two writes pass through a third limit where the period is asked for: the tighter one, which the cgroup above allows in any case.
        bool periodFirst = formerQuota < 0 || period > formerPeriod;
        if (periodFirst)
        {
            AddPeriod(period);
        }

        writes.Add(quota);
        if (!periodFirst)
        {
            AddPeriod(period);
        }

        void AddPeriod(long? value)
        {
            if (value is long time && time != formerPeriod)
            {
                writes.Add(folder.Write(request.CpuPeriod is null ? parameter : "CpuPeriod", PeriodFile, time));
            }
        }
    }

    private static void AddWeight(List<CgroupWrite> writes, CgroupLimitRequest request, ControllerFolder folder)
    {
        // A weight is refused (EINVAL) while the cgroup is idle.
        CgroupWrite? idle = request.CpuIdle is bool on ? folder.Write("CpuIdle", "cpu.idle", on ? 1 : 0) : null;
        if (idle is not null && request.CpuIdle == false)
        {
            writes.Add(idle);
        }

        if (request.CpuWeight is int weight)
        {
            writes.Add(folder.IsFirst
                ? folder.Write("CpuWeight", "cpu.shares", CgroupConversion.WeightToShares(weight))
                : folder.Write("CpuWeight", "cpu.weight", weight));
        }
        else if (request.CpuShares is long shares)
        {
            writes.Add(folder.IsFirst
                ? folder.Write("CpuShares", "cpu.shares", shares)
                : folder.Write("CpuShares", "cpu.weight", CgroupConversion.SharesToWeight(shares)));
        }

        if (idle is not null && request.CpuIdle == true)
        {
            writes.Add(idle);
        }
    }

    private static void AddUtilization(List<CgroupWrite> writes, string parameter, string file, LimitValue<double>? value, ControllerFolder folder)
    {
        if (value is LimitValue<double> limit)
        {
            writes.Add(folder.Write(parameter, file, limit.Value is double percent ? percent.ToString("0.##", CultureInfo.InvariantCulture) : "max", folder.Read(parameter, file)));
        }
    }

    private static void AddRealtime(List<CgroupWrite> writes, CgroupLimitRequest request, ControllerFolder folder)
    {
        if (request.CpuRealtimeRuntime is null && request.CpuRealtimePeriod is null)
        {
            return;
        }

        const string RuntimeFile = "cpu.rt_runtime_us";
        string parameter = request.CpuRealtimeRuntime is null ? "CpuRealtimePeriod" : "CpuRealtimeRuntime";
        if (!folder.Has(RuntimeFile))
        {
            throw folder.Unsupported(parameter, folder.IsFirst
                ? "this kernel was built without CONFIG_RT_GROUP_SCHED"
                : "version 2 does not limit the time of real-time processes; /proc/sys/kernel/sched_rt_runtime_us does for the whole host");
        }

        // The runtime is never above the period: it goes first where it falls.
        CgroupWrite? runtime = request.CpuRealtimeRuntime is long time ? folder.Write("CpuRealtimeRuntime", RuntimeFile, time) : null;
        CgroupWrite? period = request.CpuRealtimePeriod is long length ? folder.Write("CpuRealtimePeriod", "cpu.rt_period_us", length) : null;
        bool falls = runtime is not null && CgroupConversion.ParseNumber(runtime.Restore) > request.CpuRealtimeRuntime;
        foreach (CgroupWrite? write in falls ? [runtime, period] : (System.ReadOnlySpan<CgroupWrite?>)[period, runtime])
        {
            if (write is not null)
            {
                writes.Add(write);
            }
        }
    }
}
