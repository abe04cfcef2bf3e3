using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Management.Automation;
using System.Text;
using System.Text.RegularExpressions;

namespace Microsoft.PowerShell.Commands;

/// <summary>The lines around a match.</summary>
public sealed class MatchInfoContext
{
    public string[] PreContext { get; set; } = [];

    public string[] PostContext { get; set; } = [];

    public string[] DisplayPreContext { get; set; } = [];

    public string[] DisplayPostContext { get; set; } = [];
}

/// <summary>One line that Select-String found.</summary>
public sealed class MatchInfo
{
    internal const string InputStream = "InputStream";

    public bool IgnoreCase { get; set; }

    public ulong LineNumber { get; set; }

    public string Line { get; set; } = string.Empty;

    public string Filename => Path == InputStream ? InputStream : System.IO.Path.GetFileName(Path);

    public string Path { get; set; } = InputStream;

    public string Pattern { get; set; } = string.Empty;

    public MatchInfoContext? Context { get; set; }

    public Match[] Matches { get; set; } = [];

    public string RelativePath(string directory)
    {
        if (Path == InputStream || string.IsNullOrEmpty(directory))
            return Path;
        string prefix = directory.EndsWith('/') ? directory : directory + "/";
        return Path.StartsWith(prefix, StringComparison.Ordinal) ? Path[prefix.Length..] : Path;
    }

    public override string ToString() => ToString(null, Line);

    public string ToString(string? directory) => ToString(directory, Line);

    /// <summary>As text, with what matched in reverse video.</summary>
    public string ToEmphasizedString(string? directory)
    {
        StringBuilder line = new();
        int at = 0;
        foreach (Match match in Matches)
        {
            line.Append(Line, at, match.Index - at).Append("\u001b[7m").Append(match.Value).Append("\u001b[0m");
            at = match.Index + match.Length;
        }

        return ToString(directory, line.Append(Line, at, Line.Length - at).ToString());
    }

    private string ToString(string? directory, string line)
    {
        string path = directory is null ? Path : RelativePath(directory);
        if (Context is null)
            return Path == InputStream ? line : $"{path}:{LineNumber}:{line}";

        List<string> lines = [];
        ulong number = LineNumber - (ulong)Context.DisplayPreContext.Length;
        foreach (string before in Context.DisplayPreContext)
            lines.Add(Format("  ", before, number++));
        lines.Add(Format("> ", line, number++));
        foreach (string after in Context.DisplayPostContext)
            lines.Add(Format("  ", after, number++));
        return string.Join(Environment.NewLine, lines);

        string Format(string mark, string text, ulong at) => Path == InputStream ? $"{mark}{text}" : $"{mark}{path}:{at}:{text}";
    }
}

[Cmdlet(VerbsCommon.Select, "String", DefaultParameterSetName = "File")]
[OutputType(typeof(MatchInfo), typeof(bool), typeof(string))]
public sealed class SelectStringCommand : ProviderCommandBase
{
    private readonly List<(string Line, PSObject Item)> _lines = [];
    private Regex[] _patterns = [];
    private ulong _lineNumber;
    private bool _found;

    [Parameter(ValueFromPipeline = true, Mandatory = true, ParameterSetName = "Object")]
    [Parameter(ValueFromPipeline = true, Mandatory = true, ParameterSetName = "ObjectRaw")]
    [AllowNull]
    [AllowEmptyString]
    public PSObject? InputObject { get; set; }

    [Parameter(Mandatory = true, Position = 0)]
    public string[] Pattern { get; set; } = [];

    [Parameter(Position = 1, Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "File")]
    [Parameter(Position = 1, Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "FileRaw")]
    public string[]? Path { get; set; }

    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "LiteralFile")]
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "LiteralFileRaw")]
    [Alias("PSPath", "LP")]
    public string[]? LiteralPath { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = "ObjectRaw")]
    [Parameter(Mandatory = true, ParameterSetName = "FileRaw")]
    [Parameter(Mandatory = true, ParameterSetName = "LiteralFileRaw")]
    public SwitchParameter Raw { get; set; }

    [Parameter]
    public SwitchParameter SimpleMatch { get; set; }

    [Parameter]
    public SwitchParameter CaseSensitive { get; set; }

    [Parameter(ParameterSetName = "Object")]
    [Parameter(ParameterSetName = "File")]
    [Parameter(ParameterSetName = "LiteralFile")]
    public SwitchParameter Quiet { get; set; }

    [Parameter]
    public SwitchParameter List { get; set; }

    [Parameter]
    public SwitchParameter NoEmphasis { get; set; }

    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[]? Include { get; set; }

    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[]? Exclude { get; set; }

    [Parameter]
    public SwitchParameter NotMatch { get; set; }

    [Parameter]
    public SwitchParameter AllMatches { get; set; }

    [Parameter]
    [EncodingArgument]
    [ValidateNotNullOrEmpty]
    public Encoding Encoding { get; set; } = EncodingArgumentAttribute.Default;

    [Parameter]
    [ValidateNotNullOrEmpty]
    [ValidateCount(1, 2)]
    [ValidateRange(0, int.MaxValue)]
    public int[]? Context { get; set; }

    private protected override bool IsLiteral => LiteralPath is not null;

    private int Before => Context?[0] ?? 0;

    private int After => Context?[^1] ?? 0;

    protected override void BeginProcessing()
    {
        RegexOptions options = CaseSensitive ? RegexOptions.None : RegexOptions.IgnoreCase;
        try
        {
            _patterns = Array.ConvertAll(Pattern, pattern => new Regex(SimpleMatch ? Regex.Escape(pattern) : pattern, options));
        }
        catch (ArgumentException e)
        {
            ThrowTerminatingError(new ErrorRecord(new ArgumentException($"The string {string.Join(", ", Pattern)} is not a valid regular expression: {e.Message}", e), "InvalidRegex", ErrorCategory.InvalidArgument, null));
        }
    }

    protected override void ProcessRecord()
    {
        if (ParameterSetName is "Object" or "ObjectRaw")
        {
            if (InputObject is not null)
                ProcessInput(InputObject);
            return;
        }

        foreach (PathInfo found in (LiteralPath ?? Path ?? []).SelectMany(ResolvePath))
        {
            string name = System.IO.Path.GetFileName(found.ProviderPath);
            if (Matches(Include, name, whenNone: true) && !Matches(Exclude, name, whenNone: false))
                ProcessFile(found.ProviderPath);
        }
    }

    protected override void EndProcessing() => Search(_lines, MatchInfo.InputStream);

    private void ProcessInput(PSObject item)
    {
        if (item.BaseObject is FileInfo file)
            ProcessFile(file.FullName);
        else
            _lines.Add((item.BaseObject as string ?? LanguagePrimitives.ConvertTo<string>(item), item));

        // Without context nothing that comes later changes what this line gives.
        if (Context is null && !List)
        {
            Search(_lines, MatchInfo.InputStream, firstLine: _lineNumber + 1);
            _lineNumber += (ulong)_lines.Count;
            _lines.Clear();
        }
    }

    private void ProcessFile(string path)
    {
        try
        {
            _found = false;
            Search([.. File.ReadLines(path, Encoding).Select(line => (line, PSObject.AsPSObject(line)))], path);
            if (Quiet && !_found)
                WriteObject(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            WriteError(new ErrorRecord(new ArgumentException($"The file {path} cannot be read: {e.Message}", e), "ProcessingFile", ErrorCategory.InvalidArgument, path));
        }
    }

    private void Search(List<(string Line, PSObject Item)> lines, string path, ulong firstLine = 1)
    {
        int shownTo = 0;
        for (int i = 0; i < lines.Count && !(Quiet && _found); i++)
        {
            MatchInfo? match = Find(lines[i].Line);
            if (match is null)
                continue;

            _found = true;
            if (Quiet)
            {
                WriteObject(true);
                return;
            }

            if (Raw)
            {
                WriteObject(lines[i].Line);
            }
            else
            {
                match.Path = path;
                match.LineNumber = firstLine + (ulong)i;
                if (Context is not null)
                    match.Context = MakeContext(lines, i, ref shownTo);
                WriteObject(match);
            }

            if (List)
                return;
        }
    }

    private MatchInfoContext MakeContext(List<(string Line, PSObject Item)> lines, int at, ref int shownTo)
    {
        string[] before = [.. lines.GetRange(Math.Max(0, at - Before), at - Math.Max(0, at - Before)).Select(line => line.Line)];
        string[] after = [.. lines.GetRange(at + 1, Math.Min(After, lines.Count - at - 1)).Select(line => line.Line)];
        int next = lines.FindIndex(at + 1, after.Length, line => Find(line.Line) is not null);
        MatchInfoContext context = new()
        {
            PreContext = before,
            PostContext = after,
            DisplayPreContext = [.. before.Skip(Math.Max(0, shownTo - (at - before.Length)))],
            DisplayPostContext = next < 0 ? after : after[..(next - at - 1)],
        };
        shownTo = at + 1 + context.DisplayPostContext.Length;
        return context;
    }

    private MatchInfo? Find(string line)
    {
        for (int i = 0; i < _patterns.Length; i++)
        {
            Match match = _patterns[i].Match(line);
            if (!match.Success)
                continue;
            if (NotMatch)
                return null;

            return new MatchInfo
            {
                IgnoreCase = !CaseSensitive,
                Line = line,
                Pattern = Pattern[i],
                Matches = SimpleMatch && !AllMatches && NoEmphasis ? [] : AllMatches ? [.. _patterns[i].Matches(line).Cast<Match>()] : [match],
            };
        }

        return NotMatch ? new MatchInfo { IgnoreCase = !CaseSensitive, Line = line, Pattern = Pattern[0] } : null;
    }

    private static bool Matches(string[]? patterns, string name, bool whenNone)
        => patterns is null ? whenNone : Array.Exists(patterns, pattern => WildcardPattern.Get(pattern, WildcardOptions.IgnoreCase).IsMatch(name));
}
