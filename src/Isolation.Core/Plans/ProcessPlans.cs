using System;
using System.Collections.Generic;
using System.Globalization;
using Isolation.Interop;

namespace Isolation.Plans;

/// <summary>A program to start: what, as whom, where.</summary>
internal sealed record ProgramOptions
{
    /// <summary>The program: a path, or a name that is looked for in the PATH of <see cref="Environment"/>. With <see cref="Choices"/> what they are.</summary>
    public required string FilePath { get; init; }

    /// <summary>Paths of programs of which the first that is there is run, by its path as its name; null where <see cref="FilePath"/> says which.</summary>
    public IReadOnlyList<string>? Choices { get; init; }

    /// <summary>Its standard streams are a terminal, which becomes its own.</summary>
    public bool OnTerminal { get; init; }

    /// <summary>Its arguments, without its own name.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Its environment, <c>NAME=value</c>.</summary>
    public required IReadOnlyList<string> Environment { get; init; }

    /// <summary>Where it starts.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Whether the directory was asked for; otherwise one that is missing inside is passed over.</summary>
    public bool WorkingDirectoryRequired { get; init; }

    /// <summary>The user that it runs as, an id inside; null leaves it.</summary>
    public uint? Uid { get; init; }

    /// <summary>The group that it runs as, an id inside; null leaves it.</summary>
    public uint? Gid { get; init; }

    /// <summary>The supplementary groups, with a user or a group.</summary>
    public IReadOnlyList<uint> Groups { get; init; } = [];

    /// <summary>It ends when the agent does.</summary>
    public bool Attached { get; init; }

    /// <summary>Where the program is looked for, in order, as execvp(3) does.</summary>
    public IReadOnlyList<string> SearchPaths()
    {
        if (Choices is not null)
        {
            return Choices;
        }

        if (FilePath.Contains('/', StringComparison.Ordinal))
        {
            return [FilePath];
        }

        string path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        foreach (string variable in Environment)
        {
            if (variable.StartsWith("PATH=", StringComparison.Ordinal))
            {
                path = variable["PATH=".Length..];
            }
        }

        List<string> paths = [];
        foreach (string folder in path.Split(':'))
        {
            paths.Add(folder.Length == 0 ? FilePath : $"{folder.TrimEnd('/')}/{FilePath}");
        }

        return paths;
    }
}

/// <summary>The namespaces that a program enters, and the control groups that it is put into.</summary>
internal sealed record EntryOptions
{
    /// <summary>What is entered, for titles and errors: <c>set 'web'</c>, <c>process 42</c>.</summary>
    public required string Target { get; init; }

    /// <summary>The kinds that are entered; a descriptor of each is passed with the plan.</summary>
    public required NamespaceType Types { get; init; }

    /// <summary>Files <c>cgroup.procs</c> of v1, open for writing, passed with the plan.</summary>
    public int CgroupFiles { get; init; }

    /// <summary>A directory of cgroup v2 is passed with the plan; the process is born in it.</summary>
    public bool BirthCgroup { get; init; }

    /// <summary>The program is PID 1 of a pid namespace that is made for it.</summary>
    public bool NewPid { get; init; }

    /// <summary>/proc is mounted anew for that namespace.</summary>
    public bool NewProc { get; init; }
}

/// <summary>The plan that starts a program inside namespaces.</summary>
internal static class ProcessPlans
{
    // The user namespace first: it gives the capabilities over the others, which it owns. The mount namespace last: it changes every path.
    private static readonly NamespaceType[] s_order =
    [
        NamespaceType.User, NamespaceType.Cgroup, NamespaceType.Ipc, NamespaceType.Uts,
        NamespaceType.Net, NamespaceType.Pid, NamespaceType.Time, NamespaceType.Mount,
    ];

    /// <summary>The kinds in <paramref name="types"/> in the order in which they are entered, which is that of the descriptors passed with the plan.</summary>
    public static IEnumerable<NamespaceType> Order(NamespaceType types)
    {
        foreach (NamespaceType type in s_order)
        {
            if (types.HasFlag(type))
            {
                yield return type;
            }
        }
    }

    /// <summary>
    /// Enters and runs. The inputs are: standard input, output, error; the v2 directory; the v1 files; the namespaces in the order of
    /// <see cref="Order"/>. Equivalent to <c>nsenter</c>, with the process in its control groups before its first instruction.
    /// </summary>
    public static Plan Enter(EntryOptions entry, ProgramOptions program)
    {
        Plan plan = new($"run {program.FilePath} in {entry.Target}");
        PlanSlot[] standard = [plan.Input("stdin"), plan.Input("stdout"), plan.Input("stderr")];
        if (entry.BirthCgroup)
        {
            plan.BirthCgroup = plan.Input("cgroup");
        }

        List<PlanSlot> cgroups = [];
        for (int i = 0; i < entry.CgroupFiles; i++)
        {
            cgroups.Add(plan.Input("cgroup" + i.ToString(CultureInfo.InvariantCulture)));
        }

        List<(NamespaceType Type, PlanSlot Slot)> namespaces = [];
        foreach (NamespaceType type in Order(entry.Types))
        {
            namespaces.Add((type, plan.Input(type.ProcName())));
        }

        foreach (PlanSlot cgroup in cgroups)
        {
            // 0 is the writer itself, cgroups(7). Before the namespaces: the files are the host's.
            plan.Write(cgroup, "0", Plan.JoinAttempt);
        }

        foreach ((NamespaceType type, PlanSlot slot) in namespaces)
        {
            plan.SetNs(slot, type, entry.Target);
        }

        if (entry.NewPid)
        {
            plan.Unshare(NamespaceType.Pid);
        }

        if (entry.NewPid || entry.Types.HasFlag(NamespaceType.Pid))
        {
            // A pid namespace is entered by children only, pid_namespaces(7).
            plan.Fork();
        }

        if (entry.NewProc)
        {
            // The one of the last PID 1 is dead and would hide nothing.
            plan.Mount("proc", "/proc", "proc", MountFlags.NoSuid | MountFlags.NoDev | MountFlags.NoExec);
        }

        plan.SetSession();
        if (program.OnTerminal)
        {
            plan.TakeTerminal(standard[0]);
            if (program.Uid is uint owner)
            {
                // It opens it by name, as /dev/stderr, only where it is its own.
                plan.ChangeOwner(standard[0], owner);
            }
        }

        Credentials(plan, entry, program);
        if (program.WorkingDirectory is not null)
        {
            plan.ChangeDirectory(program.WorkingDirectory, mayFail: !program.WorkingDirectoryRequired);
        }

        for (int i = 0; i < standard.Length; i++)
        {
            plan.Duplicate(standard[i], i);
        }

        if (program.Attached)
        {
            plan.DieWithAgent();
        }
        else
        {
            plan.RequireAgent();
        }

        plan.ResetSignals();
        plan.Exec(program.SearchPaths(), [program.FilePath, .. program.Arguments], program.Environment, namedByPath: program.Choices is not null);
        return plan;
    }

    private static void Credentials(Plan plan, EntryOptions entry, ProgramOptions program)
    {
        if (program.Uid is not null || program.Gid is not null)
        {
            plan.SetGroups(program.Groups, mayFail: entry.Types.HasFlag(NamespaceType.User));
            if (program.Gid is uint gid)
            {
                plan.SetGroup(gid, mayFail: false);
            }

            if (program.Uid is uint uid)
            {
                plan.SetUser(uid, mayFail: false);
            }
        }
        else if (entry.Types.HasFlag(NamespaceType.User))
        {
            plan.BecomeRoot();
        }
    }
}
