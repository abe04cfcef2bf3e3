using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Management.Automation;
using System.Text;

namespace Microsoft.PowerShell.Commands;

/// <summary>What the cmdlets that write CSV share.</summary>
public abstract class CsvWritingCommandBase : PSCmdlet
{
    private List<string>? _names;

    [Parameter(Position = 1, ParameterSetName = "Delimiter")]
    [ValidateNotNull]
    public char Delimiter { get; set; } = ',';

    [Parameter(ParameterSetName = "UseCulture")]
    public SwitchParameter UseCulture { get; set; }

    [Parameter]
    [Alias("ITI")]
    public SwitchParameter IncludeTypeInformation { get; set; }

    [Parameter(DontShow = true)]
    [Alias("NTI")]
    public SwitchParameter NoTypeInformation { get; set; } = true;

    [Parameter]
    [Alias("QF")]
    public string[]? QuoteFields { get; set; }

    [Parameter]
    [Alias("UQ")]
    public QuoteKind UseQuotes { get; set; } = QuoteKind.Always;

    [Parameter]
    public SwitchParameter NoHeader { get; set; }

    /// <summary>When values are put in quotes.</summary>
    public enum QuoteKind
    {
        Never,
        Always,
        AsNeeded,
    }

    private char Separator => UseCulture ? CultureInfo.CurrentCulture.TextInfo.ListSeparator[0] : Delimiter;

    private protected bool SkipHeader { get; set; }

    private protected IEnumerable<string> ToLines(PSObject item)
    {
        if (_names is null)
        {
            _names = item.BaseObject is IDictionary table
                ? [.. table.Keys.Cast<object>().Select(key => key.ToString()!)]
                : [.. item.Properties.Select(property => property.Name)];
            if (IncludeTypeInformation)
                yield return $"#TYPE {item.TypeNames[0]}";
            if (!NoHeader && !SkipHeader)
                yield return string.Join(Separator, _names.Select(name => Quote(name, name)));
        }

        yield return string.Join(Separator, _names.Select(name => Quote(name, ValueOf(item, name))));
    }

    private protected void UseNames(IEnumerable<string> names) => _names = [.. names];

    private static string? ValueOf(PSObject item, string name)
    {
        object? value = item.BaseObject is IDictionary table ? table[name] : item.Properties[name]?.Value;
        return value is null ? null : PSObject.AsPSObject(value).ToString();
    }

    private string Quote(string name, string? value)
    {
        if (value is null)
            return string.Empty;

        bool quoted = QuoteFields is { Length: > 0 }
            ? QuoteFields.Contains(name, StringComparer.OrdinalIgnoreCase)
            : UseQuotes == QuoteKind.Always || (UseQuotes == QuoteKind.AsNeeded && value.AsSpan().ContainsAny(Separator, '"', '\n') | value.Contains('\r', StringComparison.Ordinal));
        return quoted ? $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : value;
    }
}

[Cmdlet(VerbsData.ConvertTo, "Csv", DefaultParameterSetName = "Delimiter")]
[OutputType(typeof(string))]
public sealed class ConvertToCsvCommand : CsvWritingCommandBase
{
    [Parameter(ValueFromPipeline = true, Mandatory = true, ValueFromPipelineByPropertyName = true, Position = 0)]
    public PSObject InputObject { get; set; } = null!;

    protected override void ProcessRecord() => WriteObject(ToLines(InputObject), enumerateCollection: true);
}

[Cmdlet(VerbsData.Export, "Csv", SupportsShouldProcess = true, DefaultParameterSetName = "Delimiter")]
public sealed class ExportCsvCommand : CsvWritingCommandBase, IDisposable
{
    private TextWriter? _writer;

    [Parameter(ValueFromPipeline = true, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    public PSObject InputObject { get; set; } = null!;

    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    [Parameter]
    [ValidateNotNullOrEmpty]
    [Alias("PSPath", "LP")]
    public string? LiteralPath { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    [Parameter]
    [Alias("NoOverwrite")]
    public SwitchParameter NoClobber { get; set; }

    [Parameter]
    [EncodingArgument]
    [ValidateNotNullOrEmpty]
    public Encoding Encoding { get; set; } = EncodingArgumentAttribute.Default;

    [Parameter]
    public SwitchParameter Append { get; set; }

    public void Dispose() => _writer?.Dispose();

    protected override void BeginProcessing()
    {
        string? given = LiteralPath ?? Path;
        if (given is null || (LiteralPath is not null && Path is not null))
        {
            InvalidOperationException exception = new("You must specify either the -Path or -LiteralPath parameters, but not both.");
            ThrowTerminatingError(new ErrorRecord(exception, "CannotSpecifyPathAndLiteralPath", ErrorCategory.InvalidData, null));
        }

        if (!ShouldProcess(given!))
            return;

        string path = GetUnresolvedProviderPathFromPSPath(given);
        if (Append && File.Exists(path) && new FileInfo(path).Length > 0)
        {
            SkipHeader = true;
            using StreamReader reader = new(path, Encoding);
            if (CsvReader.ReadRecord(reader, Delimiter) is List<string?> names)
                UseNames(names.Select(name => name ?? string.Empty));
        }

        _writer = OutputFile.Open(this, given!, LiteralPath is not null, Encoding, Append, Force, NoClobber);
    }

    protected override void ProcessRecord()
    {
        if (_writer is null)
            return;
        foreach (string line in ToLines(InputObject))
            _writer.WriteLine(line);
    }

    protected override void EndProcessing() => Dispose();
}

/// <summary>Reads CSV records into objects.</summary>
internal static class CsvReader
{
    /// <summary>One record, which may span lines in quotes; null at the end.</summary>
    internal static List<string?>? ReadRecord(TextReader reader, char delimiter)
    {
        if (reader.Peek() < 0)
            return null;

        List<string?> fields = [];
        StringBuilder field = new();
        bool quoted = false;
        bool wasQuoted = false;
        while (true)
        {
            int read = reader.Read();
            if (quoted && read >= 0)
            {
                if (read != '"')
                    field.Append((char)read);
                else if (reader.Peek() == '"')
                    field.Append((char)reader.Read());
                else
                    quoted = false;
                continue;
            }

            if (read == '"' && field.ToString().AsSpan().Trim().IsEmpty && !wasQuoted)
            {
                field.Clear();
                quoted = wasQuoted = true;
            }
            else if (read == delimiter || read is < 0 or '\n' or '\r')
            {
                fields.Add(wasQuoted ? field.ToString() : field.ToString().Trim(' '));
                field.Clear();
                wasQuoted = false;
                if (read == delimiter)
                    continue;
                if (read == '\r' && reader.Peek() == '\n')
                    reader.Read();
                return fields;
            }
            else
            {
                field.Append((char)read);
            }
        }
    }

    internal static void Read(PSCmdlet cmdlet, TextReader reader, char delimiter, ref string[]? header, ref string? typeName)
    {
        while (ReadRecord(reader, delimiter) is List<string?> record)
        {
            if (record is [""] or [null])
                continue;

            if (header is null)
            {
                if (record[0]?.StartsWith("#TYPE ", StringComparison.OrdinalIgnoreCase) == true)
                {
                    typeName = "CSV:" + record[0]![6..];
                    continue;
                }

                header = NameColumns(cmdlet, record);
                continue;
            }

            PSObject item = new();
            for (int i = 0; i < header.Length; i++)
                item.Properties.Add(new PSNoteProperty(header[i], i < record.Count ? record[i] : null));
            if (typeName is not null)
                item.TypeNames.Insert(0, typeName);
            cmdlet.WriteObject(item);
        }
    }

    private static string[] NameColumns(PSCmdlet cmdlet, List<string?> record)
    {
        int unnamed = 0;
        string[] names = [.. record.Select(name => string.IsNullOrEmpty(name) ? $"H{++unnamed}" : name)];
        if (unnamed > 0)
            cmdlet.WriteWarning("One or more headers were not specified. Default names starting with \"H\" have been used in place of any missing headers.");

        string? twice = names.GroupBy(name => name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(group => group.Count() > 1)?.Key;
        if (twice is not null)
        {
            ExtendedTypeSystemException exception = new($"The member \"{twice}\" is already present.");
            cmdlet.ThrowTerminatingError(new ErrorRecord(exception, "AlreadyPresentPSMemberInfoInternalCollectionAdd", ErrorCategory.NotSpecified, null));
        }

        return names;
    }
}

[Cmdlet(VerbsData.ConvertFrom, "Csv", DefaultParameterSetName = "Delimiter")]
public sealed class ConvertFromCsvCommand : PSCmdlet
{
    private readonly StringBuilder _text = new();

    [Parameter(Position = 1, ParameterSetName = "Delimiter")]
    public char Delimiter { get; set; } = ',';

    [Parameter(ParameterSetName = "UseCulture", Mandatory = true)]
    public SwitchParameter UseCulture { get; set; }

    [Parameter(ValueFromPipeline = true, Mandatory = true, ValueFromPipelineByPropertyName = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    public PSObject[] InputObject { get; set; } = [];

    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[]? Header { get; set; }

    protected override void ProcessRecord()
    {
        foreach (PSObject item in InputObject)
            _text.AppendLine(item.ToString());
    }

    protected override void EndProcessing()
    {
        using StringReader reader = new(_text.ToString());
        string[]? header = Header;
        string? typeName = null;
        CsvReader.Read(this, reader, UseCulture ? CultureInfo.CurrentCulture.TextInfo.ListSeparator[0] : Delimiter, ref header, ref typeName);
    }
}

[Cmdlet(VerbsData.Import, "Csv", DefaultParameterSetName = "DelimiterPath")]
public sealed class ImportCsvCommand : ProviderCommandBase
{
    [Parameter(Position = 1, ParameterSetName = "DelimiterPath")]
    [Parameter(Position = 1, ParameterSetName = "DelimiterLiteralPath")]
    [ValidateNotNull]
    public char Delimiter { get; set; } = ',';

    [Parameter(Position = 0, ParameterSetName = "DelimiterPath", Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Parameter(Position = 0, ParameterSetName = "CulturePath", Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string[]? Path { get; set; }

    [Parameter(ParameterSetName = "DelimiterLiteralPath", Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = "CultureLiteralPath", Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [Alias("PSPath", "LP")]
    public string[]? LiteralPath { get; set; }

    [Parameter(ParameterSetName = "CulturePath", Mandatory = true)]
    [Parameter(ParameterSetName = "CultureLiteralPath", Mandatory = true)]
    [ValidateNotNull]
    public SwitchParameter UseCulture { get; set; }

    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[]? Header { get; set; }

    [Parameter]
    [EncodingArgument]
    [ValidateNotNullOrEmpty]
    public Encoding Encoding { get; set; } = EncodingArgumentAttribute.Default;

    private protected override bool IsLiteral => LiteralPath is not null;

    protected override void ProcessRecord()
    {
        foreach (PathInfo found in (LiteralPath ?? Path ?? []).SelectMany(ResolvePath))
        {
            using StreamReader reader = new(found.ProviderPath, Encoding);
            string[]? header = Header;
            string? typeName = null;
            CsvReader.Read(this, reader, UseCulture ? CultureInfo.CurrentCulture.TextInfo.ListSeparator[0] : Delimiter, ref header, ref typeName);
        }
    }
}
