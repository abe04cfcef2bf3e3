using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Internal;
using System.Text.RegularExpressions;
using Isolation.Shell;

namespace Microsoft.PowerShell.Commands;

/// <summary>What Measure-Object writes.</summary>
public abstract class MeasureInfo
{
    public string? Property { get; set; }
}

/// <summary>Numbers measured.</summary>
public sealed class GenericMeasureInfo : MeasureInfo
{
    public int Count { get; set; }

    public double? Average { get; set; }

    public double? Sum { get; set; }

    public double? Maximum { get; set; }

    public double? Minimum { get; set; }

    public double? StandardDeviation { get; set; }
}

/// <summary>Values measured whose extremes are no numbers.</summary>
public sealed class GenericObjectMeasureInfo : MeasureInfo
{
    public int Count { get; set; }

    public double? Average { get; set; }

    public double? Sum { get; set; }

    public object? Maximum { get; set; }

    public object? Minimum { get; set; }

    public double? StandardDeviation { get; set; }
}

/// <summary>Text measured.</summary>
public sealed class TextMeasureInfo : MeasureInfo
{
    public int? Lines { get; set; }

    public int? Words { get; set; }

    public int? Characters { get; set; }
}

[Cmdlet(VerbsDiagnostic.Measure, "Object", DefaultParameterSetName = "GenericMeasure")]
public sealed partial class MeasureObjectCommand : PSCmdlet
{
    private readonly Dictionary<string, List<object>> _values = new(StringComparer.OrdinalIgnoreCase);
    private int _count;

    [Parameter(ValueFromPipeline = true)]
    public PSObject InputObject { get; set; } = AutomationNull.Value;

    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty]
    public PSPropertyExpression[]? Property { get; set; }

    [Parameter(ParameterSetName = "GenericMeasure")]
    public SwitchParameter StandardDeviation { get; set; }

    [Parameter(ParameterSetName = "GenericMeasure")]
    public SwitchParameter Sum { get; set; }

    [Parameter(ParameterSetName = "GenericMeasure")]
    public SwitchParameter AllStats { get; set; }

    [Parameter(ParameterSetName = "GenericMeasure")]
    public SwitchParameter Average { get; set; }

    [Parameter(ParameterSetName = "GenericMeasure")]
    public SwitchParameter Maximum { get; set; }

    [Parameter(ParameterSetName = "GenericMeasure")]
    public SwitchParameter Minimum { get; set; }

    [Parameter(ParameterSetName = "TextMeasure")]
    public SwitchParameter Line { get; set; }

    [Parameter(ParameterSetName = "TextMeasure")]
    public SwitchParameter Word { get; set; }

    [Parameter(ParameterSetName = "TextMeasure")]
    public SwitchParameter Character { get; set; }

    [Parameter(ParameterSetName = "TextMeasure")]
    public SwitchParameter IgnoreWhiteSpace { get; set; }

    protected override void BeginProcessing()
    {
        foreach (PSPropertyExpression property in Property ?? [])
        {
            if (!property.HasWildCardCharacters && property.Script is null)
                _values[property.ToString()] = [];
        }
    }

    protected override void ProcessRecord()
    {
        if (InputObject is null || InputObject == AutomationNull.Value)
            return;

        _count++;
        if (Property is null)
        {
            Add(string.Empty, InputObject.BaseObject);
            return;
        }

        foreach (PSPropertyExpression property in Property)
        {
            foreach (PSPropertyExpression resolved in property.ResolveNames(InputObject))
            {
                foreach (PSPropertyExpressionResult result in resolved.GetValues(InputObject))
                {
                    if (result.Exception is null && result.Result is not null)
                        Add(result.ResolvedExpression.ToString(), result.Result is PSObject wrapped ? wrapped.BaseObject : result.Result);
                }
            }
        }
    }

    protected override void EndProcessing()
    {
        if (_count == 0 && Property is null)
            _values[string.Empty] = [];

        foreach ((string name, List<object> values) in _values)
        {
            if (Property is not null && values.Count == 0)
                continue;

            MeasureInfo info = ParameterSetName == "TextMeasure" ? MeasureText(values) : MeasureValues(values);
            info.Property = Property is null ? null : name;
            WriteObject(info);
        }
    }

    private void Add(string name, object value)
    {
        if (!_values.TryGetValue(name, out List<object>? values))
            _values[name] = values = [];
        values.Add(value);
    }

    private TextMeasureInfo MeasureText(List<object> values)
    {
        TextMeasureInfo info = new();
        List<string> texts = values.ConvertAll(value => value.ToString() ?? string.Empty);
        if (Line)
            info.Lines = texts.Sum(text => text.Length == 0 ? 0 : LineBreaks().Count(text.EndsWith('\n') ? text[..^1] : text) + 1);
        if (Word)
            info.Words = texts.Sum(text => Words().Count(text));
        if (Character)
            info.Characters = texts.Sum(text => IgnoreWhiteSpace ? text.Count(c => !char.IsWhiteSpace(c)) : text.Length);
        return info;
    }

    private MeasureInfo MeasureValues(List<object> values)
    {
        List<double> numbers = [];
        bool sums = Sum || Average || StandardDeviation || AllStats;
        foreach (object value in sums ? values : [])
        {
            if (LanguagePrimitives.TryConvertTo(value, CultureInfo.InvariantCulture, out double number))
                numbers.Add(number);
            else
                WriteNotNumeric(value);
        }

        double? sum = Sum || AllStats ? numbers.Sum() : null;
        double? average = (Average || AllStats) && numbers.Count > 0 ? numbers.Sum() / numbers.Count : null;
        double? deviation = StandardDeviation || AllStats ? Deviation(numbers) : null;
        if (Average && !AllStats && numbers.Count == 0)
            average = 0;

        ObjectComparer comparer = new(caseSensitive: false);
        object? maximum = Maximum || AllStats ? Extreme(values, (x, y) => comparer.Compare(x, y) > 0) : null;
        object? minimum = Minimum || AllStats ? Extreme(values, (x, y) => comparer.Compare(x, y) < 0) : null;
        bool numeric = IsNumber(maximum, out double? max) & IsNumber(minimum, out double? min);
        return numeric
            ? new GenericMeasureInfo { Count = values.Count, Sum = sum, Average = average, Maximum = max, Minimum = min, StandardDeviation = deviation }
            : new GenericObjectMeasureInfo { Count = values.Count, Sum = sum, Average = average, Maximum = maximum, Minimum = minimum, StandardDeviation = deviation };
    }

    private static bool IsNumber(object? value, out double? number)
    {
        number = null;
        if (value is null)
            return true;
        if (!LanguagePrimitives.TryConvertTo(value, CultureInfo.InvariantCulture, out double converted))
            return false;
        number = converted;
        return true;
    }

    private static object? Extreme(List<object> values, Func<object, object, bool> isBetter)
    {
        object? best = null;
        foreach (object value in values)
        {
            if (best is null || isBetter(value, best))
                best = value;
        }

        return best;
    }

    private static double Deviation(List<double> numbers)
    {
        if (numbers.Count < 2)
            return 0;
        double mean = numbers.Average();
        return Math.Sqrt(numbers.Sum(number => (number - mean) * (number - mean)) / (numbers.Count - 1));
    }

    private void WriteNotNumeric(object value)
    {
        PSArgumentException exception = new($"Input object \"{value}\" is not numeric.");
        WriteError(new ErrorRecord(exception, "NonNumericInputObject", ErrorCategory.InvalidType, value));
    }

    [GeneratedRegex("\n")]
    private static partial Regex LineBreaks();

    [GeneratedRegex(@"\S+")]
    private static partial Regex Words();
}

[Cmdlet(VerbsDiagnostic.Measure, "Command")]
public sealed class MeasureCommandCommand : PSCmdlet
{
    private readonly Stopwatch _watch = new();

    [Parameter(ValueFromPipeline = true)]
    public PSObject InputObject { get; set; } = AutomationNull.Value;

    [Parameter(Position = 0, Mandatory = true)]
    public ScriptBlock Expression { get; set; } = null!;

    protected override void ProcessRecord()
    {
        _watch.Start();
        EngineInternals.InvokeScript(this, Expression, InputObject, discardOutput: true);
        _watch.Stop();
    }

    protected override void EndProcessing() => WriteObject(_watch.Elapsed);
}
