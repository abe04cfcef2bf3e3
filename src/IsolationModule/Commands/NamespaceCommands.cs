using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Threading;
using Isolation.Arguments;
using Isolation.Completion;
using Isolation.ContainerNetworks;
using Isolation.Entry;
using Isolation.Mounts;
using Isolation.State;

namespace Isolation.Commands;

/// <summary>New-Namespace: makes sets of namespaces and keeps them. Equivalent to <c>unshare</c> with files to keep the namespaces, and to <c>ip netns add</c>.</summary>
[Cmdlet(VerbsCommon.New, "Namespace", SupportsShouldProcess = true)]
[OutputType(typeof(NamespaceSet))]
public sealed class NewNamespaceCommand : IsolationCommand
{
    /// <summary>The names of the sets; without one, a set that ends with this PowerShell.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string[]? Name { get; set; }

    /// <summary>The kinds of namespace to make; what <see cref="Network"/> takes is added.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ValidateRange(NamespaceType.Time, NamespaceTypes.Every)]
    public NamespaceType[] Type { get; set; } = [];

    /// <summary>The host name inside.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string? HostName { get; set; }

    /// <summary>The NIS domain name inside.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string? DomainName { get; set; }

    /// <summary>The caller is root inside a new user namespace.</summary>
    [Parameter]
    public SwitchParameter MapRootUser { get; set; }

    /// <summary>The caller keeps the own ids inside a new user namespace.</summary>
    [Parameter]
    public SwitchParameter MapCurrentUser { get; set; }

    /// <summary>The other ids inside are the caller's of <c>/etc/subuid</c> and <c>/etc/subgid</c>.</summary>
    [Parameter]
    public SwitchParameter MapAuto { get; set; }

    /// <summary>The user ids of a new user namespace, what <c>/proc/PID/uid_map</c> shows; without <see cref="GroupMap"/> the group ids too.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public IdMap[]? UserMap { get; set; }

    /// <summary>The group ids of a new user namespace, what <c>/proc/PID/gid_map</c> shows.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public IdMap[]? GroupMap { get; set; }

    /// <summary>Whether setgroups(2) is allowed inside a new user namespace.</summary>
    [Parameter]
    [ValidateSet("Allow", "Deny")]
    public string? SetGroups { get; set; }

    /// <summary>How far the monotonic clock of a new time namespace goes ahead of the host's.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public TimeSpan? MonotonicOffset { get; set; }

    /// <summary>How far the boot-time clock of a new time namespace goes ahead of the host's.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public TimeSpan? BootTimeOffset { get; set; }

    /// <summary>The user to whom the new user namespace belongs, and after a colon the group, by name or id.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Owner { get; set; }

    /// <summary>The set in which the new one is made.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    public SetReference? Parent { get; set; }

    /// <summary>Namespaces that the new set is made in, and whose kinds that are not made new it has as well.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    public NamespaceReference[]? Join { get; set; }

    /// <summary>What network the set has: none, host, default, container:SET, or container networks.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NetworkModeCompleter))]
    public string[]? Network { get; set; }

    /// <summary>The set ends with this PowerShell, though it has a name.</summary>
    [Parameter]
    public SwitchParameter KillChild { get; set; }

    /// <summary>The folder that becomes the root of the new mount namespace.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string? Root { get; set; }

    /// <summary>How the mounts of the new mount namespace pass mounts on.</summary>
    [Parameter]
    [ValidateSet("Private", "Slave", "Shared", "Unchanged")]
    public string? Propagation { get; set; }

    /// <summary>The first program is PID 1 of the new pid namespace.</summary>
    [Parameter]
    public SwitchParameter AsPid1 { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing() => NamespaceStore.Current.Sweep();

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string? name in Name ?? [null!])
        {
            Guard("NamespaceCreateFailed", name, () => Create(name));
        }
    }

    private void Create(string? name)
    {
        bool maps = MapRootUser || MapCurrentUser || MapAuto || UserMap is not null || GroupMap is not null;
        NamespaceType types = maps ? NamespaceType.User : NamespaceType.None;
        foreach (NamespaceType type in Type)
        {
            types |= type;
        }

        NetworkMode? mode = Network is null ? null : NetworkMode.Parse(Network);
        mode?.Check(types);
        types |= mode?.Types ?? NamespaceType.None;
        NamespaceSetOptions options = new()
        {
            Name = name,
            Types = types,
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
            Root = Root is null || Root.StartsWith('/') ? Root : SessionState.Path.GetUnresolvedProviderPathFromPSPath(Root),
            AsPid1 = AsPid1,
            Parent = Parent?.Name,
            Join = Joined(mode),
            KillChild = KillChild,
            Owner = Owner is null ? null : NamespaceOwner.Parse(Owner),
        };
        options.Check();

        // No verbose message beside it: PowerShell stops at each of those and asks where -Debug is given.
        Explain?.Invoke(NamespaceStore.Current.PlanFor(options).ToString());
        if (ShouldProcess(name ?? "(unnamed)", $"Make namespaces {types}"))
        {
            WriteObject(Create(options, mode));
        }
    }

    private List<Func<NamespaceTarget>> Joined(NetworkMode? mode)
    {
        List<Func<NamespaceTarget>> joined = [];
        foreach (NamespaceReference reference in Join ?? [])
        {
            joined.Add(() => reference.Open(NamespaceTypes.Every));
        }

        if (mode?.Container is string container)
        {
            joined.Add(() => OpenNetwork(container));
        }

        return joined;
    }

    private static NamespaceTarget OpenNetwork(string container)
    {
        // What belongs to a user namespace is joined from inside that alone, unless the caller is root outside.
        NamespaceType types = NamespaceType.Net | (StateFolder.Current.IsRoot ? NamespaceType.None : NamespaceType.User);
        try
        {
            NamespaceTarget target = new NamespaceReference(container).Open(types);
            if (target.Types.HasFlag(NamespaceType.Net))
            {
                return target;
            }

            target.Dispose();
        }
        catch (IsolationException exception) when (exception.ErrorId == "NamespaceTypeNotInSet")
        {
            // What it says of -Type is about entering it.
        }

        throw new IsolationException(
            "NamespaceTypeNotInSet", ErrorKind.InvalidArgument, $"'{container}' has no network namespace of its own to be shared. Give one that has, or -Network host.");
    }

    private NamespaceSet Create(NamespaceSetOptions options, NetworkMode? mode)
    {
        NamespaceSet set = NamespaceStore.Current.Create(options, Cancellation);
        try
        {
            mode?.Connect(set, WriteWarning, Explain, Cancellation);
            return set;
        }
        catch
        {
            // Why it is undone is what is to be told.
            NamespaceStore.Current.Remove([set.Name], static (_, _) => { }, CancellationToken.None);
            throw;
        }
    }
}

/// <summary>Get-Namespace: the sets that New-Namespace made.</summary>
[Cmdlet(VerbsCommon.Get, "Namespace")]
[OutputType(typeof(NamespaceSet))]
public sealed class GetNamespaceCommand : IsolationCommand
{
    /// <summary>The names of the sets.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    public string[]? Name { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing() => NamespaceStore.Current.Sweep();

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string name in Name ?? ["*"])
        {
            if (!WildcardPattern.ContainsWildcardCharacters(name))
            {
                Guard("NamespaceReadFailed", name, () => WriteObject(NamespaceStore.Current.Get(name)));
                continue;
            }

            WildcardPattern pattern = WildcardPattern.Get(name, WildcardOptions.None);
            IReadOnlyList<string> names = [];
            Guard("NamespaceReadFailed", name, () => names = NamespaceStore.Current.Names());
            foreach (string found in names)
            {
                if (pattern.IsMatch(found))
                {
                    Guard("NamespaceReadFailed", found, () => WriteIfThere(found));
                }
            }
        }
    }

    private void WriteIfThere(string name)
    {
        // It may have been removed since the names were read.
        if (NamespaceStore.Current.Find(name) is { } set)
        {
            WriteObject(set);
        }
    }
}

/// <summary>Remove-Namespace: ends what runs in sets and removes them. Equivalent to <c>ip netns delete</c>, for all kinds and with the processes.</summary>
[Cmdlet(VerbsCommon.Remove, "Namespace", SupportsShouldProcess = true)]
public sealed class RemoveNamespaceCommand : IsolationCommand
{
    private readonly List<string> _names = [];
    private readonly List<NamespaceInfo> _leaks = [];

    /// <summary>The sets, or their names; and namespaces of Get-NamespaceInfo that no set has.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [Alias("Name")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    public RemovableReference[] Namespace { get; set; } = [];

    /// <summary>The sets that were made in them are removed too.</summary>
    [Parameter]
    public SwitchParameter Recurse { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing() => NamespaceStore.Current.Sweep();

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (RemovableReference reference in Namespace)
        {
            if (reference.Set is SetReference set)
            {
                Guard("NamespaceRemoveFailed", set.Name, () => Collect(set.Name));
            }
            else if (!_leaks.Contains(reference.Info!))
            {
                _leaks.Add(reference.Info!);
            }
        }
    }

    /// <summary>Removes what was collected: the host's processes are looked at once for all sets.</summary>
    protected override void EndProcessing()
    {
        RemoveSets();
        Guard("NamespaceRemoveFailed", null, RemoveLeaks);
    }

    private void RemoveLeaks()
    {
        if (_leaks.Count != 0)
        {
            new LeakRemover(Cancellation).Remove(_leaks, ShouldProcess, (leak, error) => WriteError(ErrorMap.ToRecord(error, "NamespaceRemoveFailed", leak)));
        }
    }

    private void RemoveSets()
    {
        if (_names.Count == 0)
        {
            return;
        }

        List<(string Name, Exception Error)> failures = [];
        try
        {
            NamespaceStore.Current.Remove(_names, (name, error) => failures.Add((name, error)), Cancellation);
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }

        foreach ((string name, Exception error) in failures)
        {
            WriteError(ErrorMap.ToRecord(error, "NamespaceRemoveFailed", name));
        }
    }

    private void Collect(string name)
    {
        if (WildcardPattern.ContainsWildcardCharacters(name))
        {
            WildcardPattern pattern = WildcardPattern.Get(name, WildcardOptions.None);
            foreach (string found in NamespaceStore.Current.Names())
            {
                if (pattern.IsMatch(found))
                {
                    Add(found);
                }
            }

            return;
        }

        if (!NamespaceStore.Current.Exists(name))
        {
            throw new IsolationException(
                "NamespaceNotFound", ErrorKind.NotFound, $"There is no namespace set '{name}'. Get-Namespace lists those that there are.");
        }

        Add(name);
    }

    private void Add(string name)
    {
        foreach (string inner in Recurse ? NamespaceStore.Current.Descendants(name) : [])
        {
            AddOne(inner);
        }

        AddOne(name);
    }

    private void AddOne(string name)
    {
        if (!_names.Contains(name) && ShouldProcess(name, "End the processes inside and remove the namespaces"))
        {
            _names.Add(name);
        }
    }
}
