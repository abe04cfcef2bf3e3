using System;
using System.IO;
using System.Text.Json;

namespace Isolation.Json;

/// <summary>
/// Reads and writes small JSON objects field by field. The serializer would do it in a line, but what it makes for each type is generic code that no
/// native image holds: compiling it took longer than the first set took to make.
/// </summary>
internal static class JsonFields
{
    /// <summary>Writes an object.</summary>
    public static byte[] Write(Action<Utf8JsonWriter> fields, bool indented = false)
    {
        using MemoryStream stream = new(512);
        using (Utf8JsonWriter writer = new(stream, new JsonWriterOptions { Indented = indented }))
        {
            writer.WriteStartObject();
            fields(writer);
            writer.WriteEndObject();
        }

        return stream.ToArray();
    }

    /// <summary>Goes to the start of the object that the text is.</summary>
    /// <exception cref="JsonException">It is something else.</exception>
    public static void Begin(ref Utf8JsonReader reader)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("An object is expected.");
        }
    }

    /// <summary>Goes to the next field's name; false at the object's end. The caller then takes or skips the value.</summary>
    public static bool Next(ref Utf8JsonReader reader) => reader.Read() && reader.TokenType == JsonTokenType.PropertyName;

    /// <summary>Whether the text holds nothing after its object.</summary>
    /// <exception cref="JsonException">It does.</exception>
    public static void End(ref Utf8JsonReader reader)
    {
        if (reader.Read())
        {
            throw new JsonException("Nothing may follow the object.");
        }
    }

    public static int Int(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.GetInt32();
    }

    public static int? IntOrNull(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.TokenType == JsonTokenType.Null ? null : reader.GetInt32();
    }

    public static uint UInt(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.GetUInt32();
    }

    public static ulong ULong(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.GetUInt64();
    }

    public static bool Bool(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.GetBoolean();
    }

    public static string? Text(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.GetString();
    }

    public static byte[] Bytes(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.GetBytesFromBase64();
    }

    public static DateTimeOffset Time(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.GetDateTimeOffset();
    }
}
