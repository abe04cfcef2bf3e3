using System;
using System.Collections;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Isolation.Shell;

namespace Microsoft.PowerShell.Commands;

/// <summary>What Get-FileHash writes.</summary>
public sealed class FileHashInfo
{
    public string Algorithm { get; set; } = string.Empty;

    public string Hash { get; set; } = string.Empty;

    public string? Path { get; set; }
}

[Cmdlet(VerbsCommon.Get, "FileHash", DefaultParameterSetName = "Path")]
[OutputType(typeof(FileHashInfo))]
public sealed class GetFileHashCommand : ProviderCommandBase
{
    [Parameter(Mandatory = true, ParameterSetName = "Path", Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public string[]? Path { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = "LiteralPath", Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    public string[]? LiteralPath { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = "StreamParameterSet", Position = 0)]
    public Stream? InputStream { get; set; }

    [Parameter(Position = 1)]
    [ValidateSet("SHA1", "SHA256", "SHA384", "SHA512", "MD5")]
    public string Algorithm { get; set; } = "SHA256";

    private protected override bool IsLiteral => LiteralPath is not null;

    protected override void ProcessRecord()
    {
        foreach (PathInfo found in (LiteralPath ?? Path ?? []).SelectMany(ResolvePath))
        {
            if (Directory.Exists(found.ProviderPath))
                continue;

            try
            {
                using FileStream stream = File.OpenRead(found.ProviderPath);
                Write(stream, found.ProviderPath);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                WriteError(new ErrorRecord(new FileNotFoundException($"The file '{found.ProviderPath}' cannot be read: {e.Message}", e), "FileReadError", ErrorCategory.ReadError, found.ProviderPath));
            }
        }
    }

    protected override void EndProcessing()
    {
        if (InputStream is not null)
            Write(InputStream, path: null);
    }

    private void Write(Stream stream, string? path)
    {
        string name = Algorithm.ToUpperInvariant();
        byte[] hash = CryptographicOperations.HashData(new HashAlgorithmName(name), stream);
        WriteObject(new FileHashInfo { Algorithm = name, Hash = Convert.ToHexString(hash), Path = path });
    }
}

[Cmdlet(VerbsCommon.New, "TemporaryFile", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low)]
[OutputType(typeof(FileInfo))]
public sealed class NewTemporaryFileCommand : PSCmdlet
{
    protected override void EndProcessing()
    {
        if (ShouldProcess(Path.GetTempPath()))
            WriteObject(new FileInfo(Path.GetTempFileName()));
    }
}

[Cmdlet(VerbsData.Import, "PowerShellDataFile", DefaultParameterSetName = "ByPath")]
[OutputType(typeof(Hashtable))]
public sealed class ImportPowerShellDataFileCommand : ProviderCommandBase
{
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "ByPath")]
    [ValidateNotNullOrEmpty]
    public string[]? Path { get; set; }

    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "ByLiteralPath", ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [Alias("PSPath", "LP")]
    public string[]? LiteralPath { get; set; }

    private protected override bool IsLiteral => LiteralPath is not null;

    protected override void ProcessRecord()
    {
        foreach (PathInfo found in (LiteralPath ?? Path ?? []).SelectMany(ResolvePath))
        {
            ScriptBlockAst script = Parser.ParseFile(found.ProviderPath, out _, out ParseError[] errors);
            Ast? table = script.Find(ast => ast is HashtableAst, searchNestedScriptBlocks: false);
            if (errors.Length > 0 || table is null)
            {
                InvalidOperationException exception = new($"The file '{found.ProviderPath}' could not be parsed as a PowerShell Data File.");
                WriteError(new ErrorRecord(exception, errors.Length > 0 ? "CouldNotParseAsPowerShellDataFile" : "CouldNotParseAsPowerShellDataFileNoHashtableRoot", ErrorCategory.InvalidData, found.ProviderPath));
                continue;
            }

            WriteObject(table.SafeGetValue());
        }
    }
}

[Cmdlet(VerbsData.ConvertFrom, "StringData")]
[OutputType(typeof(Hashtable))]
public sealed class ConvertFromStringDataCommand : PSCmdlet
{
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [AllowEmptyString]
    public string StringData { get; set; } = string.Empty;

    [Parameter(Position = 1)]
    public char Delimiter { get; set; } = '=';

    protected override void ProcessRecord()
    {
        Hashtable table = new(StringComparer.OrdinalIgnoreCase);
        foreach (string raw in StringData.Split('\n'))
        {
            string line = raw.Trim();
            if (line.Length == 0 || line[0] == '#')
                continue;

            int at = line.IndexOf(Delimiter, StringComparison.Ordinal);
            if (at <= 0)
                throw new PSInvalidOperationException($"Data line '{line}' is not in 'name{Delimiter}value' format.");

            string name = line[..at].Trim();
            if (table.ContainsKey(name))
                throw new PSInvalidOperationException($"Data item '{name}' in line '{line}' is already defined.");
            table.Add(name, Regex.Unescape(line[(at + 1)..].Trim()));
        }

        WriteObject(table);
    }
}

[Cmdlet(VerbsData.Export, "Clixml", SupportsShouldProcess = true, DefaultParameterSetName = "ByPath")]
public sealed class ExportClixmlCommand : PSCmdlet
{
    private readonly List<PSObject?> _items = [];

    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int Depth { get; set; } = 2;

    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "ByPath")]
    public string? Path { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = "ByLiteralPath")]
    [Alias("PSPath", "LP")]
    public string? LiteralPath { get; set; }

    [Parameter(ValueFromPipeline = true, Mandatory = true)]
    [AllowNull]
    public PSObject? InputObject { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    [Parameter]
    [Alias("NoOverwrite")]
    public SwitchParameter NoClobber { get; set; }

    [Parameter]
    [EncodingArgument]
    [ValidateNotNullOrEmpty]
    public Encoding Encoding { get; set; } = EncodingArgumentAttribute.Default;

    protected override void ProcessRecord() => _items.Add(InputObject);

    protected override void EndProcessing()
    {
        string given = LiteralPath ?? Path!;
        if (!ShouldProcess(given))
            return;

        using TextWriter writer = OutputFile.Open(this, given, LiteralPath is not null, Encoding, append: false, Force, NoClobber);
        writer.Write(EngineInternals.Serialize([.. _items!], Depth));
    }
}

[Cmdlet(VerbsData.Import, "Clixml", DefaultParameterSetName = "ByPath")]
public sealed class ImportClixmlCommand : ProviderCommandBase
{
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "ByPath")]
    public string[]? Path { get; set; }

    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "ByLiteralPath")]
    [Alias("PSPath", "LP")]
    public string[]? LiteralPath { get; set; }

    private protected override bool IsLiteral => LiteralPath is not null;

    protected override void ProcessRecord()
    {
        foreach (PathInfo found in (LiteralPath ?? Path ?? []).SelectMany(ResolvePath))
            WriteObject(PSSerializer.DeserializeAsList(File.ReadAllText(found.ProviderPath)), enumerateCollection: true);
    }
}
