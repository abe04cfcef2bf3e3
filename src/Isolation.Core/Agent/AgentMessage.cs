using System;
using System.Text.Json;
using Isolation.Json;

namespace Isolation.Agent;

/// <summary>What PowerShell's process asks of the agent. One JSON document a packet; the descriptors that belong to it travel with it.</summary>
internal sealed class AgentRequest
{
    public const string Run = "run";
    public const string Cancel = "cancel";
    public const string SignalProcess = "signal";
    public const string Terminal = "terminal";

    /// <summary>Chosen by the asker; the reply carries it.</summary>
    public int Id { get; set; }

    /// <summary><see cref="Run"/>, <see cref="Cancel"/>, <see cref="SignalProcess"/> or <see cref="Terminal"/>.</summary>
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

    /// <summary>With <see cref="Terminal"/>: the modes to give the request's descriptor where PowerShell is killed; without a descriptor none any more.</summary>
    public byte[]? Modes { get; set; }

    public byte[] ToJson() => JsonFields.Write(writer =>
    {
        writer.WriteNumber("id"u8, Id);
        writer.WriteString("kind"u8, Kind);
        switch (Kind)
        {
            case Run:
                writer.WriteBase64String("image"u8, Image);
                writer.WriteBoolean("attached"u8, Attached);
                break;
            case SignalProcess:
                writer.WriteNumber("signal"u8, Signal);
                writer.WriteBoolean("group"u8, Group);
                writer.WriteBoolean("endsGroup"u8, EndsGroup);
                goto default;
            case Terminal when Modes is not null:
                writer.WriteBase64String("modes"u8, Modes);
                break;
            default:
                writer.WriteNumber("target"u8, Target);
                break;
        }
    });

    /// <exception cref="Exception"><see cref="JsonException"/>, <see cref="InvalidOperationException"/> or <see cref="FormatException"/>: it is no request.</exception>
    public static AgentRequest Parse(ReadOnlySpan<byte> json)
    {
        AgentRequest request = new();
        Utf8JsonReader reader = new(json);
        JsonFields.Begin(ref reader);
        while (JsonFields.Next(ref reader))
        {
            if (reader.ValueTextEquals("id"u8))
            {
                request.Id = JsonFields.Int(ref reader);
            }
            else if (reader.ValueTextEquals("kind"u8))
            {
                request.Kind = JsonFields.Text(ref reader) ?? "";
            }
            else if (reader.ValueTextEquals("image"u8))
            {
                request.Image = JsonFields.Bytes(ref reader);
            }
            else if (reader.ValueTextEquals("modes"u8))
            {
                request.Modes = JsonFields.Bytes(ref reader);
            }
            else if (reader.ValueTextEquals("attached"u8))
            {
                request.Attached = JsonFields.Bool(ref reader);
            }
            else if (reader.ValueTextEquals("target"u8))
            {
                request.Target = JsonFields.Int(ref reader);
            }
            else if (reader.ValueTextEquals("signal"u8))
            {
                request.Signal = JsonFields.Int(ref reader);
            }
            else if (reader.ValueTextEquals("group"u8))
            {
                request.Group = JsonFields.Bool(ref reader);
            }
            else if (reader.ValueTextEquals("endsGroup"u8))
            {
                request.EndsGroup = JsonFields.Bool(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        JsonFields.End(ref reader);
        return request;
    }
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

    public byte[] ToJson() => JsonFields.Write(writer =>
    {
        writer.WriteString("kind"u8, Kind);
        writer.WriteNumber("id"u8, Id);
        if (Version is not null)
        {
            writer.WriteString("version"u8, Version);
        }

        writer.WriteNumber("pid"u8, Pid);
        writer.WriteBoolean("hasPidfd"u8, HasPidfd);
        writer.WriteNumber("step"u8, Step);
        writer.WriteNumber("errno"u8, Errno);
        if (ExitCode is int code)
        {
            writer.WriteNumber("exitCode"u8, code);
        }

        if (Signal is int signal)
        {
            writer.WriteNumber("signal"u8, signal);
        }

        if (Text is not null)
        {
            writer.WriteString("text"u8, Text);
        }
    });

    /// <exception cref="Exception"><see cref="JsonException"/>, <see cref="InvalidOperationException"/> or <see cref="FormatException"/>: it is no reply.</exception>
    public static AgentReply Parse(ReadOnlySpan<byte> json)
    {
        AgentReply reply = new();
        Utf8JsonReader reader = new(json);
        JsonFields.Begin(ref reader);
        while (JsonFields.Next(ref reader))
        {
            if (reader.ValueTextEquals("kind"u8))
            {
                reply.Kind = JsonFields.Text(ref reader) ?? "";
            }
            else if (reader.ValueTextEquals("id"u8))
            {
                reply.Id = JsonFields.Int(ref reader);
            }
            else if (reader.ValueTextEquals("version"u8))
            {
                reply.Version = JsonFields.Text(ref reader);
            }
            else if (reader.ValueTextEquals("pid"u8))
            {
                reply.Pid = JsonFields.Int(ref reader);
            }
            else if (reader.ValueTextEquals("hasPidfd"u8))
            {
                reply.HasPidfd = JsonFields.Bool(ref reader);
            }
            else if (reader.ValueTextEquals("step"u8))
            {
                reply.Step = JsonFields.Int(ref reader);
            }
            else if (reader.ValueTextEquals("errno"u8))
            {
                reply.Errno = JsonFields.Int(ref reader);
            }
            else if (reader.ValueTextEquals("exitCode"u8))
            {
                reply.ExitCode = JsonFields.IntOrNull(ref reader);
            }
            else if (reader.ValueTextEquals("signal"u8))
            {
                reply.Signal = JsonFields.IntOrNull(ref reader);
            }
            else if (reader.ValueTextEquals("text"u8))
            {
                reply.Text = JsonFields.Text(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        JsonFields.End(ref reader);
        return reply;
    }
}
