using System;
using System.IO;
using System.Management.Automation;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using Isolation.Agent;

namespace Isolation;

/// <summary>
/// Finds the C library's binding on import. PowerShell loads a module with <c>Assembly.LoadFrom</c>, which looks beside the module only, while
/// Tmds.LibC ships one assembly an architecture under <c>runtimes/</c>.
/// </summary>
public sealed class ModuleInitializer : IModuleAssemblyInitializer, IModuleAssemblyCleanup
{
    /// <summary>Called by PowerShell when the module is imported.</summary>
    public void OnImport()
    {
        AssemblyLoadContext.Default.Resolving += Resolve;
        RuntimeFile.Folder = Folder;
    }

    /// <summary>Called by PowerShell when the module is removed.</summary>
    /// <param name="psModuleInfo">The module.</param>
    public void OnRemove(PSModuleInfo psModuleInfo)
    {
        AgentClient.Stop();
        AssemblyLoadContext.Default.Resolving -= Resolve;
    }

    private static string Folder => Path.GetDirectoryName(typeof(ModuleInitializer).Assembly.Location)!;

    private static Assembly? Resolve(AssemblyLoadContext context, AssemblyName name)
    {
        if (name.Name != "Tmds.LibC")
        {
            return null;
        }

        string architecture = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
        return context.LoadFromAssemblyPath(Path.Combine(Folder, "runtimes", $"linux-{architecture}", "lib", "netstandard2.0", "Tmds.LibC.dll"));
    }
}
