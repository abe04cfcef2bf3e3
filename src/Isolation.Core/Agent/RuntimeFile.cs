using System.IO;
using System.Runtime.InteropServices;

namespace Isolation.Agent;

/// <summary>Where the runtime's executable lies: <c>bin/linux-ARCH/isolation-runtime</c> in the module's folder.</summary>
internal static class RuntimeFile
{
    /// <summary>The folder that holds <c>bin</c>; the module sets it when it is imported.</summary>
    public static string Folder { get; set; } = System.AppContext.BaseDirectory;

    /// <summary>The executable's path.</summary>
    /// <exception cref="IsolationException">There is none.</exception>
    public static string Path
    {
        get
        {
            string architecture = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
            string path = System.IO.Path.Combine(Folder, "bin", $"linux-{architecture}", "isolation-runtime");
            return File.Exists(path)
                ? path
                : throw new IsolationException(
                    "AgentMissing",
                    ErrorKind.Unavailable,
                    $"{path} is missing: the module's own launcher, without which no namespace can be made or entered. Build or reinstall the module.");
        }
    }
}
