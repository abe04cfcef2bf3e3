using System;
using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Text;

namespace Isolation.Shell;

/// <summary>The read-run loop: lines from the editor on a terminal, plain lines from standard input otherwise.</summary>
internal sealed class Prompt
{
    private readonly Session _session;
    private readonly LineEditor _editor;
    private bool _showBanner;

    internal Prompt(Session session, bool showBanner)
    {
        _session = session;
        _editor = new LineEditor(session);
        _showBanner = showBanner;
    }

    internal void Loop(bool fromStandardInput) => _session.EnterPromptLoop(() =>
    {
        if (_showBanner && !fromStandardInput)
            _session.Terminal.WriteLine($"IsolationShell {Program.ShellVersion} (PowerShell {Program.EngineVersion})");
        _showBanner = false;

        while (!_session.IsEnding && !_session.IsLeavingNestedPrompt)
        {
            string? text = fromStandardInput ? ReadStandardInput() : ReadTerminal();
            if (text is null)
                return;
            if (!string.IsNullOrWhiteSpace(text))
                _session.RunInput(text);
        }
    });

    /// <summary>One command; once a line is incomplete, all lines up to an empty one, as pwsh reads them.</summary>
    private static string? ReadStandardInput()
    {
        string? line = Console.In.ReadLine();
        if (line is null || !IsIncomplete(line))
            return line;

        StringBuilder block = new(line);
        while (Console.In.ReadLine() is { Length: > 0 } next)
            block.Append('\n').Append(next);
        return block.ToString();
    }

    private string? ReadTerminal()
    {
        string? line = _editor.ReadLine(PromptText());
        if (line is null || !IsIncomplete(line))
            return line;

        StringBuilder block = new(line);
        do
        {
            string? next = _editor.ReadLine(">> ");
            if (next is null)
                return string.Empty;
            block.Append('\n').Append(next);
        }
        while (IsIncomplete(block.ToString()));

        return block.ToString();
    }

    private string PromptText()
    {
        Collection<PSObject>? shown = _session.Evaluate("prompt");
        string text = shown is { Count: > 0 } ? shown[0]?.ToString() ?? string.Empty : "PS> ";
        return _session.IsRunspacePushed ? $"[{_session.CurrentRunspace.ConnectionInfo?.ComputerName}]: {text}" : text;
    }

    private static bool IsIncomplete(string text)
    {
        Parser.ParseInput(text, out _, out ParseError[] errors);
        return Array.Exists(errors, error => error.IncompleteInput);
    }
}
