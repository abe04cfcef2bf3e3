using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Management.Automation;
using Isolation.Cgroups;
using Isolation.Processes;

namespace Isolation.Arguments;

/// <summary>The limits that were given to a cmdlet, as they are asked of the core.</summary>
/// <param name="host">The host, against which values are checked.</param>
/// <param name="fullPath">Makes a full path of what was typed.</param>
internal sealed class CgroupLimitArguments(CgroupHost host, Func<string, string> fullPath)
{
    private readonly List<string> _words = [];
    private CgroupLimitRequest _request = new();

    /// <summary>What is set, in words.</summary>
    public string Words => string.Join(", ", _words);

    /// <summary>Takes the limits among the parameters of a call.</summary>
    /// <exception cref="IsolationException"><c>CgroupLimitInvalid</c>, <c>BlockDeviceInvalid</c>, <c>BlockDeviceNotFound</c>.</exception>
    public CgroupLimitRequest Read(IReadOnlyDictionary<string, object?> parameters)
    {
        foreach ((string name, object? value) in parameters)
        {
            _request = Add(name, value) ?? _request;
        }

        foreach ((string weight, string former) in (ReadOnlySpan<(string, string)>)[("CpuWeight", "CpuShares"), ("IoWeight", "BlkioWeight")])
        {
            if (parameters.ContainsKey(weight) && parameters.TryGetValue(former, out object? value))
            {
                throw CgroupLimitText.Invalid(former, Text(former, value), $"{weight} says the same on another scale; give one of them");
            }
        }

        return !_request.IsEmpty ? _request : throw new IsolationException(
            "CgroupLimitInvalid",
            ErrorKind.InvalidArgument,
            "No limit was given. Add -MemoryMax, -CpuMax, -CpuWeight, -PidsMax, -CpuSet or another; Get-CgroupLimit reads the limits.");
    }

    // Null for a parameter that is no limit.
    private CgroupLimitRequest? Add(string name, object? value) => name switch
    {
        "MemoryMin" => _request with { MemoryMin = CgroupLimitText.Share(name, Text(name, value), host) },
        "MemoryLow" => _request with { MemoryLow = CgroupLimitText.Share(name, Text(name, value), host) },
        "MemoryHigh" => _request with { MemoryHigh = CgroupLimitText.Share(name, Text(name, value), host) },
        "MemoryMax" => _request with { MemoryMax = CgroupLimitText.Memory(Text(name, value), host) },
        "MemorySwapMax" => _request with { MemorySwapMax = CgroupLimitText.Share(name, Text(name, value), host) },
        "MemoryZSwapMax" => _request with { MemoryZSwapMax = CgroupLimitText.Share(name, Text(name, value), host) },
        "MemoryZSwapWriteback" => _request with { MemoryZSwapWriteback = Switch(name, value) },
        "MemoryOomGroup" => _request with { MemoryOomGroup = Switch(name, value) },
        "MemoryOomKill" => _request with { MemoryOomKill = Switch(name, value) },
        "MemorySwappiness" => _request with { MemorySwappiness = (int)CgroupLimitText.Whole(name, Text(name, value), 0, 200) },
        "CpuMax" => _request with { CpuMax = CgroupLimitText.Cpu(Text(name, value), host) },
        "CpuPeriod" => _request with { CpuPeriod = CgroupLimitText.Time(name, Text(name, value), 1_000, 1_000_000) },
        "CpuBurst" => _request with { CpuBurst = CgroupLimitText.Time(name, Text(name, value), 0, long.MaxValue / 1000) },
        "CpuWeight" => _request with { CpuWeight = CgroupLimitText.Weight(name, Text(name, value)) },
        "CpuShares" => _request with { CpuShares = CgroupLimitText.Whole(name, Text(name, value), 2, 262_144) },
        "CpuIdle" => _request with { CpuIdle = Switch(name, value) },
        "CpuUtilizationMin" => _request with { CpuUtilizationMin = CgroupLimitText.Utilization(name, Text(name, value)) },
        "CpuUtilizationMax" => _request with { CpuUtilizationMax = CgroupLimitText.Utilization(name, Text(name, value)) },
        "CpuRealtimeRuntime" => _request with { CpuRealtimeRuntime = CgroupLimitText.Time(name, Text(name, value), -1, uint.MaxValue) },
        "CpuRealtimePeriod" => _request with { CpuRealtimePeriod = CgroupLimitText.Time(name, Text(name, value), 1, uint.MaxValue) },
        "CpuSet" => _request with { CpuSet = CgroupLimitText.Cpus(List(name, value), host) },
        "MemoryNode" => _request with { MemoryNode = CgroupLimitText.Nodes(List(name, value)) },
        "CpuSetPartition" => _request with { CpuSetPartition = Enum.Parse<CpuSetPartition>(Text(name, value), ignoreCase: true) },
        "PidsMax" => _request with { PidsMax = CgroupLimitText.Pids(Text(name, value)) },
        "IoWeight" => _request with { IoWeight = CgroupLimitText.Weight(name, Text(name, value)) },
        "BlkioWeight" => _request with { BlkioWeight = CgroupLimitText.Whole(name, Text(name, value), 10, 1000) },
        "IoDeviceWeight" => _request with { IoDeviceWeight = Keyed(name, value, Disk, text => CgroupLimitText.Count(name, text, 1, 10_000)) },
        "IoReadBytesMax" or "IoWriteBytesMax" or "IoReadOperationsMax" or "IoWriteOperationsMax" =>
            _request with { IoRate = [.. _request.IoRate, .. Keyed(name, value, Disk, text => CgroupLimitText.Rate(name, text))] },
        "IoLatencyTarget" => _request with { IoLatency = Keyed(name, value, Disk, text => CgroupLimitText.IsMax(text) ? LimitValue<long>.Unlimited : new LimitValue<long>(CgroupLimitText.Time(name, text, 1, uint.MaxValue))) },
        "HugePageMax" or "HugePageReservationMax" =>
            _request with { HugePages = [.. _request.HugePages, .. Keyed(name, value, CgroupLimitText.HugePageSize, text => CgroupLimitText.Bytes(name, text))] },
        "RdmaMax" => _request with { Rdma = Texts(name, value) },
        "MiscMax" => _request with { Misc = Keyed(name, value, Word, text => CgroupLimitText.Count(name, text, 0, long.MaxValue)) },
        "DeviceAllow" => _request with { Devices = Devices(name, value) },
        "NetworkClass" => _request with { NetworkClass = CgroupLimitText.NetworkClass(Text(name, value)) },
        "NetworkPriority" => _request with { NetworkPriority = Keyed(name, value, Word, text => new LimitValue<long>(CgroupLimitText.Whole(name, text, 0, uint.MaxValue))) },
        "Nice" => _request with { Nice = (int)CgroupLimitText.Whole(name, Text(name, value), -20, 19) },
        "IoPriority" => _request with { IoPriority = Priority(name, Text(name, value)) },
        "Unified" => _request with { Unified = Unified(value) },
        _ => null,
    };

    private static IoPriority Priority(string name, string text) => IoPriority.TryParse(text, out IoPriority? priority)
        ? priority.Value
        : throw CgroupLimitText.Invalid(name, text, "it is not None, Idle, BestEffort or RealTime, these two with a level such as BestEffort:7, from 0 (first) to 7 (last)");

    private List<DeviceRule> Devices(string name, object? value)
    {
        List<DeviceRule> rules = [];
        string[] texts = value as string[] ?? [];
        foreach (string text in texts)
        {
            string rule = Text(name, text).Trim();
            if (rule.StartsWith('/'))
            {
                rules.Add(DeviceFile.Rule(name, rule));
            }
            else if (CgroupLimitText.IsMax(rule) || rule == "all")
            {
                rules.Add(DeviceRule.Everything);
            }
            else if (rule != "none" || texts.Length > 1)
            {
                rules.Add(DeviceRule.TryParse(rule, out DeviceRule? parsed)
                    ? parsed!
                    : throw CgroupLimitText.Invalid(name, rule, "it is not of the form '/dev/null rw', 'c 1:3 rwm', 'b 8:* r', 'all' or 'none'"));
            }
        }

        return rules;
    }

    private string Disk(string name, string key) =>
        BlockDevice.Resolve(name, key.StartsWith('/') || !key.Contains(':', StringComparison.Ordinal) ? fullPath(key) : key, host);

    // What stands before a space in a line of the kernel's.
    private static string Word(string name, string key) =>
        key.AsSpan().IndexOfAny(" \n\0") < 0 ? key : throw CgroupLimitText.Invalid(name, key, "a name has no space or line end");

    private List<KeyedLimit> Keyed(string name, object? table, Func<string, string, string> key, Func<string, LimitValue<long>> value)
    {
        List<KeyedLimit> limits = [];
        foreach ((string given, object? limit) in Entries(name, table))
        {
            limits.Add(new KeyedLimit(name, key(name, given), value(Text($"{name} of {given}", limit))));
        }

        return limits;
    }

    private List<KeyedText> Texts(string name, object? table)
    {
        List<KeyedText> values = [];
        foreach ((string key, object? value) in Entries(name, table))
        {
            string text = Text($"{name} of {key}", value);
            values.Add(new KeyedText(Word(name, key), text.Contains('\n', StringComparison.Ordinal) ? throw CgroupLimitText.Invalid(name, text, "a value is one line") : text));
        }

        return values;
    }

    private List<KeyedText> Unified(object? table)
    {
        List<KeyedText> values = [];
        foreach ((string file, object? value) in Entries("Unified", table))
        {
            UnifiedWrites.CheckName(file);
            values.Add(new KeyedText(file, Text(file, value)));
        }

        return values;
    }

    private static IEnumerable<(string Key, object? Value)> Entries(string name, object? table)
    {
        if (table is not IDictionary { Count: > 0 } entries)
        {
            throw CgroupLimitText.Invalid(name, "", "it is empty; give a table with an entry for each thing that is limited");
        }

        foreach (DictionaryEntry entry in entries)
        {
            string key = Convert.ToString(entry.Key, CultureInfo.InvariantCulture) ?? "";
            yield return string.IsNullOrWhiteSpace(key) ? throw CgroupLimitText.Invalid(name, key, "an entry has no name") : (key, entry.Value);
        }
    }

    private bool Switch(string name, object? value)
    {
        _words.Add($"{name} to {value}");
        return value is true;
    }

    private string List(string name, object? value) => Text(name, value is string[] parts ? string.Join(',', parts) : value);

    // Null must not mean "no limit": a misspelt variable would take one away.
    private string Text(string name, object? value)
    {
        object? inner = value is PSObject wrapped ? wrapped.BaseObject : value;
        string text = inner switch
        {
            string words => words,
            double number => number.ToString("R", CultureInfo.InvariantCulture),
            TimeSpan time => time.TotalMicroseconds.ToString("0", CultureInfo.InvariantCulture),
            IFormattable number and not Enum => number.ToString(null, CultureInfo.InvariantCulture),
            null => "",
            _ => inner.ToString() ?? "",
        };
        if (string.IsNullOrWhiteSpace(text))
        {
            throw CgroupLimitText.Invalid(name, "", "it is empty; give a value, or 'max' for no limit");
        }

        _words.Add($"{name} to {text}");
        return text;
    }
}
