using System;
using System.Collections;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Management.Automation;
using Isolation.Cgroups;

namespace Isolation.Arguments;

/// <summary>
/// A control group as users name it: the cgroup of a namespace set (object or name), a path, or the cgroup of a process (number or object).
/// </summary>
public sealed class CgroupReference
{
    private readonly string _text;
    private readonly string? _setName;
    private readonly string? _path;
    private readonly long? _processId;
    private readonly string[]? _directories;

    /// <summary>A number means a process, a text with <c>/</c> a path, any other text a namespace set.</summary>
    /// <param name="text">The text.</param>
    public CgroupReference(string text)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(text);
        _text = text.Trim();
        if (long.TryParse(_text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long processId))
        {
            _processId = processId;
        }
        else if (_text.Contains('/', StringComparison.Ordinal))
        {
            _path = _text;
        }
        else
        {
            _setName = _text;
        }
    }

    /// <summary>The cgroup of a process.</summary>
    /// <param name="processId">The process's number.</param>
    public CgroupReference(long processId)
    {
        _processId = processId;
        _text = processId.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>The cgroup of a process.</summary>
    /// <param name="processId">The process's number.</param>
    public CgroupReference(int processId) : this((long)processId)
    {
    }

    /// <summary>The cgroup of a process.</summary>
    /// <param name="process">The process.</param>
    public CgroupReference(Process process) : this(process?.Id ?? throw new ArgumentNullException(nameof(process)))
    {
    }

    /// <summary>The cgroup of a namespace set.</summary>
    /// <param name="set">The set.</param>
    public CgroupReference(NamespaceSet set)
    {
        ArgumentNullException.ThrowIfNull(set);
        _text = _setName = set.Name;
    }

    /// <summary>The cgroup that was read before.</summary>
    /// <param name="limit">What <c>Get-CgroupLimit</c> gave.</param>
    public CgroupReference(CgroupLimit limit)
    {
        ArgumentNullException.ThrowIfNull(limit);
        (_text, _setName, _processId, _directories) = FromLimit(limit.Cgroup, limit.Namespace, limit.ProcessId, limit.Path);
    }

    /// <summary>The cgroup that was found before.</summary>
    /// <param name="cgroup">What <c>Get-Cgroup</c> or <c>New-Cgroup</c> gave.</param>
    public CgroupReference(CgroupInfo cgroup)
    {
        ArgumentNullException.ThrowIfNull(cgroup);
        (_text, _directories) = (cgroup.Cgroup, cgroup.Path);
    }

    /// <summary>The cgroup that was read before.</summary>
    /// <param name="usage">What <c>Get-CgroupUsage</c> gave.</param>
    public CgroupReference(CgroupUsage usage)
    {
        ArgumentNullException.ThrowIfNull(usage);
        (_text, _setName, _processId, _directories) = FromLimit(usage.Cgroup, usage.Namespace, usage.ProcessId, usage.Path);
    }

    /// <summary>
    /// An object that came back from another session, such as a deserialised set, limit, usage or process, or any object with a property <c>Cgroup</c>,
    /// <c>Namespace</c> or <c>ProcessId</c>.
    /// </summary>
    /// <param name="value">The object.</param>
    public CgroupReference(PSObject value)
    {
        ArgumentNullException.ThrowIfNull(value);
        // Both have these properties.
        if (IsDeserialized(value, typeof(CgroupLimit)) || IsDeserialized(value, typeof(CgroupUsage)))
        {
            (_text, _setName, _processId, _directories) = FromLimit(
                Property<string>(value, nameof(CgroupLimit.Cgroup)) ?? "/",
                Property<string>(value, nameof(CgroupLimit.Namespace)),
                Property<int?>(value, nameof(CgroupLimit.ProcessId)),
                Strings(value.Properties[nameof(CgroupLimit.Path)]?.Value));
            return;
        }

        if (IsDeserialized(value, typeof(CgroupInfo)))
        {
            (_text, _directories) = (Property<string>(value, nameof(CgroupInfo.Cgroup)) ?? "/", Strings(value.Properties[nameof(CgroupInfo.Path)]?.Value) ?? []);
            return;
        }

        string? text = IsDeserialized(value, typeof(NamespaceSet)) ? Property<string>(value, nameof(NamespaceSet.Name))
            : IsDeserialized(value, typeof(Process)) ? Property<string>(value, nameof(Process.Id))
            : Property<string>(value, "Cgroup") ?? Property<string>(value, "Namespace") ?? Property<string>(value, "ProcessId");
        CgroupReference inner = new(text ?? throw new ArgumentException(
            "The object is no namespace set, no process, no cgroup and no limit, and has no property Cgroup, Namespace or ProcessId.", nameof(value)));
        (_text, _setName, _path, _processId, _directories) = (inner._text, inner._setName, inner._path, inner._processId, inner._directories);
    }

    /// <summary>The set that is meant; null where a path or a process is.</summary>
    internal string? SetName => _setName;

    /// <summary>Whether it is a text with wildcards, which can mean any number of cgroups.</summary>
    internal bool IsPattern => (_path ?? _setName) is string text && _directories is null && WildcardPattern.ContainsWildcardCharacters(text);

    /// <inheritdoc/>
    public override string ToString() => _text;

    /// <summary>The cgroup that is meant.</summary>
    /// <exception cref="IsolationException"><c>CgroupNotFound</c>, <c>CgroupProcessNotFound</c>, <c>CgroupNameInvalid</c>.</exception>
    internal Cgroup Resolve(CgroupHost host, ISetCatalog sets)
    {
        if (_setName is not null)
        {
            Cgroup cgroup = Cgroup.ForSet(host, _setName);
            return cgroup.Exists || sets.Contains(_setName) ? cgroup : throw new IsolationException(
                "CgroupNotFound",
                ErrorKind.NotFound,
                $"There is neither a namespace set '{_setName}' nor a cgroup {cgroup.Path}. Make a set with New-Namespace -Name {_setName}, "
                + "or give a cgroup's path, which has a / in it.");
        }

        if (_processId is long processId)
        {
            return processId is > 0 and <= int.MaxValue ? Cgroup.ForProcess(host, (int)processId) : throw new IsolationException(
                "CgroupProcessNotFound", ErrorKind.NotFound, $"There is no process {processId}. Get-Process lists those that there are.");
        }

        return _directories is not null ? Cgroup.ForDirectories(host, _directories) : Cgroup.ForPath(host, _path!);
    }

    /// <summary>The cgroup that is meant, where it is there.</summary>
    /// <exception cref="IsolationException"><c>CgroupNotFound</c>, <c>CgroupProcessNotFound</c>, <c>CgroupNameInvalid</c>.</exception>
    internal Cgroup ResolveExisting(CgroupHost host, ISetCatalog sets)
    {
        Cgroup cgroup = Resolve(host, sets);
        return cgroup.Exists ? cgroup : throw new IsolationException(
            "CgroupNotFound",
            ErrorKind.NotFound,
            $"The namespace set '{_setName}' has no cgroup yet. The first limit makes one: Set-CgroupLimit {_setName} -PidsMax max");
    }

    /// <summary>
    /// The cgroups that are meant: one that exists, or with wildcards all that match, which each part of the path between two <c>/</c> does for itself.
    /// </summary>
    /// <exception cref="IsolationException"><c>CgroupNotFound</c>, <c>CgroupProcessNotFound</c>, <c>CgroupNameInvalid</c>.</exception>
    internal IReadOnlyList<CgroupNode> Find(CgroupHost host, ISetCatalog sets)
    {
        if (!IsPattern)
        {
            return [ResolveExisting(host, sets).Node];
        }

        // Of a folder's path what leads to the hierarchy is no pattern.
        string path = _path ?? $"{WildcardPattern.Escape(host.Placement.Folder)}/{_setName}";
        CgroupTree tree = new(host);
        List<CgroupNode> found = [tree.Root()];
        if (host.Locate(path) is (CgroupHierarchy hierarchy, string inside) && hierarchy.MountPoint != "/")
        {
            (path, found) = (inside, [tree.Root(hierarchy)]);
        }

        foreach (string part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            WildcardPattern pattern = WildcardPattern.Get(part, WildcardOptions.None);
            List<CgroupNode> next = [];
            foreach (CgroupNode node in found)
            {
                foreach (CgroupNode child in tree.Children(node))
                {
                    if (pattern.IsMatch(child.Path[(child.Path.LastIndexOf('/') + 1)..]))
                    {
                        next.Add(child);
                    }
                }
            }

            found = next;
        }

        return found;
    }

    // A set's own cgroup is meant by name, so that what is missing of it can be made; one inside it, or another's, by its folders. A process may have
    // moved since.
    private static (string Text, string? SetName, long? ProcessId, string[]? Directories) FromLimit(
        string cgroup, string? set, int? processId, string[]? directories) =>
        processId is int pid ? (pid.ToString(CultureInfo.InvariantCulture), null, pid, null)
        : set is not null && (directories is null or [] || cgroup.EndsWith($"/{CgroupPlacement.FolderName}/{set}", StringComparison.Ordinal)
            || cgroup.EndsWith($"/{SystemdUnit.Name}/{set}", StringComparison.Ordinal)) ? (set, set, null, null)
        : (cgroup, null, null, directories ?? []);

    private static bool IsDeserialized(PSObject value, Type type) => value.TypeNames.Contains("Deserialized." + type.FullName);

    private static T? Property<T>(PSObject value, string name) =>
        value.Properties[name]?.Value is object found && LanguagePrimitives.TryConvertTo(found, CultureInfo.InvariantCulture, out T result) ? result : default;

    // A deserialised array is an ArrayList in a PSObject.
    private static string[]? Strings(object? value)
    {
        object? inner = value is PSObject wrapped ? wrapped.BaseObject : value;
        if (inner is not IEnumerable items || inner is string)
        {
            return null;
        }

        List<string> strings = [];
        foreach (object? item in items)
        {
            strings.Add(item?.ToString() ?? "");
        }

        return [.. strings];
    }
}
