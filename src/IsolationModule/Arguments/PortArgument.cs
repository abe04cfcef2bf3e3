using System;
using System.Management.Automation;

namespace Isolation.Arguments;

/// <summary>A port, or several in a row: a number, a text such as <c>8000-8010</c>, or what another object has.</summary>
public sealed class PortArgument
{
    /// <summary>One port.</summary>
    /// <param name="port">The port.</param>
    public PortArgument(int port) => Range = new PortRange(port);

    /// <summary>One port or several.</summary>
    /// <param name="text">The text.</param>
    public PortArgument(string text) => Range = new PortRange(text);

    /// <summary>Those of a published port.</summary>
    /// <param name="range">The ports.</param>
    public PortArgument(PortRange range) => Range = range ?? throw new ArgumentNullException(nameof(range));

    /// <summary>Those of a published port that came back from another session.</summary>
    /// <param name="value">The object.</param>
    public PortArgument(PSObject value)
    {
        ArgumentNullException.ThrowIfNull(value);
        Range = value.BaseObject switch
        {
            PortRange range => range,
            _ when value.TypeNames.Contains("Deserialized." + typeof(PortRange).FullName) =>
                new PortRange($"{value.Properties[nameof(PortRange.First)].Value}-{value.Properties[nameof(PortRange.Last)].Value}"),
            object other => new PortRange(other.ToString() ?? ""),
        };
    }

    internal PortRange Range { get; }

    /// <inheritdoc/>
    public override string ToString() => Range.ToString();
}
