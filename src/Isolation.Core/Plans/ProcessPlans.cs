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

    /// <summary>The ids stay what they are in a user namespace that is entered, instead of becoming root's.</summary>
    public bool PreserveCredentials { get; init; }

    /// <summary>The capabilities that the program keeps though it does not run as root, a bit each; null for what execve(2) leaves.</summary>
    public ulong? KeptCapabilities { get; init; }

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

    /// <summary>Those of <see cref="Types"/> that are entered before the user namespace, since the rights over them are lost with it.</summary>
    public NamespaceType Before { get; init; }

    /// <summary>A user namespace around the one that is entered is entered first; its descriptor comes before the others.</summary>
    public bool Outer { get; init; }

    /// <summary>The namespaces that are made for the program, out of those that were entered; null for none.</summary>
    public NamespacePlanOptions? New { get; init; }

    /// <summary>The program stays in the pid namespace in which it is, and only its children are in the one that is entered or made.</summary>
    public bool NoFork { get; init; }

    /// <summary>A directory that becomes the root is passed with the plan.</summary>
    public bool RootDirectory { get; init; }

    /// <summary>The root, as seen from the root that the program would have had; null leaves that.</summary>
    public string? Root { get; init; }

    /// <summary>The directory in which the program starts is passed with the plan.</summary>
    public bool StartDirectory { get; init; }

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
    // The mount namespace last: it changes every path.
    private static readonly NamespaceType[] s_order =
    [
        NamespaceType.Cgroup, NamespaceType.Ipc, NamespaceType.Uts, NamespaceType.Net, NamespaceType.Pid, NamespaceType.Time, NamespaceType.Mount,
    ];

    /// <summary>
    /// The kinds in the order in which they are entered, which is that of the descriptors passed with the plan. The user namespace comes before the
    /// kinds over which it gives the rights, and after those over which it takes them.
    /// </summary>
    /// <param name="types">The kinds.</param>
    /// <param name="before">Those of them that come before the user namespace.</param>
    public static IReadOnlyList<NamespaceType> Order(NamespaceType types, NamespaceType before)
    {
        List<NamespaceType> order = [.. Array.FindAll(s_order, type => (types & before & type) != NamespaceType.None)];
        if (types.HasFlag(NamespaceType.User))
        {
            order.Add(NamespaceType.User);
        }

        order.AddRange(Array.FindAll(s_order, type => (types & ~before & type) != NamespaceType.None));
        return order;
    }

    /// <summary>
    /// Enters, makes what is to be new, and runs. The inputs are: standard input, output, error; the v2 directory; the v1 files; the outer user namespace; the namespaces in the
    /// order of <see cref="Order"/>; the root directory; the start directory; the socket to those who write the id maps. Equivalent to <c>nsenter</c> and <c>unshare</c>, with the process in its
    /// control groups before its first instruction.
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

        List<(NamespaceType Type, PlanSlot Slot)> namespaces = Namespaces(plan, entry);

        PlanSlot? root = entry.RootDirectory ? plan.Input("root") : null;
        PlanSlot? start = entry.StartDirectory ? plan.Input("cwd") : null;
        PlanSlot? maps = entry.New?.Maps is { AreAwaited: true } ? plan.Input("maps") : null;
        foreach (PlanSlot cgroup in cgroups)
        {
            // 0 is the writer itself, cgroups(7). Before the namespaces: the files are the host's.
            plan.Write(cgroup, "0", Plan.JoinAttempt);
        }

        if (entry.Types.HasFlag(NamespaceType.Mount) && NamespacePlans.WritesToProc(entry.New))
        {
            // The one that is entered may show another pid namespace's processes, or be missing.
            plan.UseProc();
        }

        foreach ((NamespaceType type, PlanSlot slot) in namespaces)
        {
            plan.SetNs(slot, type, entry.Target);
        }

        GoToRoot(plan, entry, root);
        EnterNew(plan, entry, maps);
        ChangeRoot(plan, entry);
        if (entry.NewProc)
        {
            // The one that is there shows the processes of another pid namespace, or of a PID 1 that is dead. A root without it shows none.
            MountPropagation propagation = entry.New?.Types.HasFlag(NamespaceType.Mount) == true ? entry.New.Propagation : MountPropagation.Private;
            NamespacePlans.MountProc(plan, propagation, ignored: entry.Root is null ? Errno.None : Errno.ENOENT);
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
        if (start is PlanSlot directory)
        {
            plan.ChangeDirectory(directory, "the working directory outside");
        }
        else if (program.WorkingDirectory is not null)
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

    /// <summary>The inputs for the namespaces that are entered, in their order.</summary>
    public static List<(NamespaceType Type, PlanSlot Slot)> Namespaces(Plan plan, EntryOptions entry)
    {
        List<(NamespaceType Type, PlanSlot Slot)> namespaces = [];
        if (entry.Outer)
        {
            namespaces.Add((NamespaceType.User, plan.Input("outer")));
        }

        foreach (NamespaceType type in Order(entry.Types, entry.Before))
        {
            namespaces.Add((type, plan.Input(type.ProcName())));
        }

        return namespaces;
    }

    private static void EnterNew(Plan plan, EntryOptions entry, PlanSlot? maps)
    {
        NamespaceType made = entry.New?.Types ?? NamespaceType.None;
        bool joinsPid = entry.Types.HasFlag(NamespaceType.Pid);
        bool makesPid = entry.NewPid || made.HasFlag(NamespaceType.Pid);
        if (joinsPid && makesPid)
        {
            // It is made by a process that is in its parent already: unshare(2) refuses one that is only on its way there.
            plan.Fork();
        }

        if (entry.New is not null)
        {
            if (made.HasFlag(NamespaceType.User) && entry.Types.HasFlag(NamespaceType.User))
            {
                // The maker is root of the user namespace that was entered, and that is whom the map inside of it names.
                plan.BecomeRoot();
                plan.SetDumpable();
            }

            NamespacePlans.Make(plan, entry.New, made, maps);
        }
        else if (entry.NewPid)
        {
            plan.Unshare(NamespaceType.Pid);
        }

        // A pid namespace is entered by children only, pid_namespaces(7), and so is a new time namespace, time_namespaces(7).
        if ((joinsPid || makesPid || made.HasFlag(NamespaceType.Time)) && !entry.NoFork)
        {
            plan.Fork();
        }
    }

    /// <summary>Goes to the directory that was opened outside, in the mount namespace to which it belongs: the copy of that which a new one is has it too.</summary>
    public static void GoToRoot(Plan plan, EntryOptions entry, PlanSlot? directory)
    {
        if (directory is PlanSlot root)
        {
            plan.ChangeDirectory(root, $"the root of {entry.Target}");
        }
    }

    /// <summary>Changes the root to where <see cref="GoToRoot"/> went, and to a path from there. After a user namespace is made: that is refused to who has another root.</summary>
    public static void ChangeRoot(Plan plan, EntryOptions entry)
    {
        if (entry.RootDirectory)
        {
            plan.ChangeRoot(".");
        }

        // From within the root that was just entered: a link in it leads nowhere else.
        if (entry.Root is not (null or "/"))
        {
            plan.ChangeDirectory(entry.Root, mayFail: false);
            plan.ChangeRoot(".");
        }
    }

    private static void Credentials(Plan plan, EntryOptions entry, ProgramOptions program)
    {
        bool entersUser = entry.Types.HasFlag(NamespaceType.User);
        bool makesUser = entry.New?.Types.HasFlag(NamespaceType.User) == true;
        if (program.Uid is not null || program.Gid is not null)
        {
            if (program.KeptCapabilities is not null)
            {
                plan.KeepPermitted();
            }

            plan.SetGroups(program.Groups, mayFail: entersUser || makesUser);
            if (program.Gid is uint gid)
            {
                plan.SetGroup(gid, mayFail: false);
            }

            if (program.Uid is uint uid)
            {
                plan.SetUser(uid, mayFail: false);
            }
        }
        else if (entersUser && !makesUser && !program.PreserveCredentials)
        {
            plan.BecomeRoot();
        }

        if (program.KeptCapabilities is ulong kept)
        {
            plan.KeepCapabilities(kept);
        }
    }
}
