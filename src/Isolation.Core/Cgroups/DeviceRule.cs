using System;
using System.Globalization;

namespace Isolation;

/// <summary>What kind of device file a <see cref="DeviceRule"/> is about.</summary>
public enum DeviceType
{
    /// <summary>Both kinds, with every number.</summary>
    All,
    /// <summary>Block devices, such as disks.</summary>
    Block,
    /// <summary>Character devices, such as terminals and <c>/dev/null</c>.</summary>
    Char,
}

/// <summary>What may be done with a device; the numbers are the kernel's, <c>linux/bpf.h</c>.</summary>
[Flags]
public enum DeviceAccess
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary>Making its file, mknod(2): <c>m</c>.</summary>
    Make = 1,
    /// <summary>Opening it for reading: <c>r</c>.</summary>
    Read = 2,
    /// <summary>Opening it for writing: <c>w</c>.</summary>
    Write = 4,
    /// <summary>All of these.</summary>
    All = Make | Read | Write,
}

/// <summary>
/// Devices that the processes of a control group may use: a line of <c>devices.list</c> of version 1, <c>DeviceAllow=</c> of systemd.resource-control(5).
/// </summary>
/// <param name="Type">The kind.</param>
/// <param name="Major">The major number, which is the driver's; null for every one.</param>
/// <param name="Minor">The minor number; null for every one.</param>
/// <param name="Access">What may be done.</param>
public sealed record DeviceRule(DeviceType Type, uint? Major, uint? Minor, DeviceAccess Access)
{
    /// <summary>Every device and everything.</summary>
    public static DeviceRule Everything { get; } = new(DeviceType.All, null, null, DeviceAccess.All);

    /// <summary>Reads a rule as the kernel writes it: <c>c 1:3 rwm</c>, <c>b *:* m</c>, <c>a</c>. The access may be left out for all of it.</summary>
    /// <param name="text">The text.</param>
    /// <param name="rule">The rule.</param>
    /// <returns>Whether it is one.</returns>
    public static bool TryParse(string text, out DeviceRule? rule)
    {
        ArgumentNullException.ThrowIfNull(text);
        rule = null;
        string[] words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (words is not [[char kind], ..] || words.Length > 3)
        {
            return false;
        }

        DeviceAccess access = DeviceAccess.All;
        if (words.Length == 3 && !TryParseAccess(words[2], out access))
        {
            return false;
        }

        if (kind == 'a')
        {
            rule = words.Length == 1 || words[1] == "*:*" ? Everything with { Access = access } : null;
            return rule is not null;
        }

        string[] numbers = words.Length > 1 ? words[1].Split(':') : [];
        if (kind is not ('b' or 'c') || numbers.Length != 2 || !TryParseNumber(numbers[0], out uint? major) || !TryParseNumber(numbers[1], out uint? minor))
        {
            return false;
        }

        rule = new DeviceRule(kind == 'b' ? DeviceType.Block : DeviceType.Char, major, minor, access);
        return true;
    }

    /// <summary>Reads an access such as <c>rw</c>.</summary>
    internal static bool TryParseAccess(string text, out DeviceAccess access)
    {
        access = DeviceAccess.None;
        foreach (char c in text)
        {
            DeviceAccess one = c switch
            {
                'r' => DeviceAccess.Read,
                'w' => DeviceAccess.Write,
                'm' => DeviceAccess.Make,
                _ => DeviceAccess.None,
            };
            if (one == DeviceAccess.None)
            {
                return false;
            }

            access |= one;
        }

        return access != DeviceAccess.None;
    }

    /// <summary>The rule as the kernel writes it.</summary>
    public override string ToString()
    {
        char kind = Type switch { DeviceType.Block => 'b', DeviceType.Char => 'c', _ => 'a' };
        string access = $"{(Access.HasFlag(DeviceAccess.Read) ? "r" : "")}{(Access.HasFlag(DeviceAccess.Write) ? "w" : "")}{(Access.HasFlag(DeviceAccess.Make) ? "m" : "")}";
        return $"{kind} {Text(Major)}:{Text(Minor)} {access}";
    }

    private static bool TryParseNumber(string text, out uint? number)
    {
        number = null;
        if (text == "*")
        {
            return true;
        }

        bool isNumber = uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint value);
        number = value;
        return isNumber;
    }

    private static string Text(uint? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "*";
}
