using System;
using System.Collections.Generic;
using System.Globalization;

namespace Isolation.Host;

/// <summary>What a process may do: the lines of <c>/proc/PID/status</c> about capabilities and filters, proc_pid_status(5).</summary>
internal sealed class CallerStatus
{
    /// <summary>The names of the capabilities that this module uses or will use, by number, capabilities(7).</summary>
    public static IReadOnlyDictionary<int, string> UsedCapabilities { get; } = new SortedDictionary<int, string>
    {
        [0] = "CAP_CHOWN", [1] = "CAP_DAC_OVERRIDE", [3] = "CAP_FOWNER", [5] = "CAP_KILL", [6] = "CAP_SETGID", [7] = "CAP_SETUID", [8] = "CAP_SETPCAP",
        [12] = "CAP_NET_ADMIN", [18] = "CAP_SYS_CHROOT", [19] = "CAP_SYS_PTRACE", [SystemAdministration] = "CAP_SYS_ADMIN", [24] = "CAP_SYS_RESOURCE",
        [27] = "CAP_MKNOD",
    };

    /// <summary>The number of CAP_SYS_ADMIN.</summary>
    public const int SystemAdministration = 21;

    private CallerStatus()
    {
    }

    /// <summary><c>CapEff</c>: the effective capabilities, a bit each.</summary>
    public ulong Capabilities { get; private set; }

    /// <summary><c>NoNewPrivs</c>: whether programs run by it gain nothing from setuid bits and file capabilities.</summary>
    public bool NoNewPrivileges { get; private set; }

    /// <summary><c>Seccomp</c>: 0 for none, 1 for strict, 2 for a filter; null where the kernel has no seccomp.</summary>
    public int? SeccompMode { get; private set; }

    /// <summary><c>Seccomp_filters</c>: how many filters there are (Linux 5.9); null where that is not told.</summary>
    public int? SeccompFilters { get; private set; }

    /// <summary>Whether CAP_SYS_ADMIN is effective, in the process's own user namespace.</summary>
    public bool IsAdministrator => Has(SystemAdministration);

    /// <summary>Parses the text of a status file. Lines that are missing have no effect.</summary>
    public static CallerStatus Parse(string text)
    {
        CallerStatus status = new();
        foreach (ReadOnlySpan<char> line in text.AsSpan().EnumerateLines())
        {
            int colon = line.IndexOf(':');
            if (colon < 0)
            {
                continue;
            }

            ReadOnlySpan<char> value = line[(colon + 1)..].Trim();
            switch (line[..colon])
            {
                case "CapEff" when ulong.TryParse(value, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ulong set):
                    status.Capabilities = set;
                    break;
                case "NoNewPrivs":
                    status.NoNewPrivileges = value is "1";
                    break;
                case "Seccomp" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int mode):
                    status.SeccompMode = mode;
                    break;
                case "Seccomp_filters" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int filters):
                    status.SeccompFilters = filters;
                    break;
            }
        }

        return status;
    }

    /// <summary>Whether a capability is effective.</summary>
    public bool Has(int capability) => (Capabilities & (1UL << capability)) != 0;
}
