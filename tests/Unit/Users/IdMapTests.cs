using System.Collections.Generic;
using System.Linq;
using Isolation.Users;
using Xunit;

namespace Isolation.Tests.Users;

/// <summary>Id maps: single lines, whole maps, and what a caller may map.</summary>
public sealed class IdMapTests
{
    private static readonly IdMapCaller s_root = new()
    {
        Name = "root", Uid = 0, Gid = 0, MayMapUsers = true, MayMapGroups = true, Users = [new(0, 0, IdMap.IdCount)], Groups = [new(0, 0, IdMap.IdCount)],
        SubordinateUsers = [], SubordinateGroups = [],
    };

    private static readonly IdMapCaller s_alice = new()
    {
        Name = "alice", Uid = 1000, Gid = 1001, Users = [new(0, 0, IdMap.IdCount)], Groups = [new(0, 0, IdMap.IdCount)],
        SubordinateUsers = SubordinateIdRange.Parse("bob:100000:65536\nalice:200000:1000\n1000:201000:64536\n"),
        SubordinateGroups = SubordinateIdRange.Parse("alice:300000:65536\n"),
    };

    [Theory]
    [InlineData("0:100000:65536", 0, 100000, 65536)]
    [InlineData("5:6", 5, 6, 1)]
    [InlineData("4294967294:0:1", 4294967294, 0, 1)]
    [InlineData("0:0:4294967295", 0, 0, 4294967295)]
    public void A_line_is_read_as_unshare_takes_it(string text, long inside, long outside, long count) =>
        Assert.Equal(new IdMap(inside, outside, count), IdMap.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("a:0:1")]
    [InlineData("0:0:0")]
    [InlineData("0:0:-1")]
    [InlineData("-1:0:1")]
    [InlineData("0:0:1:1")]
    [InlineData("4294967295:0:1")]
    [InlineData("4294967294:0:2")]
    [InlineData("0:1:4294967295")]
    [InlineData("0:99999999999999999999999:1")]
    [InlineData("0:9999999999999999999999999999999999999999:1")]
    public void A_line_that_no_kernel_takes_is_refused(string text)
    {
        IsolationException refusal = Assert.Throws<IsolationException>(() => IdMap.Parse(text));
        Assert.Equal("IdMapInvalid", refusal.ErrorId);
    }

    [Fact]
    public void Lines_that_overlap_are_both_named()
    {
        IsolationException inside = Assert.Throws<IsolationException>(() => Plan(s_root, new() { Users = [new(0, 0, 10), new(20, 20, 1), new(9, 100, 5)] }));
        Assert.Equal("-UserMap: line 3 (9:100:5) and line 1 (0:0:10) both map the id 9 inside. An id has one line.", inside.Message);
        IsolationException outside = Assert.Throws<IsolationException>(() => Plan(s_root, new() { Users = [new(0, 0, 1)], Groups = [new(0, 5, 1), new(1, 1, 10)] }));
        Assert.Equal("-GroupMap: line 2 (1:1:10) and line 1 (0:5:1) both map the id 5 outside. An id has one line.", outside.Message);
    }

    [Fact]
    public void Holes_between_lines_are_left_as_they_are() =>
        Assert.Equal("0 100 1\n10 200 5\n", IdMapList.Text(Plan(s_root, new() { Users = [new(0, 100, 1), new(10, 200, 5)] })!.Users!.Lines));

    [Fact]
    public void The_kernel_takes_340_lines_and_less_than_a_page()
    {
        List<IdMap> lines = [.. Enumerable.Range(0, 340).Select(static i => new IdMap(i * 2, i * 2, 1))];
        Assert.Equal(340, Plan(s_root, new() { Users = lines })!.Users!.Lines.Count);
        Assert.Contains("line 341 (680:680:1)", Assert.Throws<IsolationException>(() => Plan(s_root, new() { Users = [.. lines, new(680, 680, 1)] })).Message, System.StringComparison.Ordinal);
        List<IdMap> wide = [.. Enumerable.Range(0, 200).Select(static i => new IdMap(1_000_000_000 + i, 2_000_000_000 + i, 1))];

        // 24 bytes a line, of 4095.
        Assert.Contains("too long with line 171 ", Assert.Throws<IsolationException>(() => Plan(s_root, new() { Users = wide })).Message, System.StringComparison.Ordinal);
    }

    [Fact]
    public void The_own_id_alone_is_written_by_the_process_itself_and_denies_setgroups()
    {
        PlannedIdMaps maps = Plan(s_alice, new() { Root = true })!;
        Assert.Equal(("0 1000 1", "0 1001 1"), (maps.Users!.Lines[0].Line, maps.Groups!.Lines[0].Line));
        Assert.Equal((IdMapWriter.Self, IdMapWriter.Self, true, false), (maps.Users.Writer, maps.Groups.Writer, maps.DenySetGroups, maps.AreAwaited));
        PlannedIdMaps same = Plan(s_alice, new() { CurrentUser = true })!;
        Assert.Equal(("1000 1000 1", "1001 1001 1"), (same.Users!.Lines[0].Line, same.Groups!.Lines[0].Line));
    }

    [Fact]
    public void Root_has_its_maps_written_from_outside_and_keeps_setgroups()
    {
        PlannedIdMaps maps = Plan(s_root, new() { Users = [new(0, 100000, 65536)] })!;
        Assert.Equal((IdMapWriter.Parent, IdMapWriter.Parent, false, true), (maps.Users!.Writer, maps.Groups!.Writer, maps.DenySetGroups, maps.AreAwaited));
        Assert.Equal(IdMapWriter.Parent, Plan(s_root, new() { Root = true, SetGroups = true })!.Groups!.Writer);
        Assert.True(Plan(s_root, new() { Users = [new(0, 100000, 65536)], SetGroups = false })!.DenySetGroups);
        Assert.True(Plan(s_root, new() { SetGroups = false })!.DenySetGroups);
        Assert.Null(Plan(s_root, new()));
    }

    [Theory]
    [InlineData(false, false, "0 200000 1000\n1000 201000 64536\n", "0 300000 65536\n")]
    [InlineData(true, false, "0 1000 1\n1 200000 1000\n1001 201000 64536\n", "0 1001 1\n1 300000 65536\n")]
    [InlineData(false, true, "0 200000 1000\n1000 1000 1\n1001 201000 64536\n", "0 300000 1001\n1001 1001 1\n1002 301001 64535\n")]
    public void Auto_lays_the_subordinate_ids_around_the_own(bool root, bool current, string users, string groups)
    {
        PlannedIdMaps maps = Plan(s_alice, new() { Auto = true, Root = root, CurrentUser = current })!;
        Assert.Equal((users, groups), (IdMapList.Text(maps.Users!.Lines), IdMapList.Text(maps.Groups!.Lines)));
        Assert.Equal((IdMapWriter.Program, IdMapWriter.Program, false), (maps.Users.Writer, maps.Groups.Writer, maps.DenySetGroups));
    }

    [Fact]
    public void An_ordinary_user_maps_subordinate_ids_also_across_two_ranges_and_the_own() =>
        Assert.Equal(
            IdMapWriter.Program,
            Plan(s_alice, new() { Users = [new(0, 200500, 1000), new(5000, 1000, 1)], Groups = [new(0, 300000, 10), new(5000, 1001, 1)] })!.Users!.Writer);

    [Fact]
    public void Ids_that_the_caller_may_not_map_are_told_by_line()
    {
        IsolationException refusal = Assert.Throws<IsolationException>(() => Plan(s_alice, new() { Users = [new(0, 1000, 1), new(1, 100000, 10)] }));
        Assert.Equal(("IdMapNotAllowed", ErrorKind.PermissionDenied), (refusal.ErrorId, refusal.Kind));
        Assert.Equal(
            "-UserMap line 2 (1:100000:10) maps users outside that alice may not map: /etc/subuid gives alice 200000 to 200999, 201000 to 265535, and beside those there is 1000, alone. Choose others, or run as root.",
            refusal.Message);
        IdMapCaller inner = s_root with { Users = [new(0, 1000, 1), new(1, 5000, 10)] };
        Assert.Contains(
            "-UserMap line 1 (0:0:2) maps users that are not in one line of the map of this user namespace, which has 0:1000:1, 1:5000:10.",
            Assert.Throws<IsolationException>(() => Plan(inner, new() { Users = [new(0, 0, 2)] })).Message,
            System.StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_line_in_subuid_the_error_says_how_to_get_one()
    {
        IsolationException refusal = Assert.Throws<IsolationException>(() => Plan(s_alice with { Name = "carol", Uid = 7 }, new() { Auto = true }));
        Assert.Equal("SubordinateIdsMissing", refusal.ErrorId);
        Assert.Equal("/etc/subuid has no line for carol, so there are no users to map. As root: usermod --add-subuids 265536-331071 carol", refusal.Message);
        IsolationException elsewhere = Assert.Throws<IsolationException>(() => Plan(s_alice with { SubordinateUsers = null }, new() { Auto = true }));
        Assert.Equal(("SubordinateIdsMissing", ErrorKind.NotSupported), (elsewhere.ErrorId, elsewhere.Kind));
    }

    [Fact]
    public void Setgroups_is_allowed_to_an_ordinary_user_with_a_subordinate_group_only()
    {
        Assert.Equal("IdMapNotAllowed", Assert.Throws<IsolationException>(() => Plan(s_alice, new() { Root = true, SetGroups = true })).ErrorId);
        Assert.False(Plan(s_alice, new() { Root = true, Auto = true, SetGroups = true })!.DenySetGroups);
    }

    [Fact]
    public void Switches_that_contradict_one_another_are_refused()
    {
        Assert.Equal("NamespaceOptionInvalid", Assert.Throws<IsolationException>(() => Plan(s_root, new() { Root = true, CurrentUser = true })).ErrorId);
        Assert.Equal("NamespaceOptionInvalid", Assert.Throws<IsolationException>(() => Plan(s_root, new() { Auto = true, Users = [new(0, 0, 1)] })).ErrorId);
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("         0          0 4294967295\n", 1)]
    [InlineData("0 1 2\nx 1 2\n0 1\n0 0 0\n0 4294967295 9\n7 8 9", 2)]
    public void A_map_of_proc_is_read_and_damaged_lines_are_left_out(string text, int count) => Assert.Equal(count, IdMapCaller.ParseMap(text).Count);

    private static PlannedIdMaps? Plan(IdMapCaller caller, IdMapOptions options) => IdMapPlanner.Plan(options, caller);
}
