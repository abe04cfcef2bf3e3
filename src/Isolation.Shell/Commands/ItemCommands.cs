using System;
using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.IO;
using System.Management.Automation;

namespace Microsoft.PowerShell.Commands;

[Cmdlet(VerbsCommon.Get, "Item", DefaultParameterSetName = "Path")]
public sealed class GetItemCommand : ItemCommandBase
{
    private protected override object? GetDynamicParameters(object context)
        => Call(InvokeProvider.Item, "GetItemDynamicParameters", FirstPath, context);

    protected override void ProcessRecord()
    {
        foreach (string path in Paths)
            Guard(() => Call(InvokeProvider.Item, "Get", path, NewContext()));
    }
}

[Cmdlet(VerbsCommon.Get, "ChildItem", DefaultParameterSetName = "Items")]
public sealed class GetChildItemCommand : ProviderCommandBase
{
    private uint? _depth;

    [Parameter(Position = 0, ParameterSetName = "Items", ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public string[]? Path { get; set; }

    [Parameter(ParameterSetName = "LiteralItems", Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    public string[]? LiteralPath { get; set; }

    [Parameter(Position = 1)]
    public string? Filter { get; set; }

    [Parameter]
    public string[]? Include { get; set; }

    [Parameter]
    public string[]? Exclude { get; set; }

    [Parameter]
    [Alias("s", "r")]
    public SwitchParameter Recurse { get; set; }

    [Parameter]
    public uint Depth
    {
        get => _depth ?? uint.MaxValue;
        set
        {
            _depth = value;
            Recurse = true;
        }
    }

    [Parameter]
    public SwitchParameter Force { get; set; }

    [Parameter]
    public SwitchParameter Name { get; set; }

    private protected override bool IsLiteral => LiteralPath is not null;

    private protected override string? FilterText => Filter;

    private protected override string[]? IncludePatterns => Include;

    private protected override string[]? ExcludePatterns => Exclude;

    private protected override bool IsForced => Force;

    private string[] Paths => LiteralPath ?? (Path is { Length: > 0 } ? Path : [string.Empty]);

    private protected override object? GetDynamicParameters(object context)
    {
        string path = Paths[0];
        return Name
            ? Call(InvokeProvider.ChildItem, "GetChildNamesDynamicParameters", path, context)
            : Call(InvokeProvider.ChildItem, "GetChildItemsDynamicParameters", path, (bool)Recurse, context);
    }

    protected override void ProcessRecord()
    {
        ReturnContainers containers = Include is { Length: > 0 } || Exclude is { Length: > 0 }
            ? ReturnContainers.ReturnAllContainers
            : ReturnContainers.ReturnMatchingContainers;
        foreach (string path in Paths)
        {
            Guard(() => _ = Name
                ? Call(InvokeProvider.ChildItem, "GetNames", path, containers, (bool)Recurse, Depth, NewContext())
                : Call(InvokeProvider.ChildItem, "Get", path, (bool)Recurse, Depth, NewContext()));
        }
    }
}

[Cmdlet(VerbsCommon.New, "Item", DefaultParameterSetName = "pathSet", SupportsShouldProcess = true)]
public sealed class NewItemCommand : ProviderCommandBase
{
    [Parameter(Position = 0, ParameterSetName = "pathSet", Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [Parameter(Position = 0, ParameterSetName = "nameSet", ValueFromPipelineByPropertyName = true)]
    public string[]? Path { get; set; }

    [Parameter(ParameterSetName = "nameSet", Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [AllowNull]
    [AllowEmptyString]
    public string? Name { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("Type")]
    public string? ItemType { get; set; }

    [Parameter(ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Target")]
    public object? Value { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    private protected override bool IsForced => Force;

    private protected override object? GetDynamicParameters(object context)
    {
        string path = Path is [string first, ..] ? (string.IsNullOrEmpty(Name) ? WildcardPattern.Escape(first) : first) : ".";
        return Call(InvokeProvider.Item, "NewItemDynamicParameters", path, ItemType, Value, context);
    }

    protected override void ProcessRecord()
    {
        foreach (string path in Path is { Length: > 0 } ? Path : [string.Empty])
            Guard(() => Call(InvokeProvider.Item, "New", path, Name, ItemType, Value, NewContext()));
    }
}

[Cmdlet(VerbsCommon.Set, "Item", DefaultParameterSetName = "Path", SupportsShouldProcess = true)]
public sealed class SetItemCommand : ProviderCommandBase
{
    [Parameter(Position = 0, ParameterSetName = "Path", Mandatory = true, ValueFromPipelineByPropertyName = true)]
    public string[] Path { get; set; } = [];

    [Parameter(ParameterSetName = "LiteralPath", Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    public string[]? LiteralPath { get; set; }

    [Parameter(Position = 1, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public object? Value { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    [Parameter]
    public string? Filter { get; set; }

    [Parameter]
    public string[]? Include { get; set; }

    [Parameter]
    public string[]? Exclude { get; set; }

    private protected override bool IsLiteral => LiteralPath is not null;

    private protected override string? FilterText => Filter;

    private protected override string[]? IncludePatterns => Include;

    private protected override string[]? ExcludePatterns => Exclude;

    private protected override bool IsForced => Force;

    private protected override bool IsPassThru => PassThru;

    protected override void ProcessRecord()
    {
        foreach (string path in LiteralPath ?? Path)
            Guard(() => Call(InvokeProvider.Item, "Set", path, Value, NewContext()));
    }
}

[Cmdlet(VerbsCommon.Clear, "Item", DefaultParameterSetName = "Path", SupportsShouldProcess = true)]
public sealed class ClearItemCommand : ItemCommandBase
{
    protected override void ProcessRecord()
    {
        foreach (string path in Paths)
            Guard(() => Call(InvokeProvider.Item, "Clear", path, NewContext()));
    }
}

[Cmdlet(VerbsCommon.Remove, "Item", DefaultParameterSetName = "Path", SupportsShouldProcess = true)]
public sealed class RemoveItemCommand : ItemCommandBase
{
    private bool _yesToAll;
    private bool _noToAll;

    [Parameter]
    public SwitchParameter Recurse { get; set; }

    private protected override object? GetDynamicParameters(object context)
        => Call(InvokeProvider.Item, "RemoveItemDynamicParameters", FirstPath, (bool)Recurse, context);

    protected override void ProcessRecord()
    {
        foreach (string path in Paths)
        {
            foreach (PathInfo found in ResolvePath(path))
                Guard(() => Remove(found));
        }
    }

    private void Remove(PathInfo found)
    {
        string path = WildcardPattern.Escape(found.Path);
        if ((bool)Call(SessionState.Path, "IsCurrentLocationOrAncestor", found.Path, NewLiteralContext())!)
        {
            PSInvalidOperationException exception = new($"Cannot remove the item at '{found.Path}' because it is in use.");
            WriteError(new ErrorRecord(exception, "InvalidOperation", ErrorCategory.InvalidOperation, null));
            return;
        }

        bool recurse = Recurse;
        if (!recurse && !IsLink(found) && (bool)Call(InvokeProvider.ChildItem, "HasChild", path, NewContext([], []))!)
        {
            string question = $"The item at {found.Path} has children and the Recurse parameter was not specified. If you continue, all children will be removed with the item. Are you sure you want to continue?";
            if (!ShouldContinue(question, null, ref _yesToAll, ref _noToAll))
                return;
            recurse = true;
        }

        Call(InvokeProvider.Item, "Remove", found.Path, recurse, NewLiteralContext());
    }

    private object NewLiteralContext()
    {
        object context = NewContext([], []);
        Isolation.Shell.EngineInternals.Set(context, "SuppressWildcardExpansion", true);
        return context;
    }

    private static bool IsLink(PathInfo found)
        => found.Provider.Name == FileSystemProvider.ProviderName && new DirectoryInfo(found.ProviderPath).LinkTarget is not null;
}

[Cmdlet(VerbsCommon.Move, "Item", DefaultParameterSetName = "Path", SupportsShouldProcess = true)]
public sealed class MoveItemCommand : ItemCommandBase
{
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    public string Destination { get; set; } = ".";

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private protected override bool IsPassThru => PassThru;

    private protected override object? GetDynamicParameters(object context)
        => Call(InvokeProvider.Item, "MoveItemDynamicParameters", FirstPath, Destination, context);

    protected override void ProcessRecord()
    {
        foreach (string path in Paths)
        {
            foreach (PathInfo found in ResolvePath(path))
            {
                Guard(() => Call(InvokeProvider.Item, "Move", WildcardPattern.Escape(found.Path), Destination, NewMoveContext()));
            }
        }
    }

    private object NewMoveContext()
    {
        object context = NewContext([], []);
        Isolation.Shell.EngineInternals.Set(context, "SuppressWildcardExpansion", false);
        return context;
    }
}

[Cmdlet(VerbsCommon.Copy, "Item", DefaultParameterSetName = "Path", SupportsShouldProcess = true)]
public sealed class CopyItemCommand : ItemCommandBase
{
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    public string? Destination { get; set; }

    [Parameter]
    public SwitchParameter Container { get; set; } = true;

    [Parameter]
    public SwitchParameter Recurse { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private protected override bool IsPassThru => PassThru;

    private protected override object? GetDynamicParameters(object context)
        => Call(InvokeProvider.Item, "CopyItemDynamicParameters", FirstPath, Destination, (bool)Recurse, context);

    protected override void ProcessRecord()
    {
        CopyContainers containers = Container ? CopyContainers.CopyTargetContainer : CopyContainers.CopyChildrenOfTargetContainer;
        foreach (string path in Paths)
            Guard(() => Call(InvokeProvider.Item, "Copy", path, Destination, (bool)Recurse, containers, NewContext()));
    }
}

[Cmdlet(VerbsCommon.Rename, "Item", DefaultParameterSetName = "ByPath", SupportsShouldProcess = true)]
public sealed class RenameItemCommand : ProviderCommandBase
{
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "ByPath")]
    public string Path { get; set; } = string.Empty;

    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "ByLiteralPath")]
    [Alias("PSPath", "LP")]
    public string? LiteralPath { get; set; }

    [Parameter(Position = 1, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    public string NewName { get; set; } = string.Empty;

    [Parameter]
    public SwitchParameter Force { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private protected override bool IsLiteral => LiteralPath is not null;

    private protected override bool IsForced => Force;

    private protected override bool IsPassThru => PassThru;

    protected override void ProcessRecord()
    {
        Collection<PathInfo> found = ResolvePath(LiteralPath ?? Path);
        if (found.Count > 1)
        {
            PSArgumentException exception = new("Cannot rename because the path resolved to more than one item.", nameof(Path));
            WriteError(new ErrorRecord(exception, "RenameMultipleItems", ErrorCategory.InvalidArgument, Path));
            return;
        }

        if (found.Count == 1)
            Guard(() => Call(InvokeProvider.Item, "Rename", LiteralPath ?? Path, NewName, NewContext()));
    }
}

[Cmdlet(VerbsCommon.Get, "ItemProperty", DefaultParameterSetName = "Path")]
public sealed class GetItemPropertyCommand : ProviderCommandBase
{
    [Parameter(Position = 0, ParameterSetName = "Path", Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public string[] Path { get; set; } = [];

    [Parameter(ParameterSetName = "LiteralPath", Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    public string[]? LiteralPath { get; set; }

    [Parameter(Position = 1)]
    [Alias("PSProperty")]
    public string[]? Name { get; set; }

    [Parameter]
    public string? Filter { get; set; }

    [Parameter]
    public string[]? Include { get; set; }

    [Parameter]
    public string[]? Exclude { get; set; }

    private protected override bool IsLiteral => LiteralPath is not null;

    private protected override string? FilterText => Filter;

    private protected override string[]? IncludePatterns => Include;

    private protected override string[]? ExcludePatterns => Exclude;

    protected override void ProcessRecord()
    {
        foreach (string path in LiteralPath ?? Path)
            Guard(() => Call(InvokeProvider.Property, "Get", path, new Collection<string>(new List<string>(Name ?? [])), NewContext()));
    }
}
