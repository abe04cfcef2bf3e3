using System;
using System.Management.Automation;
using Isolation.Arguments;
using Isolation.Completion;
using Isolation.Network;

namespace Isolation.Commands;

/// <summary>Get-NetworkLink: the links of a network namespace. Equivalent to <c>ip -d -s link show</c>.</summary>
[Cmdlet(VerbsCommon.Get, "NetworkLink")]
[OutputType(typeof(NetworkLink))]
public sealed class GetNetworkLinkCommand : NetworkCommand
{
    /// <summary>The names; wildcards are allowed. Without one, all.</summary>
    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(LinkCompleter))]
    public string[] Name { get; set; } = ["*"];

    /// <summary>The kinds that are wanted, such as <c>veth</c>.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(LinkKindCompleter))]
    public string[] Kind { get; set; } = [];

    /// <summary>The bridge, or other link, to which they belong.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(LinkCompleter))]
    public string? Master { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => Guard("NetworkReadFailed", Namespace, () =>
    {
        if (Master is not null)
        {
            Network.GetLink(Master);
        }

        foreach (string name in Name)
        {
            bool found = false;
            WildcardPattern pattern = WildcardPattern.Get(name, WildcardOptions.None);
            foreach (NetworkLink link in Network.Links())
            {
                if (IsNamed(link, name, pattern))
                {
                    found = true;
                    if ((Kind.Length == 0 || Array.Exists(Kind, kind => kind.Equals(link.Kind, StringComparison.OrdinalIgnoreCase))) && (Master is null || link.Master == Master))
                    {
                        WriteObject(link);
                    }
                }
            }

            if (!found && !WildcardPattern.ContainsWildcardCharacters(name))
            {
                Guard("NetworkReadFailed", name, () => Network.GetLink(name));
            }
        }
    });

    // A name may have brackets in it, which would be a pattern.
    private static bool IsNamed(NetworkLink link, string name, WildcardPattern pattern) =>
        link.Name == name || pattern.IsMatch(link.Name) || Array.Exists(link.AlternativeName, other => other == name || pattern.IsMatch(other));
}

/// <summary>Remove-NetworkLink: removes links. Equivalent to <c>ip link delete</c>.</summary>
[Cmdlet(VerbsCommon.Remove, "NetworkLink", SupportsShouldProcess = true)]
public sealed class RemoveNetworkLinkCommand : NetworkCommand
{
    /// <summary>The names.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(LinkCompleter))]
    public LinkReference[] Name { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (LinkReference name in Name)
        {
            Guard("NetworkLinkFailed", name.Name, () =>
            {
                NetworkLink link = GetLink(name);
                if (ShouldProcess($"link {name} of {Network.Description}", link.Kind == "veth" ? "remove with its other end" : "remove"))
                {
                    Network.RemoveLink(link);
                }
            });
        }
    }
}
