using System;
using System.IO;
using System.Management.Automation;
using System.Reflection;
using System.Text;

namespace Isolation.Shell;

/// <summary>The entry point: chooses between help, the remoting server and a session.</summary>
internal static class Program
{
    private const string Usage = """
        Usage: isolation-shell [[-File] <filePath> [args]]
                               [-Command { - | <string> }] [-CommandWithArgs <string> [args]]
                               [-EncodedCommand <Base64EncodedCommand>]
                               [-Interactive] [-NoExit] [-NoLogo] [-NonInteractive] [-NoProfile]
                               [-ServerMode] [-SSHServerMode] [-ConfigurationFile <filePath>]
                               [-WorkingDirectory <directoryPath>] [-Version]

               isolation-shell -h | -Help | -?

        A small PowerShell host for machines that have no pwsh. All parameters are case-insensitive
        and mean what they mean to pwsh.
        """;

    internal static string EngineVersion { get; } = ReadVersion(typeof(PSObject).Assembly);

    internal static string ShellVersion { get; } = ReadVersion(typeof(Program).Assembly);

    private static int Main(string[] args)
    {
        int exitCode = Run(args);
        // Runspaces that a script left open have threads that would keep the process.
        Environment.Exit(exitCode);
        return exitCode;
    }

    private static int Run(string[] args)
    {
        CommandLine line = CommandLine.Parse(args);
        if (line.Error is not null)
            Console.Error.WriteLine(line.Error);

        if (line.ShowHelp)
        {
            Console.Out.WriteLine();
            Console.Out.WriteLine(Usage);
        }

        if (line.Error is not null)
            return CommandLine.BadCommandLine;
        if (line.ShowHelp)
            return 0;

        if (line.ShowVersion)
        {
            Console.Out.WriteLine($"IsolationShell {ShellVersion} (PowerShell {EngineVersion})");
            return 0;
        }

        EngineInternals.ForgetMissingSnapIns();
        if (line.ServerMode || line.SshServerMode)
            return RemotingServer.Run(line);

        Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        using Session session = new(line);
        return session.Run();
    }

    private static string ReadVersion(Assembly assembly)
    {
        string version = assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0";
        return version.Split(' ', '+')[0];
    }
}
