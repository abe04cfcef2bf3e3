using System;
using System.Collections;
using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.IO;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Provider;
using Isolation.Shell;

namespace Microsoft.PowerShell.Commands;

/// <summary>What the content cmdlets share: the paths, and the error of a provider that cannot read or write.</summary>
public abstract class ContentCommandBase : ProviderCommandBase
{
    [Parameter(Position = 0, ParameterSetName = "Path", Mandatory = true, ValueFromPipelineByPropertyName = true)]
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

    private protected override bool IsPassThru => false;

    private protected T? Try<T>(string path, string errorId, string message, Func<T> work)
        where T : class
    {
        try
        {
            return work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            WriteError(new ErrorRecord(new IOException($"{message} '{path}': {e.Message}", e), errorId, ErrorCategory.NotSpecified, path));
            return null;
        }
    }
}

[Cmdlet(VerbsCommon.Get, "Content", DefaultParameterSetName = "Path")]
public sealed class GetContentCommand : ContentCommandBase
{
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public long ReadCount { get; set; } = 1;

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateRange(0, long.MaxValue)]
    [Alias("First", "Head")]
    public long TotalCount { get; set; } = -1;

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateRange(0, int.MaxValue)]
    [Alias("Last")]
    public int Tail { get; set; } = -1;

    private protected override object? GetDynamicParameters(object context)
        => Call(InvokeProvider.Content, "GetContentReaderDynamicParameters", FirstPath, context);

    protected override void ProcessRecord()
    {
        if (TotalCount != -1 && Tail != -1)
        {
            InvalidOperationException exception = new("The parameters TotalCount and Tail cannot be used together. Please specify only one parameter.");
            WriteError(new ErrorRecord(exception, "TailAndHeadCannotCoexist", ErrorCategory.InvalidOperation, null));
            return;
        }

        if (TotalCount == 0)
            return;

        foreach (string path in Paths)
        {
            foreach (PathInfo found in ResolvePath(path))
                Guard(() => ReadItem(found));
        }
    }

    private void ReadItem(PathInfo found)
    {
        Collection<IContentReader> readers = (Collection<IContentReader>)Call(InvokeProvider.Content, "GetReader", WildcardPattern.Escape(found.Path), NewUnfilteredContext())!;
        foreach (IContentReader reader in readers)
        {
            using (reader)
            {
                if (Tail < 0 || SeekTail(reader))
                    ReadForward(reader, found);
                else
                    ReadTail(reader, found);
                reader.Close();
            }
        }
    }

    private object NewUnfilteredContext()
    {
        object context = NewContext([], []);
        EngineInternals.Set(context, "SuppressWildcardExpansion", false);
        return context;
    }

    private void ReadForward(IContentReader reader, PathInfo found)
    {
        long count = 0;
        while (!Stopping && (TotalCount < 0 || count < TotalCount))
        {
            long wanted = ReadCount;
            if (TotalCount > 0 && (wanted <= 0 || TotalCount - wanted < count))
                wanted = TotalCount - count;

            IList? items = Try(found.Path, "GetContentReaderError", "Cannot read", () => reader.Read(wanted));
            if (items is not { Count: > 0 })
                return;

            count += items.Count;
            Emit(ReadCount == 1 ? items[0]! : items.Cast<object>().ToArray(), count, found);
        }
    }

    private void ReadTail(IContentReader reader, PathInfo found)
    {
        Queue<object> last = new();
        while (!Stopping && reader.Read(1) is { Count: > 0 } items)
        {
            last.Enqueue(items[0]!);
            if (last.Count > Tail)
                last.Dequeue();
        }

        long count = 0;
        foreach (object item in last)
            Emit(item, ++count, found);
    }

    /// <summary>Goes to the last lines without reading the file, where its encoding allows that.</summary>
    private bool SeekTail(IContentReader reader)
    {
        try
        {
            EngineInternals.Call(reader, "SeekItemsBackward", Tail);
            return true;
        }
        catch (MissingMethodException)
        {
            return false;
        }
        catch (NotSupportedException)
        {
            reader.Seek(0, SeekOrigin.Begin);
            return false;
        }
    }

    private void Emit(object content, long count, PathInfo found)
    {
        PSObject item = PSObject.AsPSObject(content);
        Note(item, "PSPath", $"{found.Provider.ModuleName}\\{found.Provider.Name}::{found.ProviderPath}");
        try
        {
            Note(item, "PSParentPath", SessionState.Path.ParseParent(found.Path, null));
            Note(item, "PSChildName", SessionState.Path.ParseChildName(found.Path));
        }
        catch (PSNotSupportedException)
        {
            // Functions, variables and the like have no folders.
        }

        if (found.Drive is not null)
            Note(item, "PSDrive", found.Drive);
        Note(item, "PSProvider", found.Provider);
        Note(item, "ReadCount", count);
        WriteObject(item);
    }

    private static void Note(PSObject item, string name, object value) => item.Properties.Add(new PSNoteProperty(name, value), preValidated: true);
}

/// <summary>What Set-Content and Add-Content share: the writers stay open until all that the pipeline brings is written.</summary>
public abstract class WriteContentCommandBase : ContentCommandBase, IDisposable
{
    private readonly List<(PathInfo? Path, IContentWriter Writer)> _writers = [];
    private string[]? _opened;

    [Parameter(Mandatory = true, Position = 1, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [AllowNull]
    [AllowEmptyCollection]
    public object[]? Value { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    private protected abstract bool Confirm(string path);

    private protected abstract void Prepare(string path, IContentWriter? writer);

    private protected override object? GetDynamicParameters(object context)
        => Call(InvokeProvider.Content, "GetContentWriterDynamicParameters", FirstPath, context);

    protected override void ProcessRecord()
    {
        string[] paths = Paths;
        if (_opened is null || !_opened.SequenceEqual(paths))
            Open(paths);

        foreach ((PathInfo? _, IContentWriter writer) in _writers)
        {
            IList? written = Value is null ? null : Try(FirstPath, "SetContentWriterError", "Cannot write", () => writer.Write(Value));
            if (written is { Count: > 0 } && PassThru)
                WriteObject(written, enumerateCollection: true);
        }
    }

    protected override void EndProcessing() => Dispose(disposing: true);

    protected virtual void Dispose(bool disposing)
    {
        foreach ((PathInfo? _, IContentWriter writer) in _writers)
        {
            writer.Close();
            writer.Dispose();
        }

        _writers.Clear();
    }

    private void Open(string[] paths)
    {
        Dispose(disposing: true);
        _opened = paths;
        foreach (string path in paths)
        {
            foreach (string target in Targets(path))
            {
                if (Confirm(target))
                    Guard(() => OpenOne(target));
            }
        }
    }

    private void OpenOne(string target)
    {
        Prepare(target, writer: null);
        foreach (IContentWriter writer in (Collection<IContentWriter>)Call(InvokeProvider.Content, "GetWriter", target, NewTargetContext())!)
        {
            Prepare(target, writer);
            _writers.Add((null, writer));
        }
    }

    /// <summary>The items that there are; for a plain path that leads to none, the item to be made.</summary>
    private List<string> Targets(string path)
    {
        try
        {
            Collection<PathInfo> found = (Collection<PathInfo>)Call(SessionState.Path, "GetResolvedPSPathFromPSPath", path, NewContext())!;
            if (found.Count > 0 || Include is not null || Exclude is not null || (!IsLiteral && WildcardPattern.ContainsWildcardCharacters(path)))
                return [.. found.Select(item => item.Path)];
        }
        catch (ItemNotFoundException)
        {
            // To be made.
        }
        catch (Exception e) when (e is System.Management.Automation.DriveNotFoundException or ProviderNotFoundException)
        {
            WriteError(new ErrorRecord(((IContainsErrorRecord)e).ErrorRecord, e));
            return [];
        }

        string plain = SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out ProviderInfo provider, out PSDriveInfo drive);
        if (provider.Name == FileSystemProvider.ProviderName)
            return [plain];
        return [drive is null ? path : $"{drive.Name}:{plain}"];
    }

    private protected object NewTargetContext()
    {
        object context = NewContext([], []);
        EngineInternals.Set(context, "SuppressWildcardExpansion", true);
        return context;
    }
}

[Cmdlet(VerbsCommon.Set, "Content", DefaultParameterSetName = "Path", SupportsShouldProcess = true)]
public sealed class SetContentCommand : WriteContentCommandBase
{
    private protected override bool Confirm(string path) => ShouldProcess($"Path: {path}", "Set Content");

    private protected override void Prepare(string path, IContentWriter? writer)
    {
        if (writer is not null)
            return;

        try
        {
            Call(InvokeProvider.Content, "Clear", path, NewTargetContext());
        }
        catch (Exception e) when (e is ItemNotFoundException or PSNotSupportedException)
        {
            // There is nothing to clear.
        }
    }
}

[Cmdlet(VerbsCommon.Add, "Content", DefaultParameterSetName = "Path", SupportsShouldProcess = true)]
public sealed class AddContentCommand : WriteContentCommandBase
{
    private protected override bool Confirm(string path) => ShouldProcess($"Path: {path}", "Add Content");

    private protected override void Prepare(string path, IContentWriter? writer) => writer?.Seek(0, SeekOrigin.End);
}

[Cmdlet(VerbsCommon.Clear, "Content", DefaultParameterSetName = "Path", SupportsShouldProcess = true)]
public sealed class ClearContentCommand : ContentCommandBase
{
    protected override void ProcessRecord()
    {
        foreach (string path in Paths)
            Guard(() => Call(InvokeProvider.Content, "Clear", path, NewContext()));
    }
}
