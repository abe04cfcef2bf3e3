using System;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Isolation.Processes;

/// <summary>Whose input and output comes first at a disk whose scheduler heeds it (bfq, mq-deadline, kyber in part), ioprio_set(2).</summary>
/// <param name="Value">The class in bits 13 to 15, the level from 0 (first) to 7 (last) below.</param>
internal readonly record struct IoPriority(int Value)
{
    private const int ClassShift = 13;
    private const int LastLevel = 7;

    // In the order of the kernel's numbers, linux/ioprio.h.
    private static readonly string[] s_classes = ["None", "RealTime", "BestEffort", "Idle"];

    /// <summary>Parses <c>None</c>, <c>Idle</c>, <c>BestEffort:7</c> or <c>RealTime:0</c>; without a level that is 4, the middle.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out IoPriority? priority)
    {
        priority = null;
        string[] words = text.Trim().Split(':');
        int number = Array.FindIndex(s_classes, name => name.Equals(words[0].Trim().Replace("-", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase));
        bool levels = number is 1 or 2;
        int level = levels ? 4 : 0;
        if (number < 0 || words.Length > 2 || (words.Length == 2 && (!levels || !TryLevel(words[1], out level))))
        {
            return false;
        }

        priority = new IoPriority((number << ClassShift) | level);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        int number = Value >> ClassShift;
        string name = number < s_classes.Length ? s_classes[number] : number.ToString(CultureInfo.InvariantCulture);
        return number is 1 or 2 ? string.Create(CultureInfo.InvariantCulture, $"{name}:{Value & LastLevel}") : name;
    }

    private static bool TryLevel(string text, out int level) =>
        int.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out level) && level <= LastLevel;
}
