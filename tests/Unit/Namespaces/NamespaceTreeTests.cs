using System.Collections.Generic;
using System.Linq;
using Isolation.Tests.Processes;
using Xunit;

namespace Isolation.Tests.Namespaces;

public sealed class NamespaceTreeTests
{
    [Fact]
    public void By_parent_pid_and_user_namespaces_are_below_the_one_they_were_made_in()
    {
        NamespaceInfo[] infos = [Info(NamespaceType.Net, 1), Info(NamespaceType.Pid, 2), Info(NamespaceType.Pid, 3, parent: 2), Info(NamespaceType.Pid, 4, parent: 3), Info(NamespaceType.Pid, 5, parent: 2)];

        Assert.Equal(["net:[1]", "pid:[2]", "├─pid:[3]", "│ └─pid:[4]", "└─pid:[5]"], Draw(infos, NamespaceRelation.Parent));
    }

    [Fact]
    public void Depth_and_children_say_the_same_as_the_order()
    {
        IReadOnlyList<NamespaceTreeNode> nodes = NamespaceTree.Arrange(
            [Info(NamespaceType.User, 1), Info(NamespaceType.User, 2, parent: 1), Info(NamespaceType.User, 3, parent: 2)], NamespaceRelation.Parent, static _ => true);

        Assert.Equal([0, 1, 2], nodes.Select(node => node.Depth));
        Assert.Same(nodes[1], Assert.Single(nodes[0].Children));
        Assert.Same(nodes[2], Assert.Single(nodes[1].Children));
        Assert.Empty(nodes[2].Children);
        Assert.Equal(Info(NamespaceType.User, 2), (NamespaceInfo)nodes[1]);
    }

    [Fact]
    public void By_owner_each_namespace_is_below_its_user_namespace()
    {
        NamespaceInfo[] infos =
        [
            Info(NamespaceType.Net, 1, owner: 9), Info(NamespaceType.Net, 2, owner: 10), Info(NamespaceType.User, 9), Info(NamespaceType.User, 10, parent: 9, owner: 9),
            Info(NamespaceType.Uts, 3, owner: 77),
        ];

        Assert.Equal(["user:[9]", "├─net:[1]", "└─user:[10]", "  └─net:[2]", "uts:[3]"], Draw(infos, NamespaceRelation.Owner));
    }

    [Fact]
    public void What_is_not_wanted_stays_only_where_something_hangs_from_it()
    {
        NamespaceInfo[] infos =
            [Info(NamespaceType.User, 9), Info(NamespaceType.User, 10, owner: 9), Info(NamespaceType.User, 11, owner: 9), Info(NamespaceType.Net, 1, owner: 10)];

        IEnumerable<string> drawn = NamespaceTree.Arrange(infos, NamespaceRelation.Owner, static info => info.Type == NamespaceType.Net).Select(node => $"{node.Branch}{node}");

        Assert.Equal(["user:[9]", "└─user:[10]", "  └─net:[1]"], drawn);
    }

    [Fact]
    public void By_process_a_namespace_is_below_the_one_that_its_maker_is_in()
    {
        NamespaceInfo[] infos =
        [
            Info(NamespaceType.Net, 1, processes: [1, 20]), Info(NamespaceType.Net, 2, processes: [30], parentProcess: 20), Info(NamespaceType.Net, 3, processes: [40], parentProcess: 30),
            Info(NamespaceType.Uts, 4, processes: [30], parentProcess: 20), Info(NamespaceType.Net, 5),
        ];

        Assert.Equal(["net:[1]", "└─net:[2]", "  └─net:[3]", "uts:[4]", "net:[5]"], Draw(infos, NamespaceRelation.Process));
    }

    [Fact]
    public void By_process_the_parent_may_be_in_the_same_namespace()
    {
        using ProcFixture fixture = new();
        fixture.Process(50, 20, 0, "x", "x");
        NamespaceInfo[] infos = [Info(NamespaceType.Net, 1, processes: [20]), Info(NamespaceType.Net, 2, processes: [30, 50], parentProcess: 50)];

        Assert.Equal(["net:[1]", "└─net:[2]"], NamespaceTree.Arrange(infos, NamespaceRelation.Process, static _ => true, fixture.Root).Select(node => $"{node.Branch}{node}"));
    }

    [Fact]
    public void A_ring_is_broken()
    {
        NamespaceInfo[] infos = [Info(NamespaceType.Net, 1, processes: [10, 12], parentProcess: 20), Info(NamespaceType.Net, 2, processes: [15, 20], parentProcess: 12)];

        Assert.Equal(2, NamespaceTree.Arrange(infos, NamespaceRelation.Process, static _ => true).Count);
    }

    [Fact]
    public void However_deep_it_is_arranged()
    {
        const int Depth = 20_000;
        NamespaceInfo[] infos = [.. Enumerable.Range(1, Depth).Select(i => Info(NamespaceType.Uts, (ulong)i, processes: [i], parentProcess: i - 1))];

        IReadOnlyList<NamespaceTreeNode> nodes = NamespaceTree.Arrange(infos, NamespaceRelation.Process, static _ => true);

        Assert.Equal(Depth, nodes.Count);
        Assert.Equal(Depth - 1, nodes[^1].Depth);
        Assert.Equal(2 * (Depth - 1), nodes[^1].Branch.Length);
    }

    private static IEnumerable<string> Draw(NamespaceInfo[] infos, NamespaceRelation relation) =>
        NamespaceTree.Arrange(infos, relation, static _ => true).Select(node => $"{node.Branch}{node}");

    private static NamespaceInfo Info(NamespaceType type, ulong id, ulong? parent = null, ulong? owner = null, int[]? processes = null, int? parentProcess = null) =>
        new() { Key = new(type, id), ParentId = parent, OwnerId = owner, ProcessIds = processes ?? [], ParentProcessId = parentProcess };
}
