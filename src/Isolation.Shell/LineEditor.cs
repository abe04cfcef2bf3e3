using System;
using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Text;

namespace Isolation.Shell;

/// <summary>One line typed on a terminal: cursor keys, history and Tab completion.</summary>
internal sealed class LineEditor
{
    private const int WidthWithoutTerminal = 80;

    private readonly Session _session;
    private readonly List<string> _history = [];
    private readonly StringBuilder _text = new();
    private string _prompt = string.Empty;
    private int _cursor;
    private int _cursorRow;

    internal LineEditor(Session session)
    {
        _session = session;
    }

    /// <summary>The line, an empty one after Ctrl+C, or null at Ctrl+D.</summary>
    internal string? ReadLine(string prompt)
    {
        int recalled = _history.Count;
        CommandCompletion? completion = null;
        _prompt = prompt;
        _text.Clear();
        _cursor = 0;

        // Lines of the prompt above its last are written once and not drawn again.
        int lastLine = prompt.LastIndexOf('\n') + 1;
        Console.Write(prompt[..lastLine]);
        _prompt = prompt[lastLine..];
        _cursorRow = 0;
        Draw();

        Console.TreatControlCAsInput = true;
        try
        {
            while (true)
            {
                ConsoleKeyInfo key = Console.ReadKey(intercept: true);
                if (key.Key != ConsoleKey.Tab)
                    completion = null;

                switch (key)
                {
                    case { Key: ConsoleKey.Enter }:
                        return Finish(_text.ToString());
                    case { Key: ConsoleKey.C, Modifiers: ConsoleModifiers.Control }:
                        Console.Write("^C");
                        _text.Clear();
                        return Finish(string.Empty);
                    case { Key: ConsoleKey.D, Modifiers: ConsoleModifiers.Control } when _text.Length == 0:
                        return Finish(null);
                    case { Key: ConsoleKey.L, Modifiers: ConsoleModifiers.Control }:
                        Console.Clear();
                        _cursorRow = 0;
                        break;
                    case { Key: ConsoleKey.Tab }:
                        completion = Complete(completion, forward: !key.Modifiers.HasFlag(ConsoleModifiers.Shift));
                        break;
                    case { Key: ConsoleKey.UpArrow }:
                        recalled = Recall(recalled - 1);
                        break;
                    case { Key: ConsoleKey.DownArrow }:
                        recalled = Recall(recalled + 1);
                        break;
                    default:
                        Edit(key);
                        break;
                }

                Draw();
            }
        }
        finally
        {
            Console.TreatControlCAsInput = false;
        }
    }

    private void Edit(ConsoleKeyInfo key)
    {
        bool control = key.Modifiers.HasFlag(ConsoleModifiers.Control);
        switch (key.Key)
        {
            case ConsoleKey.LeftArrow:
                _cursor = control ? WordStart() : Math.Max(0, _cursor - 1);
                break;
            case ConsoleKey.RightArrow:
                _cursor = control ? WordEnd() : Math.Min(_text.Length, _cursor + 1);
                break;
            case ConsoleKey.Home:
            case ConsoleKey.A when control:
                _cursor = 0;
                break;
            case ConsoleKey.End:
            case ConsoleKey.E when control:
                _cursor = _text.Length;
                break;
            case ConsoleKey.Backspace when control:
            case ConsoleKey.W when control:
                Remove(WordStart(), _cursor);
                break;
            case ConsoleKey.Backspace:
                Remove(Math.Max(0, _cursor - 1), _cursor);
                break;
            case ConsoleKey.Delete:
            case ConsoleKey.D when control:
                Remove(_cursor, Math.Min(_text.Length, _cursor + 1));
                break;
            case ConsoleKey.U when control:
                Remove(0, _cursor);
                break;
            case ConsoleKey.K when control:
                Remove(_cursor, _text.Length);
                break;
            case ConsoleKey.Escape:
                Remove(0, _text.Length);
                break;
            default:
                if (!char.IsControl(key.KeyChar))
                    _text.Insert(_cursor++, key.KeyChar);
                break;
        }
    }

    private void Remove(int start, int end)
    {
        _text.Remove(start, end - start);
        _cursor = start;
    }

    private int WordStart()
    {
        int at = _cursor;
        while (at > 0 && char.IsWhiteSpace(_text[at - 1]))
            at--;
        while (at > 0 && !char.IsWhiteSpace(_text[at - 1]))
            at--;
        return at;
    }

    private int WordEnd()
    {
        int at = _cursor;
        while (at < _text.Length && !char.IsWhiteSpace(_text[at]))
            at++;
        while (at < _text.Length && char.IsWhiteSpace(_text[at]))
            at++;
        return at;
    }

    private int Recall(int index)
    {
        index = Math.Clamp(index, 0, _history.Count);
        _text.Clear().Append(index < _history.Count ? _history[index] : string.Empty);
        _cursor = _text.Length;
        return index;
    }

    /// <summary>Puts the next completion in the place of the word at the cursor.</summary>
    private CommandCompletion? Complete(CommandCompletion? completion, bool forward)
    {
        if (completion is null)
        {
            using PowerShell shell = PowerShell.Create();
            shell.Runspace = _session.CurrentRunspace;
            completion = CommandCompletion.CompleteInput(_text.ToString(), _cursor, options: null, shell);
        }

        CompletionResult? result = completion.CompletionMatches.Count == 0 ? null : completion.GetNextResult(forward);
        if (result is null)
            return null;

        _text.Remove(completion.ReplacementIndex, completion.ReplacementLength);
        _text.Insert(completion.ReplacementIndex, result.CompletionText);
        completion.ReplacementLength = result.CompletionText.Length;
        _cursor = completion.ReplacementIndex + completion.ReplacementLength;
        return completion;
    }

    /// <summary>Writes prompt and text anew, moving only relative to the cursor: a terminal need not tell where that is.</summary>
    private void Draw()
    {
        int width = Console.BufferWidth > 1 ? Console.BufferWidth : WidthWithoutTerminal;
        int promptLength = VisibleLength(_prompt);
        int end = promptLength + _text.Length;
        int at = promptLength + _cursor;
        StringBuilder output = new();
        Move(output, _cursorRow, 'A');
        output.Append("\r\u001b[J").Append(_prompt).Append(_text);

        // A full last row leaves the cursor on it, not on the next one: the break makes the rows countable.
        if (end > 0 && end % width == 0)
            output.Append("\r\n");

        _cursorRow = at / width;
        Move(output, (end / width) - _cursorRow, 'A');
        output.Append('\r');
        Move(output, at % width, 'C');
        Console.Write(output.ToString());
    }

    private static void Move(StringBuilder output, int count, char direction)
    {
        if (count > 0)
            output.Append(null, $"\u001b[{count}{direction}");
    }

    private string? Finish(string? line)
    {
        _cursor = _text.Length;
        Draw();
        Console.WriteLine();
        if (!string.IsNullOrWhiteSpace(line) && (_history.Count == 0 || _history[^1] != line))
            _history.Add(line);
        return line;
    }

    private static int VisibleLength(string text) => new System.Management.Automation.Internal.StringDecorated(text).ContentLength;
}
