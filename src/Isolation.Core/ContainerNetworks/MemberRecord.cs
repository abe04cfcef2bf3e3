using System.Collections.Generic;
using System.Net;
using System.Text.Json;
using Isolation.Json;
using Isolation.State;

namespace Isolation.ContainerNetworks;

/// <summary>
/// A set in a network. All of a network's are in one file, <c>members.json</c>, which is replaced as a whole: the addresses that are given are those in
/// it, and so none can be given twice or be lost.
/// </summary>
internal sealed record MemberRecord
{
    /// <summary>The layout that this library writes and reads.</summary>
    public const int CurrentSchema = 1;

    /// <summary>The set's name.</summary>
    public required string Set { get; init; }

    /// <summary>The set's network namespace.</summary>
    public ulong NetworkId { get; init; }

    public RecordPhase Phase { get; init; }

    /// <summary>The process that connects or disconnects it.</summary>
    public RecordedProcess? Owner { get; init; }

    /// <summary>The name of the link in the set.</summary>
    public required string Link { get; init; }

    /// <summary>The number of that link; 0 as long as it is being made.</summary>
    public int LinkIndex { get; init; }

    /// <summary>The name of its other end, at the bridge; null where it has none.</summary>
    public string? HostLink { get; init; }

    public string MacAddress { get; init; } = "";

    public required IReadOnlyList<IPAddress> Addresses { get; init; }

    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>The host's ports that lead to it.</summary>
    public IReadOnlyList<PortRecord> Ports { get; init; } = [];

    /// <summary>All members of a network.</summary>
    public static byte[] ToJson(IEnumerable<MemberRecord> members) => JsonFields.Write(writer =>
    {
        writer.WriteNumber("schema"u8, CurrentSchema);
        writer.WriteStartArray("members"u8);
        foreach (MemberRecord member in members)
        {
            member.Write(writer);
        }

        writer.WriteEndArray();
    });

    /// <summary>Reads all members of a network, in the order in which they were connected.</summary>
    /// <exception cref="IsolationException"><c>ContainerNetworkRecordDamaged</c>, <c>ContainerNetworkRecordTooNew</c>.</exception>
    public static List<MemberRecord> Parse(byte[] json, string path) => RecordJson.Parse(json, path, CurrentSchema, static root =>
    {
        List<MemberRecord> members = [];
        foreach (JsonElement one in root.GetProperty("members").EnumerateArray())
        {
            List<IPAddress> addresses = [];
            foreach (JsonElement address in one.GetProperty("addresses").EnumerateArray())
            {
                addresses.Add(IPAddress.Parse(address.GetString()!));
            }

            List<string> aliases = [];
            foreach (JsonElement alias in one.GetProperty("aliases").EnumerateArray())
            {
                aliases.Add(alias.GetString()!);
            }

            List<PortRecord> ports = [];
            if (one.TryGetProperty("ports", out JsonElement published))
            {
                foreach (JsonElement port in published.EnumerateArray())
                {
                    ports.Add(PortRecord.Read(port));
                }
            }

            // It becomes part of a path.
            string set = one.GetProperty("set").GetString() ?? "";
            members.Add(new MemberRecord
            {
                Set = NamespaceName.IsValid(set) ? set : throw new JsonException($"'{set}' is no name of a set."),
                NetworkId = one.GetProperty("networkId").GetUInt64(),
                Phase = RecordJson.Phase(one.GetProperty("phase")),
                Owner = RecordJson.Process(one, "owner"),
                Link = one.GetProperty("link").GetString()!,
                LinkIndex = one.TryGetProperty("linkIndex", out JsonElement index) ? index.GetInt32() : 0,
                HostLink = one.TryGetProperty("hostLink", out JsonElement end) ? Network.LinkName.Check(end.GetString() ?? "") : null,
                MacAddress = one.GetProperty("macAddress").GetString()!,
                Addresses = addresses,
                Aliases = aliases,
                Ports = ports,
            });
        }

        return members;
    });

    private void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("set"u8, Set);
        writer.WriteNumber("networkId"u8, NetworkId);
        writer.WriteString("phase"u8, RecordJson.Text(Phase));
        RecordJson.Write(writer, "owner", Owner);
        writer.WriteString("link"u8, Link);
        writer.WriteNumber("linkIndex"u8, LinkIndex);
        if (HostLink is not null)
        {
            writer.WriteString("hostLink"u8, HostLink);
        }

        writer.WriteString("macAddress"u8, MacAddress);
        writer.WriteStartArray("addresses"u8);
        foreach (IPAddress address in Addresses)
        {
            writer.WriteStringValue(address.ToString());
        }

        writer.WriteEndArray();
        writer.WriteStartArray("aliases"u8);
        foreach (string alias in Aliases)
        {
            writer.WriteStringValue(alias);
        }

        writer.WriteEndArray();
        if (Ports.Count != 0)
        {
            writer.WriteStartArray("ports"u8);
            foreach (PortRecord port in Ports)
            {
                port.Write(writer);
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }
}
