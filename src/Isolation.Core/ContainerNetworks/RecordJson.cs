using System;
using System.Collections.Generic;
using System.Text.Json;
using Isolation.State;

namespace Isolation.ContainerNetworks;

/// <summary>What the records of networks and of their members have in common.</summary>
internal static class RecordJson
{
    /// <summary>Reads a record; what it holds is checked as it is taken.</summary>
    /// <exception cref="IsolationException"><c>ContainerNetworkRecordDamaged</c>, <c>ContainerNetworkRecordTooNew</c>.</exception>
    public static T Parse<T>(byte[] json, string path, int known, Func<JsonElement, T> read) where T : class
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            int schema = document.RootElement.GetProperty("schema").GetInt32();
            return schema <= known ? read(document.RootElement) : throw new IsolationException(
                "ContainerNetworkRecordTooNew",
                ErrorKind.InvalidData,
                $"{path} has schema {schema}; this version of the module knows {known}. A newer version made the network: use that one for it.");
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException or KeyNotFoundException or ArgumentNullException
            or IsolationException { ErrorId: "LinkNameInvalid" })
        {
            throw Damaged(path, exception);
        }
    }

    /// <summary>A record that cannot be read.</summary>
    public static IsolationException Damaged(string path, Exception? inner) => new(
        "ContainerNetworkRecordDamaged",
        ErrorKind.InvalidData,
        $"{path} is no record of a container network: it is cut off or was changed. Remove-ContainerNetwork -Force removes what is left of the network.",
        inner);

    public static string Text(RecordPhase phase) => phase switch { RecordPhase.Ready => "Ready", RecordPhase.Removing => "Removing", _ => "Creating" };

    public static RecordPhase Phase(JsonElement text) => text.GetString() switch
    {
        "Creating" => RecordPhase.Creating,
        "Ready" => RecordPhase.Ready,
        "Removing" => RecordPhase.Removing,
        string other => throw new JsonException($"'{other}' is no phase."),
        null => throw new JsonException("There is no phase."),
    };

    public static void Write(Utf8JsonWriter writer, string name, RecordedProcess? process)
    {
        if (process is not null)
        {
            writer.WriteStartObject(name);
            writer.WriteNumber("pid"u8, process.Pid);
            writer.WriteNumber("startTicks"u8, process.StartTicks);
            writer.WriteEndObject();
        }
    }

    public static RecordedProcess? Process(JsonElement parent, string name) => parent.TryGetProperty(name, out JsonElement process)
        ? new RecordedProcess(process.GetProperty("pid").GetInt32(), process.GetProperty("startTicks").GetUInt64())
        : null;
}
