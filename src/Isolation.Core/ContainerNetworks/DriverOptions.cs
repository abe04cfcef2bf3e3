using System;
using System.Collections.Generic;
using System.Globalization;

namespace Isolation.ContainerNetworks;

/// <summary>What is asked of one driver alone, by name; names are taken in any case.</summary>
internal sealed class DriverOptions(ContainerNetworkOptions options)
{
    /// <summary>Refuses names that the driver does not know.</summary>
    /// <exception cref="IsolationException"><c>ContainerNetworkOptionUnknown</c>.</exception>
    public void Only(params string[] known)
    {
        foreach (string name in options.Options.Keys)
        {
            if (!Array.Exists(known, one => one.Equals(name, StringComparison.OrdinalIgnoreCase)))
            {
                throw new IsolationException(
                    "ContainerNetworkOptionUnknown",
                    ErrorKind.InvalidArgument,
                    $"The driver {options.Driver} has no option '{name.ReplaceLineEndings(" ")}', which is asked for with network '{options.Name}'. {(known.Length == 0 ? "It has none: leave -Option out." : $"It has: {string.Join(", ", known)}.")}");
            }
        }
    }

    /// <summary>One of some words.</summary>
    /// <exception cref="IsolationException"><c>ContainerNetworkOptionInvalid</c>.</exception>
    public string Choice(string name, IReadOnlyList<string> words)
    {
        if (Find(name) is not string given)
        {
            return words[0];
        }

        foreach (string word in words)
        {
            if (word.Equals(given, StringComparison.OrdinalIgnoreCase))
            {
                return word;
            }
        }

        throw Invalid(name, given, $"one of {string.Join(", ", words)}");
    }

    /// <summary>A number.</summary>
    /// <param name="name">The option.</param>
    /// <param name="least">The least that is taken.</param>
    /// <param name="most">The most.</param>
    /// <param name="usual">What is taken where it is not given; null where it must be.</param>
    /// <exception cref="IsolationException"><c>ContainerNetworkOptionInvalid</c>.</exception>
    public uint Number(string name, uint least, uint most, uint? usual)
    {
        string expected = $"a number from {least} to {most}";
        if (Find(name) is not string given)
        {
            return usual ?? throw new IsolationException(
                "ContainerNetworkOptionInvalid", ErrorKind.InvalidArgument, $"Network '{options.Name}' of the driver {options.Driver} needs the option {name}, {expected}: -Option @{{ {name} = ... }}");
        }

        return uint.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out uint number) && number >= least && number <= most ? number : throw Invalid(name, given, expected);
    }

    private string? Find(string name)
    {
        foreach ((string given, string value) in options.Options)
        {
            if (given.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return value.Trim();
            }
        }

        return null;
    }

    private IsolationException Invalid(string name, string given, string expected) => new(
        "ContainerNetworkOptionInvalid",
        ErrorKind.InvalidArgument,
        $"'{given.ReplaceLineEndings(" ")}' is nothing for the option {name} of network '{options.Name}': the driver {options.Driver} takes {expected}.");
}
