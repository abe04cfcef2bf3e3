using System;
using System.Threading;
using Isolation.Agent;
using Isolation.Cgroups;
using Isolation.Entry;
using Isolation.Interop;
using Isolation.Plans;
using Isolation.State;

namespace Isolation.Tests.Faults;

/// <summary>
/// A process that does one thing to a set when it is told to, while it, its agent or the set's init is killed; without PowerShell, so that there are
/// many in little time. It does the same to another set before, so that it is the work that is met and not the start.
/// </summary>
internal static class Victim
{
    /// <summary>What can be done.</summary>
    public static readonly string[] Operations = ["New", "Set", "Enter", "Start", "Remove"];

    private static NamespaceStore Store => NamespaceStore.Current;

    public static int Main(string[] arguments)
    {
        _ = BuiltModule.Root;
        (string operation, string name, bool withPid) = (arguments[0], arguments[1], arguments[2] == "pid");
        string warm = name + "-warm";
        Prepare(operation, warm, withPid);
        Do(operation, warm, withPid);
        Finish(warm, withPid);
        Prepare(operation, name, withPid);
        Console.WriteLine($"ready {AgentClient.Current.Pid} {Store.Find(name)?.InitId ?? 0}");
        Console.ReadLine();
        try
        {
            Do(operation, name, withPid);
            Console.WriteLine("done");
        }
        catch (Exception exception) when (exception is IsolationException or SyscallException)
        {
            Console.WriteLine($"refused {(exception as IsolationException)?.ErrorId} {exception.Message.ReplaceLineEndings(" ")}");
        }

        Console.ReadLine();
        Console.WriteLine(Finish(name, withPid));
        return 0;
    }

    /// <summary>What the next call does: it finds what there is, uses it or makes it anew, and removes it.</summary>
    /// <returns>What it found.</returns>
    public static string Finish(string name, bool withPid)
    {
        Store.Sweep();
        NamespaceSet? found = Store.Find(name);
        if (found is null)
        {
            Store.Create(OptionsFor(name, withPid), CancellationToken.None);
        }

        if (found is null or { State: NamespaceSetState.Ready } && Enter(name, wait: true, "true") is not { Code: 0 })
        {
            throw new InvalidOperationException($"{name} cannot be entered.");
        }

        Store.Remove([name], static (_, error) => throw error, CancellationToken.None);
        return found is null ? "None" : found.State.ToString();
    }

    /// <summary>The digits in a set's name, which are in no other's.</summary>
    public static string Digits(string name) => name.Split('-')[1];

    private static void Prepare(string operation, string name, bool withPid)
    {
        if (operation != "New")
        {
            Store.Create(OptionsFor(name, withPid), CancellationToken.None);
        }

        if (operation == "Remove")
        {
            Limit(name);
            Linger(name);
        }
    }

    private static void Do(string operation, string name, bool withPid)
    {
        switch (operation)
        {
            case "New":
                Store.Create(OptionsFor(name, withPid), CancellationToken.None);
                break;
            case "Set":
                Limit(name);
                break;
            case "Enter":
                _ = Enter(name, wait: true, "sh", "-c", $"true; : {name}");
                break;
            case "Start":
                Linger(name);
                break;
            default:
                Store.Remove([name], static (_, error) => throw error, CancellationToken.None);
                break;
        }
    }

    // A user namespace is what an ordinary user needs to make the others.
    private static NamespaceSetOptions OptionsFor(string name, bool withPid) => new()
    {
        Name = name,
        Types = NamespaceType.Net | NamespaceType.Uts | NamespaceType.Ipc
            | (withPid ? NamespaceType.Pid | NamespaceType.Mount : NamespaceType.None)
            | (Environment.IsPrivilegedProcess ? NamespaceType.None : NamespaceType.User),
        MapRootUser = !Environment.IsPrivilegedProcess,
    };

    // A program with a child in a process group of its own. The name's digits in its arguments tell whose it is.
    private static void Linger(string name) => Enter(name, wait: false, "sh", "-mc", $"sleep 1000.{Digits(name)} & wait; : {name}");

    private static ExitStatus? Enter(string name, bool wait, params string[] program)
    {
        using NamespaceTarget target = NamespaceTarget.Of(Store.Get(name), NamespaceTypes.Every);
        using Descriptor nothing = Sys.Open("/dev/null", OpenFlags.ReadWrite);
        ProgramOptions options = new() { FilePath = program[0], Arguments = program[1..], Environment = ["PATH=/usr/bin:/bin"], Attached = true };
        using StartedProgram started = StartedProgram.Start(target, EntrySettings.None, options, new StandardStreams(nothing, nothing, nothing), null, CancellationToken.None);
        return wait ? started.Exit.GetAwaiter().GetResult() : null;
    }

    // Makes the set's control group and moves what is in the set there; nothing for whom no control group was delegated.
    private static void Limit(string name)
    {
        if (Environment.IsPrivilegedProcess)
        {
            Cgroup.ForSet(SetCgroups.Host, name).SetLimits(new CgroupLimitRequest { PidsMax = new LimitValue<long>(100) }, () => SetCgroups.Members(Store.Get(name)));
        }
    }
}
