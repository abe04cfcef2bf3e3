using System;
using System.Collections;
using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Internal;

namespace Microsoft.PowerShell.Commands;

/// <summary>One group that Group-Object made.</summary>
public class GroupInfo
{
    internal GroupInfo(ArrayList values)
    {
        Values = values;
        Name = string.Join(", ", values.Cast<object?>().Select(Text));
    }

    public ArrayList Values { get; }

    public int Count { get; internal set; }

    public Collection<PSObject> Group { get; } = [];

    public string Name { get; }

    internal virtual void Add(PSObject item)
    {
        Group.Add(item);
        Count++;
    }

    private static string Text(object? value)
        => value is not (string or PSObject) && LanguagePrimitives.GetEnumerable(value) is IEnumerable items
            ? $"{{{string.Join(", ", items.Cast<object?>())}}}"
            : value?.ToString() ?? string.Empty;
}

/// <summary>A group of which the number alone is kept.</summary>
public sealed class GroupInfoNoElement : GroupInfo
{
    internal GroupInfoNoElement(ArrayList values)
        : base(values)
    {
    }

    internal override void Add(PSObject item) => Count++;
}

[Cmdlet(VerbsData.Group, "Object")]
public sealed class GroupObjectCommand : PSCmdlet
{
    private readonly List<PSObject> _items = [];

    [Parameter(ValueFromPipeline = true)]
    public PSObject InputObject { get; set; } = AutomationNull.Value;

    [Parameter(Position = 0)]
    public object[]? Property { get; set; }

    [Parameter]
    public string? Culture { get; set; }

    [Parameter]
    public SwitchParameter CaseSensitive { get; set; }

    [Parameter]
    public SwitchParameter NoElement { get; set; }

    [Parameter(ParameterSetName = "HashTable")]
    [Alias("AHT")]
    public SwitchParameter AsHashTable { get; set; }

    [Parameter(ParameterSetName = "HashTable")]
    public SwitchParameter AsString { get; set; }

    protected override void ProcessRecord()
    {
        if (InputObject is not null && InputObject != AutomationNull.Value)
            _items.Add(InputObject);
    }

    protected override void EndProcessing()
    {
        List<PropertyExpression> properties = PropertyExpression.Parse(this, Property, "expression");
        if (AsString && !AsHashTable)
        {
            ArgumentException exception = new("The AsString parameter must be specified with the AsHashTable parameter.");
            ThrowTerminatingError(new ErrorRecord(exception, "ArgumentException", ErrorCategory.InvalidArgument, AsString));
        }

        List<GroupInfo> groups = MakeGroups(properties);
        if (!AsHashTable)
        {
            WriteObject(groups, enumerateCollection: true);
            return;
        }

        StringComparer comparer = CaseSensitive ? StringComparer.CurrentCulture : StringComparer.CurrentCultureIgnoreCase;
        Hashtable table = AsString || !CaseSensitive ? new Hashtable(comparer) : [];
        foreach (GroupInfo group in groups)
        {
            object? key = AsString ? group.Name : group.Values.Count == 1 ? PlainKey(group.Values[0]) : group.Name;
            table[key ?? string.Empty] = group.Group;
        }

        WriteObject(table);
    }

    private static object? PlainKey(object? value) => value is PSObject { BaseObject: not PSCustomObject } wrapped ? wrapped.BaseObject : value;

    private List<GroupInfo> MakeGroups(List<PropertyExpression> properties)
    {
        ObjectComparer comparer = new(CaseSensitive, Culture);
        List<(object?[] Keys, PSObject Item)> entries = [];
        foreach (PSObject item in _items)
        {
            object?[] keys = properties.Count == 0
                ? [item]
                : [.. properties.Select(property => property.TryGetValue(item, out object? value) ? value : null)];
            entries.Add((keys, item));
        }

        List<GroupInfo> groups = [];
        object?[]? current = null;
        foreach ((object?[] keys, PSObject item) in entries.OrderBy(entry => entry.Keys, Comparer<object?[]>.Create((x, y) => Compare(comparer, x, y))))
        {
            if (current is null || Compare(comparer, current, keys) != 0)
            {
                current = keys;
                ArrayList values = new(keys);
                groups.Add(NoElement ? new GroupInfoNoElement(values) : new GroupInfo(values));
            }

            groups[^1].Add(item);
        }

        return groups;
    }

    private static int Compare(ObjectComparer comparer, object?[] x, object?[] y)
    {
        for (int i = 0; i < x.Length; i++)
        {
            int order = comparer.Compare(x[i], y[i]);
            if (order != 0)
                return order;
        }

        return 0;
    }
}

[Cmdlet(VerbsData.Compare, "Object")]
public sealed class CompareObjectCommand : PSCmdlet
{
    private readonly List<PSObject> _differences = [];

    [Parameter(Position = 0, Mandatory = true)]
    [AllowEmptyCollection]
    public PSObject[] ReferenceObject { get; set; } = [];

    [Parameter(Position = 1, Mandatory = true, ValueFromPipeline = true)]
    [AllowEmptyCollection]
    public PSObject[] DifferenceObject { get; set; } = [];

    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int SyncWindow { get; set; } = int.MaxValue;

    [Parameter]
    public object[]? Property { get; set; }

    [Parameter]
    public string? Culture { get; set; }

    [Parameter]
    public SwitchParameter CaseSensitive { get; set; }

    [Parameter]
    public SwitchParameter ExcludeDifferent { get; set; }

    [Parameter]
    public SwitchParameter IncludeEqual { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    protected override void ProcessRecord() => _differences.AddRange(DifferenceObject);

    protected override void EndProcessing()
    {
        List<PropertyExpression> properties = PropertyExpression.Parse(this, Property, "expression");
        ObjectComparer comparer = new(CaseSensitive, Culture);
        List<(PSObject Item, int Index)> references = [.. ReferenceObject.Select((item, i) => (item, i))];
        List<PSObject> unmatched = [];
        bool showEqual = IncludeEqual || (ExcludeDifferent && !MyInvocation.BoundParameters.ContainsKey(nameof(IncludeEqual)));
        for (int i = 0; i < _differences.Count; i++)
        {
            PSObject difference = _differences[i];
            int found = references.FindIndex(reference => Math.Abs((long)reference.Index - i) <= SyncWindow
                && AreEqual(comparer, properties, reference.Item, difference));
            if (found < 0)
            {
                unmatched.Add(difference);
                continue;
            }

            if (showEqual)
                Emit(references[found].Item, "==", properties);
            references.RemoveAt(found);
        }

        if (ExcludeDifferent)
            return;
        foreach (PSObject difference in unmatched)
            Emit(difference, "=>", properties);
        foreach ((PSObject reference, _) in references)
            Emit(reference, "<=", properties);
    }

    private static bool AreEqual(ObjectComparer comparer, List<PropertyExpression> properties, PSObject x, PSObject y)
    {
        if (properties.Count == 0)
            return comparer.Compare(x, y) == 0;

        return properties.TrueForAll(property =>
        {
            bool hasFirst = property.TryGetValue(x, out object? first);
            bool hasSecond = property.TryGetValue(y, out object? second);
            return hasFirst == hasSecond && comparer.Compare(first, second) == 0;
        });
    }

    private void Emit(PSObject item, string side, List<PropertyExpression> properties)
    {
        PSObject result = PassThru ? PSObject.AsPSObject(item) : new PSObject();
        if (!PassThru && properties.Count == 0)
            result.Properties.Add(new PSNoteProperty("InputObject", item));

        foreach (PropertyExpression property in PassThru ? [] : properties)
        {
            property.TryGetValue(item, out object? value);
            result.Properties.Add(new PSNoteProperty(property.Expression.ToString(), value));
        }

        result.Properties.Remove("SideIndicator");
        result.Properties.Add(new PSNoteProperty("SideIndicator", side));
        WriteObject(result);
    }
}
