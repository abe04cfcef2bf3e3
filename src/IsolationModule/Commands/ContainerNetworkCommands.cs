using System;
using System.Collections;
using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Net;
using Isolation.Arguments;
using Isolation.Cni;
using Isolation.Completion;
using Isolation.ContainerNetworks;

namespace Isolation.Commands;

/// <summary>New-ContainerNetwork: makes networks for namespace sets. Equivalent to <c>docker network create</c>.</summary>
[Cmdlet(VerbsCommon.New, "ContainerNetwork", SupportsShouldProcess = true)]
[OutputType(typeof(ContainerNetwork))]
public sealed class NewContainerNetworkCommand : IsolationCommand
{
    /// <summary>The names.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>What they are made of.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ContainerDriverCompleter))]
    public string Driver { get; set; } = "bridge";

    /// <summary>One subnet of IPv4, of IPv6, or of each.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string[] Subnet { get; set; } = [];

    /// <summary>The way out in each: the bridge itself, or another host.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public IPAddress[] Gateway { get; set; } = [];

    /// <summary>The part of each subnet from which addresses are given.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string[] IPRange { get; set; } = [];

    /// <summary>Nothing leaves the network, nor comes in.</summary>
    [Parameter]
    public SwitchParameter Internal { get; set; }

    /// <summary>A subnet of IPv6 is chosen where none is given.</summary>
    [Parameter]
    public SwitchParameter IPv6 { get; set; }

    /// <summary>The most bytes of a packet.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateRange(68, 65535)]
    public int? Mtu { get; set; }

    /// <summary>The link of this host that the network lies on.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(LinkCompleter))]
    public string? Parent { get; set; }

    /// <summary>The most that each member sends in a second.</summary>
    [Parameter]
    [ValidateNotNull]
    public RateArgument? Send { get; set; }

    /// <summary>The most that each member receives in a second.</summary>
    [Parameter]
    [ValidateNotNull]
    public RateArgument? Receive { get; set; }

    /// <summary>Bytes that may go at once after a pause, in both directions.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public long? Burst { get; set; }

    /// <summary>The name servers that members ask.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public IPAddress[] DnsServer { get; set; } = [];

    /// <summary>The domains in which members look up a name without a dot.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] DnsSearch { get; set; } = [];

    /// <summary>Options of the members' resolver.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] DnsOption { get; set; } = [];

    /// <summary>The address of this host under which the others know it.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNull]
    public IPAddress? Local { get; set; }

    /// <summary>The addresses of the other hosts.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNull]
    public IPAddress[] Peer { get; set; } = [];

    /// <summary>What the driver alone has, by name.</summary>
    [Parameter]
    [ValidateNotNull]
    public IDictionary Option { get; set; } = new Hashtable();

    /// <inheritdoc/>
    protected override void BeginProcessing() => ContainerNetworkStore.Current.Sweep();

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string name in Name)
        {
            Guard("ContainerNetworkCreateFailed", name, () => Create(name));
        }
    }

    // No limit is said with max.
    private static long? Limit(RateArgument? rate) => rate is null or { Bits: 0 } ? null : rate.Bits;

    private void Create(string name)
    {
        ContainerNetworkOptions options = new()
        {
            Name = name, Driver = Driver, Subnet = Subnet, Gateway = Gateway, Range = IPRange, IsInternal = Internal, IPv6 = IPv6, Mtu = Mtu, Parent = Parent, Local = Local, Peers = Peer, Options = TextOptions(),
            Rate = new MemberRate(Limit(Send), Limit(Receive), Burst),
            Resolver = new ResolverSettings { Servers = DnsServer, Search = DnsSearch, Options = DnsOption },
        };
        options.Check();
        if (ShouldProcess(name, "Make the container network"))
        {
            WriteObject(ContainerNetworkStore.Current.Create(options, WriteWarning, Explain, Cancellation));
        }
    }

    private Dictionary<string, string> TextOptions()
    {
        Dictionary<string, string> texts = [];
        foreach (DictionaryEntry option in Option)
        {
            texts[LanguagePrimitives.ConvertTo<string>(option.Key)] = LanguagePrimitives.ConvertTo<string>(option.Value);
        }

        return texts;
    }
}

/// <summary>Import-ContainerNetwork: makes networks as CNI configurations describe them.</summary>
[Cmdlet(VerbsData.Import, "ContainerNetwork", SupportsShouldProcess = true)]
[OutputType(typeof(ContainerNetwork))]
public sealed class ImportContainerNetworkCommand : IsolationCommand
{
    /// <summary>The files; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("FullName", "PSPath", "LiteralPath")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary>Another name for the network than that in the file.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [Alias("NewName")]
    public string? Name { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing() => ContainerNetworkStore.Current.Sweep();

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string path in Path)
        {
            Guard("ContainerNetworkImportFailed", path, () =>
            {
                foreach (string file in Files(path))
                {
                    Guard("ContainerNetworkImportFailed", file, () => ImportFile(file));
                }
            });
        }
    }

    private Collection<string> Files(string path)
    {
        string plain = SessionState.Path.GetUnresolvedProviderPathFromPSPath(path);
        return System.IO.File.Exists(plain) || !WildcardPattern.ContainsWildcardCharacters(path) ? [plain] : SessionState.Path.GetResolvedProviderPathFromPSPath(path, out _);
    }

    private void ImportFile(string file)
    {
        ContainerNetworkOptions options = CniNetwork.Read(file, Name);
        options.Check();
        if (ShouldProcess(options.Name, $"Make the container network of {file}, driver {options.Driver}"))
        {
            WriteObject(ContainerNetworkStore.Current.Create(options, WriteWarning, Explain, Cancellation));
        }
    }
}

/// <summary>Get-ContainerNetwork: the networks that New-ContainerNetwork made. Equivalent to <c>docker network ls</c> and <c>docker network inspect</c>.</summary>
[Cmdlet(VerbsCommon.Get, "ContainerNetwork")]
[OutputType(typeof(ContainerNetwork))]
public sealed class GetContainerNetworkCommand : IsolationCommand
{
    /// <summary>The names.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ContainerNetworkCompleter))]
    public string[]? Name { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing() => ContainerNetworkStore.Current.Sweep();

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string name in Name ?? ["*"])
        {
            if (!WildcardPattern.ContainsWildcardCharacters(name))
            {
                Guard("ContainerNetworkReadFailed", name, () => WriteObject(ContainerNetworkStore.Current.Get(name)));
                continue;
            }

            Guard("ContainerNetworkReadFailed", name, () =>
            {
                foreach (string found in ContainerNetworkNames.Matching(name))
                {
                    Guard("ContainerNetworkReadFailed", found, () => WriteIfThere(found));
                }
            });
        }
    }

    private void WriteIfThere(string name)
    {
        // It may have been removed since the names were read.
        if (ContainerNetworkStore.Current.Find(name) is { } network)
        {
            WriteObject(network);
        }
    }
}

/// <summary>Remove-ContainerNetwork: removes networks, with their bridges and packet rules. Equivalent to <c>docker network rm</c>.</summary>
[Cmdlet(VerbsCommon.Remove, "ContainerNetwork", SupportsShouldProcess = true)]
public sealed class RemoveContainerNetworkCommand : IsolationCommand
{
    /// <summary>The networks, or their names.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ContainerNetworkCompleter))]
    public ContainerNetworkReference[] Name { get; set; } = [];

    /// <summary>Sets that are connected are disconnected.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing() => ContainerNetworkStore.Current.Sweep();

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (ContainerNetworkReference reference in Name)
        {
            Guard("ContainerNetworkRemoveFailed", reference.Name, () =>
            {
                foreach (string name in ContainerNetworkNames.Matching(reference.Name))
                {
                    Guard("ContainerNetworkRemoveFailed", name, () => Remove(name));
                }
            });
        }
    }

    private void Remove(string name)
    {
        if (ShouldProcess(name, "Remove the container network"))
        {
            ContainerNetworkStore.Current.Remove(name, Force, Explain, Cancellation);
        }
    }
}

/// <summary>The networks that a name with wildcards means; one without means itself.</summary>
internal static class ContainerNetworkNames
{
    public static IReadOnlyList<string> Matching(string name)
    {
        if (!WildcardPattern.ContainsWildcardCharacters(name))
        {
            return [name];
        }

        WildcardPattern pattern = WildcardPattern.Get(name, WildcardOptions.None);
        List<string> matching = [];
        foreach (string found in ContainerNetworkStore.Current.Names())
        {
            if (pattern.IsMatch(found))
            {
                matching.Add(found);
            }
        }

        return matching;
    }
}
