using System.Collections.Generic;
using System.Management.Automation;
using Isolation.Arguments;
using Isolation.Completion;
using Isolation.Network;

namespace Isolation.Commands;

/// <summary>Set-NetworkLink: changes links, or moves them into another network namespace. Equivalent to <c>ip link set</c>.</summary>
[Cmdlet(VerbsCommon.Set, "NetworkLink", SupportsShouldProcess = true)]
[OutputType(typeof(NetworkLink))]
public sealed class SetNetworkLinkCommand : NetworkCommand
{
    /// <summary>The names.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(LinkCompleter))]
    public LinkReference[] Name { get; set; } = [];

    /// <summary>Switches it on.</summary>
    [Parameter]
    public SwitchParameter Up { get; set; }

    /// <summary>Switches it off.</summary>
    [Parameter]
    public SwitchParameter Down { get; set; }

    /// <summary>Another name, at most 15 bytes.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? NewName { get; set; }

    /// <summary>The most bytes of a packet.</summary>
    [Parameter]
    [ValidateRange(68, 65535)]
    public int? Mtu { get; set; }

    /// <summary>The hardware address.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? MacAddress { get; set; }

    /// <summary>The bridge that it belongs to from now on.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(LinkCompleter))]
    public string? Master { get; set; }

    /// <summary>Takes it out of its bridge.</summary>
    [Parameter]
    public SwitchParameter NoMaster { get; set; }

    /// <summary>What is noted about it, at most 255 bytes; the empty text for nothing.</summary>
    [Parameter]
    [AllowEmptyString]
    public string? Alias { get; set; }

    /// <summary>The group.</summary>
    [Parameter]
    public uint? Group { get; set; }

    /// <summary>How many packets may wait to be sent.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int? QueueLength { get; set; }

    /// <summary>The namespace that it is moved to; its addresses go with it.</summary>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    public NamespaceReference? TargetNamespace { get; set; }

    /// <summary>Gives the links as they are afterwards.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (LinkReference name in Name)
        {
            Guard("NetworkLinkFailed", name.Name, () => Change(name));
        }
    }

    private void Change(LinkReference name)
    {
        CheckOptions();
        NetworkLink link = GetLink(name);

        // In its new place its bridge is another, and so it is changed there.
        using NetworkNamespace? place = TargetNamespace is null ? null : Open(TargetNamespace);
        NetworkNamespace network = place ?? Network;
        LinkSettings settings = new()
        {
            Name = NewName is null ? null : LinkName.Check(NewName),
            Up = Up ? true : Down ? false : null,
            Mtu = Mtu,
            MacAddress = ParseMac(MacAddress),
            Master = NoMaster ? 0 : Master is null ? null : network.GetLink(Master).Index,
            Alias = Alias,
            Group = Group,
            QueueLength = QueueLength,
        };
        if (!ShouldProcess($"link {name} of {Network.Description}", Describe(place)))
        {
            return;
        }

        if (place is not null)
        {
            link = new LinkMove(Network, place).Move(link, NewName);
            settings = settings with { Name = null };
        }

        network.ChangeLink(link, settings);
        if (PassThru)
        {
            WriteObject(network.Complete(network.GetLink(NewName ?? name.Name)));
        }
    }

    private void CheckOptions()
    {
        if ((Up && Down) || (Master is not null && NoMaster))
        {
            throw Invalid($"{(Up && Down ? "-Up and -Down" : "-Master and -NoMaster")} say the opposite of each other. Leave one out.");
        }

        if (!(Up || Down || NoMaster) && (NewName, Mtu, MacAddress, Master, Alias, Group, QueueLength, TargetNamespace) is (null, null, null, null, null, null, null, null))
        {
            throw Invalid("Nothing was given that is to change. Add -Up, -Down, -NewName, -Mtu, -MacAddress, -Master, -NoMaster, -Alias, -Group, -QueueLength or -TargetNamespace.");
        }

        if (NewName is not null && Name.Length > 1)
        {
            throw Invalid($"{Name.Length} links cannot all be named '{NewName}'. Rename one at a time.");
        }
    }

    private string Describe(NetworkNamespace? place)
    {
        List<string> words = [];
        foreach (string parameter in (string[])[nameof(Up), nameof(Down), nameof(NewName), nameof(Mtu), nameof(MacAddress), nameof(Master), nameof(NoMaster), nameof(Alias), nameof(Group), nameof(QueueLength)])
        {
            if (MyInvocation.BoundParameters.TryGetValue(parameter, out object? value))
            {
                words.Add(value is SwitchParameter ? parameter : $"{parameter} {value}");
            }
        }

        string change = words.Count == 0 ? "" : $"set {string.Join(", ", words)}";
        return place is null ? change : $"move to {place.Description}{(words.Count == 0 ? "" : $", {change}")}";
    }

    private static IsolationException Invalid(string message) => new("NetworkOptionInvalid", ErrorKind.InvalidArgument, message);
}
