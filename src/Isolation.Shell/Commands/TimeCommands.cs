using System;
using System.Globalization;
using System.Management.Automation;
using System.Text;
using System.Threading;

namespace Microsoft.PowerShell.Commands;

/// <summary>Which part of a date its default view shows.</summary>
public enum DisplayHintType
{
    Date,
    Time,
    DateTime,
}

[Cmdlet(VerbsCommon.Get, "Date", DefaultParameterSetName = "DateAndFormat")]
[OutputType(typeof(string), typeof(DateTime))]
public sealed class GetDateCommand : PSCmdlet
{
    [Parameter(ParameterSetName = "DateAndFormat", Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = "DateAndUFormat", Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("LastWriteTime")]
    public DateTime Date { get; set; }

    [Parameter(ParameterSetName = "UnixTimeSecondsAndFormat", Mandatory = true)]
    [Parameter(ParameterSetName = "UnixTimeSecondsAndUFormat", Mandatory = true)]
    [Alias("UnixTime")]
    public long UnixTimeSeconds { get; set; }

    [Parameter]
    [ValidateRange(1, 9999)]
    public int Year { get; set; }

    [Parameter]
    [ValidateRange(1, 12)]
    public int Month { get; set; }

    [Parameter]
    [ValidateRange(1, 31)]
    public int Day { get; set; }

    [Parameter]
    [ValidateRange(0, 23)]
    public int Hour { get; set; }

    [Parameter]
    [ValidateRange(0, 59)]
    public int Minute { get; set; }

    [Parameter]
    [ValidateRange(0, 59)]
    public int Second { get; set; }

    [Parameter]
    [ValidateRange(0, 999)]
    public int Millisecond { get; set; }

    [Parameter]
    public DisplayHintType DisplayHint { get; set; } = DisplayHintType.DateTime;

    [Parameter(ParameterSetName = "DateAndUFormat", Mandatory = true)]
    [Parameter(ParameterSetName = "UnixTimeSecondsAndUFormat", Mandatory = true)]
    public string? UFormat { get; set; }

    [Parameter(ParameterSetName = "DateAndFormat")]
    [Parameter(ParameterSetName = "UnixTimeSecondsAndFormat")]
    public string? Format { get; set; }

    [Parameter]
    public SwitchParameter AsUTC { get; set; }

    protected override void ProcessRecord()
    {
        DateTime date = Has(nameof(Date)) ? Date
            : Has(nameof(UnixTimeSeconds)) ? DateTimeOffset.FromUnixTimeSeconds(UnixTimeSeconds).LocalDateTime
            : DateTime.Now;
        if (Has(nameof(Year)))
            date = date.AddYears(Year - date.Year);
        if (Has(nameof(Month)))
            date = date.AddMonths(Month - date.Month);
        if (Has(nameof(Day)))
            date = date.AddDays(Day - date.Day);
        if (Has(nameof(Hour)))
            date = date.AddHours(Hour - date.Hour);
        if (Has(nameof(Minute)))
            date = date.AddMinutes(Minute - date.Minute);
        if (Has(nameof(Second)))
            date = date.AddSeconds(Second - date.Second);
        if (Has(nameof(Millisecond)))
            date = date.AddMilliseconds(Millisecond - date.Millisecond).AddTicks(-(date.Ticks % TimeSpan.TicksPerMillisecond));
        if (AsUTC)
            date = date.ToUniversalTime();

        if (UFormat is not null)
        {
            WriteObject(FormatUnix(date, UFormat));
        }
        else if (Format is not null)
        {
            string format = Format.ToUpperInvariant() switch
            {
                "FILEDATE" => "yyyyMMdd",
                "FILEDATEUNIVERSAL" => "yyyyMMddZ",
                "FILEDATETIME" => "yyyyMMddTHHmmssffff",
                "FILEDATETIMEUNIVERSAL" => "yyyyMMddTHHmmssffffZ",
                _ => Format,
            };
            if (Format.EndsWith("Universal", StringComparison.OrdinalIgnoreCase))
                date = date.ToUniversalTime();
            WriteObject(date.ToString(format, CultureInfo.CurrentCulture));
        }
        else
        {
            PSObject result = new(date);
            result.Properties.Add(new PSNoteProperty("DisplayHint", DisplayHint));
            WriteObject(result);
        }
    }

    private bool Has(string parameter) => MyInvocation.BoundParameters.ContainsKey(parameter);

    /// <summary>date(1)'s format; a specifier that is not known is an error.</summary>
    private string FormatUnix(DateTime date, string format)
    {
        StringBuilder text = new();
        int start = format.StartsWith('+') ? 1 : 0;
        for (int i = start; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                text.Append(format[i]);
                continue;
            }

            text.Append(format[++i] switch
            {
                'A' => date.ToString("dddd", CultureInfo.CurrentCulture),
                'a' => date.ToString("ddd", CultureInfo.CurrentCulture),
                'B' => date.ToString("MMMM", CultureInfo.CurrentCulture),
                'b' or 'h' => date.ToString("MMM", CultureInfo.CurrentCulture),
                'C' => (date.Year / 100).ToString("00", CultureInfo.InvariantCulture),
                'c' => date.ToString("ddd dd MMM yyyy HH:mm:ss", CultureInfo.CurrentCulture),
                'D' => date.ToString("MM/dd/yy", CultureInfo.InvariantCulture),
                'd' => date.ToString("dd", CultureInfo.InvariantCulture),
                'e' => date.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2),
                'F' => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                'H' => date.ToString("HH", CultureInfo.InvariantCulture),
                'I' => date.ToString("hh", CultureInfo.InvariantCulture),
                'j' => date.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
                'k' => date.Hour.ToString(CultureInfo.InvariantCulture).PadLeft(2),
                'l' => date.ToString("%h", CultureInfo.InvariantCulture).PadLeft(2),
                'M' => date.ToString("mm", CultureInfo.InvariantCulture),
                'm' => date.ToString("MM", CultureInfo.InvariantCulture),
                'n' => "\n",
                'p' => date.ToString("tt", CultureInfo.CurrentCulture),
                'R' => date.ToString("HH:mm", CultureInfo.InvariantCulture),
                'r' => date.ToString("hh:mm:ss tt", CultureInfo.CurrentCulture),
                'S' => date.ToString("ss", CultureInfo.InvariantCulture),
                's' => new DateTimeOffset(date).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
                'T' or 'X' => date.ToString("HH:mm:ss", CultureInfo.InvariantCulture),
                't' => "\t",
                'u' => (date.DayOfWeek == DayOfWeek.Sunday ? 7 : (int)date.DayOfWeek).ToString(CultureInfo.InvariantCulture),
                'V' => ISOWeek.GetWeekOfYear(date).ToString("00", CultureInfo.InvariantCulture),
                'w' => ((int)date.DayOfWeek).ToString(CultureInfo.InvariantCulture),
                'x' => date.ToString("MM/dd/yy", CultureInfo.InvariantCulture),
                'Y' => date.ToString("yyyy", CultureInfo.InvariantCulture),
                'y' => date.ToString("yy", CultureInfo.InvariantCulture),
                'Z' => date.ToString("%z", CultureInfo.InvariantCulture),
                '%' => "%",
                char other => throw Unknown(other),
            });
        }

        return text.ToString();
    }

    private PSNotSupportedException Unknown(char specifier)
    {
        PSNotSupportedException exception = new($"%{specifier} is not supported by this shell.");
        ThrowTerminatingError(new ErrorRecord(exception, "UFormatNotSupported", ErrorCategory.NotImplemented, UFormat));
        return exception;
    }
}

[Cmdlet(VerbsCommon.New, "TimeSpan", DefaultParameterSetName = "Date")]
[OutputType(typeof(TimeSpan))]
public sealed class NewTimeSpanCommand : PSCmdlet
{
    private DateTime? _start;
    private DateTime? _end;

    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "Date")]
    [Alias("LastWriteTime")]
    public DateTime Start
    {
        get => _start ?? DateTime.Now;
        set => _start = value;
    }

    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true, ParameterSetName = "Date")]
    public DateTime End
    {
        get => _end ?? DateTime.Now;
        set => _end = value;
    }

    [Parameter(ParameterSetName = "Time")]
    public int Days { get; set; }

    [Parameter(ParameterSetName = "Time")]
    public int Hours { get; set; }

    [Parameter(ParameterSetName = "Time")]
    public int Minutes { get; set; }

    [Parameter(ParameterSetName = "Time")]
    public int Seconds { get; set; }

    [Parameter(ParameterSetName = "Time")]
    public int Milliseconds { get; set; }

    protected override void ProcessRecord()
    {
        if (ParameterSetName == "Time")
        {
            WriteObject(new TimeSpan(Days, Hours, Minutes, Seconds, Milliseconds));
            return;
        }

        DateTime now = DateTime.Now;
        WriteObject((_end ?? now) - (_start ?? now));
    }
}

[Cmdlet(VerbsLifecycle.Start, "Sleep", DefaultParameterSetName = "Seconds")]
public sealed class StartSleepCommand : PSCmdlet, IDisposable
{
    private readonly ManualResetEventSlim _stopped = new();

    [Parameter(Position = 0, Mandatory = true, ParameterSetName = "Seconds", ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateRange(0.0, (double)(int.MaxValue / 1000))]
    public double Seconds { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = "Milliseconds", ValueFromPipelineByPropertyName = true)]
    [ValidateRange(0, int.MaxValue)]
    [Alias("ms")]
    public int Milliseconds { get; set; }

    [Parameter(Position = 0, Mandatory = true, ParameterSetName = "FromTimeSpan", ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateRange(ValidateRangeKind.NonNegative)]
    [Alias("ts")]
    public TimeSpan Duration { get; set; }

    public void Dispose() => _stopped.Dispose();

    protected override void StopProcessing() => _stopped.Set();

    protected override void ProcessRecord() => _stopped.Wait(ParameterSetName switch
    {
        "Seconds" => TimeSpan.FromMilliseconds((int)(Seconds * 1000)),
        "Milliseconds" => TimeSpan.FromMilliseconds(Milliseconds),
        _ => Duration,
    });
}
