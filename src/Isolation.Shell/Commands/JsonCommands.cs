using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Internal;
using System.Management.Automation.Language;
using System.Numerics;
using System.Reflection;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace Microsoft.PowerShell.Commands;

[Cmdlet(VerbsData.ConvertTo, "Json")]
[OutputType(typeof(string))]
public sealed class ConvertToJsonCommand : PSCmdlet
{
    private readonly List<object?> _items = [];
    private bool _truncated;

    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true)]
    [AllowNull]
    public object? InputObject { get; set; }

    [Parameter]
    [ValidateRange(0, 100)]
    public int Depth { get; set; } = 2;

    [Parameter]
    public SwitchParameter Compress { get; set; }

    [Parameter]
    public SwitchParameter EnumsAsStrings { get; set; }

    [Parameter]
    public SwitchParameter AsArray { get; set; }

    [Parameter]
    public StringEscapeHandling EscapeHandling { get; set; } = StringEscapeHandling.Default;

    protected override void ProcessRecord() => _items.Add(InputObject);

    protected override void EndProcessing()
    {
        if (_items.Count == 0)
            return;

        using StringWriter text = new(CultureInfo.InvariantCulture);
        using JsonTextWriter writer = new(text)
        {
            Formatting = Compress ? Formatting.None : Formatting.Indented,
            StringEscapeHandling = EscapeHandling,
        };
        Write(writer, _items.Count > 1 || AsArray ? _items : _items[0], 0);
        writer.Flush();
        if (_truncated)
            WriteWarning($"Resulting JSON is truncated as serialization has exceeded the set depth of {Depth}.");
        WriteObject(text.ToString());
    }

    private void Write(JsonTextWriter writer, object? value, int depth)
    {
        if (Stopping)
            throw new PipelineStoppedException();

        PSObject? wrapper = value as PSObject;
        object? plain = wrapper is null ? value : wrapper == AutomationNull.Value ? null : wrapper.BaseObject;
        switch (plain)
        {
            case null or DBNull or NullString:
                writer.WriteNull();
                return;
            case Enum when EnumsAsStrings:
                writer.WriteValue(plain.ToString());
                return;
            case Enum:
                writer.WriteValue(Convert.ChangeType(plain, Enum.GetUnderlyingType(plain.GetType()), CultureInfo.InvariantCulture));
                return;
            case string or char or bool or DateTime or DateTimeOffset or Guid or double or float or decimal:
                writer.WriteValue(plain);
                return;
            case Uri uri:
                writer.WriteValue(uri.OriginalString);
                return;
            case BigInteger number:
                writer.WriteRawValue(number.ToString(CultureInfo.InvariantCulture));
                return;
            case JToken token:
                token.WriteTo(writer);
                return;
        }

        if (plain.GetType().IsPrimitive)
        {
            writer.WriteValue(plain);
        }
        else if (depth > Depth)
        {
            _truncated = true;
            writer.WriteValue(plain is PSCustomObject ? wrapper!.ToString() : LanguagePrimitives.ConvertTo<string>(plain));
        }
        else if (plain is IDictionary table)
        {
            WriteTable(writer, table, wrapper, depth);
        }
        else if (plain is IEnumerable list)
        {
            WriteList(writer, list, depth);
        }
        else
        {
            WriteMembers(writer, plain, wrapper, depth);
        }
    }

    private void WriteTable(JsonTextWriter writer, IDictionary table, PSObject? wrapper, int depth)
    {
        writer.WriteStartObject();
        foreach (DictionaryEntry entry in table)
        {
            writer.WritePropertyName(LanguagePrimitives.ConvertTo<string>(entry.Key));
            Write(writer, entry.Value, depth + 1);
        }

        foreach (PSPropertyInfo note in Notes(wrapper).Where(note => !table.Contains(note.Name)))
            WriteProperty(writer, note, depth);
        writer.WriteEndObject();
    }

    private void WriteList(JsonTextWriter writer, IEnumerable list, int depth)
    {
        writer.WriteStartArray();
        foreach (object? item in list)
            Write(writer, item, depth + 1);
        writer.WriteEndArray();
    }

    private void WriteMembers(JsonTextWriter writer, object plain, PSObject? wrapper, int depth)
    {
        writer.WriteStartObject();
        if (plain is PSCustomObject)
        {
            foreach (PSPropertyInfo property in wrapper!.Properties)
                WriteProperty(writer, property, depth);
        }
        else
        {
            HashSet<string> written = [];
            foreach (FieldInfo field in plain.GetType().GetFields(BindingFlags.Public | BindingFlags.Instance))
            {
                if (!field.IsDefined(typeof(JsonIgnoreAttribute)) && !field.IsDefined(typeof(HiddenAttribute)) && written.Add(field.Name))
                {
                    writer.WritePropertyName(field.Name);
                    Write(writer, field.GetValue(plain), depth + 1);
                }
            }

            foreach (PropertyInfo property in plain.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
            {
                if (property.GetMethod is { IsPublic: true } getter && getter.GetParameters().Length == 0
                    && !property.IsDefined(typeof(JsonIgnoreAttribute)) && !property.IsDefined(typeof(HiddenAttribute)) && written.Add(property.Name))
                {
                    writer.WritePropertyName(property.Name);
                    Write(writer, Read(() => property.GetValue(plain)), depth + 1);
                }
            }

            foreach (PSPropertyInfo note in Notes(wrapper).Where(note => !written.Contains(note.Name)))
                WriteProperty(writer, note, depth);
        }

        writer.WriteEndObject();
    }

    private void WriteProperty(JsonTextWriter writer, PSPropertyInfo property, int depth)
    {
        writer.WritePropertyName(property.Name);
        Write(writer, Read(() => property.Value), depth + 1);
    }

    /// <summary>The members that PowerShell, not the type, gave the object.</summary>
    private static List<PSPropertyInfo> Notes(PSObject? wrapper)
        => wrapper is null ? [] : [.. ((PSMemberSet)wrapper.Members["psextended"]).Properties];

    /// <summary>A property that throws has the value null.</summary>
    private static object? Read(Func<object?> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is TargetInvocationException or GetValueException)
        {
            return null;
        }
    }
}

/// <summary>What ConvertFrom-Json makes of dates.</summary>
public enum JsonDateKind
{
    Default,
    Local,
    Utc,
    Offset,
    String,
}

[Cmdlet(VerbsData.ConvertFrom, "Json")]
public sealed class ConvertFromJsonCommand : PSCmdlet
{
    private readonly List<string> _lines = [];

    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [AllowEmptyString]
    public string InputObject { get; set; } = string.Empty;

    [Parameter]
    public SwitchParameter AsHashtable { get; set; }

    [Parameter]
    [ValidateRange(ValidateRangeKind.Positive)]
    public int Depth { get; set; } = 1024;

    [Parameter]
    public SwitchParameter NoEnumerate { get; set; }

    [Parameter]
    public JsonDateKind DateKind { get; set; } = JsonDateKind.Default;

    protected override void ProcessRecord() => _lines.Add(InputObject);

    protected override void EndProcessing()
    {
        if (_lines.Count == 0)
            return;

        // Lines that are each a document, or the lines of one: the first tells.
        if (_lines.Count > 1 && IsDocument(_lines[0]))
        {
            foreach (string line in _lines)
                Convert(line);
        }
        else
        {
            Convert(string.Join(System.Environment.NewLine, _lines));
        }
    }

    private bool IsDocument(string text)
    {
        try
        {
            return !string.IsNullOrWhiteSpace(text) && Parse(text) is not null;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private void Convert(string text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            WriteObject(null);
            return;
        }

        JToken token;
        try
        {
            token = Parse(text);
        }
        catch (JsonException e)
        {
            throw new ArgumentException($"Conversion from JSON failed with error: {e.Message}", e);
        }

        WriteObject(Convert(token), enumerateCollection: !NoEnumerate);
    }

    private JToken Parse(string text)
    {
        using JsonTextReader reader = new(new StringReader(text))
        {
            MaxDepth = Depth,
            DateParseHandling = DateKind switch
            {
                JsonDateKind.Offset => DateParseHandling.DateTimeOffset,
                JsonDateKind.String => DateParseHandling.None,
                _ => DateParseHandling.DateTime,
            },
            DateTimeZoneHandling = DateKind switch
            {
                JsonDateKind.Local => DateTimeZoneHandling.Local,
                JsonDateKind.Utc => DateTimeZoneHandling.Utc,
                _ => DateTimeZoneHandling.RoundtripKind,
            },
        };
        JToken token = JToken.ReadFrom(reader, new JsonLoadSettings { DuplicatePropertyNameHandling = DuplicatePropertyNameHandling.Replace });
        while (reader.Read())
        {
            if (reader.TokenType != JsonToken.Comment)
                throw new JsonReaderException($"Additional text encountered after finished reading JSON content: {reader.Value}. Path '{reader.Path}', line {reader.LineNumber}, position {reader.LinePosition}.");
        }

        return token;
    }

    private object? Convert(JToken token) => token switch
    {
        JObject table when AsHashtable => ToHashtable(table),
        JObject table => ToObject(table),
        JArray list => list.Where(item => item.Type != JTokenType.Comment).Select(Convert).ToArray(),
        JValue value => value.Value,
        _ => throw new ArgumentException($"Conversion from JSON failed with error: {token.Type} is not expected."),
    };

    private OrderedHashtable ToHashtable(JObject table)
    {
        OrderedHashtable result = new();
        foreach ((string name, JToken? value) in table)
            result[name] = Convert(value!);
        return result;
    }

    private PSObject ToObject(JObject table)
    {
        PSObject result = new();
        foreach ((string name, JToken? value) in table)
        {
            if (name.Length == 0)
                Fail("EmptyKeyInJsonString", "The provided JSON includes a property whose name is an empty string, this is only supported using the -AsHashTable switch.");
            if (result.Properties[name] is PSPropertyInfo known)
            {
                Fail("KeysWithDifferentCasingInJsonString", $"Cannot convert the JSON string because it contains keys with different casing. Please use the -AsHashTable switch instead. The key that was attempted to be added to the existing key '{known.Name}' was '{name}'.");
            }

            result.Properties.Add(new PSNoteProperty(name, Convert(value!)));
        }

        return result;
    }

    private void Fail(string errorId, string message)
        => ThrowTerminatingError(new ErrorRecord(new InvalidOperationException(message), errorId, ErrorCategory.InvalidOperation, null));
}
