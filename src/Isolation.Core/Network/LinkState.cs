namespace Isolation;

/// <summary>Whether a link can carry packets, <c>IF_OPER_*</c> of RFC 2863, <c>operstate</c> of <c>ip link</c>.</summary>
public enum LinkState
{
    /// <summary>The driver does not say; what is switched on carries packets then.</summary>
    Unknown,
    /// <summary>The hardware is missing.</summary>
    NotPresent,
    /// <summary>Switched off, or not connected.</summary>
    Down,
    /// <summary>The link that it lies on is down.</summary>
    LowerLayerDown,
    /// <summary>In a test.</summary>
    Testing,
    /// <summary>Waiting for something outside, such as authentication.</summary>
    Dormant,
    /// <summary>It carries packets.</summary>
    Up,
}
