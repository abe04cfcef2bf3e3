using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Isolation.State;

namespace Isolation.ContainerNetworks;

/// <summary>A port of the host, or several in a row, that lead to a member. It is part of the member's record, and goes with it.</summary>
internal sealed record PortRecord
{
    public const string Tcp = "tcp";
    public const string Udp = "udp";

    /// <summary><see cref="Tcp"/> or <see cref="Udp"/>.</summary>
    public required string Protocol { get; init; }

    /// <summary>The host's address; null for all of both families, and the address of all in one for those of that.</summary>
    public IPAddress? HostAddress { get; init; }

    public required PortRange HostPort { get; init; }

    /// <summary>The member's ports, as many.</summary>
    public required PortRange Port { get; init; }

    public RecordPhase Phase { get; init; }

    /// <summary>The process that publishes it or takes it away.</summary>
    public RecordedProcess? Owner { get; init; }

    /// <summary>Whether there are to be rules for it.</summary>
    public bool IsOpen => Phase == RecordPhase.Ready || (Phase == RecordPhase.Creating && Owner?.IsRunning() == true);

    /// <summary>Whether it was left half published or half taken away.</summary>
    public bool IsAbandoned => Phase != RecordPhase.Ready && Owner?.IsRunning() != true;

    /// <summary>Whether somebody on the host itself reaches it over 127.0.0.0/8.</summary>
    public bool IsOnLoopback => HostAddress is null || HostAddress.Equals(IPAddress.Any) || (HostAddress.AddressFamily == AddressFamily.InterNetwork && IPAddress.IsLoopback(HostAddress));

    /// <summary>Whether it is on each address of a family.</summary>
    public static bool IsAll(IPAddress? address) => address is null || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    /// <summary>Whether it has addresses of a family.</summary>
    public static bool IsOf(IPAddress? address, bool isSix) => address is null || address.AddressFamily == AddressFamily.InterNetworkV6 == isSix;

    /// <summary>The part that is in other ports of the host; null for none.</summary>
    public PortRecord? Part(PortRange of)
    {
        int first = System.Math.Max(of.First, HostPort.First);
        int last = System.Math.Min(of.Last, HostPort.Last);
        int shift = Port.First - HostPort.First;
        return first > last ? null : this with { HostPort = new PortRange(first, last), Port = new PortRange(first + shift, last + shift) };
    }

    /// <summary>The parts that are not in other ports of the host, at most two.</summary>
    public IEnumerable<PortRecord> Without(PortRange of)
    {
        if (HostPort.First < of.First && Part(new PortRange(HostPort.First, System.Math.Min(HostPort.Last, of.First - 1))) is PortRecord before)
        {
            yield return before;
        }

        if (HostPort.Last > of.Last && Part(new PortRange(System.Math.Max(HostPort.First, of.Last + 1), HostPort.Last)) is PortRecord after)
        {
            yield return after;
        }
    }

    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("protocol"u8, Protocol);
        if (HostAddress is not null)
        {
            writer.WriteString("hostAddress"u8, HostAddress.ToString());
        }

        writer.WriteString("hostPort"u8, HostPort.ToString());
        writer.WriteString("port"u8, Port.ToString());
        writer.WriteString("phase"u8, RecordJson.Text(Phase));
        RecordJson.Write(writer, "owner", Owner);
        writer.WriteEndObject();
    }

    /// <summary>Reads one; where it becomes part of the rules it is checked.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static PortRecord Read(JsonElement json)
    {
        PortRange host = Range(json.GetProperty("hostPort"));
        PortRange port = Range(json.GetProperty("port"));
        string? protocol = json.GetProperty("protocol").GetString();
        return new PortRecord
        {
            Protocol = protocol is Tcp or Udp ? protocol : throw new JsonException($"'{protocol}' is no protocol."),
            HostAddress = json.TryGetProperty("hostAddress", out JsonElement address) ? IPAddress.Parse(address.GetString()!) : null,
            HostPort = host,
            Port = host.Count == port.Count ? port : throw new JsonException("The ranges differ."),
            Phase = RecordJson.Phase(json.GetProperty("phase")),
            Owner = RecordJson.Process(json, "owner"),
        };
    }

    private static PortRange Range(JsonElement text) => PortRange.Parse(text.GetString() ?? "") ?? throw new JsonException($"'{text}' is no range of ports.");
}
