using Isolation.Cgroups;
using Isolation.Interop;
using Isolation.Plans;
using Isolation.Users;

namespace Isolation.Entry;

/// <summary>How a program comes into namespaces, beside which they are.</summary>
internal sealed record EntrySettings
{
    /// <summary>Nothing out of the ordinary.</summary>
    public static EntrySettings None { get; } = new();

    /// <summary>The namespaces that are made for the program; null for none.</summary>
    public NamespacePlanOptions? New { get; init; }

    /// <summary>The ids of the user namespace that is made for it.</summary>
    public IdMapOptions IdMap { get; init; } = new();

    /// <summary>The program's children are in the pid namespace, and not the program.</summary>
    public bool NoFork { get; init; }

    /// <summary>The directory inside that becomes the program's root; of a process, as seen from that process's root.</summary>
    public string? Root { get; init; }

    /// <summary>The directory outside in which the program starts.</summary>
    public string? StartDirectory { get; init; }

    /// <summary>The program is put into the control groups of the process whose namespaces it enters.</summary>
    public bool JoinCgroup { get; init; }

    /// <summary>The control group in which the program is born; null for that of its set, or of whoever starts it.</summary>
    public Cgroup? Cgroup { get; init; }

    /// <summary>New namespaces for one program.</summary>
    /// <param name="options">Which, as for a set.</param>
    /// <param name="program">The program, for titles.</param>
    /// <exception cref="IsolationException">Those of <see cref="NamespaceSetOptions.Check"/>.</exception>
    public static NamespacePlanOptions ForProgram(NamespaceSetOptions options, string program)
    {
        options.Check();
        return new NamespacePlanOptions
        {
            Name = program,
            Types = options.Types,
            HostName = options.HostName,
            DomainName = options.DomainName,
            MonotonicOffset = options.MonotonicOffset,
            BootTimeOffset = options.BootTimeOffset,
            Propagation = options.Propagation ?? MountPropagation.Private,
        };
    }

    /// <summary>Refuses what cannot be meant, before anything is done.</summary>
    /// <exception cref="IsolationException"><c>NamespaceOptionInvalid</c>.</exception>
    public void Check(NamespaceTarget target)
    {
        if (JoinCgroup && Cgroup is not null)
        {
            throw new IsolationException(
                "NamespaceOptionInvalid",
                ErrorKind.InvalidArgument,
                "-JoinCgroup puts the program into the control groups of the process whose namespaces it enters, and -Cgroup into another. Leave one out.");
        }

        if (JoinCgroup && target.Process is null && target.Sets.Count == 0)
        {
            throw new IsolationException(
                "NamespaceOptionInvalid",
                ErrorKind.InvalidArgument,
                $"-JoinCgroup puts the program into the control groups of a process, and {target.Description} is none. Give a process with -Namespace or -Join.");
        }

        bool hasPid = target.Types.HasFlag(NamespaceType.Pid) || New?.Types.HasFlag(NamespaceType.Pid) == true;
        if (NoFork && (!hasPid || target.NeedsPid1 is not null))
        {
            throw new IsolationException(
                "NamespaceOptionInvalid",
                ErrorKind.InvalidArgument,
                target.NeedsPid1 is null
                    ? "-NoFork leaves the program outside of a pid namespace, and none is entered. Leave it out."
                    : $"-NoFork leaves the program outside of the pid namespace, and it is to be PID 1 of that of set '{target.NeedsPid1.Name}'. Leave it out.");
        }
    }
}
