using System;
using System.Collections;
using System.Collections.Generic;
using System.Management.Automation;

namespace Microsoft.PowerShell.Commands;

/// <summary>One -Property argument: a name, a script block, or a table such as @{Name='x'; Expression={...}}.</summary>
internal sealed class PropertyExpression
{
    private PropertyExpression(PSPropertyExpression expression)
    {
        Expression = expression;
    }

    internal PSPropertyExpression Expression { get; }

    internal string? Name { get; private set; }

    internal bool? Descending { get; private set; }

    /// <summary>Reads the arguments; a table may have the keys named, or beginnings of them that name one alone.</summary>
    internal static List<PropertyExpression> Parse(Cmdlet cmdlet, object[]? arguments, params string[] keys)
    {
        List<PropertyExpression> list = [];
        foreach (object argument in arguments ?? [])
        {
            object plain = argument is PSObject wrapped ? wrapped.BaseObject : argument;
            list.Add(plain switch
            {
                string name => new PropertyExpression(new PSPropertyExpression(name)),
                ScriptBlock script => new PropertyExpression(new PSPropertyExpression(script)),
                PSPropertyExpression expression => new PropertyExpression(expression),
                IDictionary table => FromTable(cmdlet, table, keys),
                _ => new PropertyExpression(new PSPropertyExpression(LanguagePrimitives.ConvertTo<string>(plain))),
            });
        }

        return list;
    }

    /// <summary>The value for one object; false where the object has no such property.</summary>
    internal bool TryGetValue(PSObject item, out object? value)
    {
        List<PSPropertyExpressionResult> results = Expression.GetValues(item);
        value = results.Count > 0 && results[0].Exception is null ? results[0].Result : null;
        return results.Count > 0;
    }

    private static PropertyExpression FromTable(Cmdlet cmdlet, IDictionary table, string[] keys)
    {
        PSPropertyExpression? expression = null;
        string? name = null;
        bool? descending = null;
        foreach (DictionaryEntry entry in table)
        {
            string given = entry.Key as string ?? string.Empty;
            string[] matching = given.Length == 0 ? [] : Array.FindAll(keys, key => key.StartsWith(given, StringComparison.OrdinalIgnoreCase));
            string? key = matching.Length > 0 ? matching[0] : null;
            object? value = entry.Value is PSObject wrapped ? wrapped.BaseObject : entry.Value;
            switch (key)
            {
                case "expression":
                    expression = value switch
                    {
                        ScriptBlock script => new PSPropertyExpression(script),
                        string { Length: > 0 } text => new PSPropertyExpression(text),
                        _ => throw Fail(cmdlet, "DictionaryKeyIllegalValue", "The value of the Expression key must be a script block or a property name.", value),
                    };
                    break;
                case "name" or "label":
                    name = value as string is { Length: > 0 } label
                        ? label
                        : throw Fail(cmdlet, "DictionaryKeyIllegalValue", "The value of the Name key must be a string that is not empty.", value);
                    break;
                case "ascending":
                    descending = !LanguagePrimitives.ConvertTo<bool>(value);
                    break;
                case "descending":
                    descending = LanguagePrimitives.ConvertTo<bool>(value);
                    break;
                default:
                    throw Fail(cmdlet, "DictionaryKeyUnknown", $"The {given} key is not valid.", entry.Key);
            }
        }

        if (expression is null && name is not null)
            expression = new PSPropertyExpression(name);
        if (expression is null)
            throw Fail(cmdlet, "DictionaryKeyMandatoryEntry", "The table needs the key Expression.", table);
        return new PropertyExpression(expression) { Name = name, Descending = descending };
    }

    private static InvalidOperationException Fail(Cmdlet cmdlet, string id, string message, object? target)
    {
        cmdlet.ThrowTerminatingError(new ErrorRecord(new NotSupportedException(message), id, ErrorCategory.InvalidArgument, target));
        return new InvalidOperationException(message);
    }
}
