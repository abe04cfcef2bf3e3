using System.Management.Automation;

namespace Isolation.Commands;

/// <summary>New-IdMap: a line of a user namespace's id map, for New-Namespace. Equivalent to <c>unshare --map-users INSIDE:OUTSIDE:COUNT</c>.</summary>
[Cmdlet(VerbsCommon.New, "IdMap")]
[OutputType(typeof(IdMap))]
public sealed class NewIdMapCommand : IsolationCommand
{
    /// <summary>The first id inside.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    public long Inside { get; set; }

    /// <summary>The first id outside.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    public long Outside { get; set; }

    /// <summary>How many ids there are.</summary>
    [Parameter(Position = 2, ValueFromPipelineByPropertyName = true)]
    public long Count { get; set; } = 1;

    /// <inheritdoc/>
    protected override void ProcessRecord() => Guard("IdMapInvalid", $"{Inside}:{Outside}:{Count}", () => WriteObject(new IdMap(Inside, Outside, Count)));
}
