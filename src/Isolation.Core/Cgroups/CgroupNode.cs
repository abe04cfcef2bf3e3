using System.Collections.Generic;

namespace Isolation.Cgroups;

/// <summary>A cgroup that was found while walking down: where it is in each hierarchy.</summary>
/// <param name="Path">The path, such as <c>/isolation/web</c>.</param>
/// <param name="Directories">The folders that it has, version 2 first.</param>
internal sealed record CgroupNode(string Path, IReadOnlyList<CgroupDirectory> Directories);
