using System.Collections.Generic;
using System.Management.Automation;
using Isolation.Arguments;
using Isolation.Completion;
using Isolation.State;

namespace Isolation.Commands;

/// <summary>Set-Namespace: gives sets another host name and NIS domain name. Equivalent to <c>hostname</c> and <c>domainname</c>, run inside.</summary>
[Cmdlet(VerbsCommon.Set, "Namespace", SupportsShouldProcess = true)]
[OutputType(typeof(NamespaceSet))]
public sealed class SetNamespaceCommand : IsolationCommand
{
    /// <summary>The sets, or their names.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [Alias("Name")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    public SetReference[] Namespace { get; set; } = [];

    /// <summary>The host name inside.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? HostName { get; set; }

    /// <summary>The NIS domain name inside.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? DomainName { get; set; }

    /// <summary>Passes the sets on.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private string Change => (HostName, DomainName) switch
    {
        (string host, string domain) => $"Set the host name '{host}' and the domain name '{domain}'",
        (string host, null) => $"Set the host name '{host}'",
        _ => $"Set the domain name '{DomainName}'",
    };

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        try
        {
            if (HostName is null && DomainName is null)
            {
                throw new IsolationException("NamespaceOptionInvalid", ErrorKind.InvalidArgument, "There is nothing to set. Give -HostName, -DomainName or both.");
            }

            Check(HostName, "-HostName");
            Check(DomainName, "-DomainName");
        }
        catch (IsolationException exception)
        {
            ThrowTerminatingError(ErrorMap.ToRecord(exception, exception.ErrorId, null));
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (SetReference set in Namespace)
        {
            if (!WildcardPattern.ContainsWildcardCharacters(set.Name))
            {
                Guard("NamespaceSetFailed", set.Name, () => Rename(set.Name));
                continue;
            }

            WildcardPattern pattern = WildcardPattern.Get(set.Name, WildcardOptions.None);
            IReadOnlyList<string> names = [];
            Guard("NamespaceSetFailed", set.Name, () => names = NamespaceStore.Current.Names());
            foreach (string name in names)
            {
                if (pattern.IsMatch(name))
                {
                    Guard("NamespaceSetFailed", name, () => Rename(name));
                }
            }
        }
    }

    private static void Check(string? name, string parameter)
    {
        if (name is not null)
        {
            NamespaceSetOptions.CheckName(name, parameter);
        }
    }

    private void Rename(string name)
    {
        // Before it is asked for, so that -WhatIf too says that there is no such set.
        _ = NamespaceStore.Current.Get(name);
        if (!ShouldProcess(name, Change))
        {
            return;
        }

        NamespaceSet changed = NamespaceStore.Current.SetHostNames(name, HostName, DomainName, Explain, Cancellation);
        if (PassThru)
        {
            WriteObject(changed);
        }
    }
}
