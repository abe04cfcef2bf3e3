using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Runtime.InteropServices;
using Isolation.Agent;
using Isolation.Interop;
using Isolation.Plans;
using Isolation.Processes;

namespace Isolation.Runtime;

/// <summary>
/// The agent of one PowerShell process: one thread, one epoll loop over the socket to PowerShell, the sockets of the plans that are being walked, and
/// SIGCHLD. It starts every process, is its parent, and tells how it ended.
/// </summary>
internal sealed unsafe class Agent : IDisposable
{
    private const int PR_SET_NAME = 15;
    private const int PR_SET_CHILD_SUBREAPER = 36;
    private const int EPOLL_CTL_ADD = 1;
    private const int EPOLL_CTL_DEL = 2;
    private const uint EPOLLIN = 1;
    private const int CloseOnExec = 0x80000;
    private const int NonBlock = 0x800;

    private readonly PacketSocket _socket = new(new Descriptor(AgentClient.AgentSocket));
    private readonly Descriptor _epoll = new(Native.epoll_create1(CloseOnExec));
    private readonly Descriptor _signals;
    private readonly Descriptor? _self = Sys.OpenPidfd(System.Environment.ProcessId, out _);
    private readonly Dictionary<int, Job> _jobs = [];
    private readonly Dictionary<int, Started> _started = [];
    private readonly (long Address, long Length) _title;
    private Descriptor? _terminal;
    private TerminalModes _modes;

    private Agent()
    {
        // It is blocked already, in all threads: whoever starts the agent sees to that.
        ulong* mask = stackalloc ulong[16];
        new Span<ulong>(mask, 16).Clear();
        mask[0] = 1UL << (Sys.SIGCHLD - 1);
        _signals = new Descriptor(Native.signalfd(-1, mask, CloseOnExec | NonBlock));
        _title = FindTitle();
    }

    /// <summary>The runtime's version; the module's must be the same.</summary>
    public static string Version => AgentClient.Version;

    /// <summary>Serves until PowerShell's end of the socket closes.</summary>
    public static int Run()
    {
        Walker.Prepare();
        fixed (byte* name = "isolation-agent\0"u8)
        {
            _ = Native.prctl(PR_SET_NAME, (nint)name, 0, 0, 0);
        }

        _ = Native.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
        using Agent agent = new();
        agent.Serve();
        return 0;
    }

    public void Dispose()
    {
        _self?.Dispose();
        _signals.Dispose();
        _epoll.Dispose();
        _socket.Dispose();
    }

    private void Serve()
    {
        Sys.CloseOnExec(_socket.Number);
        Watch(_socket.Number);
        Watch(_signals.Number);
        Reply(new AgentReply { Kind = AgentReply.Hello, Version = Version, Pid = System.Environment.ProcessId }, []);

        EpollEvent* events = stackalloc EpollEvent[32];
        while (true)
        {
            int count = Native.epoll_wait(_epoll.Number, events, 32, -1);
            for (int i = 0; i < count; i++)
            {
                int fd = EventDescriptor(events, i);
                if (fd == _socket.Number)
                {
                    if (!TakeRequests())
                    {
                        // First: what is attached may write last words.
                        RestoreTerminal();
                        EndAttached();
                        return;
                    }
                }
                else if (fd == _signals.Number)
                {
                    Reap();
                }
                else if (_jobs.TryGetValue(fd, out Job? job))
                {
                    TakeReports(job);
                }
            }
        }
    }

    private bool TakeRequests()
    {
        List<Descriptor> descriptors = [];
        byte[]? packet = _socket.Receive(descriptors, block: false, out int id, out Errno error);
        if (packet is null && error == Errno.EMFILE)
        {
            Reply(new AgentReply { Kind = AgentReply.Failed, Id = id, Errno = (int)error, Text = "recvmsg" }, []);
            return true;
        }

        if (packet is null)
        {
            return error is Errno.EAGAIN;
        }

        AgentRequest request = AgentRequest.Parse(packet);
        switch (request.Kind)
        {
            case AgentRequest.Run:
                Run(request, descriptors);
                break;
            case AgentRequest.Cancel:
                Cancel(request.Target);
                break;
            case AgentRequest.SignalProcess:
                Signal(request);
                break;
            case AgentRequest.Terminal:
                KeepTerminal(request, descriptors);
                break;
            default:
                Reply(new AgentReply { Kind = AgentReply.Failed, Id = request.Id, Errno = (int)Errno.ENOSYS, Text = $"request '{request.Kind}'" }, []);
                break;
        }

        foreach (Descriptor descriptor in descriptors)
        {
            descriptor.Dispose();
        }

        return true;
    }

    private void Run(AgentRequest request, List<Descriptor> inputs)
    {
        byte[] image = request.Image ?? [];
        nint block = Load(image, inputs);
        if (block == 0)
        {
            Reply(new AgentReply { Kind = AgentReply.Failed, Id = request.Id, Errno = (int)Errno.EPROTO, Text = "plan" }, []);
            return;
        }

        try
        {
            (Descriptor near, Descriptor far) = Sys.PacketSocketPair();
            using (far)
            {
                Sys.PassCredentials(near.Number);
                PlanHeader* header = (PlanHeader*)block;
                header->ReportDescriptor = far.Number;
                header->AgentDescriptor = _self?.Number ?? -1;
                header->TitleAddress = _title.Address;
                header->TitleLength = _title.Length;
                int pid = Walker.Start(header);
                if (pid < 0)
                {
                    near.Dispose();
                    Reply(new AgentReply { Kind = AgentReply.Failed, Id = request.Id, Errno = -pid, Text = "clone" }, []);
                    return;
                }

                Job job = new(request.Id, pid, request.Attached, near);
                _jobs.Add(near.Number, job);
                Watch(near.Number);
            }
        }
        catch (SyscallException exception)
        {
            Reply(new AgentReply { Kind = AgentReply.Failed, Id = request.Id, Errno = (int)exception.Errno, Text = exception.Syscall }, []);
        }
        finally
        {
            NativeMemory.Free((void*)block);
        }
    }

    // Copies the image where it stays while the child is forked, and turns its offsets into addresses.
    private static nint Load(byte[] image, List<Descriptor> inputs)
    {
        if (image.Length < sizeof(PlanHeader))
        {
            return 0;
        }

        byte* block = (byte*)NativeMemory.Alloc((nuint)image.Length);
        image.CopyTo(new Span<byte>(block, image.Length));
        PlanHeader* header = (PlanHeader*)block;
        if (header->Magic != PlanImage.Magic || header->Size != image.Length || header->InputCount != inputs.Count)
        {
            NativeMemory.Free(block);
            return 0;
        }

        int* relocations = (int*)(block + header->RelocationOffset);
        for (int i = 0; i < header->RelocationCount; i++)
        {
            *(long*)(block + relocations[i]) += (long)block;
        }

        long* slots = (long*)(block + header->SlotOffset);
        for (int i = 0; i < inputs.Count; i++)
        {
            slots[i] = inputs[i].Number;
        }

        return (nint)block;
    }

    private void TakeReports(Job job)
    {
        Span<byte> packet = stackalloc byte[12];
        while (!job.IsConcluded)
        {
            List<Descriptor> descriptors = [];
            int length = Sys.Receive(job.Report.Number, packet, descriptors, block: false, out Errno error, out int sender);
            if (length < 0 && error == Errno.EAGAIN)
            {
                return;
            }

            if (length <= 0)
            {
                Conclude(job);
                return;
            }

            if (error == Errno.EMFILE)
            {
                // A descriptor was sent for which there is no number left. The plan is given up; where it goes on in another process meanwhile, that one
                // reports itself and is killed too.
                Sys.DisposeAll(descriptors);
                job.FailedStep ??= -1;
                job.Error = (int)error;
                Kill(job.Pid);
                continue;
            }

            ReadOnlySpan<int> numbers = MemoryMarshal.Cast<byte, int>(packet);
            switch ((ReportKind)numbers[0])
            {
                case ReportKind.Failed:
                    job.FailedStep = numbers[1];
                    job.Error = numbers[2];
                    break;
                case ReportKind.Forked:
                    job.Pid = sender;
                    if (job.FailedStep is not null)
                    {
                        Kill(sender); // Cancelled while it was being forked.
                    }

                    break;
                case ReportKind.Descriptor when descriptors.Count == 1:
                    job.Descriptors[numbers[1]] = descriptors[0];
                    break;
                case ReportKind.Executing or ReportKind.Done:
                    job.Succeeded = true;
                    break;
            }
        }
    }

    // The socket's end: nothing of the plan is left to come.
    private void Conclude(Job job)
    {
        if (job.IsConcluded)
        {
            return;
        }

        job.IsConcluded = true;
        _jobs.Remove(job.Report.Number);
        _ = Native.epoll_ctl(_epoll.Number, EPOLL_CTL_DEL, job.Report.Number, null);
        job.Report.Dispose();
        if (job.Succeeded && job.FailedStep is null)
        {
            Descriptor? pidfd = Sys.OpenPidfd(job.Pid, out _);
            List<Descriptor> all = [.. job.Descriptors.Values];
            if (pidfd is not null)
            {
                all.Insert(0, pidfd);
            }

            _started[job.Pid] = new Started(job.Request, job.Attached);
            Errno error = Reply(new AgentReply { Kind = AgentReply.Done, Id = job.Request, Pid = job.Pid, HasPidfd = pidfd is not null }, all);
            if (error == Errno.ETOOMANYREFS)
            {
                // More descriptors are under way between this user's processes than RLIMIT_NOFILE, unix(7).
                _started.Remove(job.Pid);
                Kill(job.Pid);
                Reply(new AgentReply { Kind = AgentReply.Failed, Id = job.Request, Errno = (int)error, Text = "sendmsg" }, []);
            }

            pidfd?.Dispose();
        }
        else
        {
            string text = "the process that walked the plan was killed" + (job.Ended is { Signal: int signal } ? $" by signal {signal}" : "");
            Reply(
                new AgentReply
                {
                    Kind = AgentReply.Failed,
                    Id = job.Request,
                    Step = job.FailedStep ?? -1,
                    Errno = job.Error,
                    Text = job.FailedStep is null ? text : job.FailedStep == -1 ? "recvmsg" : null,
                },
                []);
        }

        foreach (Descriptor descriptor in job.Descriptors.Values)
        {
            descriptor.Dispose();
        }
    }

    private void Cancel(int request)
    {
        foreach (Job job in _jobs.Values)
        {
            if (job.Request == request)
            {
                job.FailedStep ??= -1;
                job.Error = (int)Errno.ECANCELED;
                Kill(job.Pid);
                return;
            }
        }

        foreach ((int pid, Started started) in _started)
        {
            if (started.Request == request)
            {
                Kill(pid);
                return;
            }
        }
    }

    private void Signal(AgentRequest request)
    {
        if (request.EndsGroup && _started.TryGetValue(request.Target, out Started started))
        {
            _started[request.Target] = started with { EndsGroup = true };
        }

        Errno error = _started.ContainsKey(request.Target) ? Sys.Signal(request.Group ? -request.Target : request.Target, request.Signal) : Errno.ESRCH;
        Reply(
            new AgentReply { Kind = error == Errno.None ? AgentReply.Done : AgentReply.Failed, Id = request.Id, Errno = (int)error, Text = "kill" }, []);
    }

    private void KeepTerminal(AgentRequest request, List<Descriptor> descriptors)
    {
        _terminal?.Dispose();
        _terminal = null;
        if (descriptors.Count == 1 && request.Modes?.Length == sizeof(TerminalModes))
        {
            _terminal = descriptors[0];
            descriptors.Clear();
            _modes = TerminalModes.FromBytes(request.Modes);
        }
    }

    // PowerShell was killed while a program had its terminal. This process is in the background there, but has SIGTTOU blocked, and so it may.
    private void RestoreTerminal()
    {
        if (_terminal is not null)
        {
            Sys.SetModes(_terminal, _modes);
        }
    }

    private void Reap()
    {
        Span<byte> drain = stackalloc byte[128 * 8];
        _ = Sys.TryRead(_signals, drain);

        int pid;
        while ((pid = Sys.PeekEnded(out ExitStatus status)) > 0)
        {
            // What the process reported comes before its end: that it is this plan's process now, and that the plan is done. Its pidfd can be opened
            // only while it is not reaped.
            foreach (Job job in new List<Job>(_jobs.Values))
            {
                job.Ended = job.Pid == pid ? status : job.Ended;
                TakeReports(job);
                if (job.Pid == pid && (job.Succeeded || job.FailedStep is not null))
                {
                    // All is said, though the process that forked this one may still hold its end of the socket open.
                    Conclude(job);
                }
            }

            // While it is not reaped, no other group can have its number.
            bool known = _started.Remove(pid, out Started started);
            if (known && started.EndsGroup)
            {
                Sys.Signal(-pid, Sys.SIGKILL);
            }

            _ = Sys.WaitChild(null, pid, block: false);
            if (known)
            {
                Reply(new AgentReply { Kind = AgentReply.Exited, Id = started.Request, Pid = pid, ExitCode = status.Code, Signal = status.Signal }, []);
            }
        }
    }

    private void EndAttached()
    {
        foreach (Job job in _jobs.Values)
        {
            Kill(job.Pid);
        }

        HashSet<int> sessions = [];
        foreach ((int pid, Started started) in _started)
        {
            if (started.Attached)
            {
                Kill(pid);
                sessions.Add(pid);
            }
        }

        // Programs put their children into groups of their own, as shells do.
        ProcessSessions.Kill(sessions);
    }

    // The process and, where it leads one, its group.
    private static void Kill(int pid)
    {
        Sys.Signal(-pid, Sys.SIGKILL);
        Sys.Signal(pid, Sys.SIGKILL);
    }

    private Errno Reply(AgentReply reply, List<Descriptor> descriptors)
    {
        byte[] json = reply.ToJson();
        Span<int> numbers = stackalloc int[descriptors.Count];
        for (int i = 0; i < descriptors.Count; i++)
        {
            numbers[i] = descriptors[i].Number;
        }

        // Where PowerShell is gone, the socket's end tells it on the next turn of the loop.
        return _socket.Send(reply.Id, json, numbers);
    }

    private void Watch(int fd)
    {
        EpollEvent e = new() { Events = EPOLLIN };
        if (RuntimeInformation.ProcessArchitecture == Architecture.X64)
        {
            e.PackedData = fd;
        }
        else
        {
            e.AlignedData = fd;
        }

        _ = Native.epoll_ctl(_epoll.Number, EPOLL_CTL_ADD, fd, &e);
    }

    // On x64 the kernel's structure takes 12 bytes, elsewhere 16.
    private static int EventDescriptor(EpollEvent* events, int index) =>
        RuntimeInformation.ProcessArchitecture == Architecture.X64
            ? *(int*)((byte*)events + (index * 12) + 4)
            : events[index].AlignedData;

    // Where the kernel shows this process' arguments from, proc_pid_stat(5) fields 48 and 49: a child writes a name of its own there.
    private static (long Address, long Length) FindTitle()
    {
        string stat;
        try
        {
            stat = File.ReadAllText("/proc/self/stat");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return (0, 0); // Where there is no /proc, nobody sees titles either.
        }

        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        long start = long.Parse(fields[48 - 3], CultureInfo.InvariantCulture);
        long end = long.Parse(fields[49 - 3], CultureInfo.InvariantCulture);
        return (start, Math.Max(0, end - start));
    }
}
