namespace Isolation.Network;

/// <summary>The numbers of rtnetlink(7): messages, and attributes of links, <c>linux/rtnetlink.h</c>, <c>linux/if_link.h</c>.</summary>
internal static class RouteMessage
{
    public const ushort NewLink = 16;
    public const ushort DeleteLink = 17;
    public const ushort GetLink = 18;
    public const ushort SetLink = 19;
    public const ushort NewAddress = 20;
    public const ushort DeleteAddress = 21;
    public const ushort GetAddress = 22;
    public const ushort NewRoute = 24;
    public const ushort DeleteRoute = 25;
    public const ushort GetRoute = 26;
    public const ushort NewNeighbour = 28;
    public const ushort DeleteNeighbour = 29;
    public const ushort GetNeighbour = 30;
    public const ushort NewQueue = 36;
    public const ushort DeleteQueue = 37;
    public const ushort GetQueue = 38;
}

/// <summary>Attributes of a link, <c>IFLA_*</c> of <c>linux/if_link.h</c>.</summary>
internal static class LinkAttribute
{
    public const ushort Address = 1;
    public const ushort Broadcast = 2;
    public const ushort Name = 3;
    public const ushort Mtu = 4;
    public const ushort Link = 5;
    public const ushort QueueDiscipline = 6;
    public const ushort Master = 10;
    public const ushort QueueLength = 13;
    public const ushort OperationalState = 16;
    public const ushort LinkInfo = 18;
    public const ushort NamespacePid = 19;
    public const ushort Alias = 20;
    public const ushort Statistics64 = 23;
    public const ushort ProtocolOptions = 26;
    public const ushort Group = 27;
    public const ushort NamespaceDescriptor = 28;
    public const ushort ExtendedMask = 29;
    public const ushort Promiscuity = 30;
    public const ushort LinkNamespaceId = 37;
    public const ushort TargetNamespaceId = 46;
    public const ushort NewIndex = 49;
    public const ushort MinMtu = 50;
    public const ushort MaxMtu = 51;
    public const ushort ExtendedNames = 52;
    public const ushort AlternativeName = 53;
    public const ushort PermanentAddress = 54;

    /// <summary>Inside <see cref="LinkInfo"/>: the kind, such as <c>veth</c>.</summary>
    public const ushort InfoKind = 1;

    /// <summary>Inside <see cref="LinkInfo"/>: what the kind has of its own.</summary>
    public const ushort InfoData = 2;

    /// <summary>Inside <see cref="LinkInfo"/>: the kind of its master.</summary>
    public const ushort InfoSlaveKind = 4;

    /// <summary>Inside <see cref="LinkInfo"/>: what the kind of its master has of its own for it.</summary>
    public const ushort InfoSlaveData = 5;

    /// <summary>Inside the data of a <c>veth</c>: the other end, a <c>struct ifinfomsg</c> and attributes.</summary>
    public const ushort VethPeer = 1;
}
