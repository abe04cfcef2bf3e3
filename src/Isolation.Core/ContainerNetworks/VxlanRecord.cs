using System.Collections.Generic;
using System.Net;
using System.Text.Json;
using Isolation.Network;

namespace Isolation.ContainerNetworks;

/// <summary>What a network of the driver <c>vxlan</c> has besides its bridge.</summary>
internal sealed record VxlanRecord
{
    /// <summary>The name of the link, a port of the bridge, that carries frames to other hosts.</summary>
    public required string Tunnel { get; init; }

    /// <summary>The network identifier, the same on all hosts.</summary>
    public uint Vni { get; init; }

    /// <summary>The UDP port, the same on all hosts.</summary>
    public ushort Port { get; init; }

    /// <summary>The address of this host under which the others know it.</summary>
    public required IPAddress Local { get; init; }

    /// <summary>The addresses of the other hosts.</summary>
    public IReadOnlyList<IPAddress> Peers { get; init; } = [];

    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("vxlan"u8);
        writer.WriteString("tunnel"u8, Tunnel);
        writer.WriteNumber("vni"u8, Vni);
        writer.WriteNumber("port"u8, Port);
        writer.WriteString("local"u8, Local.ToString());
        writer.WriteStartArray("peers"u8);
        foreach (IPAddress peer in Peers)
        {
            writer.WriteStringValue(peer.ToString());
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    public static VxlanRecord Read(JsonElement json)
    {
        List<IPAddress> peers = [];
        foreach (JsonElement peer in json.GetProperty("peers").EnumerateArray())
        {
            peers.Add(IPAddress.Parse(peer.GetString()!));
        }

        return new VxlanRecord
        {
            Tunnel = LinkName.Check(json.GetProperty("tunnel").GetString() ?? ""),
            Vni = json.GetProperty("vni").GetUInt32(),
            Port = json.GetProperty("port").GetUInt16(),
            Local = IPAddress.Parse(json.GetProperty("local").GetString()!),
            Peers = peers,
        };
    }
}
