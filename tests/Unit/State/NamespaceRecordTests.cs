using System;
using System.Collections.Generic;
using System.Reflection;
using System.Text;
using Isolation.State;
using Xunit;

namespace Isolation.Tests.State;

public sealed class NamespaceRecordTests
{
    private const string Path = "/run/isolation/namespaces/web/set.json";

    private static readonly NamespaceRecord s_full = new()
    {
        Name = "web",
        Types = NamespaceType.Net | NamespaceType.Pid,
        Phase = RecordPhase.Removing,
        Created = new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero),
        Owner = new RecordedProcess(10, 11),
        Agent = new RecordedProcess(12, 13),
        EndsWithOwner = true,
        Keeper = new RecordedProcess(20, ulong.MaxValue),
        KeeperIsInit = true,
        Pinned = true,
        NamedNetwork = true,
        AsPid1 = true,
        Pid1 = new RecordedProcess(30, 31),
        HostName = "web1 \"quoted\" ü",
        DomainName = "example",
        Parent = "site",
        OwnerUid = 0,
        OwnerGid = uint.MaxValue - 1,
        Joined = new Dictionary<string, ulong> { ["user"] = 4026532190 },
        Ids = new Dictionary<string, ulong> { ["net"] = 4026532185, ["pid"] = ulong.MaxValue },
    };

    [Fact]
    public void Every_property_comes_back()
    {
        NamespaceRecord back = NamespaceRecord.Parse(s_full.ToJson(), Path);
        NamespaceRecord empty = new() { Name = "", Types = NamespaceType.None };
        foreach (PropertyInfo property in typeof(NamespaceRecord).GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            object? value = property.GetValue(s_full);
            Assert.Equal(value, property.GetValue(back));

            // One that is new must be given a value above, or this proves nothing about it.
            if (property.Name != nameof(NamespaceRecord.Schema))
            {
                Assert.NotEqual(property.GetValue(empty), value);
            }
        }
    }

    [Fact]
    public void The_file_is_readable_and_leaves_out_what_is_not_set()
    {
        string json = Encoding.UTF8.GetString(new NamespaceRecord { Name = "box", Types = NamespaceType.Uts, Phase = RecordPhase.Ready }.ToJson());
        Assert.Contains("\"schema\": 1", json, StringComparison.Ordinal);
        Assert.Contains("\"name\": \"box\"", json, StringComparison.Ordinal);
        Assert.Contains("\"types\": \"Uts\"", json, StringComparison.Ordinal);
        Assert.Contains("\"phase\": \"Ready\"", json, StringComparison.Ordinal);
        foreach (string absent in (string[])["owner", "keeper", "pid1", "hostName", "pinned", "identity"])
        {
            Assert.DoesNotContain(absent, json, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_field_that_is_not_known_is_passed_over()
    {
        NamespaceRecord record = NamespaceRecord.Parse("{\"schema\":1,\"name\":\"web\",\"types\":\"Net\",\"color\":{\"red\":[1,2]}}"u8, Path);
        Assert.Equal("web", record.Name);
        Assert.Equal(NamespaceType.Net, record.Types);
    }

    [Fact]
    public void A_record_that_is_cut_off_anywhere_is_damaged()
    {
        byte[] json = s_full.ToJson();
        for (int length = 0; length < json.Length; length++)
        {
            Refused("NamespaceRecordDamaged", json.AsSpan(0, length), "Remove-Namespace");
        }
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"web\"")]
    [InlineData("{}")]
    [InlineData("{\"types\":\"Net\"}")]
    [InlineData("{\"name\":\"web\"}")]
    [InlineData("{\"name\":\"\",\"types\":\"Net\"}")]
    [InlineData("{\"name\":null,\"types\":\"Net\"}")]
    [InlineData("{\"name\":7,\"types\":\"Net\"}")]
    [InlineData("{\"name\":\"web\",\"types\":\"Nonsense\"}")]
    [InlineData("{\"name\":\"web\",\"types\":\"Net\",\"phase\":\"Nonsense\"}")]
    [InlineData("{\"name\":\"web\",\"types\":\"Net\",\"keeper\":4}")]
    [InlineData("{\"name\":\"web\",\"types\":\"Net\",\"schema\":\"2\"}")]
    [InlineData("{\"name\":\"web\",\"types\":\"Net\",\"ids\":{\"net\":-1}}")]
    [InlineData("{\"name\":\"web\",\"types\":\"Net\",\"joined\":{\"net\":\"x\"}}")]
    [InlineData("{\"name\":\"web\",\"types\":\"Net\",\"ownerUid\":4294967296}")]
    [InlineData("{\"name\":\"web\",\"types\":\"Net\",\"parent\":\"../../tmp\"}")]
    [InlineData("{\"name\":\"web\",\"types\":\"Net\",\"parent\":null}")]
    [InlineData("{\"name\":\"web\",\"types\":\"Net\"}}")]
    [InlineData("\0\0\0\0")]
    public void What_is_no_record_is_damaged(string text) => Refused("NamespaceRecordDamaged", Encoding.UTF8.GetBytes(text), "Remove-Namespace");

    [Theory]
    [InlineData("{\"schema\":2,\"name\":\"web\",\"types\":\"Net\"}")]
    [InlineData("{\"schema\":2}")]
    [InlineData("{\"name\":\"web\",\"types\":[\"Net\"],\"schema\":2}")]
    [InlineData("{\"schema\":2,\"name\":\"web\",\"types\":\"Net, Teapot\"}")]
    [InlineData("{\"schema\":2,\"sets\":[{\"name\":\"web\"}]}")]
    public void A_newer_schema_is_told_whatever_its_form_is(string text)
    {
        IsolationException refusal = Refused("NamespaceRecordTooNew", Encoding.UTF8.GetBytes(text), "schema 2");
        Assert.Contains($"knows {NamespaceRecord.CurrentSchema}", refusal.Message, StringComparison.Ordinal);
    }

    private static IsolationException Refused(string id, ReadOnlySpan<byte> json, string words)
    {
        byte[] copy = json.ToArray();
        IsolationException refusal = Assert.Throws<IsolationException>(() => NamespaceRecord.Parse(copy, Path));
        Assert.Equal(id, refusal.ErrorId);
        Assert.Equal(ErrorKind.InvalidData, refusal.Kind);
        Assert.Contains(Path, refusal.Message, StringComparison.Ordinal);
        Assert.Contains(words, refusal.Message, StringComparison.Ordinal);
        return refusal;
    }
}
