using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Threading;
using Isolation.Interop;

namespace Isolation.Cgroups;

/// <summary>
/// The unit of systemd's whose cgroup is our folder: a transient service without a process, <c>isolation.service</c>, that was delegated. It is asked for
/// when a cgroup is to be made in it, ends when the last one is removed, and <c>systemctl stop isolation</c> ends what runs in them.
/// </summary>
/// <param name="host">The host.</param>
/// <param name="hierarchy">The hierarchy by which systemd counts its units.</param>
/// <param name="manager">The cgroup of the systemd that is asked, from the hierarchy's root; empty for the system's.</param>
/// <param name="slice">The slice in which the unit is.</param>
/// <param name="ofUser">Whether a user's own systemd is asked.</param>
internal sealed class SystemdUnit(CgroupHost host, CgroupHierarchy hierarchy, string manager, string slice, bool ofUser)
{
    /// <summary>The unit's name.</summary>
    public const string Name = CgroupPlacement.FolderName + ".service";

    /// <summary>The cgroup in the unit in which this user's agents are, where only systemd could bring them into it.</summary>
    public const string AgentsName = ".agents";

    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(20);

    // How long another may take between making the unit and its cgroup, or between removing the cgroup and ending the unit.
    private static readonly TimeSpan s_others = TimeSpan.FromSeconds(5);

    // How often systemd may refuse a new unit while another of the name comes and goes.
    private const int Attempts = 5;

    private readonly SystemdBus _bus = new(host, ofUser);

    // Before Linux 5.7 users cannot note anything on a cgroup.
    private bool _isUnmarkable;

    /// <summary>The unit's cgroup, from the hierarchy's root.</summary>
    public string Path => $"{manager}/{slice}/{Name}";

    /// <summary>The folder of the unit's cgroup in the hierarchy by which systemd counts.</summary>
    public string Directory => hierarchy.DirectoryOf(Path);

    /// <summary>The cgroup of the systemd that is asked, from the hierarchy's root; empty for the system's.</summary>
    public string Manager => manager;

    /// <summary>Whether a user's own systemd is asked.</summary>
    public bool OfUser => ofUser;

    /// <summary>
    /// Whether cgroups can be made in the unit's. While systemd starts or ends the unit the cgroup may be there for a moment, and what is in it goes with
    /// it: it is noted on the cgroup when it is there to stay.
    /// </summary>
    public bool IsReady => host.Files.IsMarked(Directory) || (_isUnmarkable && host.Files.DirectoryExists(Directory));

    /// <summary>Has systemd make the unit with its cgroup. Others may do the same at the same time, and others again be about to end it.</summary>
    /// <exception cref="IsolationException"><c>SystemdUnreachable</c>, <c>SystemdUnitFailed</c>.</exception>
    public void Start()
    {
        long start = Stopwatch.GetTimestamp();
        long? activeSince = null;
        string? refusal = TryStart();
        bool started = refusal is null;
        int refusals = 0;
        for (bool first = true; !IsReady; first = false)
        {
            if (!first)
            {
                Thread.Sleep(s_pause);
            }

            string state = _bus.Property("org.freedesktop.systemd1.Unit", "ActiveState");
            if (state == "active")
            {
                // A service that has no process has no cgroup either, until something is set that its cgroup needs.
                activeSince ??= Stopwatch.GetTimestamp();
                if (started || Stopwatch.GetElapsedTime(activeSince.Value) > s_others)
                {
                    refusal = _bus.TryCall("SetUnitProperties", "sba(sv)", Name, "true", "1", "TasksMax", "t", Unlimited);
                    started = true;
                    if (refusal is null && host.Files.DirectoryExists(Directory))
                    {
                        host.Files.Mark(Directory);
                        _isUnmarkable = !host.Files.IsMarked(Directory);
                    }
                }
            }
            else if (state is "inactive" or "failed")
            {
                if (refusal is not null && ++refusals == Attempts)
                {
                    throw Failed(refusal);
                }

                activeSince = null;
                refusal = TryStart();
                started = refusal is null;
            }

            if (Stopwatch.GetElapsedTime(start) > s_timeout)
            {
                string cause = refusal ?? string.Create(CultureInfo.InvariantCulture, $"it is {state} after {s_timeout.TotalSeconds:0} s, and {Directory} is not there");
                throw Failed(cause, ErrorKind.Timeout);
            }
        }
    }

    /// <summary>Ends the unit where nothing is in its cgroup.</summary>
    public void Release()
    {
        foreach (string name in host.Files.Subdirectories(Directory))
        {
            if (name != AgentsName)
            {
                return;
            }

            _ = host.Files.TryRemoveDirectory($"{Directory}/{name}");
        }

        // It is ours to end only where it was ours to remove: since then another may have made it anew.
        if (host.Files.TryRemoveDirectory(Directory) == Errno.None)
        {
            End();
        }
    }

    /// <summary>Ends the unit, whose cgroup was removed.</summary>
    public void End()
    {
        try
        {
            _ = _bus.TryCall("StopUnit", "ss", Name, "replace");
        }
        catch (IsolationException)
        {
            // It has no process and no cgroup: all that stays is its name in the list of units.
        }
    }

    /// <summary>Has systemd move a process into the unit's cgroup or one in it, which takes rights that its user does not have.</summary>
    /// <param name="path">The cgroup, from the hierarchy's root.</param>
    /// <param name="pid">The process.</param>
    /// <returns>Why not, in systemd's words; null when it was moved.</returns>
    /// <exception cref="IsolationException"><c>SystemdUnreachable</c>.</exception>
    public string? TryAttach(string path, int pid)
    {
        string inside = path[Path.Length..];
        return _bus.TryCall("AttachProcessesToUnit", "ssau", Name, inside, "1", pid.ToString(CultureInfo.InvariantCulture));
    }

    private static string Unlimited => ulong.MaxValue.ToString(CultureInfo.InvariantCulture);

    // A oneshot service may have nothing to start if it has something to stop. No limit of systemd's own, and the end of one process by the want of
    // memory is no reason to end the others.
    private string? TryStart()
    {
        string program = host.Files.FileExists(host.Root + "/bin/true") ? "/bin/true" : "/usr/bin/true";
        List<string> properties =
        [
            "Description", "s", "Control groups made with Isolation",
            "Type", "s", "oneshot",
            "RemainAfterExit", "b", "true",
            "ExecStop", "a(sasb)", "1", program, "1", program, "false",
            "Slice", "s", slice,
            "Delegate", "b", "true",
            "TasksMax", "t", Unlimited,
            "OOMPolicy", "s", "continue",
            "CollectMode", "s", "inactive-or-failed",
        ];
        return _bus.TryCall("StartTransientUnit", "ssa(sv)a(sa(sv))", [Name, "fail", "9", .. properties, "0"]);
    }

    private IsolationException Failed(string cause, ErrorKind kind = ErrorKind.Unavailable)
    {
        bool denied = cause.Contains("authentication required", StringComparison.OrdinalIgnoreCase) || cause.Contains("denied", StringComparison.OrdinalIgnoreCase);
        return new IsolationException(
            "SystemdUnitFailed",
            denied ? ErrorKind.PermissionDenied : kind,
            $"systemd, which owns the control groups of this host, does not make {Name} for those of this module: {cause.TrimEnd('.')}. "
            + $"See what it says with: systemctl {(ofUser ? "--user " : "")}status {CgroupPlacement.FolderName}");
    }
}
