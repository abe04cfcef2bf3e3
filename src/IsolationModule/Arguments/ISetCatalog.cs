using System.Collections.Generic;

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
    public static ISetCatalog Open() => new AnyName();

    /// <summary>Takes any name for a set that holds no processes.</summary>
    private sealed class AnyName : ISetCatalog
    {
        public IEnumerable<string> Names => [];

        public bool Contains(string name) => true;

        public IReadOnlyCollection<int> GetProcesses(string name) => [];
    }
}
