using System;
using System.Collections.Generic;
using System.IO;
using System.Text.Json;
using System.Text.Json.Serialization;

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

    [JsonIgnore]
    public ProcessIdentity Identity => new(Pid, StartTicks);

    public static RecordedProcess? Of(int pid) => ProcessIdentity.Of(pid) is ProcessIdentity identity ? new(pid, identity.StartTicks) : null;
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

    /// <summary>An unnamed set ends with its owner.</summary>
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

    /// <summary>The namespaces' ids, by the names of <c>/proc/PID/ns</c>.</summary>
    public Dictionary<string, ulong> Ids { get; init; } = [];

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, RecordJson.Default.NamespaceRecord);

    /// <summary>Reads a record.</summary>
    /// <exception cref="IsolationException"><c>NamespaceRecordDamaged</c>, <c>NamespaceRecordTooNew</c>.</exception>
    public static NamespaceRecord Parse(ReadOnlySpan<byte> json, string path)
    {
        NamespaceRecord? record;
        try
        {
            record = JsonSerializer.Deserialize(json, RecordJson.Default.NamespaceRecord);
        }
        catch (JsonException exception)
        {
            // A newer layout may have another form; only its number can be relied on.
            throw SchemaOf(json) is int schema and > CurrentSchema ? TooNew(path, schema) : Damaged(path, exception);
        }

        if (record is null || string.IsNullOrEmpty(record.Name))
        {
            throw Damaged(path, null);
        }

        return record.Schema <= CurrentSchema ? record : throw TooNew(path, record.Schema);
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
}

/// <summary>JSON without reflection.</summary>
[JsonSourceGenerationOptions(
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(NamespaceRecord))]
internal sealed partial class RecordJson : JsonSerializerContext;
