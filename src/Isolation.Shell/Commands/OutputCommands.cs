using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Management.Automation;
using System.Management.Automation.Internal;
using System.Text;
using Microsoft.PowerShell.Commands.Internal.Format;

namespace Microsoft.PowerShell.Commands;

[Cmdlet(VerbsData.Out, "String", DefaultParameterSetName = "NoNewLineFormatting")]
[OutputType(typeof(string))]
public sealed class OutStringCommand : FrontEndCommandBase
{
    private readonly StringBuilder _text = new();
    private LineWriter? _writer;

    public OutStringCommand()
    {
        FormatEngine.SetOutput(this);
    }

    [Parameter(ParameterSetName = "StreamFormatting")]
    public SwitchParameter Stream { get; set; }

    [Parameter]
    [ValidateRange(2, int.MaxValue)]
    public int Width { get; set; } = int.MaxValue;

    [Parameter(ParameterSetName = "NoNewLineFormatting")]
    public SwitchParameter NoNewline { get; set; }

    protected override void BeginProcessing()
    {
        _writer = new LineWriter(line =>
        {
            if (Stream)
                WriteObject(line);
            else if (NoNewline)
                _text.Append(line);
            else
                _text.AppendLine(line);
        });
        FormatEngine.SetWriter(this, _writer, Width, noNewline: false);
        base.BeginProcessing();
    }

    protected override void EndProcessing()
    {
        base.EndProcessing();
        _writer!.EndLine();
        if (!Stream)
            WriteObject(_text.ToString());
    }

    protected override void InternalDispose()
    {
        base.InternalDispose();
        _writer?.Dispose();
    }

    /// <summary>Gathers characters and hands on whole lines.</summary>
    private sealed class LineWriter : TextWriter
    {
        private readonly StringBuilder _line = new();
        private readonly Action<string> _write;

        internal LineWriter(Action<string> write)
            : base(CultureInfo.CurrentCulture)
        {
            _write = write;
        }

        public override Encoding Encoding => Encoding.Unicode;

        public override void Write(char value) => _line.Append(value);

        public override void Write(string? value) => _line.Append(value);

        public override void WriteLine(string? value)
        {
            _line.Append(value);
            WriteLine();
        }

        public override void WriteLine()
        {
            string line = _line.ToString();
            _line.Clear();
            _write(line);
        }

        internal void EndLine()
        {
            if (_line.Length > 0)
                WriteLine();
        }
    }
}

[Cmdlet(VerbsData.Out, "File", SupportsShouldProcess = true, DefaultParameterSetName = "ByPath")]
public sealed class OutFileCommand : FrontEndCommandBase
{
    private TextWriter? _writer;
    private bool _processed;

    public OutFileCommand()
    {
        FormatEngine.SetOutput(this);
    }

    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "ByPath")]
    [Alias("Path")]
    public string FilePath { get; set; } = string.Empty;

    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "ByLiteralPath")]
    [Alias("PSPath", "LP")]
    public string? LiteralPath { get; set; }

    [Parameter(Position = 1)]
    [EncodingArgument]
    [ValidateNotNullOrEmpty]
    public Encoding Encoding { get; set; } = EncodingArgumentAttribute.Default;

    [Parameter]
    public SwitchParameter Append { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    [Parameter]
    [Alias("NoOverwrite")]
    public SwitchParameter NoClobber { get; set; }

    [Parameter]
    [ValidateRange(2, int.MaxValue)]
    public int Width { get; set; } = int.MaxValue;

    [Parameter]
    public SwitchParameter NoNewline { get; set; }

    protected override void BeginProcessing()
    {
        string given = LiteralPath ?? FilePath;
        if (!ShouldProcess(given, "Output to File"))
            return;

        _writer = OutputFile.Open(this, given, LiteralPath is not null, Encoding, Append, Force, NoClobber);
        FormatEngine.SetWriter(this, _writer, Width, NoNewline);
        base.BeginProcessing();
    }

    protected override void ProcessRecord()
    {
        _processed = true;
        if (_writer is null)
            return;
        base.ProcessRecord();
        _writer.Flush();
    }

    protected override void EndProcessing()
    {
        // A redirection that nothing was written to ends here without having processed anything.
        if (_writer is null || !_processed)
            return;
        base.EndProcessing();
        _writer.Flush();
    }

    protected override void InternalDispose()
    {
        base.InternalDispose();
        _writer?.Dispose();
    }
}

[Cmdlet("Tee", "Object", DefaultParameterSetName = "File")]
public sealed class TeeObjectCommand : PSCmdlet, IDisposable
{
    private readonly List<object> _values = [];
    private SteppablePipeline? _file;
    private System.Management.Automation.PowerShell? _shell;

    [Parameter(ValueFromPipeline = true)]
    public PSObject InputObject { get; set; } = AutomationNull.Value;

    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "File")]
    [Alias("Path")]
    public string FilePath { get; set; } = string.Empty;

    [Parameter(Mandatory = true, ParameterSetName = "LiteralFile")]
    [Alias("PSPath", "LP")]
    public string LiteralPath { get; set; } = string.Empty;

    [Parameter(ParameterSetName = "File")]
    public SwitchParameter Append { get; set; }

    [Parameter(ParameterSetName = "File")]
    [Parameter(ParameterSetName = "LiteralFile")]
    [EncodingArgument]
    [ValidateNotNullOrEmpty]
    public Encoding Encoding { get; set; } = EncodingArgumentAttribute.Default;

    [Parameter(Mandatory = true, ParameterSetName = "Variable")]
    public string Variable { get; set; } = string.Empty;

    public void Dispose()
    {
        _file?.Dispose();
        _shell?.Dispose();
    }

    protected override void BeginProcessing()
    {
        if (ParameterSetName == "Variable")
            return;

        _shell = System.Management.Automation.PowerShell.Create(RunspaceMode.CurrentRunspace);
        _shell.AddCommand("Out-File").AddParameter("Encoding", Encoding);
        if (ParameterSetName == "File")
            _shell.AddParameter("FilePath", FilePath).AddParameter("Append", Append);
        else
            _shell.AddParameter("LiteralPath", LiteralPath);
        _file = _shell.GetSteppablePipeline();
        _file.Begin(expectInput: true);
    }

    protected override void ProcessRecord()
    {
        WriteObject(InputObject);
        if (_file is not null)
            _file.Process(InputObject);
        else if (InputObject != AutomationNull.Value)
            _values.Add(InputObject);
    }

    protected override void EndProcessing()
    {
        if (_file is not null)
            _file.End();
        else
            SessionState.PSVariable.Set(Variable, _values.Count switch { 0 => null, 1 => _values[0], _ => _values.ToArray() });
    }
}
