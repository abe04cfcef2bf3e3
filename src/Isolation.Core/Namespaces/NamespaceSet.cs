namespace Isolation;

/// <summary>A named group of namespaces, made by <c>New-Namespace</c>.</summary>
public sealed class NamespaceSet
{
    internal NamespaceSet(string name) => Name = name;

    /// <summary>The set's name, unique for its user.</summary>
    public string Name { get; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
