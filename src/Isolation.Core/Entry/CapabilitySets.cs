using System.Globalization;
using System.IO;

namespace Isolation.Entry;

/// <summary>Capabilities that a program can keep, capabilities(7).</summary>
internal static class CapabilitySets
{
    /// <summary>Those that a process has right before it becomes the program, a bit each.</summary>
    /// <param name="fullRights">It has come into a user namespace: there it has all that the kernel knows. Otherwise what this process has.</param>
    public static ulong Kept(bool fullRights)
    {
        if (fullRights)
        {
            int last = int.Parse(File.ReadAllText("/proc/sys/kernel/cap_last_cap"), CultureInfo.InvariantCulture);
            return ulong.MaxValue >> (63 - last);
        }

        foreach (string line in File.ReadLines("/proc/self/status"))
        {
            if (line.StartsWith("CapPrm:", System.StringComparison.Ordinal))
            {
                return ulong.Parse(line["CapPrm:".Length..].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            }
        }

        return 0;
    }
}
