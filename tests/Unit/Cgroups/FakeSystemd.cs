using System;
using System.Collections.Generic;
using System.Linq;
using Isolation.Cgroups;
using Isolation.Processes;

namespace Isolation.Tests.Cgroups;

/// <summary>busctl with a systemd behind it, that knows one unit and makes its cgroup as systemd 252 does.</summary>
internal sealed class FakeSystemd(FakeHost host, string unitPath) : ICommands
{
    public const string Root = "/system.slice/isolation.service";

    /// <summary>The calls, in order: the method, and what it is given.</summary>
    public List<string> Calls { get; } = [];

    /// <summary>The arguments and the environment of the last call.</summary>
    public (IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment) Last { get; private set; }

    /// <summary>What the unit is.</summary>
    public string State { get; set; } = "inactive";

    /// <summary>Answers instead, by method; null for the usual.</summary>
    public Func<string, CommandResult?>? Answer { get; set; }

    /// <summary>Whether there is a busctl.</summary>
    public bool IsInstalled { get; set; } = true;

    public Dictionary<string, string> Variables { get; } = [];

    public string? Variable(string name) => Variables.GetValueOrDefault(name);

    public CommandResult? Run(string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment, TimeSpan timeout, string? input = null)
    {
        Last = (arguments, environment);
        if (!IsInstalled || program != "busctl")
        {
            return null;
        }

        List<string> words = [.. arguments.SkipWhile(argument => argument.StartsWith("--", StringComparison.Ordinal))];
        string method = words[0] == "call" ? words[4] : words[^1];
        Calls.Add(words[0] == "call" ? string.Join(' ', words.Skip(4)) : method);
        return Answer?.Invoke(method) ?? method switch
        {
            "StartTransientUnit" when State == "active" => Refused("Unit isolation.service was already loaded or has a fragment file."),
            "StartTransientUnit" => Become("active", """{"type":"o","data":["/org/freedesktop/systemd1/job/55"]}"""),
            "StopUnit" => Become("inactive", """{"type":"o","data":["/org/freedesktop/systemd1/job/56"]}"""),
            "SetUnitProperties" => Realize(),
            "AttachProcessesToUnit" => new CommandResult(0, "", ""),
            "ActiveState" => new CommandResult(0, $"{{\"type\":\"s\",\"data\":\"{State}\"}}\n", ""),
            _ => Refused($"Unknown method {method}"),
        };
    }

    public static CommandResult Refused(string why) => new(1, "", $"Call failed: {why}\n");

    private CommandResult Become(string state, string reply)
    {
        State = state;
        return new CommandResult(0, reply, "");
    }

    private CommandResult Realize()
    {
        string at = "/sys/fs/cgroup";
        foreach (string name in unitPath.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            at += "/" + name;
            if (!host.Has(at))
            {
                host.MakeCgroup(at);
                host.Put(at + "/cgroup.controllers", "cpuset cpu io memory pids");
            }
        }

        host.DelegatedFolders.Add(at);
        host.Owned.Add(at);
        return new CommandResult(0, "", "");
    }
}
