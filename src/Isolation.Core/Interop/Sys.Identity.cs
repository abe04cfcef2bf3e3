using System;
using System.Globalization;
using System.IO;
using Tmds.Linux;

namespace Isolation.Interop;

internal static unsafe partial class Sys
{
    /// <summary>The user and the group that own nothing, and stand for ids that a user namespace does not know.</summary>
    public const uint Nobody = 65534;

    private const int CAP_SYS_PTRACE = 19;
    private const int CAP_SYS_ADMIN = 21;

    /// <summary>The caller's effective user id.</summary>
    public static uint EffectiveUserId => (uint)LibC.geteuid();

    /// <summary>The caller's effective group id.</summary>
    public static uint EffectiveGroupId => (uint)LibC.getegid();

    /// <summary>Whether the caller has CAP_SYS_ADMIN in its own user namespace: <c>CapEff</c> of proc_pid_status(5).</summary>
    public static bool HasSystemAdministration { get; } = HasCapability(CAP_SYS_ADMIN);

    /// <summary>Whether the caller may look at the processes of other users in its own user namespace, ptrace(2).</summary>
    public static bool CanLookAtOthers { get; } = HasCapability(CAP_SYS_PTRACE);

    private static bool HasCapability(int capability)
    {
        foreach (string line in File.ReadLines("/proc/self/status"))
        {
            if (line.StartsWith("CapEff:", StringComparison.Ordinal))
            {
                ulong set = ulong.Parse(line.AsSpan("CapEff:".Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                return (set & (1UL << capability)) != 0;
            }
        }

        return false;
    }
}
