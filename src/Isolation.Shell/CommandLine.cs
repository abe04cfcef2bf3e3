using System;
using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.IO;
using System.Management.Automation.Runspaces;
using System.Text;

namespace Isolation.Shell;

/// <summary>What the shell is to do: read from the command line as pwsh reads it.</summary>
internal sealed class CommandLine
{
    /// <summary>pwsh's exit code for a command line that it does not accept.</summary>
    internal const int BadCommandLine = 64;

    private static readonly (string Name, string Shortest)[] s_switches =
    [
        ("version", "v"), ("help", "h"), ("?", "?"), ("noexit", "noe"), ("noprofile", "nop"), ("nologo", "nol"),
        ("noninteractive", "noni"), ("servermode", "s"), ("sshservermode", "sshs"), ("interactive", "i"),
        ("commandwithargs", "commandwithargs"), ("cwa", "cwa"), ("command", "c"), ("file", "f"), ("executionpolicy", "ex"),
        ("ep", "ep"), ("encodedcommand", "e"), ("ec", "e"), ("workingdirectory", "wo"), ("wd", "wd"), ("configurationfile", "configurationfile"),
    ];

    private static readonly string[] s_candidates =
    [
        "Command", "CommandWithArgs", "ConfigurationFile", "EncodedCommand", "ExecutionPolicy", "File", "Help", "Interactive", "NoExit",
        "NoLogo", "NonInteractive", "NoProfile", "SSHServerMode", "Version", "WorkingDirectory",
    ];

    private static readonly CompositeFormat s_noSuchFile = CompositeFormat.Parse(
        "The argument '{0}' is not recognized as the name of a script file. Check the spelling of the name, or if a path was included, "
        + "verify that the path is correct and try again.");

    internal string? Error { get; private set; }

    internal bool ShowHelp { get; private set; }

    internal bool ShowVersion { get; private set; }

    internal bool NoExit { get; private set; }

    internal bool NoProfile { get; private set; }

    internal bool NoLogo { get; private set; }

    internal bool NonInteractive { get; private set; }

    internal bool ServerMode { get; private set; }

    internal bool SshServerMode { get; private set; }

    /// <summary>Commands come from standard input, without a prompt.</summary>
    internal bool ReadStandardInput { get; private set; }

    internal string? Command { get; private set; }

    internal string? File { get; private set; }

    internal string? WorkingDirectory { get; private set; }

    internal string? ConfigurationFile { get; private set; }

    internal Collection<CommandParameter> Arguments { get; } = [];

    internal static CommandLine Parse(string[] args)
    {
        CommandLine line = new();
        for (int i = 0; i < args.Length && line.Error is null; i++)
        {
            if (!line.Take(args, ref i))
                break;
        }

        return line;
    }

    /// <summary>Takes the argument at i and what belongs to it; false when nothing more is to be read.</summary>
    private bool Take(string[] args, ref int i)
    {
        switch (FindSwitch(args[i]))
        {
            case "version":
                ShowVersion = true;
                return false;
            case "help" or "?":
                ShowHelp = true;
                return true;
            case "noexit":
                NoExit = true;
                return true;
            case "noprofile":
                NoProfile = true;
                return true;
            case "nologo":
                NoLogo = true;
                return true;
            case "noninteractive":
                NonInteractive = true;
                return true;
            case "interactive":
                NonInteractive = false;
                return true;
            case "servermode":
                ServerMode = true;
                return true;
            case "sshservermode":
                SshServerMode = true;
                return true;
            case "commandwithargs" or "cwa":
                return TakeCommand(args, ref i, withArguments: true);
            case "command":
                return TakeCommand(args, ref i, withArguments: false);
            case "encodedcommand" or "ec":
                return TakeEncodedCommand(args, ref i);
            case "file":
                i++;
                return TakeFile(args, i);
            case "executionpolicy" or "ep":
                // Execution policies exist on Windows alone; pwsh takes the argument elsewhere too, and does nothing with it.
                i++;
                if (i >= args.Length)
                    return Fail("Cannot process the execution policy because of a missing policy name. A policy name must follow -ExecutionPolicy.", help: true);
                return true;
            case "workingdirectory" or "wd":
                i++;
                if (i >= args.Length)
                    return Fail("Cannot process the command because -WorkingDirectory requires an argument that is a directory path.");
                WorkingDirectory = args[i];
                return true;
            case "configurationfile":
                i++;
                if (i >= args.Length)
                {
                    return Fail("Cannot process the command because -ConfigurationFile requires an argument that is a session configuration "
                        + "(.pssc) file path. Specify this argument and try again.");
                }

                ConfigurationFile = args[i];
                return true;
            default:
                return TakeFile(args, i);
        }
    }

    private static string? FindSwitch(string argument)
    {
        string text = argument.Trim();
        if (text.Length < 2 || (text[0] != '-' && text[0] != '/') || (text[0] == '/' && text.Length > 2))
            return null;

        string key = text[1..];
        if (key[0] == '-')
            key = key[1..];

        foreach ((string name, string shortest) in s_switches)
        {
            if (key.Length >= shortest.Length && name.StartsWith(key, StringComparison.OrdinalIgnoreCase))
                return name;
        }

        return null;
    }

    private bool TakeCommand(string[] args, ref int i, bool withArguments)
    {
        if (Command is not null)
            return Fail("Cannot process command because a command is already specified with -Command, -CommandWithArgs, or -EncodedCommand.", help: true);

        i++;
        if (i >= args.Length)
            return Fail("Cannot process the command because of a missing parameter. A command must follow -Command.", help: true);

        if (withArguments)
        {
            Command = args[i];
            CollectArguments(args, i + 1);
            return false;
        }

        if (args[i] != "-")
        {
            Command = string.Join(' ', args, i, args.Length - i);
            return false;
        }

        if (i + 1 != args.Length)
            return Fail("'-' was specified with the -Command parameter; no other arguments to -Command are permitted.", help: true);
        if (!Console.IsInputRedirected)
            return Fail("'-' was specified as the argument to -Command but standard input has not been redirected for this process.", help: true);

        ReadStandardInput = true;
        return false;
    }

    private bool TakeEncodedCommand(string[] args, ref int i)
    {
        if (Command is not null)
            return Fail("Cannot process command because a command is already specified with -Command, -CommandWithArgs, or -EncodedCommand.", help: true);

        i++;
        if (i >= args.Length)
            return Fail("Cannot process the command because of a missing parameter. A command must follow -Command.", help: true);

        byte[] bytes = new byte[args[i].Length];
        if (!Convert.TryFromBase64String(args[i], bytes, out int length))
            return Fail("Cannot process the command because the value specified with -EncodedCommand is not properly encoded. The value must be Base64 encoded.", help: true);

        Command = Encoding.Unicode.GetString(bytes, 0, length);
        return true;
    }

    private bool TakeFile(string[] args, int i)
    {
        if (i >= args.Length)
            return Fail("The command cannot be run because the File parameter requires a file path. Supply a path for the File parameter and then try the command again.", help: true);

        if (args[i] == "-")
        {
            ReadStandardInput = true;
            return false;
        }

        string path = Path.GetFullPath(args[i]);
        if (!System.IO.File.Exists(path))
            return FailNoFile(args[i]);

        File = path;
        CollectArguments(args, i + 1);
        return false;
    }

    private bool FailNoFile(string argument)
    {
        if (argument.Length > 1 && argument[0] == '-')
        {
            string[] similar = Array.FindAll(s_candidates, name => name.Contains(argument[1..], StringComparison.OrdinalIgnoreCase));
            if (similar.Length > 0)
                return Fail($"Invalid argument '{argument}', did you mean:\n\n  -{string.Join("\n  -", similar)}");
        }

        return Fail(string.Format(null, s_noSuchFile, argument), help: true);
    }

    /// <summary>The script's own arguments: "-Name value", "-Name:value", "-Switch" and values stay apart for the binder.</summary>
    private void CollectArguments(string[] args, int start)
    {
        string? pending = null;
        for (int i = start; i < args.Length; i++)
        {
            string argument = args[i];
            int colon = argument.IndexOf(':', StringComparison.Ordinal);
            if (pending is not null)
            {
                Arguments.Add(new CommandParameter(pending, argument));
                pending = null;
            }
            else if (argument.Length < 2 || argument[0] is not ('-' or '\u2013' or '\u2014' or '\u2015'))
            {
                Arguments.Add(new CommandParameter(null, argument));
            }
            else if (colon < 0)
            {
                Arguments.Add(new CommandParameter(argument));
            }
            else if (colon == argument.Length - 1)
            {
                pending = argument.TrimEnd(':');
            }
            else
            {
                Arguments.Add(new CommandParameter(argument[..colon], ToBooleanIfPossible(argument[(colon + 1)..])));
            }
        }
    }

    private static object ToBooleanIfPossible(string text)
        => bool.TryParse(text.StartsWith('$') ? text[1..] : text, out bool value) ? value : text;

    private bool Fail(string error, bool help = false)
    {
        Error = error;
        ShowHelp = help;
        return false;
    }
}
