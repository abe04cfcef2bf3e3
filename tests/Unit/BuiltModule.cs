using System;
using System.IO;
using Isolation.Agent;

namespace Isolation.Tests;

/// <summary>The module as it was built, for tests that start the runtime.</summary>
internal static class BuiltModule
{
    static BuiltModule() => RuntimeFile.Folder = Folder;

    /// <summary>The checkout's folder.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Where the build puts the module together.</summary>
    public static string Folder => Path.Combine(Root, "out", "module", "Isolation");

    /// <summary>The runtime's executable.</summary>
    public static string Runtime => RuntimeFile.Path;

    /// <summary>The number of rounds of a loop: small for every run, the full one with <c>ISOLATION_SOAK=1</c>.</summary>
    public static int Rounds(int quick, int full) => Environment.GetEnvironmentVariable("ISOLATION_SOAK") == "1" ? full : quick;

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Isolation.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException("The tests run from a checkout.");
    }
}
