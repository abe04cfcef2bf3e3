using System;
using System.Management.Automation;

namespace Isolation.Arguments;

/// <summary>A link as users name it: by its name, or as the object, which brings along the network namespace in which it was found.</summary>
public sealed class LinkReference
{
    /// <summary>A name.</summary>
    /// <param name="name">The name.</param>
    public LinkReference(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Name = name;
    }

    /// <summary>What <c>Get-NetworkLink</c> gave.</summary>
    /// <param name="link">The link.</param>
    public LinkReference(NetworkLink link)
    {
        ArgumentNullException.ThrowIfNull(link);
        (Name, Place, IsObject) = (link.Name, link.Namespace, true);
    }

    /// <summary>What <c>Get-NetworkLink</c> gave in another session.</summary>
    /// <param name="value">The object.</param>
    public LinkReference(PSObject value)
    {
        ArgumentNullException.ThrowIfNull(value);
        bool isLink = value.TypeNames.Contains("Deserialized." + typeof(NetworkLink).FullName);
        Name = isLink ? value.Properties[nameof(NetworkLink.Name)].Value.ToString()! : throw new ArgumentException("The object is no link.", nameof(value));
        Place = value.Properties[nameof(NetworkLink.Namespace)]?.Value?.ToString();
        IsObject = true;
    }

    /// <summary>The name.</summary>
    internal string Name { get; }

    /// <summary>Where it was found; null for the own network namespace, and where a name was given.</summary>
    internal string? Place { get; }

    /// <summary>Whether it is known where it was found.</summary>
    internal bool IsObject { get; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
