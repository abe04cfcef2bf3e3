using System;
using System.Collections.Generic;
using System.Net;
using System.Text.Json;
using Isolation.Json;
using Isolation.State;

namespace Isolation.ContainerNetworks;

/// <summary>What is known of a network and cannot be read from the kernel; one JSON file, <c>network.json</c>, in the network's folder.</summary>
internal sealed record ContainerNetworkRecord
{
    /// <summary>The layout that this library writes and reads.</summary>
    public const int CurrentSchema = 1;

    public required string Name { get; init; }

    public string Driver { get; init; } = ContainerNetworkOptions.Bridge;

    public RecordPhase Phase { get; init; }

    public DateTimeOffset Created { get; init; }

    /// <summary>The process that makes or removes it.</summary>
    public RecordedProcess? Owner { get; init; }

    /// <summary>The network namespace that its bridge is in.</summary>
    public ulong HostNetwork { get; init; }

    /// <summary>The name of its bridge.</summary>
    public required string Bridge { get; init; }

    public int Mtu { get; init; }

    public bool IsInternal { get; init; }

    public required IReadOnlyList<AddressPool> Pools { get; init; }

    public byte[] ToJson() => JsonFields.Write(
        writer =>
        {
            writer.WriteNumber("schema"u8, CurrentSchema);
            writer.WriteString("name"u8, Name);
            writer.WriteString("driver"u8, Driver);
            writer.WriteString("phase"u8, RecordJson.Text(Phase));
            writer.WriteString("created"u8, Created);
            RecordJson.Write(writer, "owner", Owner);
            writer.WriteNumber("hostNetwork"u8, HostNetwork);
            writer.WriteString("bridge"u8, Bridge);
            writer.WriteNumber("mtu"u8, Mtu);
            writer.WriteBoolean("internal"u8, IsInternal);
            writer.WriteStartArray("pools"u8);
            foreach (AddressPool pool in Pools)
            {
                writer.WriteStartObject();
                writer.WriteString("subnet"u8, pool.Subnet.ToString());
                writer.WriteString("gateway"u8, pool.Gateway.ToString());
                writer.WriteString("range"u8, pool.Range.ToString());
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        },
        indented: true);

    /// <summary>Reads a record.</summary>
    /// <exception cref="IsolationException"><c>ContainerNetworkRecordDamaged</c>, <c>ContainerNetworkRecordTooNew</c>.</exception>
    public static ContainerNetworkRecord Parse(byte[] json, string path) => RecordJson.Parse(json, path, CurrentSchema, static root =>
    {
        List<AddressPool> pools = [];
        foreach (JsonElement pool in root.GetProperty("pools").EnumerateArray())
        {
            pools.Add(new AddressPool(SubnetOf(pool.GetProperty("subnet")), IPAddress.Parse(pool.GetProperty("gateway").GetString()!), SubnetOf(pool.GetProperty("range"))));
        }

        return new ContainerNetworkRecord
        {
            Name = root.GetProperty("name").GetString()!,
            Driver = root.GetProperty("driver").GetString()!,
            Phase = RecordJson.Phase(root.GetProperty("phase")),
            Created = root.GetProperty("created").GetDateTimeOffset(),
            Owner = RecordJson.Process(root, "owner"),
            HostNetwork = root.GetProperty("hostNetwork").GetUInt64(),
            Bridge = Network.LinkName.Check(root.GetProperty("bridge").GetString() ?? ""),
            Mtu = root.GetProperty("mtu").GetInt32(),
            IsInternal = root.GetProperty("internal").GetBoolean(),
            Pools = pools,
        };
    });

    private static Subnet SubnetOf(JsonElement text) => Subnet.Parse(text.GetString() ?? "") ?? throw new FormatException($"'{text}' is no subnet.");
}
