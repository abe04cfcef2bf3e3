using System.Collections.Generic;
using System.Management.Automation;
using Isolation.Arguments;
using Isolation.Completion;
using Isolation.Network;

namespace Isolation.Commands;

/// <summary>Get-NetworkRate: how fast links may send and receive. Equivalent to <c>tc -s qdisc show</c>.</summary>
[Cmdlet(VerbsCommon.Get, "NetworkRate")]
[OutputType(typeof(NetworkRate))]
public sealed class GetNetworkRateCommand : LinkFilterCommand
{
    /// <inheritdoc/>
    protected override void ProcessRecord() => Guard("NetworkReadFailed", Namespace, () =>
    {
        LinkPattern wanted = Wanted();
        foreach (NetworkLink link in Network.Links())
        {
            // Of all links those that are limited; of one that is named, also that it is not.
            if (wanted.Names(link.Name) || (wanted.Takes(link.Name) && !LinkRate.IsReceiver(link)))
            {
                LinkRate rate = new(Network, link);
                if (rate.IsSet || wanted.Names(link.Name))
                {
                    WriteObject(rate.Current);
                }
            }
        }
    });
}

/// <summary>The base of those that change rates: of which links.</summary>
public abstract class NetworkRateCommand : NetworkCommand
{
    /// <summary>The links.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(LinkCompleter))]
    public LinkReference[] Link { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (LinkReference name in Link)
        {
            Guard("NetworkRateFailed", name.Name, () =>
            {
                NetworkLink link = GetLink(name);
                if (LinkRate.IsReceiver(link))
                {
                    throw new IsolationException(
                        "NetworkOptionInvalid", ErrorKind.InvalidArgument, $"Through {name} another link receives at its rate. Change that of the other link.");
                }

                Change(link);
            });
        }
    }

    private protected abstract void Change(NetworkLink link);
}

/// <summary>Set-NetworkRate: limits how fast links send and receive, and makes a line as bad as it is to be. Equivalent to <c>tc qdisc replace</c> with tbf, netem and ifb.</summary>
[Cmdlet(VerbsCommon.Set, "NetworkRate", SupportsShouldProcess = true)]
[OutputType(typeof(NetworkRate))]
public sealed class SetNetworkRateCommand : NetworkRateCommand
{
    /// <summary>The most that it sends in a second.</summary>
    [Parameter]
    [ValidateNotNull]
    public RateArgument? Send { get; set; }

    /// <summary>The most that it receives in a second.</summary>
    [Parameter]
    [ValidateNotNull]
    public RateArgument? Receive { get; set; }

    /// <summary>Bytes that may go at once after a pause, in both directions.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public long? Burst { get; set; }

    /// <summary>How long each packet waits before it is sent.</summary>
    [Parameter]
    [ValidateNotNull]
    public DurationArgument? Delay { get; set; }

    /// <summary>By how much that differs from packet to packet.</summary>
    [Parameter]
    [ValidateNotNull]
    public DurationArgument? Jitter { get; set; }

    /// <summary>How many packets are lost, in per cent.</summary>
    [Parameter]
    [ValidateRange(0d, 100d)]
    public double? Loss { get; set; }

    /// <summary>How many packets are sent twice, in per cent.</summary>
    [Parameter]
    [ValidateRange(0d, 100d)]
    public double? Duplicate { get; set; }

    /// <summary>How many packets are sent without the delay, in per cent.</summary>
    [Parameter]
    [ValidateRange(0d, 100d)]
    public double? Reorder { get; set; }

    /// <summary>Puts it in the place of a queueing discipline of somebody else's.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Gives the rates as they are afterwards.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private protected override void Change(NetworkLink link)
    {
        NetworkRateSettings settings = new()
        {
            Send = Send?.Bits,
            Receive = Receive?.Bits,
            Burst = Burst,
            Delay = Delay?.Time,
            Jitter = Jitter?.Time,
            Loss = Loss,
            Duplicate = Duplicate,
            Reorder = Reorder,
        };
        LinkRate rate = new(Network, link);
        Check(settings, rate.Current);
        if (!ShouldProcess($"link {link.Name} of {Network.Description}", $"set {string.Join(", ", Words())}"))
        {
            return;
        }

        Network.SweepRates();
        rate.Set(settings, Force);
        if (PassThru)
        {
            WriteObject(new LinkRate(Network, link).Current);
        }
    }

    private static void Check(NetworkRateSettings settings, NetworkRate current)
    {
        if (settings with { Burst = null } == new NetworkRateSettings())
        {
            throw Invalid(settings.Burst is null
                ? "No rate was given. Add -Send, -Receive, -Delay, -Jitter, -Loss, -Duplicate or -Reorder."
                : "-Burst belongs to a rate. Add -Send, -Receive or both.");
        }

        if (settings.Delay?.Ticks < 0 || settings.Jitter?.Ticks < 0)
        {
            throw Invalid("A packet cannot be sent before it comes: -Delay and -Jitter are 0 or more.");
        }

        if ((settings.Jitter?.Ticks > 0 || settings.Reorder > 0) && (settings.Delay ?? current.Delay).Ticks == 0)
        {
            throw Invalid($"Without a delay nothing {(settings.Reorder > 0 ? "overtakes" : "differs")}. Add -Delay.");
        }
    }

    private IEnumerable<string> Words()
    {
        foreach (string parameter in (string[])[nameof(Send), nameof(Receive), nameof(Burst), nameof(Delay), nameof(Jitter), nameof(Loss), nameof(Duplicate), nameof(Reorder)])
        {
            if (MyInvocation.BoundParameters.TryGetValue(parameter, out object? value))
            {
                yield return $"{parameter} {value}";
            }
        }
    }

    private static IsolationException Invalid(string message) => new("NetworkOptionInvalid", ErrorKind.InvalidArgument, message);
}

/// <summary>Remove-NetworkRate: takes limits of links away. Equivalent to <c>tc qdisc delete</c>.</summary>
[Cmdlet(VerbsCommon.Remove, "NetworkRate", SupportsShouldProcess = true)]
public sealed class RemoveNetworkRateCommand : NetworkRateCommand
{
    private protected override void Change(NetworkLink link)
    {
        LinkRate rate = new(Network, link);
        if (!rate.IsSet)
        {
            throw new IsolationException(
                "NetworkRateNotFound", ErrorKind.NotFound, $"The link {link.Name} of {Network.Description} has no limit that Set-NetworkRate has set. Get-NetworkRate lists those that have.");
        }

        if (ShouldProcess($"link {link.Name} of {Network.Description}", "take its limits away"))
        {
            rate.Remove();
            Network.SweepRates();
        }
    }
}
