using Isolation.Processes;

namespace Isolation;

/// <summary>
/// A process told apart from every other since the boot: the kernel gives a pid out again, but not together with the same start time.
/// </summary>
/// <param name="Pid">The pid, as the reader's pid namespace sees it.</param>
/// <param name="StartTicks">When it started, in clock ticks (1/100 s) since the boot; proc_pid_stat(5) field 22.</param>
public readonly record struct ProcessIdentity(int Pid, ulong StartTicks)
{
    /// <summary>The identity of the process that has this pid now; null where there is none.</summary>
    public static ProcessIdentity? Of(int pid) => Of(pid, "/proc");

    /// <summary>Whether this very process still exists, be it as one that ended and was not waited for.</summary>
    public bool IsAlive() => Of(Pid) == this;

    /// <inheritdoc/>
    public override string ToString() => $"{Pid}@{StartTicks}";

    internal static ProcessIdentity? Of(int pid, string procRoot)
    {
        using ProcTree proc = new(procRoot);
        return proc.TryReadStat(pid, out ProcStat stat) ? new ProcessIdentity(pid, stat.StartTicks) : null;
    }
}
