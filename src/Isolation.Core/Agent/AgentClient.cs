using System;
using System.Collections.Generic;
using System.Text;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Isolation.Interop;
using Isolation.Plans;
using Isolation.Processes;

namespace Isolation.Agent;

/// <summary>What a plan left behind: its process, and the descriptors that it sent.</summary>
internal sealed class PlanOutcome : IDisposable
{
    public PlanOutcome(int pid, Descriptor? pidfd, IReadOnlyList<Descriptor> descriptors, Task<ExitStatus> exit)
    {
        Pid = pid;
        Pidfd = pidfd;
        Descriptors = descriptors;
        Exit = exit;
    }

    /// <summary>The process that the plan ended in, as this process sees it.</summary>
    public int Pid { get; }

    /// <summary>Its pidfd; null on kernels without (before 5.3).</summary>
    public Descriptor? Pidfd { get; }

    /// <summary>The descriptors, in the order of <see cref="Plan.Outputs"/>.</summary>
    public IReadOnlyList<Descriptor> Descriptors { get; }

    /// <summary>Completes with how the process ended; fails where the agent was lost first.</summary>
    public Task<ExitStatus> Exit { get; }

    public void Dispose()
    {
        Pidfd?.Dispose();
        foreach (Descriptor descriptor in Descriptors)
        {
            descriptor.Dispose();
        }
    }
}

/// <summary>A reply with the descriptors that came with it.</summary>
internal sealed record AgentAnswer(AgentReply Reply, List<Descriptor> Descriptors);

/// <summary>
/// The one agent of this process: started on first need, asked over a socket, gone when the socket closes. Any thread may ask; a thread of its own
/// reads the replies.
/// </summary>
internal sealed class AgentClient : IDisposable
{
    // SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU come from the terminal and are meant for PowerShell; SIGPIPE is an error number to the
    // agent, and SIGCHLD is read from a descriptor. They must be blocked from the start: the .NET runtime makes a thread before Main, and a signal
    // that one thread leaves open is delivered there, or, ignored by default as SIGCHLD is, lost.
    private static readonly int[] s_blocked = [1, 2, 3, 13, Sys.SIGCHLD, 20, 21, 22];

    private static readonly Lock s_lock = new();
    private static AgentClient? s_current;

    private readonly PacketSocket _socket;
    private readonly Descriptor _log;
    private readonly int _pid;
    private readonly Descriptor? _pidfd;
    private readonly Thread? _reader;
    private readonly Lock _sendLock = new();
    private readonly Waiting<AgentAnswer> _pending = new();
    private readonly Waiting<ExitStatus> _exits = new();

    // What ends with the agent, by the request that started it; locked while it is used.
    private readonly Dictionary<int, AttachedProcess> _attached = [];
    private int _lastId;
    private volatile string? _lost;

    private AgentClient(string runtime)
    {
        (Descriptor near, Descriptor far) = Sys.PacketSocketPair();
        using (far)
        using (Descriptor nothing = Sys.Open("/dev/null", OpenFlags.ReadWrite))
        {
            _socket = new PacketSocket(near);
            _log = Sys.LogMemory("isolation-agent");
            try
            {
                _pid = Sys.Spawn(runtime, ["isolation-runtime", "agent", AgentArgumentPadding], s_blocked, [(nothing, 0), (nothing, 1), (_log, 2), (far, AgentSocket)]);
            }
            catch (SyscallException exception)
            {
                _socket.Dispose();
                _log.Dispose();
                throw NotStarted(runtime, exception);
            }
        }

        _pidfd = Sys.OpenPidfd(_pid, out _);
        Greet(runtime);
        Identity = ProcessIdentity.Of(_pid);
        Thread reader = new(ReadLoop) { IsBackground = true, Name = "isolation-agent" };
        try
        {
            reader.Start();
        }
        catch (OutOfMemoryException exception)
        {
            // pthread_create(3) was refused, which .NET calls so whatever the cause.
            _lost = "it did not start";
            Dispose();
            throw new IsolationException(
                "AgentStartFailed", ErrorKind.LimitsExceeded, $"Cannot start a thread that reads from {runtime}. {PlanHints.ForFork(Errno.EAGAIN)}", exception);
        }

        _reader = reader;
        WasStarted = true;
    }

    /// <summary>The number under which the agent finds its socket.</summary>
    internal const int AgentSocket = 3;

    /// <summary>Room in the agent's own arguments, where its children show names of their own.</summary>
    internal static readonly string AgentArgumentPadding = new(' ', 80);

    // What is still to be told of an agent that was lost, by whoever comes first.
    private static AgentLoss? s_loss;

    /// <summary>The agent's process id.</summary>
    public int Pid => _pid;

    /// <summary>The agent's process; null where there is no proc(5) to tell its start time.</summary>
    public ProcessIdentity? Identity { get; }

    /// <summary>The version that the runtime must have: this library's own.</summary>
    internal static string Version { get; } = typeof(AgentClient).Assembly.GetName().Version!.ToString(3);

    /// <summary>This process' agent; it is started where there is none, or where the last one was lost.</summary>
    public static AgentClient Current
    {
        get
        {
            lock (s_lock)
            {
                s_current?.NoticeEnd();
                if (s_current is { _lost: null })
                {
                    return s_current;
                }

                s_current?.Dispose();
                s_current = null;
                s_current = new AgentClient(RuntimeFile.Path);
                return s_current;
            }
        }
    }

    /// <summary>Starts another agent than <see cref="Current"/>, for a caller that disposes it.</summary>
    /// <exception cref="IsolationException"><c>AgentMissing</c>, <c>AgentStartFailed</c>, <c>AgentVersionMismatch</c>.</exception>
    public static AgentClient StartOther() => new(RuntimeFile.Path);

    /// <summary>The agent that was lost since this was last asked, for a warning; null mostly. It is given once, to whichever thread comes first.</summary>
    public static AgentLoss? TakeLoss()
    {
        Volatile.Read(ref s_current)?.NoticeEnd();
        return Volatile.Read(ref s_loss) is null ? null : Interlocked.Exchange(ref s_loss, null);
    }

    /// <summary>Whether this process ever had an agent, and so may have made something.</summary>
    public static bool WasStarted { get; private set; }

    /// <summary>The agent if one runs; null otherwise.</summary>
    public static AgentClient? Running => s_current is { _lost: null } ? s_current : null;

    /// <summary>Ends this process' agent, and with it what is attached to it.</summary>
    public static void Stop()
    {
        lock (s_lock)
        {
            s_current?.Dispose();
            s_current = null;
        }
    }

    /// <summary>Has the agent run a plan and waits for its outcome. Cancelling ends the plan's process and throws.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="inputs">The descriptors for its first slots; they stay the caller's.</param>
    /// <param name="attached">Whether the process ends when the agent does.</param>
    /// <param name="cancellation">Stops waiting and ends what was begun.</param>
    /// <exception cref="SyscallException">The kernel refused a step.</exception>
    public PlanOutcome Run(Plan plan, IReadOnlyList<Descriptor> inputs, bool attached, CancellationToken cancellation) =>
        Begin(plan, inputs, attached)(cancellation);

    /// <summary>Has the agent begin a plan, while the caller goes on. What it gives back waits for the outcome, and is to be called in any case.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="inputs">The descriptors for its first slots; they stay the caller's.</param>
    /// <param name="attached">Whether the process ends when the agent does.</param>
    public Func<CancellationToken, PlanOutcome> Begin(Plan plan, IReadOnlyList<Descriptor> inputs, bool attached)
    {
        int id = Interlocked.Increment(ref _lastId);
        AgentRequest request = new() { Id = id, Kind = AgentRequest.Run, Image = PlanImage.Compile(plan), Attached = attached };

        // By the request's number, not by the pid: the kernel gives a pid out again.
        TaskCompletionSource<ExitStatus> exit = _exits.Add(id);
        if (attached)
        {
            lock (_attached)
            {
                _attached[id] = new AttachedProcess(0, plan.Title);
            }
        }

        Task<AgentAnswer> answer;
        try
        {
            answer = Ask(request, inputs);
        }
        catch
        {
            _exits.Take(id);
            lock (_attached)
            {
                _attached.Remove(id);
            }

            throw;
        }

        return cancellation =>
        {
            try
            {
                (AgentReply reply, List<Descriptor> descriptors) = Await(id, answer, cancellation);
                return reply.Kind == AgentReply.Done ? Outcome(reply, descriptors, exit.Task) : throw Refusal(plan, reply);
            }
            catch
            {
                _exits.Take(id);
                throw;
            }
        };
    }

    /// <summary>Sends a signal to a process that a plan left behind, or to its whole process group. The agent is its parent, so the pid cannot have been reused.</summary>
    public Errno SignalProcess(int pid, int signal, bool group, bool endsGroup = false)
    {
        AgentRequest request = new()
        {
            Id = Interlocked.Increment(ref _lastId), Kind = AgentRequest.SignalProcess, Target = pid, Signal = signal, Group = group, EndsGroup = endsGroup,
        };
        AgentReply reply = Await(request.Id, Ask(request, []), CancellationToken.None).Reply;
        return reply.Kind == AgentReply.Done ? Errno.None : (Errno)reply.Errno;
    }

    /// <summary>Has the agent set a terminal's modes if this process is killed, which then cannot. Null: no more.</summary>
    public void KeepModes(Descriptor? terminal, TerminalModes modes) => Send(
        new AgentRequest { Kind = AgentRequest.Terminal, Modes = terminal is null ? null : modes.ToBytes() }, terminal is null ? [] : [terminal]);

    public void Dispose()
    {
        _lost ??= "it was stopped";
        // Shut down rather than close: the reader may be waiting in recvmsg on this descriptor.
        Sys.ShutDown(_socket.Number);
        Reap();

        // Closed only when no thread uses it any more: the number would be another's.
        _reader?.Join();
        lock (_sendLock)
        {
            _socket.Dispose();
        }

        _pidfd?.Dispose();
        _log.Dispose();
    }

    private static IsolationException NotStarted(string runtime, SyscallException exception) => exception.Errno switch
    {
        Errno.EAGAIN or Errno.ENOMEM => new IsolationException(
            "AgentStartFailed", ErrorKind.LimitsExceeded, $"Cannot start {runtime}: {exception.Errno.Describe()}. {PlanHints.ForFork(exception.Errno)}", exception),
        Errno.EACCES => new IsolationException(
            "AgentStartFailed",
            ErrorKind.PermissionDenied,
            $"Cannot start {runtime}: Permission denied. The file must be executable, chmod 0755, and its file system not mounted noexec. Mend that, or reinstall the module.",
            exception),
        Errno.ENOEXEC => new IsolationException(
            "AgentStartFailed", ErrorKind.Unavailable, $"Cannot start {runtime}: it is no program, or none for this machine. Build or reinstall the module.", exception),
        _ => new IsolationException(
            "AgentStartFailed", ErrorKind.Unavailable, $"Cannot start {runtime}: {exception.Errno.Describe()}. Build or reinstall the module.", exception),
    };

    private static Exception Refusal(Plan plan, AgentReply reply)
    {
        Errno errno = (Errno)reply.Errno;
        if (reply.Step >= 0 && reply.Step < plan.Steps.Count)
        {
            PlanStep step = plan.Steps[reply.Step];
            string attempt = step.Operation == PlanOperation.Exec ? plan.Title : $"{plan.Title}: {step.Attempt}";
            return new SyscallException(step.Call, errno, attempt, PlanHints.For(step, errno));
        }

        // Born in it (CLONE_INTO_CGROUP), or moved there as the first thing.
        bool joining = reply.Step == PlanImage.JoinStep
            || (plan.BirthCgroup is not null && errno is Errno.EBUSY or Errno.EACCES or Errno.ENOENT or Errno.ENODEV or Errno.EOPNOTSUPP);
        if (joining)
        {
            return new SyscallException(
                reply.Step == PlanImage.JoinStep ? "write" : "clone3", errno, $"{plan.Title}: {Plan.JoinAttempt}", PlanHints.ForJoin(errno));
        }

        return errno == Errno.None
            ? new IsolationException("AgentFailed", ErrorKind.Unspecified, $"Cannot {plan.Title}: {reply.Text}.")
            : new SyscallException(reply.Text ?? "clone", errno, plan.Title, PlanHints.ForFork(errno));
    }

    private void Greet(string runtime)
    {
        // The agent greets within milliseconds. Where it is not ours, or dies at once, its socket closes.
        List<Descriptor> none = [];
        byte[]? packet = Sys.WaitReadable(_socket.Number, 10_000) ? _socket.Receive(none, block: true, out _, out _) : null;
        AgentReply? hello = null;
        try
        {
            hello = packet is null ? null : AgentReply.Parse(packet);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            // Some other program, that happens to write there.
        }

        if (hello is { Kind: AgentReply.Hello } && hello.Version == Version)
        {
            return;
        }

        string said = LogText();
        _lost = "it did not start";
        Dispose();
        throw hello is null
            ? new IsolationException("AgentStartFailed", ErrorKind.Unavailable, $"{runtime} started but did not answer as the module's launcher does.{said} Build or reinstall the module.")
            : new IsolationException(
                "AgentVersionMismatch", ErrorKind.InvalidData, $"{runtime} is version {hello.Version}, the module is {Version}. Build or reinstall the module so that both are the same.");
    }

    private static PlanOutcome Outcome(AgentReply reply, List<Descriptor> descriptors, Task<ExitStatus> exit)
    {
        Descriptor? pidfd = null;
        if (reply.HasPidfd)
        {
            pidfd = descriptors[0];
            descriptors.RemoveAt(0);
        }

        return new PlanOutcome(reply.Pid, pidfd, descriptors, exit);
    }

    private Task<AgentAnswer> Ask(AgentRequest request, IReadOnlyList<Descriptor> inputs)
    {
        TaskCompletionSource<AgentAnswer> source = _pending.Add(request.Id);
        try
        {
            Send(request, inputs);
        }
        catch
        {
            _pending.Take(request.Id);
            throw;
        }

        if (_lost is string reason)
        {
            // The reader may have failed the others before this one was entered.
            source.TrySetException(LostException(reason));
        }

        return source.Task;
    }

    private AgentAnswer Await(int id, Task<AgentAnswer> answer, CancellationToken cancellation)
    {
        // Task.Wait spins first, on a processor that the agent and the plan's process need.
        WaitHandle answered = ((IAsyncResult)answer).AsyncWaitHandle;
        if (!cancellation.CanBeCanceled)
        {
            answered.WaitOne();
        }
        else if (WaitHandle.WaitAny([answered, cancellation.WaitHandle]) != 0)
        {
            // The reply still comes, Failed or Done; the outcome of a plan that was faster than the cancelling is ended here.
            Send(new AgentRequest { Kind = AgentRequest.Cancel, Target = id }, []);
            _ = answer.ContinueWith(
                static task => Sys.DisposeAll(task.Result.Descriptors),
                CancellationToken.None,
                TaskContinuationOptions.OnlyOnRanToCompletion,
                TaskScheduler.Default);
            cancellation.ThrowIfCancellationRequested();
        }

        return answer.GetAwaiter().GetResult();
    }

    private void Send(AgentRequest request, IReadOnlyList<Descriptor> inputs)
    {
        byte[] json = request.ToJson();
        Span<int> numbers = stackalloc int[inputs.Count];
        for (int i = 0; i < inputs.Count; i++)
        {
            numbers[i] = inputs[i].Number;
        }

        Errno error;
        lock (_sendLock)
        {
            error = _lost is null ? _socket.Send(request.Id, json, numbers) : Errno.EPIPE;
        }

        // The numbers stand for open descriptors only while these live.
        GC.KeepAlive(inputs);

        if (error is Errno.EPIPE or Errno.ECONNRESET)
        {
            return; // The reader sees the end of the connection and fails what is pending.
        }

        if (error != Errno.None)
        {
            throw new SyscallException("sendmsg", error, "ask the agent", PlanHints.ForFork(error));
        }
    }

    private void ReadLoop()
    {
        string reason;
        try
        {
            while (true)
            {
                List<Descriptor> descriptors = [];
                byte[]? packet = _socket.Receive(descriptors, block: true, out int id, out Errno error);
                if (packet is null && error == Errno.EMFILE)
                {
                    // What the plan handed over had no place here. It is undone: its process ends.
                    Send(new AgentRequest { Kind = AgentRequest.Cancel, Target = id }, []);
                    Handle(new AgentReply { Kind = AgentReply.Failed, Id = id, Errno = (int)error, Text = "recvmsg" }, []);
                    continue;
                }

                if (packet is null)
                {
                    reason = error == Errno.None ? "it ended" : $"its socket failed ({error.Describe()})";
                    break;
                }

                Handle(AgentReply.Parse(packet), descriptors);
            }
        }
#pragma warning disable CA1031 // An exception that leaves a thread's body ends the whole process, which is the user's.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            reason = $"it answered what cannot be read ({exception.Message})";
        }

        if (_lost is null)
        {
            // Its socket closes before its children are told of its end. Who is told of the loss finds them ended.
            AwaitEnd();
            List<AttachedProcess> ended = EndAttached();
            reason += LogText();
            s_loss = new AgentLoss(_pid, reason, ended);
            _lost = reason;
        }

        _pending.Fail(LostException(_lost));
        _exits.Fail(LostException(_lost));
    }

    private void Handle(AgentReply reply, List<Descriptor> descriptors)
    {
        Note(reply);
        switch (reply.Kind)
        {
            case AgentReply.Done or AgentReply.Failed when _pending.Take(reply.Id) is { } source:
                source.TrySetResult(new AgentAnswer(reply, descriptors));
                return;
            case AgentReply.Exited when _exits.Take(reply.Id) is { } exit:
                exit.TrySetResult(new ExitStatus(reply.ExitCode ?? (reply.Signal is null ? 0 : null), reply.Signal));
                break;
        }

        foreach (Descriptor descriptor in descriptors)
        {
            descriptor.Dispose();
        }
    }

    private static IsolationException LostException(string reason) =>
        new("AgentLost", ErrorKind.Unavailable, $"The agent, the process that works in namespaces for this one, is gone: {reason}. The next call starts another.");

    private string LogText()
    {
        string text = Encoding.UTF8.GetString(Sys.ReadMemory(_log, 1 << 20)).Trim();
        return text.Length == 0 ? "" : $" It said: {text[^Math.Min(text.Length, 500)..]}";
    }

    // The reader is told by the socket, which closes a little before the process is gone, and then does what there is to do.
    private void NoticeEnd()
    {
        if (_lost is null && _pidfd is { IsClosed: false } && Sys.WaitReadable(_pidfd.Number, 0))
        {
            _reader?.Join(5_000);
        }
    }

    private void AwaitEnd()
    {
        if (_pidfd is not null)
        {
            _ = Sys.WaitReadable(_pidfd.Number, 1_000);
            return;
        }

        // Before Linux 5.3. A zombie has no namespaces to be looked at.
        for (int i = 0; i < 200 && Sys.TryStatus($"/proc/{_pid}/ns/mnt", out _); i++)
        {
            Thread.Sleep(5);
        }
    }

    private void Note(AgentReply reply)
    {
        lock (_attached)
        {
            if (!_attached.TryGetValue(reply.Id, out AttachedProcess attached))
            {
                return;
            }

            if (reply.Kind == AgentReply.Done)
            {
                _attached[reply.Id] = attached with { Pid = reply.Pid };
            }
            else
            {
                _attached.Remove(reply.Id);
            }
        }
    }

    // The kernel kills each attached process as its parent ends, but not its children, nor one that took other rights since.
    private List<AttachedProcess> EndAttached()
    {
        List<AttachedProcess> ended = [];
        HashSet<int> sessions = [];
        lock (_attached)
        {
            foreach (AttachedProcess attached in _attached.Values)
            {
                if (attached.Pid != 0 && sessions.Add(attached.Pid))
                {
                    ended.Add(attached);
                }
            }
        }

        ProcessSessions.Kill(sessions);
        return ended;
    }

    // The agent ends when its socket does; where it does not within a second it is ended.
    private void Reap()
    {
        try
        {
            for (int i = 0; i < 100; i++)
            {
                if (Sys.WaitChild(_pidfd, _pid, block: false) is not null)
                {
                    return;
                }

                Thread.Sleep(10);
            }

            // With its group: where it is not our launcher, but a script, say, that waits for a program.
            Sys.Signal(-_pid, Sys.SIGKILL);
            Sys.Signal(_pid, Sys.SIGKILL);
            Sys.WaitChild(_pidfd, _pid, block: true);
        }
        catch (SyscallException exception) when (exception.Errno == Errno.ECHILD)
        {
            // Where this process is PID 1, .NET reaps whatever ends.
        }
    }
}
