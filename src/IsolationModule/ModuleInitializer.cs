using System;
using System.IO;
using System.Management.Automation;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using Isolation.Agent;
using Isolation.State;

namespace Isolation;

/// <summary>
/// Finds the core on import. PowerShell loads a module with <c>Assembly.LoadFrom</c>, which looks beside the module only; what holds native code lies
/// in <c>bin/linux-ARCH</c>.
/// </summary>
public sealed class ModuleInitializer : IModuleAssemblyInitializer, IModuleAssemblyCleanup
{
    /// <summary>Called by PowerShell when the module is imported.</summary>
    public void OnImport()
    {
        AssemblyLoadContext.Default.Resolving += Resolve;
        Begin();
    }

    /// <summary>Called by PowerShell when the module is removed.</summary>
    /// <param name="psModuleInfo">The module.</param>
    public void OnRemove(PSModuleInfo psModuleInfo)
    {
        AppDomain.CurrentDomain.ProcessExit -= EndSession;
        EndSession(null, EventArgs.Empty);
        AssemblyLoadContext.Default.Resolving -= Resolve;
    }

    // The core is loaded when this is compiled, not when it is called: so it stands by itself.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Begin()
    {
        RuntimeFile.Folder = Folder;
        AppDomain.CurrentDomain.ProcessExit += EndSession;
    }

    // Unnamed sets end with the PowerShell that made them. Where it is killed, the agent ends them and the next call clears up.
    private static void EndSession(object? sender, EventArgs e)
    {
        if (AgentClient.WasStarted)
        {
            try
            {
                NamespaceStore.Current.RemoveOwn();
            }
            catch (IsolationException)
            {
                // The folder of sets cannot be read any more, or is somebody else's: nobody is left to be told, and the next call clears up.
            }
        }

        AgentClient.Stop();
    }

    private static string Folder => Path.GetDirectoryName(typeof(ModuleInitializer).Assembly.Location)!;

    private static Assembly? Resolve(AssemblyLoadContext context, AssemblyName name)
    {
        if (name.Name is not ("Isolation.Core" or "Tmds.LibC"))
        {
            return null;
        }

        string architecture = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
        string path = Path.Combine(Folder, "bin", $"linux-{architecture}", $"{name.Name}.dll");
        return File.Exists(path) ? context.LoadFromAssemblyPath(path) : null;
    }
}
