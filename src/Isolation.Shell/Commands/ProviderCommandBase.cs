using System;
using System.Collections.ObjectModel;
using System.Management.Automation;
using Isolation.Shell;

namespace Microsoft.PowerShell.Commands;

/// <summary>What the item, content and location cmdlets share: a provider context made from the cmdlet's parameters.</summary>
public abstract class ProviderCommandBase : PSCmdlet, IDynamicParameters
{
    private object? _dynamicParameters;
    private object? _running;

    /// <summary>The literal paths, if the caller gave such: wildcards in them mean themselves.</summary>
    private protected virtual bool IsLiteral => false;

    private protected virtual string? FilterText => null;

    private protected virtual string[]? IncludePatterns => null;

    private protected virtual string[]? ExcludePatterns => null;

    private protected virtual bool IsForced => false;

    /// <summary>Whether the provider writes the items that it works on.</summary>
    private protected virtual bool IsPassThru => true;

    public object? GetDynamicParameters()
    {
        try
        {
            _dynamicParameters = GetDynamicParameters(NewContext());
        }
        catch (Exception e) when (e is ItemNotFoundException or ProviderNotFoundException or DriveNotFoundException or PSNotSupportedException or ProviderInvocationException)
        {
            // A path that leads nowhere has no provider to ask; the cmdlet itself reports it.
            _dynamicParameters = null;
        }

        return _dynamicParameters;
    }

    private protected virtual object? GetDynamicParameters(object context) => null;

    protected override void StopProcessing()
    {
        if (_running is not null)
            EngineInternals.Call(_running, "StopProcessing");
    }

    /// <summary>The engine's CmdletProviderContext for one call: output, errors and ShouldProcess go through this cmdlet.</summary>
    private protected object NewContext(string[]? include = null, string[]? exclude = null)
    {
        object context = EngineInternals.Create("System.Management.Automation.CmdletProviderContext", this);
        EngineInternals.Call(context, "SetFilters", ToCollection(include ?? IncludePatterns), ToCollection(exclude ?? ExcludePatterns), FilterText);
        EngineInternals.Set(context, "SuppressWildcardExpansion", IsLiteral);
        EngineInternals.Set(context, "Force", new SwitchParameter(IsForced));
        EngineInternals.Set(context, "PassThru", IsPassThru);
        EngineInternals.Set(context, "DynamicParameters", _dynamicParameters);
        _running = context;
        return context;
    }

    /// <summary>Does one path's work; what the provider throws about that path becomes its error, and the next path follows.</summary>
    private protected bool Guard(Action work)
    {
        try
        {
            work();
            return true;
        }
        catch (Exception e) when (e is ItemNotFoundException or ProviderNotFoundException or DriveNotFoundException or PSNotSupportedException
            or PSArgumentException or PSInvalidOperationException or ProviderInvocationException)
        {
            WriteError(new ErrorRecord(((IContainsErrorRecord)e).ErrorRecord, e));
            return false;
        }
    }

    private protected static object? Call(object intrinsics, string method, params object?[] arguments) => EngineInternals.Call(intrinsics, method, arguments);

    /// <summary>The paths that there are; an error for each that leads nowhere.</summary>
    private protected Collection<PathInfo> ResolvePath(string path)
    {
        Collection<PathInfo> found = [];
        Guard(() => found = (Collection<PathInfo>)Call(SessionState.Path, "GetResolvedPSPathFromPSPath", path, NewContext())!);
        return found;
    }

    private static Collection<string> ToCollection(string[]? patterns) => new(patterns ?? []);
}

/// <summary>A cmdlet on items: -Path and -LiteralPath from the pipeline, and the filters.</summary>
public abstract class ItemCommandBase : ProviderCommandBase
{
    [Parameter(Position = 0, ParameterSetName = "Path", Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public string[] Path { get; set; } = [];

    [Parameter(ParameterSetName = "LiteralPath", Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    public string[]? LiteralPath { get; set; }

    [Parameter]
    public string? Filter { get; set; }

    [Parameter]
    public string[]? Include { get; set; }

    [Parameter]
    public string[]? Exclude { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    private protected string[] Paths => LiteralPath ?? Path;

    private protected string FirstPath => Paths is [string first, ..] ? first : ".";

    private protected override bool IsLiteral => LiteralPath is not null;

    private protected override string? FilterText => Filter;

    private protected override string[]? IncludePatterns => Include;

    private protected override string[]? ExcludePatterns => Exclude;

    private protected override bool IsForced => Force;
}
