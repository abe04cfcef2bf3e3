using System;
using System.Management.Automation;

namespace Isolation.Arguments;

/// <summary>What can be removed: a namespace set, as an object or by name or wildcard, or a namespace of <c>Get-NamespaceInfo</c>.</summary>
public sealed class RemovableReference
{
    /// <summary>The set, or the sets, of a name.</summary>
    /// <param name="name">The name, or a wildcard.</param>
    public RemovableReference(string name) => Set = new SetReference(name);

    /// <summary>A set.</summary>
    /// <param name="set">The set.</param>
    public RemovableReference(NamespaceSet set) => Set = new SetReference(set);

    /// <summary>One namespace.</summary>
    /// <param name="info">What <c>Get-NamespaceInfo</c> gave.</param>
    public RemovableReference(NamespaceInfo info) => Info = info ?? throw new ArgumentNullException(nameof(info));

    /// <summary>A set that came back from another session.</summary>
    /// <param name="value">The object.</param>
    public RemovableReference(PSObject value)
    {
        ArgumentNullException.ThrowIfNull(value);
        Info = value.BaseObject as NamespaceInfo;
        Set = Info is null ? new SetReference(value) : null;
    }

    internal SetReference? Set { get; }

    internal NamespaceInfo? Info { get; }

    /// <inheritdoc/>
    public override string ToString() => Set?.ToString() ?? Info!.ToString();
}
