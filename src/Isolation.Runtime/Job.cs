using System.Collections.Generic;
using Isolation.Interop;

namespace Isolation.Runtime;

/// <summary>A plan that is being walked: its process so far and what that has reported.</summary>
internal sealed class Job
{
    public Job(int request, int pid, bool attached, Descriptor report)
    {
        Request = request;
        Pid = pid;
        Attached = attached;
        Report = report;
    }

    /// <summary>The request that it belongs to.</summary>
    public int Request { get; }

    /// <summary>The process that walks the plan now.</summary>
    public int Pid { get; set; }

    /// <summary>Whether the process ends with the agent.</summary>
    public bool Attached { get; }

    /// <summary>The agent's end of the socket to the process.</summary>
    public Descriptor Report { get; }

    /// <summary>The descriptors sent so far, by their place among the outputs.</summary>
    public SortedDictionary<int, Descriptor> Descriptors { get; } = [];

    /// <summary>Whether all steps are done: the end of the socket is then success.</summary>
    public bool Succeeded { get; set; }

    /// <summary>The step that failed; null while none did.</summary>
    public int? FailedStep { get; set; }

    /// <summary>With which error number.</summary>
    public int Error { get; set; }

    /// <summary>Whether the reply was given; the socket is closed then.</summary>
    public bool IsConcluded { get; set; }

    /// <summary>How the process ended, where it ended before the plan did.</summary>
    public ExitStatus? Ended { get; set; }
}

/// <summary>A process that a plan left behind and whose end the module is told of.</summary>
/// <param name="Request">The request that started it.</param>
/// <param name="Attached">Whether it ends with the agent.</param>
/// <param name="EndsGroup">Whether what is left of its process group ends with it.</param>
internal readonly record struct Started(int Request, bool Attached, bool EndsGroup = false);
