using System;
using System.Collections.Generic;
using Isolation.Interop;

namespace Isolation.Cgroups;

/// <summary>The list of allowed devices: files of version 1, a program in version 2.</summary>
internal static class DeviceWrites
{
    private const string Parameter = "DeviceAllow";
    private const string Deny = "devices.deny";
    private const string Allow = "devices.allow";
    private const string List = "devices.list";

    /// <summary>What the refusal of a program is told of as.</summary>
    public const string Program = "BPF_CGROUP_DEVICE";

    public static void Add(List<CgroupWrite> writes, CgroupLimitRequest request, Func<string, (CgroupHierarchy Hierarchy, string Directory)> locate, bool first)
    {
        if (request.Devices is not IReadOnlyList<DeviceRule> rules)
        {
            return;
        }

        string controller = first ? CgroupControllers.Devices : UnifiedWrites.Core;
        (CgroupHierarchy hierarchy, string directory) = locate(controller);
        writes.Add(new CgroupWrite(Parameter, controller, hierarchy, directory, first ? Allow : Program, string.Join(", ", rules), "")
        {
            Act = first ? (files, _) => SetFirst(files, directory, rules) : (files, _) => files.TrySetDevices(directory, IsEverything(rules) ? null : rules),
        });
    }

    /// <summary>The list of a folder of version 1; null where it cannot be read.</summary>
    public static IReadOnlyList<DeviceRule>? Read(ControllerFolder folder) => folder.TryRead(List, out string text) ? Parse(text) : null;

    /// <summary>Reads rules, one a line.</summary>
    public static IReadOnlyList<DeviceRule> Parse(string text)
    {
        List<DeviceRule> rules = [];
        foreach (string line in text.Split('\n'))
        {
            if (DeviceRule.TryParse(line, out DeviceRule? rule))
            {
                rules.Add(rule!);
            }
        }

        return rules;
    }

    private static (Errno Error, Func<Errno>? Undo) SetFirst(ICgroupFiles files, string directory, IReadOnlyList<DeviceRule> rules)
    {
        Errno error = files.TryRead($"{directory}/{List}", out string former);
        if (error != Errno.None)
        {
            return (error, null);
        }

        string[] lines = former.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        List<string> wanted = [];
        foreach (DeviceRule rule in rules)
        {
            wanted.Add(rule.ToString());
        }

        error = Write(files, directory, wanted);
        if (error != Errno.None)
        {
            _ = Write(files, directory, lines);
            return (error, null);
        }

        return (Errno.None, () => Write(files, directory, lines));
    }

    // All is denied first: there is no other way to take something from the list that part of another entry allows.
    private static Errno Write(ICgroupFiles files, string directory, IReadOnlyList<string> lines)
    {
        Errno error = files.TryWrite($"{directory}/{Deny}", "a");
        foreach (string line in lines)
        {
            if (error == Errno.None)
            {
                // For everything the kernel takes the letter alone.
                error = files.TryWrite($"{directory}/{Allow}", line == DeviceRule.Everything.ToString() ? "a" : line);
            }
        }

        return error;
    }

    private static bool IsEverything(IReadOnlyList<DeviceRule> rules)
    {
        foreach (DeviceRule rule in rules)
        {
            if (rule == DeviceRule.Everything)
            {
                return true;
            }
        }

        return false;
    }
}
