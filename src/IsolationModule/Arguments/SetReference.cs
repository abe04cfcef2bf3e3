using System;
using System.Management.Automation;

namespace Isolation.Arguments;

/// <summary>
/// A namespace set, as an object or by name or wildcard. Nothing else converts to it: a process has a name too, and a set of that name is not meant
/// by it.
/// </summary>
public sealed class SetReference
{
    /// <summary>The set, or the sets, of a name.</summary>
    /// <param name="name">The name, or a wildcard.</param>
    public SetReference(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        Name = name;
    }

    /// <summary>A set.</summary>
    /// <param name="set">The set.</param>
    public SetReference(NamespaceSet set) => Name = (set ?? throw new ArgumentNullException(nameof(set))).Name;

    /// <summary>A set that came back from another session.</summary>
    /// <param name="value">The object.</param>
    public SetReference(PSObject value)
    {
        ArgumentNullException.ThrowIfNull(value);
        Name = value.BaseObject switch
        {
            string name => name,
            NamespaceSet set => set.Name,
            _ when value.TypeNames.Contains("Deserialized." + typeof(NamespaceSet).FullName) => (string)value.Properties[nameof(NamespaceSet.Name)].Value,
            object other => throw new ArgumentException($"A {other.GetType().Name} is no namespace set. Give a set of Get-Namespace, or a set's name.", nameof(value)),
        };
    }

    internal string Name { get; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
