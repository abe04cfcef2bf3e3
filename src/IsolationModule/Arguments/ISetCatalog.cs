using System.Collections.Generic;
using Isolation.State;

namespace Isolation.Arguments;

/// <summary>Which namespace sets there are and which processes they hold; asked by cmdlets that take a set by name.</summary>
internal interface ISetCatalog
{
    /// <summary>The names of the sets.</summary>
    public IEnumerable<string> Names { get; }

    /// <summary>Whether there is a set of this name.</summary>
    public bool Contains(string name);

    /// <summary>The processes that belong to a set; none for one that is not there.</summary>
    public IReadOnlyCollection<int> GetProcesses(string name);
}

/// <summary>Opens the catalogue of sets.</summary>
internal static class SetCatalog
{
    /// <summary>The catalogue of this user's sets.</summary>
    public static ISetCatalog Open() => new StoreCatalog();

    /// <summary>The sets in the store.</summary>
    private sealed class StoreCatalog : ISetCatalog
    {
        public IEnumerable<string> Names => NamespaceStore.Current.Names();

        public bool Contains(string name) => NamespaceStore.Current.Find(name) is not null;

        public IReadOnlyCollection<int> GetProcesses(string name) => NamespaceStore.Current.Find(name) is { } set ? SetCgroups.Members(set) : [];
    }
}
