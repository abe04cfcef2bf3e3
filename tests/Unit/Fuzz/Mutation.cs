using System;
using System.Collections.Generic;

namespace Isolation.Tests.Fuzz;

/// <summary>Damages texts in the ways in which the files of /proc could be damaged, and in some in which they could not. The same seed gives the same texts.</summary>
internal sealed class Mutation(int seed, byte[][] samples)
{
    private static readonly byte[][] s_words =
    [
        "0"u8.ToArray(), "-1"u8.ToArray(), "4294967295"u8.ToArray(), "4294967296"u8.ToArray(), "18446744073709551615"u8.ToArray(),
        "99999999999999999999999999"u8.ToArray(), "-9223372036854775808"u8.ToArray(), "2147483648"u8.ToArray(), ":"u8.ToArray(), "\t"u8.ToArray(), " "u8.ToArray(),
        "\n"u8.ToArray(), "\0"u8.ToArray(), "("u8.ToArray(), ")"u8.ToArray(), "["u8.ToArray(), "]"u8.ToArray(), "\\040"u8.ToArray(), "\\777"u8.ToArray(), [0xFF], [0xC3, 0x28],
    ];

    private readonly Random _random = new(seed);

    /// <summary>The next text.</summary>
    public byte[] Next()
    {
        List<byte> text = [.. samples[_random.Next(samples.Length)]];
        for (int i = _random.Next(1, 6); i > 0; i--)
        {
            int at = _random.Next(text.Count + 1);
            int length = Math.Min(_random.Next(1, 24), text.Count - at);
            switch (_random.Next(7))
            {
                case 0:
                    text.RemoveRange(at, text.Count - at);
                    break;
                case 1:
                    text.RemoveRange(at, length);
                    break;
                case 2:
                    text.InsertRange(at, text.GetRange(at, length));
                    break;
                case 3:
                    text.InsertRange(at, s_words[_random.Next(s_words.Length)]);
                    break;
                case 4:
                    text.RemoveRange(at, length);
                    text.InsertRange(at, s_words[_random.Next(s_words.Length)]);
                    break;
                case 5 when at < text.Count:
                    text[at] = (byte)_random.Next(256);
                    break;
                default:
                    byte[] other = samples[_random.Next(samples.Length)];
                    text.InsertRange(at, other.AsSpan(_random.Next(other.Length + 1)).ToArray());
                    break;
            }
        }

        return [.. text];
    }
}
