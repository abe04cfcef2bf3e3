using System;
using Isolation.Netlink;

namespace Isolation.Network;

/// <summary>Requests about queueing disciplines and the filters before them, and queueing disciplines from messages; rtnetlink(7), tc(8).</summary>
internal static class QueueMessages
{
    /// <summary>The link itself, <c>TC_H_ROOT</c>: what it sends.</summary>
    public const uint Root = 0xFFFFFFFF;

    /// <summary>What a link receives, <c>TC_H_INGRESS</c>.</summary>
    public const uint Ingress = 0xFFFFFFF1;

    private const uint IngressHandle = 0xFFFF0000;
    private const ushort NewFilter = 44;

    // TCA_* of linux/rtnetlink.h, TCA_TBF_* and TCA_NETEM_* of linux/pkt_sched.h, TCA_U32_* of linux/pkt_cls.h, TCA_ACT_* and TCA_MIRRED_* besides.
    private const ushort Kind = 1;
    private const ushort Options = 2;
    private const ushort Statistics = 7;
    private const ushort StatisticsBasic = 1;
    private const ushort StatisticsQueue = 3;
    private const ushort BucketParameters = 1;
    private const ushort BucketRate64 = 4;
    private const ushort BucketBurst = 6;
    private const ushort EmulatorReorderAttribute = 3;
    private const ushort EmulatorLatency64 = 10;
    private const ushort EmulatorJitter64 = 11;
    private const ushort Selector = 5;
    private const ushort SelectorAction = 7;
    private const ushort ActionKind = 1;
    private const ushort ActionOptions = 2;
    private const ushort RedirectParameters = 2;

    private const int NanosecondsPerTick = 64;
    private const double PerCent = uint.MaxValue / 100.0;

    /// <summary>All queueing disciplines. Equivalent to <c>tc qdisc show</c>.</summary>
    public static NetlinkWriter List() => new NetlinkWriter(RouteMessage.GetQueue, NetlinkFlags.Dump).Header(default(QueueHeader));

    /// <summary>
    /// Lets a link send no more than a rate, tc-tbf(8). Equivalent to <c>tc qdisc replace dev LINK parent PARENT handle HANDLE tbf rate RATE burst BURST limit LIMIT</c>.
    /// </summary>
    /// <param name="link">The link's number.</param>
    /// <param name="parent">Where it hangs.</param>
    /// <param name="handle">Its handle.</param>
    /// <param name="rate">Bytes a second.</param>
    /// <param name="burst">Bytes that may follow one another at once.</param>
    /// <param name="limit">Bytes that may wait.</param>
    public static NetlinkWriter TokenBucket(int link, uint parent, uint handle, long rate, uint burst, uint limit)
    {
        const byte Ethernet = 1;
        return Replace(link, parent, handle, "tbf", options =>
        {
            options.Struct(BucketParameters, new TokenBucketOptions
            {
                // With this kind of link named the kernel reckons with the rate itself and wants no table of times.
                Rate = new RateSpecification { LinkLayer = Ethernet, Rate = (uint)Math.Min(rate, uint.MaxValue) },
                Limit = limit,
            });
            if (rate >= uint.MaxValue)
            {
                options.UInt64(BucketRate64, (ulong)rate);
            }

            options.UInt32(BucketBurst, burst);
        });
    }

    /// <summary>
    /// Lets packets wait, get lost, come twice or overtake one another, tc-netem(8). Equivalent to <c>tc qdisc replace dev LINK root handle HANDLE netem delay … loss …</c>.
    /// </summary>
    public static NetlinkWriter Emulator(int link, uint parent, uint handle, NetworkRateSettings settings)
    {
        const uint Waiting = 100_000;
        return Replace(link, parent, handle, "netem", options =>
        {
            options.Header(new EmulatorOptions
            {
                Latency = Ticks(settings.Delay),
                Jitter = Ticks(settings.Jitter),
                Limit = Waiting,
                Loss = Share(settings.Loss),
                Duplicate = Share(settings.Duplicate),

                // Without a gap no packet overtakes, whatever the share.
                Gap = settings.Reorder is > 0 ? 1u : 0,
            });
            options.UInt64(EmulatorLatency64, Nanoseconds(settings.Delay));
            options.UInt64(EmulatorJitter64, Nanoseconds(settings.Jitter));
            if (settings.Reorder is > 0)
            {
                options.Struct(EmulatorReorderAttribute, new EmulatorReorder { Probability = Share(settings.Reorder) });
            }
        });
    }

    /// <summary>Takes what hangs on a link away, and all that hangs on that. Equivalent to <c>tc qdisc delete dev LINK root</c>, or <c>ingress</c>.</summary>
    public static NetlinkWriter Remove(int link, uint parent) =>
        new NetlinkWriter(RouteMessage.DeleteQueue, NetlinkFlags.Ack).Header(new QueueHeader { LinkIndex = link, Parent = parent, Handle = parent == Ingress ? IngressHandle : 0 });

    /// <summary>Lets filters see what a link receives. Equivalent to <c>tc qdisc add dev LINK ingress</c>.</summary>
    public static NetlinkWriter AddIngress(int link) =>
        new NetlinkWriter(RouteMessage.NewQueue, NetlinkFlags.Ack | NetlinkFlags.Create | NetlinkFlags.Exclusive)
            .Header(new QueueHeader { LinkIndex = link, Parent = Ingress, Handle = IngressHandle })
            .Text(Kind, "ingress");

    /// <summary>
    /// Sends all that a link receives through another first. Equivalent to <c>tc filter add dev LINK ingress protocol all prio 1 u32 match u32 0 0 action mirred egress redirect dev OTHER</c>.
    /// </summary>
    public static NetlinkWriter Redirect(int link, int other)
    {
        // ETH_P_ALL in network order, and the first place.
        const uint AllFirst = (1u << 16) | 0x0300;
        const byte Terminal = 1;
        const int Stolen = 4, RedirectOut = 1;
        return new NetlinkWriter(NewFilter, NetlinkFlags.Ack | NetlinkFlags.Create | NetlinkFlags.Exclusive)
            .Header(new QueueHeader { LinkIndex = link, Parent = IngressHandle, Info = AllFirst })
            .Text(Kind, "u32")
            .Nest(Options, options => options
                .Nest(SelectorAction, actions => actions.Nest(1, action => action
                    .Text(ActionKind, "mirred")
                    .Nest(ActionOptions, redirect => redirect.Struct(RedirectParameters, new RedirectOptions { Action = Stolen, RedirectAction = RedirectOut, LinkIndex = other }))))
                .Struct(Selector, new EveryPacketSelector { Flags = Terminal, Keys = 1 }));
    }

    /// <summary>The queueing discipline of a message; null where it is about something else.</summary>
    public static NetworkQueue? Read(NetlinkMessage message)
    {
        if (message.Type != RouteMessage.NewQueue)
        {
            return null;
        }

        QueueHeader header = message.Header<QueueHeader>();
        NetworkQueue queue = new() { LinkIndex = header.LinkIndex, Handle = header.Handle, Parent = header.Parent };
        foreach (NetlinkAttribute attribute in message.Attributes<QueueHeader>())
        {
            switch (attribute.Type)
            {
                case Kind:
                    queue = queue with { Kind = attribute.Text };
                    break;
                case Options when queue.Kind == "tbf":
                    queue = ReadBucket(queue, attribute.Nested);
                    break;
                case Options when queue.Kind == "netem":
                    queue = ReadEmulator(queue, attribute.Value);
                    break;
                case Statistics:
                    queue = ReadStatistics(queue, attribute.Nested);
                    break;
                default:
                    break;
            }
        }

        return queue;
    }

    private static NetworkQueue ReadBucket(NetworkQueue queue, NetlinkAttributes attributes)
    {
        TokenBucketOptions options = default;
        long rate = 0;
        foreach (NetlinkAttribute attribute in attributes)
        {
            if (attribute.Type == BucketParameters)
            {
                options = attribute.Struct<TokenBucketOptions>();
            }
            else if (attribute.Type == BucketRate64)
            {
                rate = (long)Math.Min(attribute.UInt64, long.MaxValue);
            }
        }

        rate = rate == 0 ? options.Rate.Rate : rate;

        // The kernel gives the burst back as the time in which it is filled, with ticks that are rounded down.
        return queue with { Rate = rate, Burst = (long)Math.Round(rate * (options.Buffer * (double)NanosecondsPerTick / 1e9)) };
    }

    private static NetworkQueue ReadEmulator(NetworkQueue queue, ReadOnlySpan<byte> value)
    {
        EmulatorOptions options = NetlinkAttribute.Read<EmulatorOptions>(value);
        ulong delay = (ulong)options.Latency * NanosecondsPerTick;
        ulong jitter = (ulong)options.Jitter * NanosecondsPerTick;
        double reorder = 0;
        int size = System.Runtime.CompilerServices.Unsafe.SizeOf<EmulatorOptions>();
        foreach (NetlinkAttribute attribute in new NetlinkAttributes(value.Length > size ? value[size..] : []))
        {
            switch (attribute.Type)
            {
                case EmulatorReorderAttribute:
                    reorder = attribute.Struct<EmulatorReorder>().Probability / PerCent;
                    break;
                case EmulatorLatency64:
                    delay = attribute.UInt64;
                    break;
                case EmulatorJitter64:
                    jitter = attribute.UInt64;
                    break;
                default:
                    break;
            }
        }

        return queue with
        {
            Delay = Time(delay), Jitter = Time(jitter), Loss = Rounded(options.Loss / PerCent), Duplicate = Rounded(options.Duplicate / PerCent), Reorder = options.Gap == 0 ? 0 : Rounded(reorder),
        };
    }

    private static NetworkQueue ReadStatistics(NetworkQueue queue, NetlinkAttributes attributes)
    {
        foreach (NetlinkAttribute attribute in attributes)
        {
            if (attribute.Type == StatisticsBasic)
            {
                queue = queue with { Bytes = attribute.UInt64 };
            }
            else if (attribute.Type == StatisticsQueue)
            {
                // struct gnet_stats_queue: queue length, backlog, drops, requeues, overlimits.
                (uint _, uint _, uint drops, uint _, uint overlimits) = attribute.Struct<(uint, uint, uint, uint, uint)>();
                queue = queue with { Drops = drops, Overlimits = overlimits };
            }
        }

        return queue;
    }

    private static NetlinkWriter Replace(int link, uint parent, uint handle, string kind, Action<NetlinkWriter> options) =>
        new NetlinkWriter(RouteMessage.NewQueue, NetlinkFlags.Ack | NetlinkFlags.Create | NetlinkFlags.Replace)
            .Header(new QueueHeader { LinkIndex = link, Parent = parent, Handle = handle })
            .Text(Kind, kind)
            .Nest(Options, options);

    private static uint Ticks(TimeSpan? time) => (uint)Math.Min(Nanoseconds(time) / NanosecondsPerTick, uint.MaxValue);

    private static ulong Nanoseconds(TimeSpan? time) => (ulong)((time ?? TimeSpan.Zero).Ticks * TimeSpan.NanosecondsPerTick);

    private static TimeSpan Time(ulong nanoseconds) => TimeSpan.FromTicks((long)Math.Min(nanoseconds / TimeSpan.NanosecondsPerTick, long.MaxValue));

    private static uint Share(double? perCent) => (uint)Math.Min(Math.Round((perCent ?? 0) * PerCent), uint.MaxValue);

    private static double Rounded(double perCent) => Math.Round(perCent, 4);
}
