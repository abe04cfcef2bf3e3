using System;
using System.Collections;
using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Internal;
using System.Management.Automation.Runspaces;
using System.Reflection;

namespace Isolation.Shell;

/// <summary>The few non-public members of the engine that a host cannot do without, in one place.</summary>
internal static class EngineInternals
{
    private const BindingFlags Instance = BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public;
    private static readonly Assembly s_engine = typeof(PSObject).Assembly;

    internal static Type Type(string fullName) => s_engine.GetType(fullName, throwOnError: true)!;

    internal static object Create(string fullName, params object?[] arguments)
        => Activator.CreateInstance(Type(fullName), Instance, binder: null, arguments, culture: null)!;

    internal static object? Get(object target, string member)
    {
        for (Type? type = target.GetType(); type is not null; type = type.BaseType)
        {
            if (type.GetProperty(member, Instance | BindingFlags.DeclaredOnly) is PropertyInfo property)
                return property.GetValue(target);
            if (type.GetField(member, Instance | BindingFlags.DeclaredOnly) is FieldInfo field)
                return field.GetValue(target);
        }

        throw new MissingMemberException(target.GetType().FullName, member);
    }

    internal static void Set(object target, string member, object? value)
    {
        for (Type? type = target.GetType(); type is not null; type = type.BaseType)
        {
            if (type.GetProperty(member, Instance | BindingFlags.DeclaredOnly) is PropertyInfo { CanWrite: true } property)
            {
                property.SetValue(target, value);
                return;
            }

            if (type.GetField(member, Instance | BindingFlags.DeclaredOnly) is FieldInfo field)
            {
                field.SetValue(target, value);
                return;
            }
        }

        throw new MissingMemberException(target.GetType().FullName, member);
    }

    internal static object? Call(object target, string method, params object?[] arguments)
    {
        for (Type? type = target.GetType(); type is not null; type = type.BaseType)
        {
            foreach (MethodInfo candidate in type.GetMethods(Instance | BindingFlags.DeclaredOnly))
            {
                if (candidate.Name == method && Fits(candidate.GetParameters(), arguments))
                    return Unwrap(candidate, target, arguments);
            }
        }

        throw new MissingMethodException(target.GetType().FullName, method);
    }

    /// <summary>$_ stays the caller's.</summary>
    internal static object NothingUnder => AutomationNull.Value;

    /// <summary>Runs a script block in the caller's scope; what it writes goes on from the cmdlet, or nowhere.</summary>
    internal static void InvokeScript(PSCmdlet cmdlet, ScriptBlock script, object? dollarUnder, bool discardOutput)
    {
        object toErrorPipe = Enum.Parse(Type("System.Management.Automation.ScriptBlock+ErrorHandlingBehavior"), "WriteToCurrentErrorPipe");
        if (discardOutput)
        {
            object nowhere = Create("System.Management.Automation.Internal.Pipe");
            Set(nowhere, "NullPipe", true);
            CallNamed(script, "InvokeWithPipe", ("useLocalScope", false), ("errorHandlingBehavior", toErrorPipe), ("dollarUnder", dollarUnder),
                ("input", Array.Empty<object>()), ("scriptThis", AutomationNull.Value), ("outputPipe", nowhere), ("invocationInfo", null),
                ("args", Array.Empty<object>()));
        }
        else
        {
            CallNamed(script, "InvokeUsingCmdlet", ("contextCmdlet", cmdlet), ("useLocalScope", false), ("errorHandlingBehavior", toErrorPipe),
                ("dollarUnder", dollarUnder), ("input", Array.Empty<object>()), ("scriptThis", AutomationNull.Value), ("args", Array.Empty<object>()));
        }
    }

    /// <summary>Calls the method that has all the named parameters; the others keep their defaults.</summary>
    internal static object? CallNamed(object target, string method, params (string Name, object? Value)[] named)
    {
        foreach (MethodInfo candidate in target.GetType().GetMethods(Instance))
        {
            ParameterInfo[] parameters = candidate.GetParameters();
            if (candidate.Name != method || !Array.TrueForAll(named, pair => Array.Exists(parameters, parameter => parameter.Name == pair.Name)))
                continue;

            object?[] arguments = Array.ConvertAll(parameters, parameter =>
            {
                int at = Array.FindIndex(named, pair => pair.Name == parameter.Name);
                return at >= 0 ? named[at].Value : parameter.HasDefaultValue ? parameter.DefaultValue : null;
            });
            return Unwrap(candidate, target, arguments);
        }

        throw new MissingMethodException(target.GetType().FullName, method);
    }

    /// <summary>"exit" in the script file of -File ends the process, as it does in pwsh, instead of setting $LASTEXITCODE.</summary>
    internal static void LetExitEndTheHost(Runspace runspace)
        => Set(Get(runspace, "ExecutionContext")!, "ScriptCommandProcessorShouldRethrowExit", true);

    /// <summary>Out-Default writes an object that is so marked to standard error.</summary>
    internal static void MarkAsError(PSObject error)
        => Set(error, "WriteStream", Enum.Parse(Type("System.Management.Automation.WriteStreamType"), "Error"));

    /// <summary>Makes an error the caller's: its name and line are shown, not those of the cmdlet that writes the error.</summary>
    internal static void SetCallerInvocation(ErrorRecord error, PSCmdlet cmdlet)
    {
        if (cmdlet.GetVariableValue("MyInvocation") is not InvocationInfo caller)
            return;

        Call(error, "SetInvocationInfo", caller);
        Set(error, "PreserveInvocationInfoOnce", true);
    }

    /// <summary>A new object by the constructor that fits the arguments as the language would convert them.</summary>
    internal static object Construct(Type type, ConstructorInfo[] constructors, object?[] arguments)
        => CallStatic(Type("System.Management.Automation.DotNetAdapter"), "ConstructorInvokeDotNet", type, constructors, arguments)!;

    /// <summary>The static members of a type, as Get-Member -Static shows them.</summary>
    internal static IEnumerable<PSMemberInfo> StaticMembers(Type type)
    {
        object adapter = typeof(PSObject).GetField("DotNetStaticAdapter", BindingFlags.Static | BindingFlags.NonPublic)?.GetValue(null)
            ?? typeof(PSObject).GetProperty("DotNetStaticAdapter", BindingFlags.Static | BindingFlags.NonPublic)?.GetValue(null)
            ?? throw new MissingMemberException("PSObject.DotNetStaticAdapter");
        MethodInfo members = Type("System.Management.Automation.Adapter").GetMethod("BaseGetMembers", Instance)!.MakeGenericMethod(typeof(PSMemberInfo));
        return (IEnumerable<PSMemberInfo>)Unwrap(members, adapter, [type])!;
    }

    private static object? CallStatic(Type type, string method, params object?[] arguments)
    {
        foreach (MethodInfo candidate in type.GetMethods(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public))
        {
            if (candidate.Name == method && Fits(candidate.GetParameters(), arguments))
                return Unwrap(candidate, null, arguments);
        }

        throw new MissingMethodException(type.FullName, method);
    }

    /// <summary>The exception that ends what feeds this cmdlet and nothing else.</summary>
    internal static Exception StopUpstream(Cmdlet cmdlet)
        => (Exception)Create("System.Management.Automation.StopUpstreamCommandsException", cmdlet);

    /// <summary>A validation error after which the binder tries the other parameter sets.</summary>
    internal static Exception RejectBinding(string message)
        => (Exception)Create("System.Management.Automation.ValidationMetadataException", message, true);

    /// <summary>A module by name alone, for cmdlets to belong to.</summary>
    internal static PSModuleInfo CreateModule(string name)
    {
        ConstructorInfo constructor = Array.Find(typeof(PSModuleInfo).GetConstructors(Instance), candidate => candidate.GetParameters().Length == 4)
            ?? throw new MissingMethodException(nameof(PSModuleInfo), ".ctor");
        return (PSModuleInfo)constructor.Invoke([name, string.Empty, null, null]);
    }

    internal static void SetModule(SessionStateCmdletEntry entry, PSModuleInfo module) => Call(entry, "SetModule", module);

    /// <summary>
    /// New runspaces ([powershell]::Create() and the like) would load PowerShell's other assemblies, which are not here: only the engine's
    /// own part stays, and the other cmdlets come by their modules.
    /// </summary>
    internal static void ForgetMissingSnapIns()
    {
        PropertyInfo property = Type("System.Management.Automation.PSSnapInReader").GetProperty("DefaultMshSnapins", BindingFlags.Static | BindingFlags.NonPublic)
            ?? throw new MissingMemberException("PSSnapInReader.DefaultMshSnapins");
        IList known = (IList)property.GetValue(null)!;
        for (int i = known.Count - 1; i >= 0; i--)
        {
            if ((string)Get(known[i]!, "AssemblyName")! != "System.Management.Automation")
                known.RemoveAt(i);
        }
    }

    internal static PSVariable? GetVariableAtScope(SessionState state, string name, string scope)
        => (PSVariable?)Call(Get(state, "Internal")!, "GetVariableAtScope", name, scope);

    internal static IEnumerable<PSVariable> GetVariables(SessionState state, string? scope)
    {
        object engine = Get(state, "Internal")!;
        object table = scope is null ? Call(engine, "GetVariableTable")! : Call(engine, "GetVariableTableAtScope", scope)!;
        return ((IDictionary<string, PSVariable>)table).Values;
    }

    /// <summary>Stores a variable in a scope, the local one when none is named.</summary>
    internal static void SetVariableAtScope(SessionState state, PSVariable variable, string? scope, bool force)
        => Call(Get(state, "Internal")!, "SetVariableAtScope", variable, scope ?? "local", force, CommandOrigin.Internal);

    internal static void NewVariableAtScope(SessionState state, PSVariable variable, string scope, bool force)
        => Call(Get(state, "Internal")!, "NewVariableAtScope", variable, scope, force);

    internal static void RemoveVariableAtScope(SessionState state, PSVariable variable, string scope, bool force)
        => Call(Get(state, "Internal")!, "RemoveVariableAtScope", variable, scope, force);

    internal static void ForceOptions(PSVariable variable, ScopedItemOptions options) => Call(variable, "SetOptions", options, true);

    internal static IEnumerable<AliasInfo> GetAliases(SessionState state, string? scope)
    {
        object engine = Get(state, "Internal")!;
        object table = scope is null ? Call(engine, "GetAliasTable")! : Call(engine, "GetAliasTableAtScope", scope)!;
        return ((IDictionary<string, AliasInfo>)table).Values;
    }

    internal static AliasInfo SetAlias(SessionState state, string name, string value, string description, ScopedItemOptions options, string? scope, bool force)
    {
        object engine = Get(state, "Internal")!;
        object context = Get(engine, "ExecutionContext")!;
        AliasInfo alias = (AliasInfo)Create("System.Management.Automation.AliasInfo", name, value, context, options);
        alias.Description = description;
        object origin = CommandOrigin.Internal;
        return (AliasInfo)(scope is null ? Call(engine, "SetAliasItem", alias, force, origin) : Call(engine, "SetAliasItemAtScope", alias, scope, force, origin))!;
    }

    internal static void RemoveAlias(SessionState state, string name, bool force) => Call(Get(state, "Internal")!, "RemoveAlias", name, force);

    internal static IEnumerable<VerbInfo> GetVerbs(string[]? verbs, string[]? groups)
        => (IEnumerable<VerbInfo>)CallStatic(Type("System.Management.Automation.Verbs"), "FilterByVerbsAndGroups", verbs, groups)!;

    /// <summary>The session's table of types, to which types can be added while it runs.</summary>
    internal static TypeTable GetTypeTable(PSCmdlet cmdlet) => (TypeTable)Get(Get(cmdlet, "Context")!, "TypeTable")!;

    /// <summary>Loads type files or format files (*.ps1xml) into the running session.</summary>
    internal static void UpdateState(PSCmdlet cmdlet, IEnumerable<string> prepended, IEnumerable<string> appended, bool formats)
    {
        object context = Get(cmdlet, "Context")!;
        InitialSessionState state = (InitialSessionState)Get(context, "InitialSessionState")!;
        if (formats)
        {
            List<SessionStateFormatEntry> known = [.. state.Formats];
            state.Formats.Clear();
            foreach (string file in prepended)
                state.Formats.Add(new SessionStateFormatEntry(file));
            state.Formats.Add(known);
            foreach (string file in appended)
                state.Formats.Add(new SessionStateFormatEntry(file));
            Call(state, "UpdateFormats", context, false);
        }
        else
        {
            List<SessionStateTypeEntry> known = [.. state.Types];
            state.Types.Clear();
            foreach (string file in prepended)
                state.Types.Add(new SessionStateTypeEntry(file));
            state.Types.Add(known);
            foreach (string file in appended)
                state.Types.Add(new SessionStateTypeEntry(file));
            Call(state, "UpdateTypes", context, false);
        }
    }

    /// <summary>CLIXML with each object at the top, as Export-Clixml writes it.</summary>
    internal static string Serialize(IList<object> items, int depth) => (string)CallStatic(typeof(PSSerializer), "Serialize", items, depth, true)!;

    private static bool Fits(ParameterInfo[] parameters, object?[] arguments)
    {
        if (parameters.Length != arguments.Length)
            return false;
        for (int i = 0; i < arguments.Length; i++)
        {
            if (arguments[i] is null ? parameters[i].ParameterType.IsValueType && Nullable.GetUnderlyingType(parameters[i].ParameterType) is null : !parameters[i].ParameterType.IsInstanceOfType(arguments[i]))
                return false;
        }

        return true;
    }

    private static object? Unwrap(MethodInfo method, object? target, object?[] arguments)
    {
        try
        {
            return method.Invoke(target, arguments);
        }
        catch (TargetInvocationException e) when (e.InnerException is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Capture(e.InnerException).Throw();
            throw;
        }
    }
}
