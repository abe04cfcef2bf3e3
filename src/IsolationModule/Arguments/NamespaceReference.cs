using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Management.Automation;
using Isolation.Entry;
using Isolation.Mounts;
using Isolation.State;

namespace Isolation.Arguments;

/// <summary>
/// Namespaces as users name them: a set (object or name), a process (object or number), a namespace (object of <c>Get-NamespaceInfo</c>), or the path
/// of a namespace's file. A name that no set has is looked for among those of <c>ip netns</c>.
/// </summary>
public sealed class NamespaceReference
{
    private readonly string _text;
    private readonly NamespaceSet? _set;
    private readonly NamespaceInfo? _info;
    private readonly int? _processId;
    private readonly bool _isObject;

    // An object knows the process by its start too, a number does not.
    private readonly NamespaceProcess? _process;

    /// <summary>A number means a process, a text with <c>/</c> a path, any other text a set.</summary>
    /// <param name="text">The text.</param>
    public NamespaceReference(string text)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(text);
        // A name has no blanks around it; a path may have.
        _text = text.Contains('/', StringComparison.Ordinal) ? text : text.Trim();
        if (int.TryParse(_text, NumberStyles.None, CultureInfo.InvariantCulture, out int processId))
        {
            _processId = processId;
        }
    }

    /// <summary>The namespaces of a process.</summary>
    /// <param name="processId">The process's number.</param>
    public NamespaceReference(int processId)
    {
        _processId = processId;
        _text = processId.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>The namespaces of a process.</summary>
    /// <param name="process">The process.</param>
    public NamespaceReference(Process process) : this((process ?? throw new ArgumentNullException(nameof(process))).Id) => _isObject = true;

    /// <summary>The namespaces of a process.</summary>
    /// <param name="process">The process.</param>
    public NamespaceReference(NamespaceProcess process) : this((process ?? throw new ArgumentNullException(nameof(process))).Id) =>
        (_process, _isObject) = (process, true);

    /// <summary>A set.</summary>
    /// <param name="set">The set.</param>
    public NamespaceReference(NamespaceSet set)
    {
        _set = set ?? throw new ArgumentNullException(nameof(set));
        _isObject = true;
        _text = set.Name;
    }

    /// <summary>One namespace.</summary>
    /// <param name="info">What <c>Get-NamespaceInfo</c> gave.</param>
    public NamespaceReference(NamespaceInfo info)
    {
        _info = info ?? throw new ArgumentNullException(nameof(info));
        _isObject = true;
        _text = info.ToString();
    }

    /// <summary>An object that came back from another session: a deserialised set, process or namespace.</summary>
    /// <param name="value">The object.</param>
    public NamespaceReference(PSObject value)
    {
        ArgumentNullException.ThrowIfNull(value);
        string? text = Is(value, typeof(NamespaceSet)) ? Property(value, nameof(NamespaceSet.Name))
            : Is(value, typeof(Process)) || Is(value, typeof(NamespaceProcess)) ? Property(value, nameof(Process.Id))
            : Is(value, typeof(NamespaceInfo)) ? PathOf(value)
            : null;
        NamespaceReference inner = new(text ?? throw new ArgumentException("The object is no namespace set, no process and no namespace.", nameof(value)));
        (_text, _processId, _isObject) = (inner._text, inner._processId, true);
    }

    /// <summary>The set's name, where a set is or may be meant; null for a process, a path and a single namespace.</summary>
    internal string? SetName => _set?.Name ?? (_info is null && _processId is null && !IsPath ? _text : null);

    /// <summary>The process, where one is meant; null otherwise.</summary>
    internal int? ProcessId => _processId;

    /// <summary>Whether an object was given, which has properties of its own, and no name, number or path.</summary>
    internal bool IsObject => _isObject;

    /// <summary>A text by which it is found again: for a single namespace its path.</summary>
    internal string Location => _info is null ? _text : PathOf(_info);

    private bool IsPath => _text.Contains('/', StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => _text;

    /// <summary>Opens what is meant.</summary>
    /// <exception cref="IsolationException"><c>NamespaceNotFound</c> and those of <see cref="NamespaceTarget"/>.</exception>
    internal NamespaceTarget Open(NamespaceType wanted)
    {
        if (_info is not null)
        {
            return NamespaceTarget.Of(_info, wanted);
        }

        if (_processId is int processId)
        {
            return NamespaceTarget.OfProcess(processId, wanted, _process?.Identity);
        }

        if (IsPath)
        {
            return NamespaceTarget.OfPath(_text, wanted);
        }

        NamespaceSet? set = _set ?? NamespaceStore.Current.Find(_text);
        return set is not null ? NamespaceTarget.Of(set, wanted)
            : NamedNetwork is string path ? NamespaceTarget.OfPath(path, wanted)
            : throw NotFound();
    }

    /// <summary>Opens the network namespace of a socket of the process that is meant.</summary>
    /// <exception cref="IsolationException"><c>NamespaceOptionInvalid</c> and those of <see cref="NamespaceTarget.OfSocket"/>.</exception>
    internal NamespaceTarget OpenSocket(int number) => _processId is int processId
        ? NamespaceTarget.OfSocket(processId, number, _process?.Identity)
        : throw new IsolationException(
            "NamespaceOptionInvalid", ErrorKind.InvalidArgument, $"-SocketDescriptor is a descriptor of a process, and {_text} is none. Give a process, or its pid.");

    /// <summary>The namespaces that are meant, without opening them; a process stands for those that are not the caller's own.</summary>
    /// <exception cref="IsolationException"><c>NamespaceNotFound</c>, <c>ProcessNotFound</c>, <c>NamespacePathNotFound</c> and the like.</exception>
    internal IReadOnlyList<NamespaceKey> Keys()
    {
        if (_info is not null)
        {
            return [_info.Key];
        }

        if (_processId is int processId)
        {
            HashSet<NamespaceKey> own = [.. NamespaceScanner.NamespacesOf(Environment.ProcessId)];
            return [.. Array.FindAll(NamespaceScanner.NamespacesOf(processId), key => !own.Contains(key))];
        }

        if (IsPath)
        {
            return [NamespaceScanner.KeyOf(_text)];
        }

        NamespaceSet? set = NamespaceStore.Current.Find(_text);
        return set is not null ? set.Namespaces
            : NamedNetwork is string path ? [NamespaceScanner.KeyOf(path)]
            : throw NotFound();
    }

    /// <summary>Opens the mount namespace that is meant, and for a process its root.</summary>
    /// <exception cref="IsolationException">Those of <see cref="Open"/> and of <see cref="MountTarget"/>.</exception>
    internal MountTarget OpenMounts() => MountTarget.Of(Open(NamespaceTypes.Every), _processId, Location);

    private static string PathOf(NamespaceInfo info) => info.Paths.Length > 0 ? info.Paths[0] : info.Path ?? info.ToString();

    private string? NamedNetwork
    {
        get
        {
            string path = Path.Combine(NamedNetworks.Folder, _text);
            return File.Exists(path) ? path : null;
        }
    }

    private IsolationException NotFound() => new(
        "NamespaceNotFound",
        ErrorKind.NotFound,
        $"There is no namespace set and no network namespace of ip netns with the name '{_text}'. Get-Namespace lists the sets; New-Namespace makes one.");

    private static bool Is(PSObject value, Type type) => value.TypeNames.Contains("Deserialized." + type.FullName);

    private static string? Property(PSObject value, string name) => value.Properties[name]?.Value?.ToString();

    private static string? PathOf(PSObject value)
    {
        string? pid = Property(value, nameof(NamespaceInfo.ProcessId));
        NamespaceType type = Enum.TryParse(Property(value, nameof(NamespaceInfo.Type)), out NamespaceType parsed) ? parsed : NamespaceType.None;
        return pid is not null && type != NamespaceType.None ? $"/proc/{pid}/ns/{type.ProcName()}" : null;
    }
}
