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

    public string Driver { get; init; } = BridgeDriver.DriverName;

    public RecordPhase Phase { get; init; }

    public DateTimeOffset Created { get; init; }

    /// <summary>The process that makes, changes or removes it.</summary>
    public RecordedProcess? Owner { get; init; }

    /// <summary>The network namespace that its bridge or parent is in.</summary>
    public ulong HostNetwork { get; init; }

    /// <summary>The name of what is its own on the host: its bridge, or where it has none, a link that is there for a moment while it is made.</summary>
    public required string Bridge { get; init; }

    /// <summary>The link that it lies on; null for none.</summary>
    public string? Parent { get; init; }

    /// <summary>The number of that: another link of the same name is not it.</summary>
    public int ParentIndex { get; init; }

    /// <summary>The mode of the links on the parent; null where they have none.</summary>
    public string? Mode { get; init; }

    /// <summary>What leads to other hosts; null where nothing does.</summary>
    public VxlanRecord? Vxlan { get; init; }

    public int Mtu { get; init; }

    public bool IsInternal { get; init; }

    /// <summary>How fast each member may send and receive.</summary>
    public MemberRate Rate { get; init; } = MemberRate.None;

    /// <summary>What its members ask where they look up a name.</summary>
    public ResolverSettings Resolver { get; init; } = ResolverSettings.None;

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
            if (Parent is not null)
            {
                writer.WriteString("parent"u8, Parent);
                writer.WriteNumber("parentIndex"u8, ParentIndex);
            }

            if (Mode is not null)
            {
                writer.WriteString("mode"u8, Mode);
            }

            Vxlan?.Write(writer);
            writer.WriteNumber("mtu"u8, Mtu);
            writer.WriteBoolean("internal"u8, IsInternal);
            Rate.Write(writer);
            Resolver.Write(writer);
            writer.WriteStartArray("pools"u8);
            foreach (AddressPool pool in Pools)
            {
                writer.WriteStartObject();
                writer.WriteString("subnet"u8, pool.Subnet.ToString());
                if (pool.Gateway is not null)
                {
                    writer.WriteString("gateway"u8, pool.Gateway.ToString());
                }

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
            pools.Add(new AddressPool(SubnetOf(pool.GetProperty("subnet")), pool.TryGetProperty("gateway", out JsonElement gateway) ? IPAddress.Parse(gateway.GetString()!) : null, SubnetOf(pool.GetProperty("range"))));
        }

        return new ContainerNetworkRecord
        {
            Name = root.GetProperty("name").GetString()!,
            Driver = ContainerNetworkDriver.Find(root.GetProperty("driver").GetString() ?? "")?.Name ?? throw new JsonException("There is no such driver."),
            Phase = RecordJson.Phase(root.GetProperty("phase")),
            Created = root.GetProperty("created").GetDateTimeOffset(),
            Owner = RecordJson.Process(root, "owner"),
            HostNetwork = root.GetProperty("hostNetwork").GetUInt64(),
            Bridge = Network.LinkName.Check(root.GetProperty("bridge").GetString() ?? ""),
            Parent = root.TryGetProperty("parent", out JsonElement parent) ? Network.LinkName.Check(parent.GetString() ?? "") : null,
            ParentIndex = root.TryGetProperty("parentIndex", out JsonElement index) ? index.GetInt32() : 0,
            Mode = root.TryGetProperty("mode", out JsonElement mode) ? mode.GetString() : null,
            Vxlan = root.TryGetProperty("vxlan", out JsonElement vxlan) ? VxlanRecord.Read(vxlan) : null,
            Mtu = root.GetProperty("mtu").GetInt32(),
            IsInternal = root.GetProperty("internal").GetBoolean(),
            Rate = MemberRate.Read(root),
            Resolver = ResolverSettings.Read(root),
            Pools = pools,
        };
    });

    private static Subnet SubnetOf(JsonElement text) => Subnet.Parse(text.GetString() ?? "") ?? throw new FormatException($"'{text}' is no subnet.");
}
