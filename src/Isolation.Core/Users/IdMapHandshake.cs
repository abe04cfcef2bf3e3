using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;
using System.Threading;
using Isolation.Agent;
using Isolation.Host;
using Isolation.Interop;
using Isolation.Plans;

namespace Isolation.Users;

/// <summary>
/// Has the id maps of a new user namespace written while the process in it waits: by a process that is still outside, for the one inside may no more. The
/// two speak over a socket pair. It is from the kernel that this process learns which process waits, and where either of the two ends, so does the other's wait.
/// </summary>
internal sealed class IdMapHandshake : IDisposable
{
    private readonly Descriptor _near;

    public IdMapHandshake()
    {
        (_near, Far) = Sys.PacketSocketPair();
        Sys.PassCredentials(_near.Number);
    }

    /// <summary>The waiting process's end, for its plan.</summary>
    public Descriptor Far { get; }

    /// <summary>Who makes a new user namespace, and what ids that one may map.</summary>
    /// <param name="options">What is to be mapped: where it is no more than the own ids, nothing is read.</param>
    /// <param name="around">The user namespace in which it is made; null for this process's own.</param>
    /// <param name="description">What that is of, for errors.</param>
    /// <param name="cancellation">Stops waiting.</param>
    public static IdMapCaller CallerOf(IdMapOptions options, Descriptor? around, string description, CancellationToken cancellation)
    {
        if (around is null || !options.HasMap)
        {
            return options.IsBeyondOwn ? IdMapCaller.Current : IdMapCaller.Own;
        }

        using PlanOutcome outcome = AgentClient.Current.Run(UserPlans.OpenMaps(description), [around], attached: true, cancellation);
        return IdMapCaller.Inside(Sys.ReadText(outcome.Descriptors[0]), Sys.ReadText(outcome.Descriptors[1]), description);
    }

    /// <summary>Works while a plan is walked, and takes its outcome then. Where the work fails, so does the plan, which waits for it.</summary>
    /// <param name="maps">The socket over which the plan waits; null where it does not.</param>
    /// <param name="finish">Takes the plan's outcome.</param>
    /// <param name="work">The work.</param>
    /// <param name="cancellation">Stops waiting for the outcome.</param>
    public static PlanOutcome Finish(IdMapHandshake? maps, Func<CancellationToken, PlanOutcome> finish, Action work, CancellationToken cancellation)
    {
        try
        {
            work();
        }
        catch
        {
            // The process that waits ends with the other end of its socket.
            maps?.Dispose();
            try
            {
                finish(CancellationToken.None).Dispose();
            }
            catch (Exception exception) when (exception is SyscallException or IsolationException)
            {
                // Refused as well: what came first is what is told.
            }

            throw;
        }

        return finish(cancellation);
    }

    /// <summary>
    /// Waits for the process, has the maps written and lets it go on. Where it has ended before, nothing is done: the outcome of its plan says why.
    /// </summary>
    /// <param name="agent">The agent that walks its plan.</param>
    /// <param name="maps">The maps.</param>
    /// <param name="owner">What they are for, such as <c>set 'web'</c>.</param>
    /// <param name="around">The user namespace around the new one; null for this process's own.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="IsolationException"><c>IdMapProgramMissing</c>, <c>IdMapRefused</c>.</exception>
    /// <exception cref="SyscallException">The kernel refused a map.</exception>
    public void Serve(AgentClient agent, PlannedIdMaps maps, string owner, Descriptor? around, CancellationToken cancellation)
    {
        // Before anything is written: both are there, or neither is run.
        string? forGroups = maps.Groups is { Writer: IdMapWriter.Program } ? FindProgram("newgidmap", owner) : null;
        string? forUsers = maps.Users is { Writer: IdMapWriter.Program } ? FindProgram("newuidmap", owner) : null;

        // It has been sent. The other process's own copy is the only one then, and its end is seen.
        Far.Dispose();
        while (!Sys.WaitReadable(_near.Number, 100))
        {
            cancellation.ThrowIfCancellationRequested();
        }

        List<Descriptor> none = [];
        int length = Sys.Receive(_near.Number, stackalloc byte[8], none, block: false, out Errno error, out int pid);
        Sys.DisposeAll(none);
        if (length == 0)
        {
            return;
        }

        Descriptor? process = null;
        if (length < 0 || (error = Sys.TryOpen($"/proc/{pid}", OpenFlags.Path, out process)) != Errno.None)
        {
            // Ended meanwhile, or not to be seen: then it waits in vain.
            throw new SyscallException(length < 0 ? "recvmsg" : "open", error, $"find the process that makes {owner}", PlanHints.ForFork(error));
        }

        using (process)
        {
            // It says no more until it is answered: what can be read now is its end, and the folder may be that of another process.
            if (Sys.WaitReadable(_near.Number, 0))
            {
                return;
            }

            // Groups first, as it is with setgroups: user_namespaces(7).
            List<(string File, PlannedIdMap Map)> written = [];
            Write(maps.Groups, "gid_map", forGroups);
            Write(maps.Users, "uid_map", forUsers);
            if (written.Count != 0)
            {
                agent.Run(UserPlans.WriteMaps(owner, written, around is not null), around is null ? [process!] : [process!, around], attached: true, cancellation).Dispose();
            }

            void Write(PlannedIdMap? map, string file, string? program)
            {
                if (program is not null)
                {
                    RunProgram(agent, program, map!.Lines, pid, owner, cancellation);
                }
                else if (map is { Writer: IdMapWriter.Parent })
                {
                    written.Add((file, map));
                }
            }
        }

        // Where it was killed meanwhile there is nobody to tell.
        _ = Sys.TrySend(_near.Number, "m"u8, []);
    }

    public void Dispose()
    {
        _near.Dispose();
        Far.Dispose();
    }

    private static string FindProgram(string name, string owner)
    {
        using HostView view = new();
        return view.FindProgram(name) ?? throw new IsolationException(
            "IdMapProgramMissing",
            ErrorKind.Unavailable,
            $"Cannot map the ids of {owner}: {name} is not installed, by which an ordinary user maps other ids than the own. As root: apt-get install uidmap (Debian), dnf install shadow-utils (Fedora).");
    }

    private static void RunProgram(AgentClient agent, string path, IReadOnlyList<IdMap> map, int pid, string owner, CancellationToken cancellation)
    {
        string program = Path.GetFileName(path);
        List<string> arguments = [program, pid.ToString(CultureInfo.InvariantCulture)];
        foreach (IdMap line in map)
        {
            arguments.AddRange(line.Line.Split(' '));
        }

        using Descriptor nothing = Sys.Open("/dev/null", OpenFlags.ReadOnly);
        using Descriptor log = Sys.LogMemory(program);
        using PlanOutcome outcome = agent.Run(UserPlans.RunMapProgram(path, arguments, owner), [nothing, log], attached: true, cancellation);
        try
        {
            outcome.Exit.Wait(cancellation);
        }
        catch (AggregateException exception) when (exception.InnerException is IsolationException lost)
        {
            throw lost;
        }

        if (outcome.Exit.Result.Code != 0)
        {
            string said = Encoding.UTF8.GetString(Sys.ReadMemory(log, 64 * 1024)).Trim().ReplaceLineEndings(" ");
            throw new IsolationException(
                "IdMapRefused",
                ErrorKind.PermissionDenied,
                $"Cannot map the ids of {owner}: {(said.Length == 0 ? $"{program} failed" : said)}. Test-IsolationHost says whether {path} can work here and which ids this user may map.");
        }
    }
}
