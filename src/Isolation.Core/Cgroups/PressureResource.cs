namespace Isolation;

/// <summary>What processes wait for, as the kernel's pressure stall information (PSI) tells it apart.</summary>
public enum PressureResource
{
    /// <summary>A processor.</summary>
    Cpu,
    /// <summary>Memory: reclaim, swap, and pages that are read again.</summary>
    Memory,
    /// <summary>Disks.</summary>
    Io,
    /// <summary>The end of interrupts; since Linux 6.1, where the kernel measures it.</summary>
    Irq,
}
