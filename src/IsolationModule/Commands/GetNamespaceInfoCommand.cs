using System;
using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.Management.Automation;
using Isolation.Arguments;
using Isolation.Completion;
using Isolation.State;

namespace Isolation.Commands;

/// <summary>Get-NamespaceInfo: the namespaces of the host, of a process, of a name or of a file. Equivalent to lsns(8).</summary>
[Cmdlet(VerbsCommon.Get, "NamespaceInfo", DefaultParameterSetName = HostSet)]
[OutputType(typeof(NamespaceInfo), typeof(NamespaceTreeNode))]
public sealed class GetNamespaceInfoCommand : IsolationCommand
{
    private const string HostSet = "Host";
    private const string NamespaceParameterSet = "Namespace";
    private const string IdSet = "Id";
    private const string NameSet = "Name";
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";
    private const string NumberSet = "NamespaceId";

    // With -Tree what was found, to be arranged at the end.
    private readonly List<NamespaceInfo> _found = [];

    // One look at the host serves the whole pipeline; it is repeated only for what came after it.
    private Dictionary<NamespaceKey, NamespaceInfo>? _seen;

    /// <summary>Sets, processes, namespaces or files of namespaces.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = NamespaceParameterSet, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    public NamespaceReference[] Namespace { get; set; } = [];

    /// <summary>The processes whose namespaces are wanted.</summary>
    [Parameter(Mandatory = true, ParameterSetName = IdSet, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public int[] Id { get; set; } = [];

    /// <summary>The names of namespace sets or of network namespaces of <c>ip netns</c>.</summary>
    [Parameter(Mandatory = true, ParameterSetName = NameSet)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Name { get; set; } = [];

    /// <summary>The files of namespaces.</summary>
    [Parameter(Mandatory = true, ParameterSetName = PathSet)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary>The files of namespaces; nothing in a path is a wildcard.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>The numbers of namespaces.</summary>
    [Parameter(Mandatory = true, ParameterSetName = NumberSet)]
    [ValidateNotNullOrEmpty]
    public ulong[] NamespaceId { get; set; } = [];

    /// <summary>The kinds that are wanted.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ValidateRange(NamespaceType.Time, NamespaceTypes.Every)]
    public NamespaceType[] Type { get; set; } = [];

    /// <summary>Also looks at threads and open descriptors.</summary>
    [Parameter]
    public SwitchParameter Deep { get; set; }

    /// <summary>Only those without a process.</summary>
    [Parameter]
    public SwitchParameter Persistent { get; set; }

    /// <summary>Only those that a mount or an open descriptor keeps, with nothing in them.</summary>
    [Parameter]
    public SwitchParameter Leaked { get; set; }

    /// <summary>Arranges them in trees.</summary>
    [Parameter]
    [ValidateSet(nameof(NamespaceRelation.Parent), nameof(NamespaceRelation.Owner), nameof(NamespaceRelation.Process))]
    public string? Tree { get; set; }

    // Who holds a namespace decides whether it is leaked.
    private bool IsDeep => Deep || Leaked;

    private NamespaceType Types
    {
        get
        {
            NamespaceType types = Type.Length == 0 ? NamespaceTypes.Every : NamespaceType.None;
            foreach (NamespaceType type in Type)
            {
                types |= type;
            }

            return types;
        }
    }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        if (IsDeep && Types.HasFlag(NamespaceType.Net) && NamespaceScanner.DeepScanGap is string gap)
        {
            WriteWarning(gap);
        }

        if (Leaked && NamespaceScanner.LeakGap is string doubt)
        {
            WriteWarning(doubt);
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        switch (ParameterSetName)
        {
            case NamespaceParameterSet:
                foreach (NamespaceReference reference in Namespace)
                {
                    Guard("NamespaceReadFailed", reference.ToString(), () => WriteReferred(reference));
                }

                break;
            case IdSet:
                foreach (int id in Id)
                {
                    Guard("NamespaceReadFailed", id, () => WriteNamespacesOf(id));
                }

                break;
            case NameSet:
                foreach (string name in Name)
                {
                    Guard("NamespaceReadFailed", name, () => WriteNamed(name));
                }

                break;
            case PathSet:
                foreach (string path in Path)
                {
                    Guard("NamespaceReadFailed", path, () => WritePath(path, WildcardPattern.ContainsWildcardCharacters(path)));
                }

                break;
            case LiteralPathSet:
                foreach (string path in LiteralPath)
                {
                    Guard("NamespaceReadFailed", path, () => WritePath(path, expand: false));
                }

                break;
            case NumberSet:
                foreach (ulong number in NamespaceId)
                {
                    Guard("NamespaceReadFailed", number, () => WriteNumbered(number));
                }

                break;
            default:
                Guard("NamespaceReadFailed", null, () => Array.ForEach(Scan(), Write));
                break;
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (Tree is not null)
        {
            Guard("NamespaceReadFailed", null, () => WriteObject(
                NamespaceTree.Arrange(_found, Enum.Parse<NamespaceRelation>(Tree, ignoreCase: true), IsWanted), enumerateCollection: true));
        }
    }

    // The user namespaces are what the others hang from.
    private NamespaceType ScannedTypes =>
        nameof(NamespaceRelation.Owner).Equals(Tree, StringComparison.OrdinalIgnoreCase) && ParameterSetName == HostSet ? Types | NamespaceType.User : Types;

    private bool IsWanted(NamespaceInfo info) => Types.HasFlag(info.Type) && (!Persistent || info.ProcessCount == 0) && (!Leaked || info.IsLeaked);

    private void Write(NamespaceInfo info)
    {
        if (Tree is not null)
        {
            _found.Add(info); // Also one that is not wanted: one that is may hang from it.
        }
        else if (IsWanted(info))
        {
            WriteObject(info);
        }
    }

    private void WriteNumbered(ulong number)
    {
        bool found = false;
        foreach (NamespaceInfo info in Seen().Values)
        {
            if (info.Id == number)
            {
                found = true;
                Write(info);
            }
        }

        if (!found)
        {
            throw new IsolationException(
                "NamespaceNotFound", ErrorKind.NotFound, $"There is no namespace {number}{(Types == NamespaceTypes.Every ? "" : $" of kind {Types}")}{(IsDeep ? "" : " that a process, a pin or a relative leads to; -Deep looks at open descriptors too")}. Get-NamespaceInfo lists those that there are.");
        }
    }

    private void WriteReferred(NamespaceReference reference)
    {
        if (reference.ProcessId is int id)
        {
            WriteNamespacesOf(id);
            return;
        }

        foreach (NamespaceKey key in reference.Keys())
        {
            if (Types.HasFlag(key.Type))
            {
                if (!Seen().TryGetValue(key, out NamespaceInfo? info))
                {
                    Look().TryGetValue(key, out info);
                }

                WriteIfThere(info);
            }
        }
    }

    private void WriteNamespacesOf(int id)
    {
        foreach (NamespaceKey key in NamespaceScanner.NamespacesOf(id, Types))
        {
            // A process that started after the host was looked at is not in what was seen.
            if (!Seen().TryGetValue(key, out NamespaceInfo? info) || Array.BinarySearch(info.ProcessIds, id) < 0)
            {
                Look().TryGetValue(key, out info);
            }

            WriteIfThere(info);
        }
    }

    private void WriteNamed(string name)
    {
        // Names are file names: capitals count.
        WildcardPattern pattern = WildcardPattern.Get(name, WildcardOptions.None);
        bool found = false;
        foreach (NamespaceInfo info in Seen().Values)
        {
            if (info.Name is not null && pattern.IsMatch(info.Name))
            {
                found = true;
                Write(info);
            }
        }

        if (!found && !WildcardPattern.ContainsWildcardCharacters(name))
        {
            throw new IsolationException(
                "NamespaceNotFound", ErrorKind.NotFound, $"There is no namespace set and no network namespace of ip netns with the name '{name}'.");
        }
    }

    private void WritePath(string path, bool expand)
    {
        Collection<string> files;
        ProviderInfo provider;
        try
        {
            files = expand
                ? SessionState.Path.GetResolvedProviderPathFromPSPath(path, out provider)
                : [SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out provider, out _)];
            if (!expand && path.StartsWith('/'))
            {
                files = [path]; // As it is: PowerShell makes slashes of the backslashes in it.
            }
        }
        catch (SessionStateException exception)
        {
            // No such drive or folder: PowerShell's own record says it as for every other cmdlet.
            WriteError(new ErrorRecord(exception.ErrorRecord, exception));
            return;
        }

        if (provider.Name != "FileSystem")
        {
            throw new IsolationException(
                "NamespacePathInvalid", ErrorKind.InvalidArgument, $"{path} is not a path of the file system. Name a file such as /run/netns/NAME.");
        }

        foreach (string file in files)
        {
            Guard("NamespaceReadFailed", file, () => WriteFile(file));
        }
    }

    private void WriteFile(string file)
    {
        NamespaceKey key = NamespaceScanner.KeyOf(file);
        if (!Types.HasFlag(key.Type))
        {
            return;
        }

        if (!Seen().TryGetValue(key, out NamespaceInfo? info))
        {
            Look(file).TryGetValue(key, out info);
        }

        WriteIfThere(info);
    }

    // What ended while it was looked at is left out.
    private void WriteIfThere(NamespaceInfo? info)
    {
        if (info is not null)
        {
            Write(info);
        }
    }

    private Dictionary<NamespaceKey, NamespaceInfo> Seen() => _seen ?? Look();

    private Dictionary<NamespaceKey, NamespaceInfo> Look(params string[] files)
    {
        _seen = [];
        foreach (NamespaceInfo info in Scan(files))
        {
            _seen.Add(info.Key, info);
        }

        return _seen;
    }

    private NamespaceInfo[] Scan(params string[] files) =>
        NamespaceScanner.Scan(new ScanOptions { Types = ScannedTypes, Deep = IsDeep, Paths = files, Names = NamespaceStore.Current.NamesByKey() }, Cancellation);
}
