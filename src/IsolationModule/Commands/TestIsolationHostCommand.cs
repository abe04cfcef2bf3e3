using System;
using System.Collections.Generic;
using System.Management.Automation;
using Isolation.Completion;
using Isolation.Host;

namespace Isolation.Commands;

/// <summary>Test-IsolationHost: what this host has of what the module needs, and how to get the rest.</summary>
[Cmdlet(VerbsDiagnostic.Test, "IsolationHost")]
[OutputType(typeof(HostCheck), typeof(bool))]
public sealed class TestIsolationHostCommand : IsolationCommand
{
    /// <summary>The checks to make; every one unless it is given.</summary>
    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(HostCheckCompleter))]
    public string[] Name { get; set; } = ["*"];

    /// <summary>The parts of the host to look at; every one unless it is given.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(HostCheckCompleter))]
    public string[] Area { get; set; } = ["*"];

    /// <summary>Says true or false alone: whether all that was asked for works.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        bool known = Guard("HostCheckFailed", Area, () => RequireMatch(Area, "HostAreaNotFound", "area", static check => check.Area))
            & Guard("HostCheckFailed", Name, () => RequireMatch(Name, "HostCheckNotFound", "check", static check => check.Name));
        bool isAsked = MyInvocation.BoundParameters.ContainsKey(nameof(Name)) || MyInvocation.BoundParameters.ContainsKey(nameof(Area));
        bool works = known;
        bool any = false;
        using HostView view = new();
        foreach (HostCheckDefinition definition in HostChecks.All)
        {
            Cancellation.ThrowIfCancellationRequested();
            if (!IsAny(Area, definition.Area) || !IsAny(Name, definition.Name) || (Quiet && !isAsked && !definition.IsRequired))
            {
                continue;
            }

            any = true;
            HostCheck check = definition.Run(view);
            works &= check.Status is HostCheckStatus.Works or HostCheckStatus.Limited;
            if (!Quiet)
            {
                WriteObject(check);
            }
            else if (!works)
            {
                break;
            }
        }

        if (Quiet)
        {
            WriteObject(works && any);
        }
    }

    // A word that names nothing is a mistake, as with every other cmdlet; a wildcard may match nothing.
    private static void RequireMatch(string[] patterns, string errorId, string what, Func<HostCheckDefinition, string> select)
    {
        foreach (string pattern in patterns)
        {
            bool found = WildcardPattern.ContainsWildcardCharacters(pattern);
            foreach (HostCheckDefinition definition in HostChecks.All)
            {
                found |= IsAny([pattern], select(definition));
            }

            if (!found)
            {
                throw new IsolationException(errorId, ErrorKind.NotFound, $"There is no {what} '{pattern}'. Test-IsolationHost without -Name and -Area has them all.");
            }
        }
    }

    private static bool IsAny(string[] patterns, string text)
    {
        foreach (string pattern in patterns)
        {
            if (WildcardPattern.Get(pattern, WildcardOptions.IgnoreCase).IsMatch(text))
            {
                return true;
            }
        }

        return false;
    }
}
