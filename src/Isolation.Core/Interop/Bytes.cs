using System;
using System.Text;

namespace Isolation.Interop;

/// <summary>What the readers of /proc need of text that is still bytes.</summary>
internal static class Bytes
{
    /// <summary>A decimal number without a sign that takes up the whole text.</summary>
    public static bool TryParseNumber(ReadOnlySpan<byte> text, out ulong value)
    {
        value = 0;
        if (text.IsEmpty || text.Length > 20)
        {
            return false;
        }

        foreach (byte digit in text)
        {
            uint number = (uint)digit - '0';
            if (number > 9 || value > (ulong.MaxValue - number) / 10)
            {
                return false;
            }

            value = (value * 10) + number;
        }

        return true;
    }

    /// <summary>A decimal number that may have a minus sign.</summary>
    public static bool TryParseSigned(ReadOnlySpan<byte> text, out long value)
    {
        bool negative = text is [(byte)'-', ..];
        bool done = TryParseNumber(negative ? text[1..] : text, out ulong magnitude) && magnitude <= long.MaxValue;
        value = done ? (negative ? -(long)magnitude : (long)magnitude) : 0;
        return done;
    }

    /// <summary>Cuts the text up to the next separator off its front.</summary>
    public static ReadOnlySpan<byte> Cut(scoped ref ReadOnlySpan<byte> text, byte separator)
    {
        int at = text.IndexOf(separator);
        ReadOnlySpan<byte> front = at < 0 ? text : text[..at];
        text = at < 0 ? default : text[(at + 1)..];
        return front;
    }

    /// <summary>Appends a number's digits and returns the position after them.</summary>
    public static int Append(Span<byte> buffer, int at, int number)
    {
        number.TryFormat(buffer[at..], out int written);
        return at + written;
    }

    /// <summary>Appends bytes and returns the position after them.</summary>
    public static int Append(Span<byte> buffer, int at, ReadOnlySpan<byte> text)
    {
        text.CopyTo(buffer[at..]);
        return at + text.Length;
    }

    /// <summary>The text as a string; what is not UTF-8 becomes U+FFFD.</summary>
    public static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);
}
