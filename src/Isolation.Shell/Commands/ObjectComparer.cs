using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Internal;

namespace Microsoft.PowerShell.Commands;

/// <summary>PowerShell's order of any two values: by their own order where they have one, by their text where not.</summary>
internal sealed class ObjectComparer : IComparer<object?>
{
    private readonly CultureInfo _culture;
    private readonly bool _ignoreCase;

    internal ObjectComparer(bool caseSensitive, string? culture = null)
    {
        _ignoreCase = !caseSensitive;
        _culture = FindCulture(culture);
    }

    public int Compare(object? x, object? y)
    {
        object? first = Plain(x);
        object? second = Plain(y);
        if (first is null && second is null)
            return 0;
        if (LanguagePrimitives.TryCompare(first, second, _ignoreCase, _culture, out int order))
            return order;

        return string.Compare(first?.ToString(), second?.ToString(), _culture, _ignoreCase ? CompareOptions.IgnoreCase : CompareOptions.None);
    }

    private static object? Plain(object? value)
        => value is PSObject wrapped ? (wrapped == AutomationNull.Value ? null : wrapped.BaseObject is PSCustomObject ? wrapped : wrapped.BaseObject) : value;

    private static CultureInfo FindCulture(string? name)
    {
        if (string.IsNullOrEmpty(name))
            return CultureInfo.CurrentCulture;
        return int.TryParse(name, NumberStyles.Integer, CultureInfo.InvariantCulture, out int number)
            ? CultureInfo.GetCultureInfo(number)
            : CultureInfo.GetCultureInfo(name);
    }
}
