using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Internal;

namespace Microsoft.PowerShell.Commands;

[Cmdlet("Sort", "Object", DefaultParameterSetName = "Default")]
public sealed class SortObjectCommand : PSCmdlet
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

    [Parameter(ParameterSetName = "Default")]
    public SwitchParameter Stable { get; set; }

    [Parameter]
    public SwitchParameter Descending { get; set; }

    [Parameter]
    public SwitchParameter Unique { get; set; }

    [Parameter(ParameterSetName = "Top", Mandatory = true)]
    [ValidateRange(1, int.MaxValue)]
    public int Top { get; set; }

    [Parameter(ParameterSetName = "Bottom", Mandatory = true)]
    [ValidateRange(1, int.MaxValue)]
    public int Bottom { get; set; }

    protected override void ProcessRecord()
    {
        if (InputObject is not null && InputObject != AutomationNull.Value)
            _items.Add(InputObject);
    }

    protected override void EndProcessing()
    {
        List<PropertyExpression> properties = PropertyExpression.Parse(this, Property, "expression", "ascending", "descending");
        ObjectComparer comparer = new(CaseSensitive, Culture);
        List<SortEntry> entries = _items.ConvertAll(item => new SortEntry(item, properties));
        Comparison<SortEntry> compare = (x, y) => Compare(comparer, properties, x, y);

        List<SortEntry> sorted = [.. entries.Order(Comparer<SortEntry>.Create(compare))];
        if (Unique)
            sorted = [.. sorted.Where((entry, i) => i == 0 || compare(sorted[i - 1], entry) != 0)];
        if (Top > 0)
            sorted = [.. sorted.Take(Top)];
        if (Bottom > 0)
            sorted = [.. sorted.TakeLast(Bottom)];

        foreach (SortEntry entry in sorted)
            WriteObject(entry.Item);
    }

    private int Compare(ObjectComparer comparer, List<PropertyExpression> properties, SortEntry x, SortEntry y)
    {
        for (int i = 0; i < x.Keys.Length; i++)
        {
            bool descending = (i < properties.Count ? properties[i].Descending : null) ?? Descending;
            int order = (x.Keys[i], y.Keys[i]) switch
            {
                ({ Exists: true } first, { Exists: true } second) => comparer.Compare(first.Value, second.Value),
                // What lacks the property comes last in either direction.
                ({ Exists: true }, _) => descending ? 1 : -1,
                (_, { Exists: true }) => descending ? -1 : 1,
                _ => 0,
            };
            if (order != 0)
                return descending ? -order : order;
        }

        return 0;
    }

    private sealed class SortEntry
    {
        internal SortEntry(PSObject item, List<PropertyExpression> properties)
        {
            Item = item;
            Keys = properties.Count == 0
                ? [(true, item)]
                : [.. properties.Select(property => (property.TryGetValue(item, out object? value), value))];
        }

        internal PSObject Item { get; }

        internal (bool Exists, object? Value)[] Keys { get; }
    }
}

[Cmdlet(VerbsCommon.Get, "Unique", DefaultParameterSetName = "AsString")]
public sealed class GetUniqueCommand : PSCmdlet
{
    private PSObject? _last;

    [Parameter(ValueFromPipeline = true)]
    public PSObject InputObject { get; set; } = AutomationNull.Value;

    [Parameter(ParameterSetName = "AsString")]
    public SwitchParameter AsString { get; set; }

    [Parameter(ParameterSetName = "UniqueByType")]
    public SwitchParameter OnType { get; set; }

    [Parameter]
    public SwitchParameter CaseInsensitive { get; set; }

    protected override void ProcessRecord()
    {
        if (_last is not null && IsSame(_last, InputObject))
            return;

        WriteObject(InputObject);
        _last = InputObject;
    }

    private bool IsSame(PSObject first, PSObject second)
    {
        if (OnType)
            return first.TypeNames[0] == second.TypeNames[0];
        if (AsString)
        {
            StringComparison kind = CaseInsensitive ? StringComparison.CurrentCultureIgnoreCase : StringComparison.CurrentCulture;
            return string.Equals(first.ToString(), second.ToString(), kind);
        }

        return new ObjectComparer(caseSensitive: !CaseInsensitive).Compare(first, second) == 0;
    }
}
