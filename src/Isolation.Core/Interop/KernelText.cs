using System;
using System.Buffers;
using System.Text;

namespace Isolation.Interop;

/// <summary>
/// Names as the kernel has them, which may be any bytes, as strings and back without loss. UTF-8 is decoded; each byte that is not part of UTF-8, 0x80 to
/// 0xFF, becomes the lone surrogate U+DC80 to U+DCFF, which UTF-8 cannot hold and so nothing else becomes.
/// </summary>
internal static class KernelText
{
    /// <summary>Text that somebody may have made up, with its control characters as <c>?</c>, so that it cannot rewrite the terminal of who looks at it.</summary>
    public static string Plain(string text) => Replace(text, keepLines: false);

    /// <summary>The same for a message, which may have several lines.</summary>
    public static string PlainLines(string text) => Replace(text, keepLines: true);

    private static string Replace(string text, bool keepLines) => string.Create(text.Length, (text, keepLines), static (result, source) =>
    {
        for (int i = 0; i < result.Length; i++)
        {
            char one = source.text[i];
            result[i] = char.IsControl(one) && !(source.keepLines && (one is '\n' or '\t')) ? '?' : one;
        }
    });

    /// <summary>The bytes as a string.</summary>
    public static string Decode(ReadOnlySpan<byte> bytes)
    {
        if (System.Text.Unicode.Utf8.IsValid(bytes))
        {
            return Encoding.UTF8.GetString(bytes);
        }

        StringBuilder text = new(bytes.Length);
        Span<char> pair = stackalloc char[2];
        while (!bytes.IsEmpty)
        {
            bool valid = Rune.DecodeFromUtf8(bytes, out Rune rune, out int length) == OperationStatus.Done;
            if (valid)
            {
                text.Append(pair[..rune.EncodeToUtf16(pair)]);
            }
            else
            {
                foreach (byte stray in bytes[..length])
                {
                    text.Append((char)(0xDC00 + stray));
                }
            }

            bytes = bytes[length..];
        }

        return text.ToString();
    }

    /// <summary>The bytes of a string, with <paramref name="extra"/> zero bytes after them.</summary>
    public static byte[] Encode(string text, int extra = 0)
    {
        bool stray = false;
        foreach (char c in text)
        {
            stray |= IsStray(c);
        }

        if (!stray)
        {
            byte[] plain = new byte[Encoding.UTF8.GetByteCount(text) + extra];
            Encoding.UTF8.GetBytes(text, plain);
            return plain;
        }

        // No character takes more than three bytes a UTF-16 unit.
        byte[] bytes = new byte[(text.Length * 3) + extra];
        int at = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                at += Encoding.UTF8.GetBytes(text.AsSpan(i, 2), bytes.AsSpan(at));
                i++;
            }
            else if (IsStray(text[i]))
            {
                bytes[at++] = (byte)(text[i] - 0xDC00);
            }
            else
            {
                at += Encoding.UTF8.GetBytes(text.AsSpan(i, 1), bytes.AsSpan(at));
            }
        }

        return bytes[..(at + extra)];
    }

    private static bool IsStray(char c) => c is >= '\uDC80' and <= '\uDCFF';
}
