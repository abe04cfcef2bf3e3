using System;
using System.Collections.Generic;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Isolation.ContainerNetworks;

/// <summary>What a program asks where it looks up a name, resolv.conf(5).</summary>
internal sealed partial record ResolverSettings
{
    /// <summary>The servers that are asked, and the domains that are searched, as far as every C library goes (<c>MAXNS</c>, <c>MAXDNSRCH</c> of resolv.h).</summary>
    private const int MostServers = 3, MostDomains = 6;

    /// <summary>Nothing is asked for.</summary>
    public static ResolverSettings None { get; } = new();

    /// <summary>The servers, in the order in which they are asked.</summary>
    public IReadOnlyList<IPAddress> Servers { get; init; } = [];

    /// <summary>The domains in which a name without a dot is looked up.</summary>
    public IReadOnlyList<string> Search { get; init; } = [];

    /// <summary>Such as <c>ndots:2</c>.</summary>
    public IReadOnlyList<string> Options { get; init; } = [];

    /// <summary>Whether nothing is asked for.</summary>
    public bool IsNone => Servers.Count == 0 && Search.Count == 0 && Options.Count == 0;

    /// <summary>Refuses what no resolver reads.</summary>
    /// <exception cref="IsolationException"><c>ContainerDnsInvalid</c>.</exception>
    public void Check(string network)
    {
        if (Servers.Count > MostServers)
        {
            throw Invalid($"Network '{network}' cannot have {Servers.Count} name servers: a program asks the first {MostServers}, resolv.conf(5). Give no more.");
        }

        if (Search.Count > MostDomains)
        {
            throw Invalid($"Network '{network}' cannot have {Search.Count} search domains: a program tries the first {MostDomains}, resolv.conf(5). Give no more.");
        }

        foreach (IPAddress server in Servers)
        {
            if (server.Equals(IPAddress.Any) || server.Equals(IPAddress.IPv6Any) || server.IsIPv6Multicast || server.GetAddressBytes() is [>= 224, _, _, _])
            {
                throw Invalid($"{server} cannot be a name server of network '{network}': it is no address of one host. Give one such as 192.0.2.53.");
            }
        }

        foreach (string domain in Search)
        {
            if (Uri.CheckHostName(domain.TrimEnd('.')) != UriHostNameType.Dns)
            {
                throw Invalid($"'{domain}' cannot be a search domain of network '{network}': it has letters, digits, '-' and dots between its parts, such as example.org.");
            }
        }

        foreach (string option in Options)
        {
            if (!OptionPattern().IsMatch(option))
            {
                throw Invalid($"'{option}' cannot be a resolver option of network '{network}': it is a word, or a word, ':' and a number, such as rotate or ndots:2, resolv.conf(5).");
            }
        }
    }

    /// <summary>What several networks ask for, the first one first.</summary>
    public ResolverSettings And(ResolverSettings other) => new()
    {
        Servers = Join(Servers, other.Servers, MostServers),
        Search = Join(Search, other.Search, MostDomains),
        Options = Join(Options, other.Options, int.MaxValue),
    };

    /// <summary>Where something is not asked for, that of somebody else.</summary>
    public ResolverSettings Or(ResolverSettings other) => new()
    {
        Servers = Servers.Count == 0 ? other.Servers : Servers,
        Search = Search.Count == 0 ? other.Search : Search,
        Options = Options.Count == 0 ? other.Options : Options,
    };

    /// <summary>The text of a resolv.conf(5).</summary>
    public string ToText()
    {
        StringBuilder text = new();
        foreach (IPAddress server in Servers)
        {
            text.Append("nameserver ").Append(server).Append('\n');
        }

        if (Search.Count != 0)
        {
            text.Append("search ").AppendJoin(' ', Search).Append('\n');
        }

        if (Options.Count != 0)
        {
            text.Append("options ").AppendJoin(' ', Options).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>Reads the text of a resolv.conf(5). What is no setting that is known here is passed over, as every resolver does.</summary>
    public static ResolverSettings Parse(string text)
    {
        List<IPAddress> servers = [];
        string[] search = [];
        List<string> options = [];
        foreach (string line in text.Split('\n'))
        {
            string[] words = line.Split((char[])[' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);
            switch (words)
            {
                case ["nameserver", string server, ..] when IPAddress.TryParse(server, out IPAddress? address):
                    servers.Add(address);
                    break;
                case ["search" or "domain", ..]:
                    // The last such line counts.
                    search = words[1..];
                    break;
                case ["options", ..]:
                    options.AddRange(words[1..]);
                    break;
            }
        }

        return new ResolverSettings { Servers = servers, Search = search, Options = options };
    }

    /// <summary>Writes the member <c>dns</c> of a record, where anything is asked for.</summary>
    public void Write(Utf8JsonWriter writer)
    {
        if (IsNone)
        {
            return;
        }

        writer.WriteStartObject("dns"u8);
        WriteList(writer, "servers", Servers);
        WriteList(writer, "search", Search);
        WriteList(writer, "options", Options);
        writer.WriteEndObject();
    }

    /// <summary>Reads the member <c>dns</c> of a record.</summary>
    public static ResolverSettings Read(JsonElement record)
    {
        if (!record.TryGetProperty("dns", out JsonElement dns))
        {
            return None;
        }

        ResolverSettings settings = new()
        {
            Servers = ReadList(dns, "servers", static text => IPAddress.Parse(text)),
            Search = ReadList(dns, "search", static text => text),
            Options = ReadList(dns, "options", static text => text),
        };
        try
        {
            // They become lines of a file.
            settings.Check("");
            return settings;
        }
        catch (IsolationException exception)
        {
            throw new JsonException(exception.Message, exception);
        }
    }

    private static List<T> Join<T>(IReadOnlyList<T> first, IReadOnlyList<T> second, int most)
    {
        List<T> all = [.. first];
        foreach (T one in second)
        {
            if (all.Count < most && !all.Contains(one))
            {
                all.Add(one);
            }
        }

        return all;
    }

    private static void WriteList<T>(Utf8JsonWriter writer, string name, IReadOnlyList<T> list)
    {
        writer.WriteStartArray(name);
        foreach (T one in list)
        {
            writer.WriteStringValue(one!.ToString());
        }

        writer.WriteEndArray();
    }

    private static List<T> ReadList<T>(JsonElement parent, string name, Func<string, T> read)
    {
        List<T> list = [];
        foreach (JsonElement one in parent.GetProperty(name).EnumerateArray())
        {
            list.Add(read(one.GetString() ?? throw new JsonException($"A part of {name} is no text.")));
        }

        return list;
    }

    private static IsolationException Invalid(string message) => new("ContainerDnsInvalid", ErrorKind.InvalidArgument, message);

    [GeneratedRegex(@"\A[a-zA-Z0-9_-]+(:[0-9]+)?\z")]
    private static partial Regex OptionPattern();
}
