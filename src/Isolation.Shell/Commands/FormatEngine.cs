using System;
using System.IO;
using System.Management.Automation;
using Isolation.Shell;
using Microsoft.PowerShell.Commands.Internal.Format;

namespace Microsoft.PowerShell.Commands;

/// <summary>The engine's formatter, whose cmdlet bases are public and whose insides are not.</summary>
internal static class FormatEngine
{
    private const string Prefix = "Microsoft.PowerShell.Commands.Internal.Format.";

    internal static void SetShape(FrontEndCommandBase command, string shape)
    {
        object value = Enum.Parse(EngineInternals.Type(Prefix + "FormatShape"), shape);
        EngineInternals.Set(command, "implementation", EngineInternals.Create(Prefix + "InnerFormatShapeCommand", value));
    }

    /// <summary>Sends formatted lines to a writer of so many columns.</summary>
    internal static void SetOutput(FrontEndCommandBase command)
        => EngineInternals.Set(command, "implementation", EngineInternals.Create(Prefix + "OutputManagerInner"));

    internal static void SetWriter(FrontEndCommandBase command, TextWriter writer, int columns, bool noNewline)
    {
        object output = EngineInternals.Create(Prefix + "TextWriterLineOutput", writer, columns, noNewline);
        EngineInternals.Set(EngineInternals.Get(command, "implementation")!, "LineOutput", output);
    }

    internal static object CreateParameters(OuterFormatShapeCommandBase command, string definition, object[]? properties, object shape)
    {
        object parameters = EngineInternals.Create(Prefix + "FormattingCommandLineParameters");
        if (!string.IsNullOrEmpty(command.View))
        {
            if (properties is not null)
                EngineInternals.Call(command, "ReportCannotSpecifyViewAndProperty");
            EngineInternals.Set(parameters, "viewName", command.View);
        }

        if (properties is not null)
        {
            object processor = EngineInternals.Create(Prefix + "ParameterProcessor", EngineInternals.Create(Prefix + definition));
            object context = EngineInternals.Create(Prefix + "TerminatingErrorContext", command);
            EngineInternals.Set(parameters, "mshParameterList", EngineInternals.Call(processor, "ProcessParameters", properties, context));
        }

        EngineInternals.Set(parameters, "groupByParameter", EngineInternals.Call(command, "ProcessGroupByParameter"));
        EngineInternals.Set(parameters, "forceFormattingAlsoOnOutOfBand", (bool)command.Force);
        EngineInternals.Set(parameters, "expansion", EngineInternals.Call(command, "ProcessExpandParameter"));
        CopyIfSet(command, parameters, "showErrorsAsMessages");
        CopyIfSet(command, parameters, "showErrorsInFormattedOutput");
        EngineInternals.Set(parameters, "shapeParameters", shape);
        return parameters;
    }

    internal static void SetParameters(FrontEndCommandBase command, object parameters)
        => EngineInternals.Call(EngineInternals.Get(command, "implementation")!, "SetCommandLineParameters", parameters);

    private static void CopyIfSet(object from, object to, string member)
    {
        if (EngineInternals.Get(from, member) is object value)
            EngineInternals.Set(to, member, value);
    }
}
