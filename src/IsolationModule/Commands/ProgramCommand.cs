using System;
using System.Collections;
using System.Collections.Generic;
using System.Management.Automation;
using Isolation.Arguments;
using Isolation.Completion;
using Isolation.Entry;
using Isolation.Mounts;
using Isolation.Plans;
using Isolation.State;

namespace Isolation.Commands;

/// <summary>The base of the cmdlets that run a program inside namespaces: what, where, as whom.</summary>
public abstract class ProgramCommand : IsolationCommand
{
    /// <summary>The parameter set of those who run a program in new namespaces.</summary>
    protected const string NewSetName = "New";

    /// <summary>The kinds of namespace that are made for the program, and end with it.</summary>
    public abstract NamespaceType[] New { get; set; }

    /// <summary>The caller is root inside the new user namespace.</summary>
    public abstract SwitchParameter MapRootUser { get; set; }

    /// <summary>The caller keeps the own ids inside the new user namespace.</summary>
    public abstract SwitchParameter MapCurrentUser { get; set; }

    /// <summary>The other ids inside are the caller's of <c>/etc/subuid</c> and <c>/etc/subgid</c>.</summary>
    public abstract SwitchParameter MapAuto { get; set; }

    /// <summary>The user ids of the new user namespace; without <see cref="GroupMap"/> the group ids too.</summary>
    public abstract IdMap[]? UserMap { get; set; }

    /// <summary>The group ids of the new user namespace.</summary>
    public abstract IdMap[]? GroupMap { get; set; }

    /// <summary>Whether setgroups(2) is allowed inside the new user namespace.</summary>
    public abstract string? SetGroups { get; set; }

    /// <summary>How far the monotonic clock of the new time namespace goes ahead of the host's.</summary>
    public abstract TimeSpan? MonotonicOffset { get; set; }

    /// <summary>How far the boot-time clock of the new time namespace goes ahead of the host's.</summary>
    public abstract TimeSpan? BootTimeOffset { get; set; }

    /// <summary>How the mounts of the new mount namespace pass mounts on.</summary>
    public abstract string? Propagation { get; set; }

    /// <summary>The host name in the new uts namespace.</summary>
    public abstract string? HostName { get; set; }

    /// <summary>The NIS domain name in the new uts namespace.</summary>
    public abstract string? DomainName { get; set; }

    /// <summary>Further namespaces to enter, in the place of those of the same kind.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    public NamespaceReference[] Join { get; set; } = [];

    /// <summary>The user namespace that owns what is entered is entered too.</summary>
    [Parameter]
    public SwitchParameter JoinOwner { get; set; }

    /// <summary>The number of a socket of the process whose network namespace is entered.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int? SocketDescriptor { get; set; }

    /// <summary>The program is put into the control groups of the process.</summary>
    [Parameter]
    public SwitchParameter JoinCgroup { get; set; }

    /// <summary>The control group in which the program is born, in the place of that of its set or of PowerShell.</summary>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(CgroupCompleter))]
    public CgroupReference? Cgroup { get; set; }

    /// <summary>The program stays outside of the pid namespace; its children are in it.</summary>
    [Parameter]
    public SwitchParameter NoFork { get; set; }

    /// <summary>The kinds of namespace to enter; without it all that there are.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ValidateRange(NamespaceType.Time, NamespaceTypes.Every)]
    public NamespaceType[] Type { get; set; } = [];

    /// <summary>The program: a path inside, or a name that is looked for in PATH.</summary>
    public abstract string? FilePath { get; set; }

    /// <summary>Its arguments.</summary>
    [Parameter(Position = 2, ValueFromRemainingArguments = true)]
    [AllowEmptyCollection]
    [AllowEmptyString]
    [Alias("Args")]
    public object[]? ArgumentList { get; set; } = [];

    /// <summary>The arguments as text. What PowerShell made an array of, such as <c>pid,comm</c>, is put together again, as for a native command.</summary>
    private protected string[] Arguments => Array.ConvertAll(ArgumentList ?? [], static argument =>
    {
        object? inner = argument is PSObject wrapped ? wrapped.BaseObject : argument;
        return inner is object[] items ? string.Join(',', Array.ConvertAll(items, LanguagePrimitives.ConvertTo<string>)) : LanguagePrimitives.ConvertTo<string>(argument);
    });

    /// <summary>The directory inside that becomes its root.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Root { get; set; }

    /// <summary>The directory inside in which it starts.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? WorkingDirectory { get; set; }

    /// <summary>The directory outside in which it starts: as PowerShell sees it.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? OuterWorkingDirectory { get; set; }

    /// <summary>Variables that are added to its environment; a null value takes one away.</summary>
    [Parameter]
    [ValidateNotNull]
    public IDictionary? Environment { get; set; }

    /// <summary>The user inside, by name or id.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? User { get; set; }

    /// <summary>The group inside, by name or id.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Group { get; set; }

    /// <summary>Ids stay what they are in a user namespace that is entered.</summary>
    [Parameter]
    public SwitchParameter PreserveCredentials { get; set; }

    /// <summary>Capabilities stay though the program does not run as root.</summary>
    [Parameter]
    public SwitchParameter KeepCapability { get; set; }

    /// <summary>The environment begins with nothing.</summary>
    [Parameter]
    public SwitchParameter ClearEnvironment { get; set; }

    /// <summary>The variables that stay where the environment is cleared; wildcards are allowed.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(EnvironmentCompleter))]
    public string[] KeepEnvironment { get; set; } = [];

    /// <summary>The environment is that of the process whose namespaces are entered.</summary>
    [Parameter]
    public SwitchParameter TargetEnvironment { get; set; }

    /// <summary>Opens the namespaces that are meant.</summary>
    /// <param name="reference">What is given with -Namespace; null with -New.</param>
    private protected NamespaceTarget OpenTarget(NamespaceReference? reference)
    {
        NamespaceTarget target = reference is null ? OpenNothing() : OpenNamed(reference);
        try
        {
            foreach (NamespaceReference other in Join)
            {
                using NamespaceTarget joined = other.Open(NamespaceTypes.Every);
                target.Join(joined);
            }

            if (JoinOwner)
            {
                target.JoinOwner();
            }

            return target;
        }
        catch
        {
            target.Dispose();
            throw;
        }
    }

    private NamespaceTarget OpenNothing()
    {
        if (Type.Length != 0 || SocketDescriptor is not null)
        {
            throw Invalid($"{(Type.Length != 0 ? "-Type" : "-SocketDescriptor")} says which namespaces of -Namespace are entered; with -New there is none. Leave it out.");
        }

        return NamespaceTarget.Nothing($"new namespaces ({NewTypes})");
    }

    private NamespaceTarget OpenNamed(NamespaceReference reference)
    {
        NamespaceType wanted = Type.Length == 0 ? NamespaceTypes.Every : NamespaceType.None;
        foreach (NamespaceType type in Type)
        {
            wanted |= type;
        }

        if (SocketDescriptor is not int number)
        {
            return reference.Open(wanted);
        }

        // The network namespace is the socket's; of the process itself, what is asked for.
        using NamespaceTarget socket = reference.OpenSocket(number);
        NamespaceTarget target = Type.Length == 0 ? NamespaceTarget.Nothing(socket.Description) : reference.Open(wanted & ~NamespaceType.Net);
        target.Join(socket);
        return target;
    }

    private NamespaceType NewTypes
    {
        get
        {
            bool maps = MapRootUser || MapCurrentUser || MapAuto || UserMap is not null || GroupMap is not null;
            NamespaceType types = maps ? NamespaceType.User : NamespaceType.None;
            foreach (NamespaceType type in New)
            {
                types |= type;
            }

            return types;
        }
    }

    /// <summary>How the program comes into the namespaces.</summary>
    private protected EntrySettings Settings()
    {
        if (WorkingDirectory is not null && OuterWorkingDirectory is not null)
        {
            throw Invalid("-WorkingDirectory is a directory inside and -OuterWorkingDirectory one outside, and the program can start in one alone. Leave one out.");
        }

        RefuseNul(Root ?? "", "-Root");
        NamespaceSetOptions? made = New.Length == 0 ? null : new()
        {
            Types = NewTypes,
            TypeParameter = "-New",
            HostName = HostName,
            DomainName = DomainName,
            MapRootUser = MapRootUser,
            Map = new()
            {
                Users = UserMap,
                Groups = GroupMap,
                CurrentUser = MapCurrentUser,
                Auto = MapAuto,
                SetGroups = SetGroups is null ? null : SetGroups.Equals("Allow", StringComparison.OrdinalIgnoreCase),
            },
            MonotonicOffset = MonotonicOffset,
            BootTimeOffset = BootTimeOffset,
            Propagation = MountPropagations.Parse(Propagation),
        };
        return new EntrySettings
        {
            New = made is null ? null : EntrySettings.ForProgram(made, FilePath ?? "a shell"),
            IdMap = made?.IdMap ?? new(),
            NoFork = NoFork,
            Root = Root,
            StartDirectory = OuterWorkingDirectory is null ? null : SessionState.Path.GetUnresolvedProviderPathFromPSPath(OuterWorkingDirectory),
            JoinCgroup = JoinCgroup,
            Cgroup = Cgroup?.ResolveExisting(SetCgroups.Host, SetCatalog.Open()),
        };
    }

    /// <summary>The program as the parameters describe it; without <see cref="FilePath"/> the user's shell.</summary>
    private protected ProgramOptions Program(NamespaceTarget target, EntrySettings settings, bool attached, bool onTerminal = false)
    {
        Credentials credentials = Credentials.Find(target, settings, User, Group, Cancellation);
        foreach (string argument in Arguments)
        {
            RefuseNul(argument, "-ArgumentList");
        }

        RefuseNul(FilePath ?? "", "-FilePath");
        RefuseNul(WorkingDirectory ?? "", "-WorkingDirectory");
        List<string> environment = MergeEnvironment(target, credentials.Environment);
        bool fullRights = (target.Types | (settings.New?.Types ?? NamespaceType.None)).HasFlag(NamespaceType.User);
        return new ProgramOptions
        {
            FilePath = FilePath ?? "a shell",
            Choices = FilePath is null ? UserShell.Choices(target, settings, environment, credentials.Uid, Cancellation) : null,
            OnTerminal = onTerminal,
            Arguments = Arguments,
            Environment = environment,

            // Where nothing is asked for, the caller's own location if it exists inside, and the root otherwise.
            WorkingDirectory = WorkingDirectory ?? SessionState.Path.CurrentFileSystemLocation.ProviderPath,
            WorkingDirectoryRequired = WorkingDirectory is not null,
            Uid = credentials.Uid,
            Gid = credentials.Gid,
            Groups = credentials.Groups,
            PreserveCredentials = PreserveCredentials,
            KeptCapabilities = KeepCapability ? CapabilitySets.Kept(fullRights) : null,
            Attached = attached,
        };
    }

    private protected static void RefuseNul(string text, string parameter)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            throw new IsolationException(
                "ProgramArgumentInvalid", ErrorKind.InvalidArgument, $"{parameter} contains a NUL character, where the kernel would cut it off. Take it out.");
        }
    }

    private static IsolationException Invalid(string message) => new("NamespaceOptionInvalid", ErrorKind.InvalidArgument, message);

    // What the program would have without being told anything, and what stays of that.
    private SortedDictionary<string, string> InheritedEnvironment(NamespaceTarget target)
    {
        SortedDictionary<string, string> inherited = new(StringComparer.Ordinal);
        if (TargetEnvironment)
        {
            if (target.Process is null)
            {
                throw Invalid($"-TargetEnvironment takes the environment of a process, and {target.Description} is none. Give a process with -Namespace or -Join.");
            }

            foreach ((string name, string value) in ProcessEnvironment.Read(target))
            {
                inherited[name] = value;
            }
        }
        else
        {
            foreach (DictionaryEntry variable in System.Environment.GetEnvironmentVariables())
            {
                inherited[(string)variable.Key] = (string?)variable.Value ?? "";
            }
        }

        if (ClearEnvironment || KeepEnvironment.Length != 0)
        {
            WildcardPattern[] kept = Array.ConvertAll(KeepEnvironment, static name => WildcardPattern.Get(name, WildcardOptions.None));
            foreach (string name in new List<string>(inherited.Keys))
            {
                if (!Array.Exists(kept, pattern => pattern.IsMatch(name)))
                {
                    inherited.Remove(name);
                }
            }
        }

        return inherited;
    }

    private List<string> MergeEnvironment(NamespaceTarget target, IReadOnlyList<string> ofUser)
    {
        SortedDictionary<string, string> merged = InheritedEnvironment(target);

        foreach (string variable in ofUser)
        {
            int at = variable.IndexOf('=', StringComparison.Ordinal);
            merged[variable[..at]] = variable[(at + 1)..];
        }

        foreach (DictionaryEntry variable in Environment ?? new Hashtable())
        {
            string name = LanguagePrimitives.ConvertTo<string>(variable.Key);
            if (name.Length == 0 || name.AsSpan().IndexOfAny('=', '\0') >= 0)
            {
                throw new IsolationException(
                    "ProgramEnvironmentInvalid", ErrorKind.InvalidArgument, $"'{name}' cannot be the name of an environment variable: it is empty, or has '=' or a NUL in it.");
            }

            if (variable.Value is null)
            {
                merged.Remove(name);
                continue;
            }

            string value = LanguagePrimitives.ConvertTo<string>(variable.Value);
            RefuseNul(value, $"-Environment {name}");
            merged[name] = value;
        }

        List<string> environment = new(merged.Count);
        foreach ((string name, string value) in merged)
        {
            environment.Add($"{name}={value}");
        }

        return environment;
    }
}
