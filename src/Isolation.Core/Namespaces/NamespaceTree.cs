using System;
using System.Collections.Generic;
using Isolation.Processes;

namespace Isolation;

/// <summary>Arranges namespaces in trees. Equivalent to <c>lsns --tree</c>.</summary>
internal static class NamespaceTree
{
    /// <summary>
    /// The namespaces from the roots down, each followed by those below it, otherwise in the order given. One whose parent, owner or process is not among
    /// them is a root.
    /// </summary>
    /// <param name="infos">The namespaces.</param>
    /// <param name="relation">What the tree is by.</param>
    /// <param name="wanted">Which of them are wanted; another is left out unless one of these is below it.</param>
    /// <param name="procRoot">Where proc(5) is mounted.</param>
    public static IReadOnlyList<NamespaceTreeNode> Arrange(
        IReadOnlyList<NamespaceInfo> infos, NamespaceRelation relation, Predicate<NamespaceInfo> wanted, string procRoot = "/proc")
    {
        Dictionary<NamespaceKey, NamespaceTreeNode> nodes = [];
        List<NamespaceTreeNode> all = [];
        foreach (NamespaceInfo info in infos)
        {
            NamespaceTreeNode node = new(info);
            if (nodes.TryAdd(info.Key, node))
            {
                all.Add(node);
            }
        }

        using ProcTree proc = new(procRoot);
        Dictionary<(NamespaceType, int), NamespaceTreeNode> places = relation == NamespaceRelation.Process ? Places(all) : [];
        Dictionary<NamespaceTreeNode, NamespaceTreeNode> above = [];
        foreach (NamespaceTreeNode node in all)
        {
            NamespaceTreeNode? upper = relation switch
            {
                NamespaceRelation.Parent => Find(nodes, node.Type, node.ParentId),
                NamespaceRelation.Owner => Find(nodes, NamespaceType.User, node.OwnerId),
                _ => FindByProcess(places, node, proc),
            };
            if (upper is not null && !IsBelow(upper, node, above))
            {
                above.Add(node, upper);
            }
        }

        Dictionary<NamespaceTreeNode, List<NamespaceTreeNode>> below = [];
        List<NamespaceTreeNode> roots = [];
        foreach (NamespaceTreeNode node in all)
        {
            if (!above.TryGetValue(node, out NamespaceTreeNode? upper))
            {
                roots.Add(node);
            }
            else if (below.TryGetValue(upper, out List<NamespaceTreeNode>? siblings))
            {
                siblings.Add(node);
            }
            else
            {
                below.Add(upper, [node]);
            }
        }

        HashSet<NamespaceTreeNode> kept = [];
        foreach (NamespaceTreeNode node in all)
        {
            for (NamespaceTreeNode? at = wanted(node) ? node : null; at is not null && kept.Add(at);)
            {
                at = above.GetValueOrDefault(at);
            }
        }

        return Lay(roots, below, kept);
    }

    private static NamespaceTreeNode? Find(Dictionary<NamespaceKey, NamespaceTreeNode> nodes, NamespaceType type, ulong? id) =>
        id is ulong number && nodes.TryGetValue(new NamespaceKey(type, number), out NamespaceTreeNode? node) ? node : null;

    // Of every process the namespace of each kind that it is in.
    private static Dictionary<(NamespaceType Type, int Pid), NamespaceTreeNode> Places(List<NamespaceTreeNode> all)
    {
        Dictionary<(NamespaceType, int), NamespaceTreeNode> places = [];
        foreach (NamespaceTreeNode node in all)
        {
            foreach (int pid in node.ProcessIds)
            {
                places[(node.Type, pid)] = node;
            }
        }

        return places;
    }

    // From the parent of its first process upwards to the first that is in another namespace of the kind.
    private static NamespaceTreeNode? FindByProcess(Dictionary<(NamespaceType Type, int Pid), NamespaceTreeNode> places, NamespaceTreeNode node, ProcTree proc)
    {
        HashSet<int> seen = [];
        for (int pid = node.ParentProcessId ?? 0; pid > 0 && seen.Add(pid);)
        {
            if (!places.TryGetValue((node.Type, pid), out NamespaceTreeNode? place) || !ReferenceEquals(place, node))
            {
                return place;
            }

            pid = proc.TryReadStat(pid, out ProcStat stat) ? stat.ParentId : 0;
        }

        return null;
    }

    // Processes come and go while they are looked at, and could make a ring.
    private static bool IsBelow(NamespaceTreeNode? node, NamespaceTreeNode other, Dictionary<NamespaceTreeNode, NamespaceTreeNode> above)
    {
        while (node is not null)
        {
            if (ReferenceEquals(node, other))
            {
                return true;
            }

            node = above.GetValueOrDefault(node);
        }

        return false;
    }

    // Without recursion: whoever makes namespaces decides how deep it goes.
    private static List<NamespaceTreeNode> Lay(
        List<NamespaceTreeNode> roots, Dictionary<NamespaceTreeNode, List<NamespaceTreeNode>> below, HashSet<NamespaceTreeNode> kept)
    {
        List<NamespaceTreeNode> arranged = [];
        Stack<NamespaceTreeNode> next = [];
        Push(next, roots, kept);
        while (next.TryPop(out NamespaceTreeNode? node))
        {
            arranged.Add(node);
            if (below.TryGetValue(node, out List<NamespaceTreeNode>? children))
            {
                children.RemoveAll(child => !kept.Contains(child));
                node.Adopt(children);
                Push(next, children, kept);
            }
        }

        return arranged;
    }

    private static void Push(Stack<NamespaceTreeNode> next, List<NamespaceTreeNode> nodes, HashSet<NamespaceTreeNode> kept)
    {
        for (int i = nodes.Count - 1; i >= 0; i--)
        {
            if (kept.Contains(nodes[i]))
            {
                next.Push(nodes[i]);
            }
        }
    }
}
