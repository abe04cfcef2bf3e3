using System.Text.Json;
using Isolation.Network;

namespace Isolation.ContainerNetworks;

/// <summary>How fast each member of a network may send and receive.</summary>
/// <param name="Send">Bits a second that a member sends; null for no limit.</param>
/// <param name="Receive">Bits a second that a member receives; null for no limit.</param>
/// <param name="Burst">Bytes that may follow one another at once; null for what the rate makes of it.</param>
internal sealed record MemberRate(long? Send, long? Receive, long? Burst)
{
    /// <summary>No limit.</summary>
    public static MemberRate None { get; } = new(null, null, null);

    /// <summary>Whether there is no limit.</summary>
    public bool IsNone => Send is null && Receive is null;

    /// <summary>Refuses a burst of nothing.</summary>
    /// <exception cref="IsolationException"><c>ContainerNetworkOptionInvalid</c>.</exception>
    public void Check(string network)
    {
        if (IsNone && Burst is not null)
        {
            throw new IsolationException(
                "ContainerNetworkOptionInvalid", ErrorKind.InvalidArgument, $"-Burst of network '{network}' belongs to a rate. Add -Send, -Receive or both, or leave it out.");
        }
    }

    /// <summary>
    /// Limits a member, at the end of its pair that is at the bridge: what is set there nobody in the set can take away. What the member sends is received there.
    /// </summary>
    public void Apply(MemberRecord member, NetworkNamespace host)
    {
        if (!IsNone && MemberLink.AtBridge(member, host) is NetworkLink link)
        {
            new LinkRate(host, link).Set(new NetworkRateSettings { Send = Receive, Receive = Send, Burst = Burst }, force: false);
        }
    }

    /// <summary>Writes the member <c>rate</c> of a record, where there is a limit.</summary>
    public void Write(Utf8JsonWriter writer)
    {
        if (IsNone)
        {
            return;
        }

        writer.WriteStartObject("rate"u8);
        foreach ((string name, long? value) in (System.ReadOnlySpan<(string, long?)>)[("send", Send), ("receive", Receive), ("burst", Burst)])
        {
            if (value is long number)
            {
                writer.WriteNumber(name, number);
            }
        }

        writer.WriteEndObject();
    }

    /// <summary>Reads the member <c>rate</c> of a record.</summary>
    public static MemberRate Read(JsonElement record) =>
        record.TryGetProperty("rate", out JsonElement rate) ? new MemberRate(Number(rate, "send"), Number(rate, "receive"), Number(rate, "burst")) : None;

    private static long? Number(JsonElement rate, string name) => rate.TryGetProperty(name, out JsonElement number) ? number.GetInt64() : null;
}
