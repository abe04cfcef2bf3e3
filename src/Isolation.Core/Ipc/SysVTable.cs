using System;
using System.Collections.Generic;
using Isolation.Interop;

namespace Isolation.Ipc;

/// <summary>
/// A file of <c>/proc/sysvipc</c>, proc_sysvipc(5): a line of column names, and a line for each object. Columns are found by name, so that a kernel may add
/// some; a line that is damaged or cut short is left out.
/// </summary>
internal sealed class SysVTable
{
    private readonly string[] _columns;

    private SysVTable(string[] columns) => _columns = columns;

    /// <summary>The lines, each with a number a column.</summary>
    public List<long[]> Rows { get; } = [];

    /// <summary>Reads the text of such a file.</summary>
    public static SysVTable Parse(ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> rest = text;
        List<string> columns = [];
        foreach (Range word in Words(Bytes.Cut(ref rest, (byte)'\n'), out ReadOnlySpan<byte> head))
        {
            columns.Add(Bytes.Text(head[word]));
        }

        SysVTable table = new([.. columns]);
        int mode = columns.IndexOf("perms");
        while (!rest.IsEmpty && columns.Count != 0)
        {
            List<Range> words = Words(Bytes.Cut(ref rest, (byte)'\n'), out ReadOnlySpan<byte> line);
            long[] row = new long[columns.Count];
            bool whole = words.Count == row.Length;
            for (int i = 0; i < row.Length && whole; i++)
            {
                whole = i == mode ? TryParseOctal(line[words[i]], out row[i]) : TryParse(line[words[i]], out row[i]);
            }

            if (whole)
            {
                table.Rows.Add(row);
            }
        }

        return table;
    }

    /// <summary>A number of a line; 0 where the kernel has no such column.</summary>
    public long Value(long[] row, string column) => Array.IndexOf(_columns, column) is int at and >= 0 ? row[at] : 0;

    private static List<Range> Words(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> same)
    {
        same = line;
        List<Range> words = [];
        for (int i = 0; i < line.Length;)
        {
            int start = i;
            while (i < line.Length && line[i] != ' ')
            {
                i++;
            }

            if (i > start)
            {
                words.Add(start..i);
            }

            i++;
        }

        return words;
    }

    // Sizes and times have 64 bits; of an unsigned one beyond that the highest that fits is as good.
    private static bool TryParse(ReadOnlySpan<byte> text, out long value)
    {
        if (Bytes.TryParseSigned(text, out value))
        {
            return true;
        }

        bool large = Bytes.TryParseNumber(text, out _);
        value = large ? long.MaxValue : 0;
        return large;
    }

    private static bool TryParseOctal(ReadOnlySpan<byte> text, out long value)
    {
        value = 0;
        foreach (byte digit in text)
        {
            if (digit is < (byte)'0' or > (byte)'7' || value > 0x7FFF)
            {
                return false;
            }

            value = (value << 3) | (uint)(digit - '0');
        }

        return true;
    }
}
