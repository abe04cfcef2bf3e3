using System;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.Loader;
using Xunit;

namespace Isolation.Tests.Module;

/// <summary>
/// PowerShell lists the types of a module's assembly before it lets the module say where the core lies. So no type of it may need the core to be
/// loaded: no base class, no interface and no field of a value type, which a variable caught by a lambda or kept by an iterator is too.
/// </summary>
public sealed class TypeLoadTests
{
    [Fact]
    public void Every_type_of_the_module_is_listed_without_the_core()
    {
        WithoutCore context = new();
        Assembly module = context.LoadFromAssemblyPath(Path.Combine(BuiltModule.Folder, "IsolationModule.dll"));
        try
        {
            Assert.NotEmpty(module.GetTypes());
        }
        catch (ReflectionTypeLoadException exception)
        {
            string[] all = [.. typeof(ModuleInitializer).Assembly.GetTypes().Select(static type => type.FullName!)];
            Assert.Fail($"Needs the core: {string.Join(", ", all.Except(exception.Types.Where(static type => type is not null).Select(static type => type!.FullName)))}");
        }
        finally
        {
            context.Unload();
        }
    }

    private sealed class WithoutCore() : AssemblyLoadContext("without the core", isCollectible: true)
    {
        protected override Assembly? Load(AssemblyName assemblyName) =>
            assemblyName.Name == "Isolation.Core" ? throw new FileNotFoundException("The core is elsewhere.", assemblyName.Name) : null;
    }
}
