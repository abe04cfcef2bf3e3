using System.Text.Json.Serialization;

namespace Isolation.Agent;

/// <summary>What PowerShell's process asks of the agent. One JSON document a packet; the descriptors that belong to it travel with it.</summary>
internal sealed class AgentRequest
{
    public const string Run = "run";
    public const string Cancel = "cancel";
    public const string SignalProcess = "signal";

    /// <summary>Chosen by the asker; the reply carries it.</summary>
    public int Id { get; set; }

    /// <summary><see cref="Run"/>, <see cref="Cancel"/> or <see cref="SignalProcess"/>.</summary>
    public string Kind { get; set; } = "";

    /// <summary>With <see cref="Run"/>: the plan's image; the request's descriptors fill its first slots.</summary>
    public byte[]? Image { get; set; }

    /// <summary>With <see cref="Run"/>: the process ends when the agent does.</summary>
    public bool Attached { get; set; }

    /// <summary>With <see cref="Cancel"/>: the request to give up. With <see cref="SignalProcess"/>: the process.</summary>
    public int Target { get; set; }

    /// <summary>With <see cref="SignalProcess"/>: the signal's number.</summary>
    public int Signal { get; set; }

    /// <summary>With <see cref="SignalProcess"/>: the whole process group.</summary>
    public bool Group { get; set; }

    /// <summary>With <see cref="SignalProcess"/>: when the process ends, what is left of its group is killed.</summary>
    public bool EndsGroup { get; set; }
}

/// <summary>What the agent says: the reply to a request, or an event.</summary>
internal sealed class AgentReply
{
    public const string Hello = "hello";
    public const string Done = "done";
    public const string Failed = "failed";
    public const string Exited = "exited";
    public const string Warning = "warning";

    /// <summary><see cref="Hello"/>, <see cref="Done"/>, <see cref="Failed"/>, or the events <see cref="Exited"/> and <see cref="Warning"/>.</summary>
    public string Kind { get; set; } = "";

    /// <summary>The request that this answers; with <see cref="Exited"/> the one that started the process.</summary>
    public int Id { get; set; }

    /// <summary>With <see cref="Hello"/>: the version of the runtime, which must be the module's.</summary>
    public string? Version { get; set; }

    /// <summary>The process that a plan left behind, or that exited.</summary>
    public int Pid { get; set; }

    /// <summary>With <see cref="Done"/>: whether the first descriptor is the process' pidfd.</summary>
    public bool HasPidfd { get; set; }

    /// <summary>With <see cref="Failed"/>: the plan's step, from 0; -1 where the fork itself, or the agent, failed; <see cref="Plans.PlanImage.JoinStep"/>.</summary>
    public int Step { get; set; } = -1;

    /// <summary>With <see cref="Failed"/>: the kernel's error number.</summary>
    public int Errno { get; set; }

    /// <summary>With <see cref="Exited"/>: the exit code; null where a signal ended the process.</summary>
    public int? ExitCode { get; set; }

    /// <summary>With <see cref="Exited"/>: the signal that ended the process.</summary>
    public int? Signal { get; set; }

    /// <summary>With <see cref="Warning"/> and <see cref="Failed"/>: words, where the number does not say it.</summary>
    public string? Text { get; set; }
}

/// <summary>JSON without reflection, for the ahead-of-time compiled side.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AgentRequest))]
[JsonSerializable(typeof(AgentReply))]
internal sealed partial class AgentJson : JsonSerializerContext;
