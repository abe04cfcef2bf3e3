using System;
using System.Collections.Generic;
using System.IO;
using System.Text.Json;
using Isolation.Interop;
using Isolation.Json;

namespace Isolation.State;

/// <summary>How far a set has come. A set that is being made or removed by a process that is gone is finished off by the next one.</summary>
internal enum RecordPhase
{
    /// <summary>Being made.</summary>
    Creating,
    /// <summary>Complete.</summary>
    Ready,
    /// <summary>Being removed.</summary>
    Removing,
}

/// <summary>A process in a record.</summary>
internal sealed record RecordedProcess(int Pid, ulong StartTicks)
{
    /// <summary>This process.</summary>
    public static RecordedProcess Own { get; } = Of(Environment.ProcessId)!;

    public ProcessIdentity Identity => new(Pid, StartTicks);

    /// <summary>Whether it runs. One that has ended and was not waited for keeps its pid and start time, but no namespace.</summary>
    public bool IsRunning() => Identity.IsAlive() && Sys.TryStatus($"/proc/{Pid}/ns/mnt", out _);

    public static RecordedProcess? Of(int pid) => Of(ProcessIdentity.Of(pid));

    public static RecordedProcess? Of(ProcessIdentity? process) => process is { } identity ? new(identity.Pid, identity.StartTicks) : null;
}

/// <summary>What is known of a set and cannot be read from the kernel; one JSON file, <c>set.json</c>, in the set's folder.</summary>
internal sealed record NamespaceRecord
{
    /// <summary>The layout that this library writes and reads.</summary>
    public const int CurrentSchema = 1;

    public int Schema { get; init; } = CurrentSchema;

    public required string Name { get; init; }

    public required NamespaceType Types { get; init; }

    public RecordPhase Phase { get; init; }

    public DateTimeOffset Created { get; init; }

    /// <summary>The process that makes or removes the set, or with which an unnamed one ends.</summary>
    public RecordedProcess? Owner { get; init; }

    /// <summary>While the set is made: the agent that does it, whose processes are known to it alone until they are in the record.</summary>
    public RecordedProcess? Agent { get; init; }

    /// <summary>An unnamed set ends with its owner, and so does one that was asked to.</summary>
    public bool EndsWithOwner { get; init; }

    /// <summary>The init of the pid namespace, or the process that holds an ordinary user's set; null where pins alone keep it.</summary>
    public RecordedProcess? Keeper { get; init; }

    /// <summary>Whether the keeper is PID 1 of the set's pid namespace.</summary>
    public bool KeeperIsInit { get; init; }

    /// <summary>Whether the namespaces are pinned with mounts in the set's folder.</summary>
    public bool Pinned { get; init; }

    /// <summary>Whether the network namespace is also pinned where ip-netns(8) looks.</summary>
    public bool NamedNetwork { get; init; }

    /// <summary>The first program is PID 1.</summary>
    public bool AsPid1 { get; init; }

    /// <summary>The program that is PID 1 now, with <see cref="AsPid1"/>.</summary>
    public RecordedProcess? Pid1 { get; init; }

    public string? HostName { get; init; }

    public string? DomainName { get; init; }

    /// <summary>The set in which this one was made; null for none.</summary>
    public string? Parent { get; init; }

    /// <summary>The user to whom its user namespace belongs; null where it has none.</summary>
    public uint? OwnerUid { get; init; }

    /// <summary>The group to which its user namespace belongs; null where it has none, or where that is not known.</summary>
    public uint? OwnerGid { get; init; }

    /// <summary>The namespaces' ids, by the names of <c>/proc/PID/ns</c>.</summary>
    public Dictionary<string, ulong> Ids { get; init; } = [];

    /// <summary>The ids of the namespaces of others that it was made in and that its programs enter too.</summary>
    public Dictionary<string, ulong> Joined { get; init; } = [];

    public byte[] ToJson() => JsonFields.Write(
        writer =>
        {
            writer.WriteNumber("schema"u8, Schema);
            writer.WriteString("name"u8, Name);
            writer.WriteString("types"u8, Types.ToString());
            writer.WriteString("phase"u8, Phase switch { RecordPhase.Ready => "Ready", RecordPhase.Removing => "Removing", _ => "Creating" });
            writer.WriteString("created"u8, Created);
            Write(writer, "owner", Owner);
            Write(writer, "agent", Agent);
            WriteTrue(writer, "endsWithOwner", EndsWithOwner);
            Write(writer, "keeper", Keeper);
            WriteTrue(writer, "keeperIsInit", KeeperIsInit);
            WriteTrue(writer, "pinned", Pinned);
            WriteTrue(writer, "namedNetwork", NamedNetwork);
            WriteTrue(writer, "asPid1", AsPid1);
            Write(writer, "pid1", Pid1);
            WriteText(writer, "hostName", HostName);
            WriteText(writer, "domainName", DomainName);
            WriteText(writer, "parent", Parent);
            WriteNumber(writer, "ownerUid", OwnerUid);
            WriteNumber(writer, "ownerGid", OwnerGid);
            WriteIds(writer, "ids", Ids);
            if (Joined.Count != 0)
            {
                WriteIds(writer, "joined", Joined);
            }
        },
        indented: true);

    /// <summary>Reads a record.</summary>
    /// <exception cref="IsolationException"><c>NamespaceRecordDamaged</c>, <c>NamespaceRecordTooNew</c>.</exception>
    public static NamespaceRecord Parse(ReadOnlySpan<byte> json, string path)
    {
        NamespaceRecord record;
        try
        {
            record = Read(json);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            // A newer layout may have another form; only its number can be relied on.
            throw SchemaOf(json) is int schema and > CurrentSchema ? TooNew(path, schema) : Damaged(path, exception);
        }

        if (record.Schema > CurrentSchema)
        {
            throw TooNew(path, record.Schema);
        }

        return record.Name.Length != 0 && record.Types != NamespaceType.None ? record : throw Damaged(path, null);
    }

    public static IsolationException Damaged(string path, Exception? inner) => new(
        "NamespaceRecordDamaged",
        ErrorKind.InvalidData,
        $"{path} is no record of a namespace set: it is cut off or was changed. Remove-Namespace removes what is left of the set.",
        inner);

    private static IsolationException TooNew(string path, int schema) => new(
        "NamespaceRecordTooNew",
        ErrorKind.InvalidData,
        $"{path} has schema {schema}; this version of the module knows {CurrentSchema}. A newer version made the set: use that one for it.");

    private static int? SchemaOf(ReadOnlySpan<byte> json)
    {
        try
        {
            Utf8JsonReader reader = new(json);
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("schema", out JsonElement element)
                && element.ValueKind == JsonValueKind.Number
                && element.TryGetInt32(out int schema) ? schema : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static NamespaceRecord Read(ReadOnlySpan<byte> json)
    {
        NamespaceRecord record = new() { Name = "", Types = NamespaceType.None };
        Utf8JsonReader reader = new(json);
        JsonFields.Begin(ref reader);
        while (JsonFields.Next(ref reader))
        {
            record = reader.GetString() switch
            {
                "schema" => record with { Schema = JsonFields.Int(ref reader) },
                "name" => record with { Name = JsonFields.Text(ref reader) ?? "" },
                "types" => record with { Types = TypesOf(JsonFields.Text(ref reader)) },
                "phase" => record with { Phase = PhaseOf(JsonFields.Text(ref reader)) },
                "created" => record with { Created = JsonFields.Time(ref reader) },
                "owner" => record with { Owner = Process(ref reader) },
                "agent" => record with { Agent = Process(ref reader) },
                "endsWithOwner" => record with { EndsWithOwner = JsonFields.Bool(ref reader) },
                "keeper" => record with { Keeper = Process(ref reader) },
                "keeperIsInit" => record with { KeeperIsInit = JsonFields.Bool(ref reader) },
                "pinned" => record with { Pinned = JsonFields.Bool(ref reader) },
                "namedNetwork" => record with { NamedNetwork = JsonFields.Bool(ref reader) },
                "asPid1" => record with { AsPid1 = JsonFields.Bool(ref reader) },
                "pid1" => record with { Pid1 = Process(ref reader) },
                "hostName" => record with { HostName = JsonFields.Text(ref reader) },
                "domainName" => record with { DomainName = JsonFields.Text(ref reader) },
                "parent" => record with { Parent = SetOf(JsonFields.Text(ref reader)) },
                "ownerUid" => record with { OwnerUid = JsonFields.UInt(ref reader) },
                "ownerGid" => record with { OwnerGid = JsonFields.UInt(ref reader) },
                "joined" => record with { Joined = ReadIds(ref reader) },
                "ids" => record with { Ids = ReadIds(ref reader) },
                _ => Skip(ref reader, record),
            };
        }

        JsonFields.End(ref reader);
        return record;
    }

    private static NamespaceType TypesOf(string? text) =>
        Enum.TryParse(typeof(NamespaceType), text, out object? types) ? (NamespaceType)types : throw new JsonException($"'{text}' are no kinds of namespaces.");

    // It becomes part of a path.
    private static string SetOf(string? name) => name is not null && NamespaceName.IsValid(name) ? name : throw new JsonException($"'{name}' is no name of a set.");

    private static RecordPhase PhaseOf(string? text) => text switch
    {
        "Creating" => RecordPhase.Creating,
        "Ready" => RecordPhase.Ready,
        "Removing" => RecordPhase.Removing,
        _ => throw new JsonException($"'{text}' is no phase."),
    };

    // A field of a later version that kept the schema.
    private static NamespaceRecord Skip(ref Utf8JsonReader reader, NamespaceRecord record)
    {
        reader.Skip();
        return record;
    }

    private static RecordedProcess Process(ref Utf8JsonReader reader)
    {
        int pid = 0;
        ulong start = 0;
        JsonFields.Begin(ref reader);
        while (JsonFields.Next(ref reader))
        {
            switch (reader.GetString())
            {
                case "pid":
                    pid = JsonFields.Int(ref reader);
                    break;
                case "startTicks":
                    start = JsonFields.ULong(ref reader);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        return pid > 0 ? new RecordedProcess(pid, start) : throw new JsonException($"{pid} is no process id.");
    }

    private static Dictionary<string, ulong> ReadIds(ref Utf8JsonReader reader)
    {
        Dictionary<string, ulong> ids = [];
        JsonFields.Begin(ref reader);
        while (JsonFields.Next(ref reader))
        {
            string kind = reader.GetString()!;
            ids[kind] = JsonFields.ULong(ref reader);
        }

        return ids;
    }

    private static void Write(Utf8JsonWriter writer, string name, RecordedProcess? process)
    {
        if (process is not null)
        {
            writer.WriteStartObject(name);
            writer.WriteNumber("pid"u8, process.Pid);
            writer.WriteNumber("startTicks"u8, process.StartTicks);
            writer.WriteEndObject();
        }
    }

    private static void WriteIds(Utf8JsonWriter writer, string name, Dictionary<string, ulong> ids)
    {
        writer.WriteStartObject(name);
        foreach ((string kind, ulong id) in ids)
        {
            writer.WriteNumber(kind, id);
        }

        writer.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter writer, string name, uint? value)
    {
        if (value is uint number)
        {
            writer.WriteNumber(name, number);
        }
    }

    private static void WriteTrue(Utf8JsonWriter writer, string name, bool value)
    {
        if (value)
        {
            writer.WriteBoolean(name, value);
        }
    }

    private static void WriteText(Utf8JsonWriter writer, string name, string? value)
    {
        if (value is not null)
        {
            writer.WriteString(name, value);
        }
    }
}
