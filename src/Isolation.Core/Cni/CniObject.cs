using System;
using System.Collections.Generic;
using System.Net;
using System.Text.Json;

namespace Isolation.Cni;

/// <summary>
/// An object of a CNI configuration that is read field by field: what nobody has asked for at the end is refused, by its name and place, for a network that is not what was configured helps
/// nobody.
/// </summary>
internal sealed class CniObject
{
    private readonly JsonElement _element;
    private readonly string _file;
    private readonly HashSet<string> _known = [];

    public CniObject(JsonElement element, string file, string place)
    {
        (_element, _file, Place) = (element, file, place);
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw Invalid(place, "an object");
        }

        HashSet<string> names = [];
        foreach (JsonProperty property in element.EnumerateObject())
        {
            if (!names.Add(property.Name))
            {
                throw new IsolationException("CniFieldInvalid", ErrorKind.InvalidData, $"{file}: {At(property.Name)} is there twice. Leave one of the two.");
            }
        }
    }

    /// <summary>Where it is, such as <c>plugins[0].ipam</c>; empty for the whole.</summary>
    public string Place { get; }

    /// <summary>A text; null where there is none.</summary>
    public string? Text(string name) => Find(name) is JsonElement value ? value.ValueKind == JsonValueKind.String ? value.GetString() : throw Invalid(At(name), "a text") : null;

    /// <summary>A text that must be there.</summary>
    public string RequiredText(string name) => Text(name) is { Length: > 0 } text ? text : throw new IsolationException("CniFieldInvalid", ErrorKind.InvalidData, $"{_file}: {At(name)} is missing.");

    /// <summary>A truth; false where there is none.</summary>
    public bool Flag(string name) => Find(name) is JsonElement value && (value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Invalid(At(name), "true or false"));

    /// <summary>A whole number of 0 or more; null where there is none, or 0, which says the same.</summary>
    public long? Number(string name)
    {
        if (Find(name) is not JsonElement value)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) && number >= 0 ? number == 0 ? null : number : throw Invalid(At(name), "a whole number of 0 or more");
    }

    /// <summary>An address; null where there is none.</summary>
    public IPAddress? Address(string name) => Text(name) is not string text ? null : IPAddress.TryParse(text, out IPAddress? address) ? address : throw Invalid(At(name), "an IP address");

    /// <summary>Texts; none where there are none.</summary>
    public List<string> Texts(string name)
    {
        List<string> texts = [];
        foreach ((JsonElement item, string place) in Items(name))
        {
            texts.Add(item.ValueKind == JsonValueKind.String ? item.GetString()! : throw Invalid(place, "a text"));
        }

        return texts;
    }

    /// <summary>An object within; null where there is none.</summary>
    public CniObject? Object(string name) => Find(name) is JsonElement value ? new CniObject(value, _file, At(name)) : null;

    /// <summary>Objects within; none where there are none.</summary>
    public List<CniObject> Objects(string name)
    {
        List<CniObject> objects = [];
        foreach ((JsonElement item, string place) in Items(name))
        {
            objects.Add(new CniObject(item, _file, place));
        }

        return objects;
    }

    /// <summary>Lists of objects within; none where there are none.</summary>
    public List<List<CniObject>> Lists(string name)
    {
        List<List<CniObject>> lists = [];
        foreach ((JsonElement item, string place) in Items(name))
        {
            List<CniObject> list = [];
            foreach ((JsonElement inner, string innerPlace) in Items(item, place))
            {
                list.Add(new CniObject(inner, _file, innerPlace));
            }

            lists.Add(list);
        }

        return lists;
    }

    /// <summary>Whether a field is there.</summary>
    public bool Has(string name) => Find(name) is not null;

    /// <summary>Fields that make no difference here, as the comment at the call says why.</summary>
    public void Accept(params string[] names) => _known.UnionWith(names);

    /// <summary>Refuses a field with a value that cannot be had.</summary>
    public IsolationException Unsupported(string name, string reason) => new(
        "CniFieldUnsupported", ErrorKind.NotSupported, $"{_file}: {At(name)} cannot be imported: {reason}");

    /// <summary>A field is not what it has to be.</summary>
    public IsolationException Invalid(string place, string expected) => new("CniFieldInvalid", ErrorKind.InvalidData, $"{_file}: {(place.Length == 0 ? "the configuration" : place)} is not {expected}.");

    /// <summary>The place of a field.</summary>
    public string At(string name) => Place.Length == 0 ? name : $"{Place}.{name}";

    /// <summary>Refuses the fields that nobody has asked for.</summary>
    /// <exception cref="IsolationException"><c>CniFieldUnsupported</c>.</exception>
    public void End()
    {
        foreach (JsonProperty property in _element.EnumerateObject())
        {
            if (!_known.Contains(property.Name))
            {
                throw Unsupported(property.Name, "nothing here does what it asks for. Take it out, if the network is to be without.");
            }
        }
    }

    private JsonElement? Find(string name)
    {
        _known.Add(name);
        return _element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    private List<(JsonElement Item, string Place)> Items(string name) => Find(name) is JsonElement list ? Items(list, At(name)) : [];

    private List<(JsonElement Item, string Place)> Items(JsonElement list, string place)
    {
        if (list.ValueKind != JsonValueKind.Array)
        {
            throw Invalid(place, "a list");
        }

        List<(JsonElement, string)> items = [];
        foreach (JsonElement item in list.EnumerateArray())
        {
            items.Add((item, $"{place}[{items.Count}]"));
        }

        return items;
    }
}
