using System;
using System.Management.Automation;
using Isolation.Arguments;
using Isolation.Completion;

namespace Isolation.Commands;

/// <summary>The base of those that list what belongs to links: of which links.</summary>
public abstract class LinkFilterCommand : NetworkCommand
{
    private bool _isGiven;

    /// <summary>The links; wildcards are allowed. Without one, all.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(LinkCompleter))]
    public string[] Link { get; set; } = ["*"];

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        _isGiven = MyInvocation.BoundParameters.ContainsKey(nameof(Link));
    }

    /// <summary>The links that are wanted. Of each that was named and is not there an error says so.</summary>
    private protected LinkPattern Wanted()
    {
        string[] names = IsNamespacePiped && !_isGiven ? ["*"] : Link;
        foreach (string name in names)
        {
            if (!WildcardPattern.ContainsWildcardCharacters(name))
            {
                Guard("NetworkReadFailed", name, () => Network.GetLink(name));
            }
        }

        return new LinkPattern(names);
    }
}
