using System;
using System.IO;
using System.Management.Automation;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace Isolation;

/// <summary>
/// Finds the C library's binding on import. PowerShell loads a module with <c>Assembly.LoadFrom</c>, which looks beside the module only, while
/// Tmds.LibC ships one assembly an architecture under <c>runtimes/</c>.
/// </summary>
public sealed class ModuleInitializer : IModuleAssemblyInitializer, IModuleAssemblyCleanup
{
    /// <summary>Called by PowerShell when the module is imported.</summary>
    public void OnImport() => AssemblyLoadContext.Default.Resolving += Resolve;

    /// <summary>Called by PowerShell when the module is removed.</summary>
    /// <param name="psModuleInfo">The module.</param>
    public void OnRemove(PSModuleInfo psModuleInfo) => AssemblyLoadContext.Default.Resolving -= Resolve;

    private static Assembly? Resolve(AssemblyLoadContext context, AssemblyName name)
    {
        if (name.Name != "Tmds.LibC")
        {
            return null;
        }

        string folder = Path.GetDirectoryName(typeof(ModuleInitializer).Assembly.Location)!;
        string architecture = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
        return context.LoadFromAssemblyPath(Path.Combine(folder, "runtimes", $"linux-{architecture}", "lib", "netstandard2.0", "Tmds.LibC.dll"));
    }
}
