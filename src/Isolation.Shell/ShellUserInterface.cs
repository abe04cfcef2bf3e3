using System;
using System.Collections;
using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;
using System.Text;

namespace Isolation.Shell;

/// <summary>Text in and out: standard output for all but errors, escape sequences only where a terminal reads them.</summary>
internal sealed class ShellUserInterface : PSHostUserInterface
{
    private readonly bool _interactive;
    private readonly bool _terminalUnderstands =
        Environment.GetEnvironmentVariable("NO_COLOR") is null && Environment.GetEnvironmentVariable("TERM") is not (null or "dumb");

    internal ShellUserInterface(bool interactive)
    {
        _interactive = interactive;
    }

    public override PSHostRawUserInterface RawUI { get; } = new ShellRawUserInterface();

    public override bool SupportsVirtualTerminal => _terminalUnderstands && !(Console.IsOutputRedirected && Console.IsErrorRedirected);

    private bool OutputTakesEscapes => _terminalUnderstands && !Console.IsOutputRedirected;

    public override string ReadLine()
    {
        RequireInteractive();
        return Console.In.ReadLine() ?? string.Empty;
    }

    public override SecureString ReadLineAsSecureString()
    {
        RequireInteractive();
        SecureString secret = new();
        if (Console.IsInputRedirected)
        {
            foreach (char c in Console.In.ReadLine() ?? string.Empty)
                secret.AppendChar(c);
            return secret;
        }

        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key != ConsoleKey.Backspace)
            {
                secret.AppendChar(key.KeyChar);
                Console.Write('*');
            }
            else if (secret.Length > 0)
            {
                secret.RemoveAt(secret.Length - 1);
                Console.Write("\b \b");
            }
        }

        Console.WriteLine();
        return secret;
    }

    public override void Write(string value) => Console.Out.Write(GetOutputString(value, OutputTakesEscapes));

    public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value)
        => Colored(foregroundColor, backgroundColor, () => Write(value));

    public override void WriteLine() => Console.Out.WriteLine();

    public override void WriteLine(string value) => Console.Out.WriteLine(GetOutputString(value, OutputTakesEscapes));

    public override void WriteLine(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value)
    {
        // The colour ends before the line does: a background would fill the next line where the terminal scrolls.
        Write(foregroundColor, backgroundColor, value);
        WriteLine();
    }

    public override void WriteErrorLine(string value)
    {
        // The formatter's blank lines around an error are not written.
        if (!string.IsNullOrEmpty(value))
            Console.Error.WriteLine(GetOutputString(value, _terminalUnderstands && !Console.IsErrorRedirected));
    }

    public override void WriteDebugLine(string message) => WriteStyled(FormatStyle.Debug, $"DEBUG: {message}");

    public override void WriteVerboseLine(string message) => WriteStyled(FormatStyle.Verbose, $"VERBOSE: {message}");

    public override void WriteWarningLine(string message) => WriteStyled(FormatStyle.Warning, $"WARNING: {message}");

    public override void WriteProgress(long sourceId, ProgressRecord record)
    {
        // The shell has no progress pane; $ProgressPreference still stops progress from being made at all.
    }

    public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions)
    {
        RequireInteractive();
        if (!string.IsNullOrEmpty(caption))
            WriteLine();
        WriteHeading(caption, message);
        Dictionary<string, PSObject> answers = [];
        foreach (FieldDescription field in descriptions)
        {
            Type type = LanguagePrimitives.TryConvertTo(field.ParameterTypeFullName, out Type named) ? named : typeof(string);
            object? answer = type == typeof(SecureString) ? AskSecret(field.Name)
                : type == typeof(PSCredential) ? PromptForCredential(caption, message, string.Empty, string.Empty)
                : type.IsArray || typeof(IList).IsAssignableFrom(type) ? AskList(field.Name)
                : AskValue(field.Name, type);
            // No answer is to come any more: the engine then reports what is missing.
            if (answer is null)
                return null!;
            answers[field.Name] = PSObject.AsPSObject(answer);
        }

        return answers;
    }

    public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice)
    {
        RequireInteractive();
        WriteHeading(caption, message);
        List<(string Label, string Key)> keys = [];
        foreach (ChoiceDescription choice in choices)
        {
            int mark = choice.Label.IndexOf('&', StringComparison.Ordinal);
            string label = choice.Label.Replace("&", string.Empty, StringComparison.Ordinal);
            keys.Add((label, mark >= 0 && mark < label.Length ? char.ToUpperInvariant(label[mark]).ToString() : label));
        }

        StringBuilder question = new();
        foreach ((string label, string key) in keys)
            question.Append(null, $"[{key}] {label}  ");
        question.Append("[?] Help ");
        if (defaultChoice >= 0)
            question.Append(null, $"(default is \"{keys[defaultChoice].Key}\")");
        question.Append(": ");

        while (true)
        {
            Write(question.ToString());
            string? answer = Console.In.ReadLine();
            if (answer is null)
                throw new PSInvalidOperationException("The choice was not made: the end of the input was reached.");
            if (answer.Length == 0 && defaultChoice >= 0)
                return defaultChoice;

            int chosen = keys.FindIndex(key => string.Equals(key.Key, answer, StringComparison.OrdinalIgnoreCase)
                || string.Equals(key.Label, answer, StringComparison.OrdinalIgnoreCase));
            if (chosen >= 0)
                return chosen;
            if (answer == "?")
            {
                for (int i = 0; i < choices.Count; i++)
                    WriteLine($"{keys[i].Key} - {choices[i].HelpMessage}");
            }
        }
    }

    public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName)
        => PromptForCredential(caption, message, userName, targetName, PSCredentialTypes.Default, PSCredentialUIOptions.Default);

    public override PSCredential PromptForCredential(
        string caption,
        string message,
        string userName,
        string targetName,
        PSCredentialTypes allowedCredentialTypes,
        PSCredentialUIOptions options)
    {
        RequireInteractive();
        WriteHeading(caption, message);
        string name = string.IsNullOrEmpty(userName) ? (string?)AskValue("User", typeof(string)) ?? throw new PSInvalidOperationException("The end of the input was reached.") : userName;
        return new PSCredential(name, AskSecret($"Password for user {name}"));
    }

    private static void Colored(ConsoleColor foreground, ConsoleColor background, Action write)
    {
        ConsoleColor oldForeground = Console.ForegroundColor;
        ConsoleColor oldBackground = Console.BackgroundColor;
        Console.ForegroundColor = foreground;
        if (background != oldBackground)
            Console.BackgroundColor = background;
        try
        {
            write();
        }
        finally
        {
            if ((int)oldForeground < 0 || (int)oldBackground < 0)
            {
                Console.ResetColor();
            }
            else
            {
                Console.ForegroundColor = oldForeground;
                Console.BackgroundColor = oldBackground;
            }
        }
    }

    private void RequireInteractive()
    {
        if (!_interactive)
        {
            throw new PSInvalidOperationException(
                "PowerShell is in NonInteractive mode. Read and Prompt functionality is not available.");
        }
    }

    private void WriteStyled(FormatStyle style, string text)
        => WriteLine(OutputTakesEscapes ? $"{GetFormatStyleString(style)}{text}\u001b[0m" : text);

    private void WriteHeading(string caption, string message)
    {
        if (!string.IsNullOrEmpty(caption))
            WriteLine(caption);
        if (!string.IsNullOrEmpty(message))
            WriteLine(message);
    }

    private object? AskValue(string name, Type type)
    {
        while (true)
        {
            Write($"{name}: ");
            string? text = Console.In.ReadLine();
            if (text is null)
            {
                WriteLine();
                return null;
            }

            if (LanguagePrimitives.TryConvertTo(text, type, out object value))
                return value;
            WriteErrorLine($"Cannot recognize \"{text}\" as a {type.FullName}.");
        }
    }

    private SecureString AskSecret(string name)
    {
        Write($"{name}: ");
        return ReadLineAsSecureString();
    }

    private string[] AskList(string name)
    {
        List<string> items = [];
        while (true)
        {
            Write($"{name}[{items.Count}]: ");
            string? text = Console.In.ReadLine();
            if (string.IsNullOrEmpty(text))
                return [.. items];
            items.Add(text);
        }
    }
}
