using System;

namespace Isolation.Network;

/// <summary>What is asked of a link's rates; null leaves a thing as it is, and zero takes it away.</summary>
internal sealed record NetworkRateSettings
{
    /// <summary>Bits a second that it may send.</summary>
    public long? Send { get; init; }

    /// <summary>Bits a second that it may receive.</summary>
    public long? Receive { get; init; }

    /// <summary>Bytes that may follow one another at once; 0 for what the rate makes of it.</summary>
    public long? Burst { get; init; }

    /// <summary>How long each packet waits before it is sent.</summary>
    public TimeSpan? Delay { get; init; }

    /// <summary>By how much that differs from packet to packet.</summary>
    public TimeSpan? Jitter { get; init; }

    /// <summary>How many packets are lost, in per cent.</summary>
    public double? Loss { get; init; }

    /// <summary>How many packets are sent twice, in per cent.</summary>
    public double? Duplicate { get; init; }

    /// <summary>How many packets are sent without a delay, so that they overtake, in per cent.</summary>
    public double? Reorder { get; init; }

    /// <summary>Whether packets are to be emulated on a worse line.</summary>
    public bool Emulates => Delay > TimeSpan.Zero || Jitter > TimeSpan.Zero || Loss > 0 || Duplicate > 0 || Reorder > 0;

    /// <summary>These, with what they leave as it is taken from others.</summary>
    public NetworkRateSettings Over(NetworkRateSettings others) => new()
    {
        Send = Send ?? others.Send,
        Receive = Receive ?? others.Receive,
        Burst = Burst ?? others.Burst,
        Delay = Delay ?? others.Delay,
        Jitter = Jitter ?? others.Jitter,
        Loss = Loss ?? others.Loss,
        Duplicate = Duplicate ?? others.Duplicate,
        Reorder = Reorder ?? others.Reorder,
    };
}
