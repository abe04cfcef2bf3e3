using System;
using System.Reflection;

namespace Isolation.Shell;

/// <summary>The server end of a PSSession over standard input and output (pwsh -s).</summary>
internal static class RemotingServer
{
    internal static int Run(CommandLine line)
    {
        MethodInfo run = EngineInternals.Type("System.Management.Automation.Remoting.Server.StdIOProcessMediator")
            .GetMethod("Run", BindingFlags.Static | BindingFlags.NonPublic)
            ?? throw new MissingMethodException("StdIOProcessMediator.Run");

        object?[] arguments = Array.ConvertAll(run.GetParameters(), parameter => parameter.Name switch
        {
            "initialCommand" => line.Command ?? string.Empty,
            "workingDirectory" => line.SshServerMode ? null : line.WorkingDirectory,
            "configurationFile" => line.ConfigurationFile,
            "combineErrOutStream" => line.SshServerMode,
            _ => (object?)null,
        });
        run.Invoke(null, arguments);
        return 0;
    }
}
