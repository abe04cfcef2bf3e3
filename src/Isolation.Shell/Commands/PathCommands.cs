using System;
using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.Linq;
using System.Management.Automation;

namespace Microsoft.PowerShell.Commands;

/// <summary>What Test-Path asks of an item beyond being there.</summary>
public enum TestPathType
{
    Any,
    Container,
    Leaf,
}

[Cmdlet(VerbsDiagnostic.Test, "Path", DefaultParameterSetName = "Path")]
[OutputType(typeof(bool))]
public sealed class TestPathCommand : ProviderCommandBase
{
    [Parameter(Position = 0, ParameterSetName = "Path", Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [AllowNull]
    [AllowEmptyCollection]
    [AllowEmptyString]
    public string?[]? Path { get; set; }

    [Parameter(ParameterSetName = "LiteralPath", Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    [AllowNull]
    [AllowEmptyCollection]
    [AllowEmptyString]
    public string?[]? LiteralPath { get; set; }

    [Parameter]
    public string? Filter { get; set; }

    [Parameter]
    public string[]? Include { get; set; }

    [Parameter]
    public string[]? Exclude { get; set; }

    [Parameter]
    [Alias("Type")]
    public TestPathType PathType { get; set; } = TestPathType.Any;

    [Parameter]
    public SwitchParameter IsValid { get; set; }

    private protected override bool IsLiteral => ParameterSetName == "LiteralPath";

    private protected override string? FilterText => Filter;

    private protected override string[]? IncludePatterns => Include;

    private protected override string[]? ExcludePatterns => Exclude;

    private protected override object? GetDynamicParameters(object context)
        => PathType == TestPathType.Any && !IsValid
            ? Call(InvokeProvider.Item, "ItemExistsDynamicParameters", Path is [{ Length: > 0 } first, ..] ? first : ".", context)
            : null;

    protected override void ProcessRecord()
    {
        string?[]? paths = IsLiteral ? LiteralPath : Path;
        if (paths is not { Length: > 0 })
        {
            WriteNullPath();
            return;
        }

        foreach (string? path in paths)
        {
            if (path is null)
                WriteNullPath();
            else
                WriteObject(!string.IsNullOrWhiteSpace(path) && Test(path));
        }
    }

    private bool Test(string path)
    {
        try
        {
            object context = NewContext();
            if (IsValid)
                return SessionState.Path.IsValid(path);
            if (!(bool)Call(InvokeProvider.Item, "Exists", path, context)!)
                return false;

            return PathType == TestPathType.Any
                || (bool)Call(InvokeProvider.Item, "IsContainer", path, NewContext())! == (PathType == TestPathType.Container);
        }
        catch (Exception e) when (e is ItemNotFoundException or ProviderNotFoundException or DriveNotFoundException)
        {
            return false;
        }
    }

    private void WriteNullPath()
    {
        PSArgumentNullException exception = new(nameof(Path), "The provided Path argument was null or an empty collection.");
        WriteError(new ErrorRecord(exception, "NullPathNotPermitted", ErrorCategory.InvalidArgument, null));
    }
}

[Cmdlet(VerbsDiagnostic.Resolve, "Path", DefaultParameterSetName = "Path")]
public sealed class ResolvePathCommand : ProviderCommandBase
{
    [Parameter(Position = 0, ParameterSetName = "Path", Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public string[] Path { get; set; } = [];

    [Parameter(ParameterSetName = "LiteralPath", Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    public string[]? LiteralPath { get; set; }

    [Parameter(ParameterSetName = "Path")]
    [Parameter(ParameterSetName = "LiteralPath")]
    public SwitchParameter Relative { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    private protected override bool IsLiteral => LiteralPath is not null;

    private protected override bool IsForced => Force;

    protected override void ProcessRecord()
    {
        foreach (PathInfo found in (LiteralPath ?? Path).SelectMany(ResolvePath))
        {
            if (!Relative)
            {
                WriteObject(found);
                continue;
            }

            string relative = SessionState.Path.NormalizeRelativePath(found.Path, SessionState.Path.CurrentLocation.ProviderPath);
            WriteObject(relative.StartsWith('.') ? relative : SessionState.Path.Combine(".", relative));
        }
    }
}

[Cmdlet(VerbsData.Convert, "Path", DefaultParameterSetName = "Path")]
[OutputType(typeof(string))]
public sealed class ConvertPathCommand : ProviderCommandBase
{
    [Parameter(Position = 0, ParameterSetName = "Path", Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public string[] Path { get; set; } = [];

    [Parameter(ParameterSetName = "LiteralPath", Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    public string[]? LiteralPath { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    private protected override bool IsLiteral => LiteralPath is not null;

    private protected override bool IsForced => Force;

    protected override void ProcessRecord()
    {
        foreach (PathInfo found in (LiteralPath ?? Path).SelectMany(ResolvePath))
            WriteObject(found.ProviderPath);
    }
}

[Cmdlet(VerbsCommon.Join, "Path")]
[OutputType(typeof(string))]
public sealed class JoinPathCommand : ProviderCommandBase
{
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath")]
    public string[] Path { get; set; } = [];

    [Parameter(Position = 1, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [AllowNull]
    [AllowEmptyString]
    [AllowEmptyCollection]
    public string[]? ChildPath { get; set; }

    [Parameter(Position = 2, ValueFromPipelineByPropertyName = true, ValueFromRemainingArguments = true)]
    [AllowNull]
    [AllowEmptyString]
    [AllowEmptyCollection]
    public string[]? AdditionalChildPath { get; set; }

    [Parameter]
    public SwitchParameter Resolve { get; set; }

    protected override void ProcessRecord()
    {
        string child = string.Empty;
        foreach (string part in (ChildPath ?? []).Concat(AdditionalChildPath ?? []))
            child = SessionState.Path.Combine(child, part);

        foreach (string path in Path)
        {
            string? joined = null;
            Guard(() => joined = (string)Call(SessionState.Path, "Combine", path, child, NewContext())!);
            if (joined is null)
                continue;

            if (!Resolve)
            {
                WriteObject(joined);
                continue;
            }

            foreach (PathInfo found in ResolvePath(joined))
                WriteObject(found.Path);
        }
    }
}

[Cmdlet(VerbsCommon.Split, "Path", DefaultParameterSetName = "ParentSet")]
[OutputType(typeof(string), typeof(bool))]
public sealed class SplitPathCommand : ProviderCommandBase
{
    [Parameter(Position = 0, ParameterSetName = "ParentSet", Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Parameter(Position = 0, ParameterSetName = "LeafSet", Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Parameter(Position = 0, ParameterSetName = "LeafBaseSet", Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Parameter(Position = 0, ParameterSetName = "ExtensionSet", Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Parameter(Position = 0, ParameterSetName = "QualifierSet", Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Parameter(Position = 0, ParameterSetName = "NoQualifierSet", Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Parameter(Position = 0, ParameterSetName = "IsAbsoluteSet", Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public string[] Path { get; set; } = [];

    [Parameter(ParameterSetName = "LiteralPathSet", Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    public string[]? LiteralPath { get; set; }

    [Parameter(ParameterSetName = "QualifierSet", Mandatory = true, ValueFromPipelineByPropertyName = true)]
    public SwitchParameter Qualifier { get; set; }

    [Parameter(ParameterSetName = "NoQualifierSet", Mandatory = true, ValueFromPipelineByPropertyName = true)]
    public SwitchParameter NoQualifier { get; set; }

    [Parameter(ParameterSetName = "ParentSet", ValueFromPipelineByPropertyName = true)]
    public SwitchParameter Parent { get; set; } = true;

    [Parameter(ParameterSetName = "LeafSet", Mandatory = true, ValueFromPipelineByPropertyName = true)]
    public SwitchParameter Leaf { get; set; }

    [Parameter(ParameterSetName = "LeafBaseSet", Mandatory = true, ValueFromPipelineByPropertyName = true)]
    public SwitchParameter LeafBase { get; set; }

    [Parameter(ParameterSetName = "ExtensionSet", Mandatory = true, ValueFromPipelineByPropertyName = true)]
    public SwitchParameter Extension { get; set; }

    [Parameter]
    public SwitchParameter Resolve { get; set; }

    [Parameter(ParameterSetName = "IsAbsoluteSet", Mandatory = true)]
    public SwitchParameter IsAbsolute { get; set; }

    private protected override bool IsLiteral => LiteralPath is not null;

    protected override void ProcessRecord()
    {
        IEnumerable<string> paths = LiteralPath ?? Path;
        if (Resolve)
            paths = [.. paths.SelectMany(ResolvePath).Select(found => found.Path)];

        foreach (string path in paths)
            Guard(() => Split(path));
    }

    private void Split(string path)
    {
        switch (ParameterSetName)
        {
            case "LeafSet":
                WriteObject(ChildName(path));
                break;
            case "LeafBaseSet":
                string name = ChildName(path);
                int dot = name.LastIndexOf('.');
                WriteObject(dot < 0 ? name : name[..dot]);
                break;
            case "ExtensionSet":
                string leaf = ChildName(path);
                WriteObject(leaf.LastIndexOf('.') is int at and >= 0 ? leaf[at..] : string.Empty);
                break;
            case "QualifierSet":
                if (QualifierLength(path) is int length and > 0)
                    WriteObject(path[..length]);
                else
                    WriteError(new ErrorRecord(new FormatException($"Cannot parse path because path '{path}' does not have a qualifier specified."), "ParsePathFormatError", ErrorCategory.InvalidArgument, path));
                break;
            case "NoQualifierSet":
                WriteObject(path[QualifierLength(path)..]);
                break;
            case "IsAbsoluteSet":
                WriteObject(SessionState.Path.IsPSAbsolute(path, out _));
                break;
            default:
                WriteObject((string)Call(SessionState.Path, "ParseParent", path, string.Empty, NewContext(), true)!);
                break;
        }
    }

    private string ChildName(string path) => (string)Call(SessionState.Path, "ParseChildName", path, NewContext(), true)!;

    private static int QualifierLength(string path)
    {
        int colon = path.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0)
            return 0;
        return colon + 1 < path.Length && path[colon + 1] == ':' ? colon + 2 : colon + 1;
    }
}
