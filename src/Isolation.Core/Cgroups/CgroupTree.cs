using System;
using System.Collections.Generic;

namespace Isolation.Cgroups;

/// <summary>Walks down the hierarchies together: cgroups of the same path in several of them are one.</summary>
internal sealed class CgroupTree(CgroupHost host)
{
    /// <summary>The root of all hierarchies, or of one.</summary>
    public CgroupNode Root(CgroupHierarchy? only = null)
    {
        List<CgroupDirectory> directories = [];
        foreach (CgroupHierarchy hierarchy in host.Hierarchies)
        {
            if (only is null || only == hierarchy)
            {
                directories.Add(new CgroupDirectory(hierarchy, "/"));
            }
        }

        return new CgroupNode("/", directories);
    }

    /// <summary>The cgroups directly inside one, in the order of their names.</summary>
    public IReadOnlyList<CgroupNode> Children(CgroupNode node)
    {
        SortedDictionary<string, List<CgroupDirectory>>? children = null;
        foreach (CgroupDirectory directory in node.Directories)
        {
            // A process is in the root of those hierarchies in which nobody has moved it; what is inside of that has nothing to do with it.
            if (directory.Path == "/" && node.Path != "/")
            {
                continue;
            }

            foreach (string name in host.Files.Subdirectories(directory.FullPath))
            {
                children ??= new(StringComparer.Ordinal);
                if (!children.TryGetValue(name, out List<CgroupDirectory>? places))
                {
                    children[name] = places = [];
                }

                places.Add(directory with { Path = Combine(directory.Path, name) });
            }
        }

        if (children is null)
        {
            return [];
        }

        List<CgroupNode> nodes = new(children.Count);
        foreach ((string name, List<CgroupDirectory> places) in children)
        {
            nodes.Add(new CgroupNode(Combine(node.Path, name), places));
        }

        return nodes;
    }

    /// <summary>A cgroup and those inside it, each before those inside it.</summary>
    /// <param name="node">The cgroup.</param>
    /// <param name="depth">How many levels below it; null for all.</param>
    public IEnumerable<CgroupNode> Walk(CgroupNode node, int? depth = null)
    {
        Stack<(CgroupNode Node, int Level)> left = new();
        left.Push((node, 0));
        while (left.TryPop(out (CgroupNode Node, int Level) at))
        {
            yield return at.Node;
            if (at.Level < (depth ?? int.MaxValue))
            {
                IReadOnlyList<CgroupNode> children = Children(at.Node);
                for (int i = children.Count - 1; i >= 0; i--)
                {
                    left.Push((children[i], at.Level + 1));
                }
            }
        }
    }

    /// <summary>The path of a cgroup in another.</summary>
    public static string Combine(string path, string name) => path == "/" ? "/" + name : $"{path}/{name}";
}
