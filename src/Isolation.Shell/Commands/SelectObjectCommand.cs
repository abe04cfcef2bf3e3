using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Internal;
using Isolation.Shell;

namespace Microsoft.PowerShell.Commands;

[Cmdlet(VerbsCommon.Select, "Object", DefaultParameterSetName = "DefaultParameter")]
public sealed class SelectObjectCommand : PSCmdlet
{
    private readonly Queue<PSObject> _held = new();
    private readonly List<PSObject> _uniques = [];
    private List<PropertyExpression> _properties = [];
    private WildcardPattern[] _excluded = [];
    private PSPropertyExpression? _expanded;
    private int _seen;
    private int _written;

    [Parameter(ValueFromPipeline = true)]
    public PSObject InputObject { get; set; } = AutomationNull.Value;

    [Parameter(Position = 0, ParameterSetName = "DefaultParameter")]
    [Parameter(Position = 0, ParameterSetName = "SkipLastParameter")]
    public object[]? Property { get; set; }

    [Parameter(ParameterSetName = "DefaultParameter")]
    [Parameter(ParameterSetName = "SkipLastParameter")]
    public string[]? ExcludeProperty { get; set; }

    [Parameter(ParameterSetName = "DefaultParameter")]
    [Parameter(ParameterSetName = "SkipLastParameter")]
    public string? ExpandProperty { get; set; }

    [Parameter]
    public SwitchParameter Unique { get; set; }

    [Parameter]
    public SwitchParameter CaseInsensitive { get; set; }

    [Parameter(ParameterSetName = "DefaultParameter")]
    [ValidateRange(0, int.MaxValue)]
    public int Last { get; set; }

    [Parameter(ParameterSetName = "DefaultParameter")]
    [ValidateRange(0, int.MaxValue)]
    public int First { get; set; }

    [Parameter(ParameterSetName = "DefaultParameter")]
    [Parameter(ParameterSetName = "SkipLastParameter")]
    [ValidateRange(0, int.MaxValue)]
    public int Skip { get; set; }

    [Parameter(ParameterSetName = "SkipLastParameter")]
    [ValidateRange(0, int.MaxValue)]
    public int SkipLast { get; set; }

    [Parameter(ParameterSetName = "DefaultParameter")]
    [Parameter(ParameterSetName = "IndexParameter")]
    public SwitchParameter Wait { get; set; }

    [Parameter(ParameterSetName = "IndexParameter")]
    [ValidateRange(0, int.MaxValue)]
    public int[]? Index { get; set; }

    [Parameter(ParameterSetName = "SkipIndexParameter")]
    [ValidateRange(0, int.MaxValue)]
    public int[]? SkipIndex { get; set; }

    private bool HasFirst => MyInvocation.BoundParameters.ContainsKey(nameof(First));

    private bool HasLast => MyInvocation.BoundParameters.ContainsKey(nameof(Last));

    protected override void BeginProcessing()
    {
        object[]? properties = Property is { Length: > 0 } ? Property : ExcludeProperty is null ? null : ["*"];
        _properties = PropertyExpression.Parse(this, properties, "name", "label", "expression");
        _excluded = Array.ConvertAll(ExcludeProperty ?? [], name => WildcardPattern.Get(name, WildcardOptions.IgnoreCase));
        if (!string.IsNullOrEmpty(ExpandProperty))
            _expanded = new PSPropertyExpression(ExpandProperty);
    }

    protected override void ProcessRecord()
    {
        if (InputObject is null || InputObject == AutomationNull.Value)
            return;

        int at = _seen++;
        if (Index is not null)
        {
            if (Index.Contains(at))
                Process(InputObject);
            if (!Wait && Array.TrueForAll(Index, index => index <= at))
                StopUpstream();
        }
        else if (SkipIndex is not null)
        {
            if (!SkipIndex.Contains(at))
                Process(InputObject);
        }
        else if (HasLast && Last > 0)
        {
            ProcessLast(at);
        }
        else if (!HasFirst && !HasLast)
        {
            if (at >= Skip)
                Hold(InputObject, SkipLast);
        }
        else
        {
            if (at >= Skip && _written < First)
            {
                _written++;
                Process(InputObject);
            }

            if (!Wait && First > 0 && _written >= First)
                StopUpstream();
        }
    }

    protected override void EndProcessing()
    {
        if (HasLast && Last > 0)
        {
            // With -First the skipped ones were at the beginning; without it they are counted from the end.
            int count = HasFirst ? _held.Count : Math.Min(Last, _held.Count - Skip);
            for (int i = 0; i < count; i++)
                Process(_held.Dequeue());
        }

        foreach (PSObject unique in _uniques)
            WriteObject(unique);
        _uniques.Clear();
    }

    private void ProcessLast(int at)
    {
        if (!HasFirst)
        {
            _held.Enqueue(InputObject);
            if (_held.Count > Last + Skip)
                _held.Dequeue();
        }
        else if (at >= Skip)
        {
            if (_written < First)
            {
                _written++;
                Process(InputObject);
                return;
            }

            _held.Enqueue(InputObject);
            if (_held.Count > Last)
                _held.Dequeue();
        }
    }

    private void Hold(PSObject item, int count)
    {
        _held.Enqueue(item);
        if (_held.Count > count)
            Process(_held.Dequeue());
    }

    private void StopUpstream()
    {
        EndProcessing();
        throw EngineInternals.StopUpstream(this);
    }

    private void Process(PSObject item)
    {
        if (_properties.Count == 0 && _expanded is null)
        {
            Emit(item, 0);
            return;
        }

        List<PSNoteProperty> notes = [];
        foreach (PropertyExpression property in _properties)
            AddProperties(property, item, notes);

        if (_expanded is not null)
        {
            Expand(_expanded, item, notes);
            return;
        }

        PSObject result = new();
        foreach (PSNoteProperty note in notes)
            AddNote(result, note, item, "AlreadyExistingUserSpecifiedPropertyNoExpand");
        Emit(result, notes.Count);
    }

    private void AddProperties(PropertyExpression property, PSObject item, List<PSNoteProperty> notes)
    {
        List<PSPropertyExpressionResult> results = [];
        foreach (PSPropertyExpression resolved in property.Expression.ResolveNames(item))
        {
            if (!IsExcluded(resolved))
                results.AddRange(resolved.GetValues(item) ?? []);
        }

        if (results.Count == 0 && !property.Expression.HasWildCardCharacters)
        {
            if (!IsExcluded(property.Expression))
                notes.Add(new PSNoteProperty(NameOf(property, property.Expression), null));
            return;
        }

        if (property.Name is not null && results.Count > 1)
        {
            InvalidOperationException exception = new("Multiple results cannot be renamed.");
            WriteError(new ErrorRecord(exception, "RenamingMultipleResults", ErrorCategory.InvalidOperation, item));
            return;
        }

        foreach (PSPropertyExpressionResult result in results)
            notes.Add(new PSNoteProperty(NameOf(property, result.ResolvedExpression), result.Result));
    }

    private string NameOf(PropertyExpression property, PSPropertyExpression resolved)
    {
        string name = property.Name ?? resolved.ToString();
        if (name.Length == 0)
        {
            PSArgumentException exception = new("A script block that is empty needs a name.", nameof(Property));
            ThrowTerminatingError(new ErrorRecord(exception, "EmptyScriptBlockAndNoName", ErrorCategory.InvalidArgument, null));
        }

        return name;
    }

    private bool IsExcluded(PSPropertyExpression expression)
        => expression.Script is null && Array.Exists(_excluded, pattern => pattern.IsMatch(expression.ToString()));

    private void Expand(PSPropertyExpression expression, PSObject item, List<PSNoteProperty> notes)
    {
        List<PSPropertyExpressionResult> results = expression.GetValues(item);
        if (results.Count != 1)
        {
            (string id, string message) = results.Count == 0
                ? ("ExpandPropertyNotFound", $"Property \"{ExpandProperty}\" cannot be found.")
                : ("MutlipleExpandProperties", $"Multiple properties cannot be expanded: \"{ExpandProperty}\" names several.");
            WriteError(new ErrorRecord(new PSArgumentException(message, nameof(ExpandProperty)), id, ErrorCategory.InvalidArgument, item));
            return;
        }

        if (results[0].Exception is Exception exception)
        {
            WriteError(new ErrorRecord(exception, "PropertyEvaluationExpand", ErrorCategory.InvalidResult, item));
            return;
        }

        IEnumerable values = LanguagePrimitives.GetEnumerable(results[0].Result) ?? new[] { results[0].Result };
        foreach (object? value in values)
        {
            if (value is null)
                continue;

            // A copy of the wrapper: notes must not stay on the value itself.
            PSObject expanded = notes.Count > 0 && value is not PSObject ? new PSObject(value) : PSObject.AsPSObject(value);
            foreach (PSNoteProperty note in notes)
                AddNote(expanded, note, item, "AlreadyExistingUserSpecifiedPropertyExpand");
            Emit(expanded, notes.Count);
        }
    }

    private void AddNote(PSObject target, PSNoteProperty note, PSObject item, string errorId)
    {
        if (target.Properties[note.Name] is null)
        {
            target.Properties.Add(note);
            return;
        }

        PSArgumentException exception = new($"The property cannot be processed because the property \"{note.Name}\" already exists.", nameof(Property));
        WriteError(new ErrorRecord(exception, errorId, ErrorCategory.InvalidOperation, item));
    }

    private void Emit(PSObject item, int noteCount)
    {
        if (Unique && !AddUnique(item))
            return;

        if (item.ImmediateBaseObject is PSCustomObject)
        {
            string name = $"Selected.{InputObject.BaseObject.GetType()}";
            if (noteCount > 0 || !item.TypeNames.Contains(name))
                item.TypeNames.Insert(0, name);
        }

        if (!Unique)
            WriteObject(item);
    }

    private bool AddUnique(PSObject item)
    {
        ObjectComparer comparer = new(caseSensitive: !CaseInsensitive);
        foreach (PSObject known in _uniques)
        {
            if (IsSame(comparer, item, known))
                return false;
        }

        _uniques.Add(item);
        return true;
    }

    private static bool IsSame(ObjectComparer comparer, PSObject first, PSObject second)
    {
        if (first.BaseObject is not PSCustomObject || second.BaseObject is not PSCustomObject)
            return comparer.Compare(first, second) == 0;

        List<PSPropertyInfo> properties = [.. first.Properties];
        return properties.Count == second.Properties.Count()
            && properties.TrueForAll(property => second.Properties[property.Name] is PSPropertyInfo other && comparer.Compare(property.Value, other.Value) == 0);
    }
}
