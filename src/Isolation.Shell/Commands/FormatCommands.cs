using System;
using System.Management.Automation;
using Isolation.Shell;
using Microsoft.PowerShell.Commands.Internal.Format;

namespace Microsoft.PowerShell.Commands;

[Cmdlet(VerbsCommon.Format, "Table")]
public sealed class FormatTableCommand : OuterFormatTableBase
{
    public FormatTableCommand()
    {
        FormatEngine.SetShape(this, "Table");
    }
}

[Cmdlet(VerbsCommon.Format, "List")]
public sealed class FormatListCommand : OuterFormatTableAndListBase
{
    public FormatListCommand()
    {
        FormatEngine.SetShape(this, "List");
    }
}

[Cmdlet(VerbsCommon.Format, "Wide")]
public sealed class FormatWideCommand : OuterFormatShapeCommandBase
{
    private bool? _autoSize;
    private int? _column;

    public FormatWideCommand()
    {
        FormatEngine.SetShape(this, "Wide");
    }

    [Parameter(Position = 0)]
    public object? Property { get; set; }

    [Parameter]
    public SwitchParameter AutoSize
    {
        get => _autoSize ?? false;
        set => _autoSize = value;
    }

    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int Column
    {
        get => _column ?? -1;
        set => _column = value;
    }

    protected override void BeginProcessing()
    {
        if (AutoSize && _column is not null)
        {
            PSInvalidOperationException exception = new("Cannot process the command because the AutoSize and Column parameters cannot be specified at the same time.");
            ThrowTerminatingError(new ErrorRecord(exception, "FormatCannotSpecifyAutosizeAndColumns", ErrorCategory.InvalidArgument, null));
        }

        object wide = EngineInternals.Create("Microsoft.PowerShell.Commands.Internal.Format.WideSpecificParameters");
        if (_column is not null)
            EngineInternals.Set(wide, "columns", _column);
        object parameters = FormatEngine.CreateParameters(this, "FormatWideParameterDefinition", Property is null ? null : [Property], wide);
        if (_autoSize is not null)
            EngineInternals.Set(parameters, "autosize", _autoSize);

        base.BeginProcessing();
        FormatEngine.SetParameters(this, parameters);
    }
}

[Cmdlet(VerbsCommon.Format, "Custom")]
public sealed class FormatCustomCommand : OuterFormatShapeCommandBase
{
    public FormatCustomCommand()
    {
        FormatEngine.SetShape(this, "Complex");
    }

    [Parameter(Position = 0)]
    public object[]? Property { get; set; }

    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int Depth { get; set; } = 5;

    protected override void BeginProcessing()
    {
        object complex = EngineInternals.Create("Microsoft.PowerShell.Commands.Internal.Format.ComplexSpecificParameters");
        EngineInternals.Set(complex, "maxDepth", Depth);
        object parameters = FormatEngine.CreateParameters(this, "FormatObjectParameterDefinition", Property, complex);
        base.BeginProcessing();
        FormatEngine.SetParameters(this, parameters);
    }
}
