using System.Collections.Generic;

namespace Isolation;

/// <summary>What a <see cref="NamespaceScanner"/> looks for, and where.</summary>
public sealed class ScanOptions
{
    /// <summary>The kinds to look for; every kind unless it is set. Fewer kinds take less time.</summary>
    public NamespaceType Types { get; init; } = NamespaceTypes.Every;

    /// <summary>Also looks at every thread, every open descriptor and the namespaces for children to come.</summary>
    public bool Deep { get; init; }

    /// <summary>Files of namespaces that are to be in the result even where nothing else leads to them.</summary>
    public IReadOnlyCollection<string> Paths { get; init; } = [];

    /// <summary>Names that the caller knows, such as those of its namespace sets.</summary>
    public IReadOnlyDictionary<NamespaceKey, string>? Names { get; init; }

    /// <summary>Where proc(5) is mounted.</summary>
    public string ProcRoot { get; init; } = "/proc";
}
