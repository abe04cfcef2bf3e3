namespace Isolation;

/// <summary>What a tree of namespaces is by; <c>lsns --tree</c>.</summary>
public enum NamespaceRelation
{
    /// <summary>Pid and user namespaces are below the ones that they were made in.</summary>
    Parent,
    /// <summary>Each namespace is below the user namespace that owns it.</summary>
    Owner,
    /// <summary>Each namespace is below the one of its kind that the parent of its first process is in.</summary>
    Process,
}
