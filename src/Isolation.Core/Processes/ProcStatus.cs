using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using Isolation.Interop;

namespace Isolation.Processes;

/// <summary>The lines of <c>/proc/PID/status</c> that are used here, proc_pid_status(5).</summary>
internal sealed class ProcStatus
{
    private ProcStatus()
    {
    }

    /// <summary><c>Pid</c>: the thread's id.</summary>
    public int Pid { get; private set; }

    /// <summary><c>Tgid</c>: the process's id.</summary>
    public int ProcessId { get; private set; }

    /// <summary><c>PPid</c>: the parent's pid; 0 where it is outside the reader's pid namespace.</summary>
    public int ParentId { get; private set; }

    /// <summary><c>TracerPid</c>: the pid of a debugger; 0 where there is none.</summary>
    public int TracerId { get; private set; }

    /// <summary><c>Threads</c>: how many there are.</summary>
    public int ThreadCount { get; private set; }

    /// <summary><c>Uid</c>: real, effective, saved and file system user, as the reader's user namespace sees them.</summary>
    public uint[] UserIds { get; private set; } = [];

    /// <summary><c>Gid</c>: real, effective, saved and file system group, as the reader's user namespace sees them.</summary>
    public uint[] GroupIds { get; private set; } = [];

    /// <summary><c>Groups</c>: the supplementary groups.</summary>
    public uint[] SupplementaryGroupIds { get; private set; } = [];

    /// <summary><c>NSpid</c>: the id in each pid namespace, from the reader's inwards.</summary>
    public int[] NamespaceIds { get; private set; } = [];

    /// <summary><c>NSpgid</c>: the process group in each pid namespace, from the reader's inwards.</summary>
    public int[] NamespaceGroupIds { get; private set; } = [];

    /// <summary><c>NSsid</c>: the session in each pid namespace, from the reader's inwards.</summary>
    public int[] NamespaceSessionIds { get; private set; } = [];

    /// <summary>The effective user, whose name ps(1) and lsns(8) show.</summary>
    public uint EffectiveUserId => UserIds[1];

    /// <summary>The effective group.</summary>
    public uint EffectiveGroupId => GroupIds[1];

    /// <summary>Parses the text of the file.</summary>
    /// <exception cref="IsolationException"><c>ProcFileInvalid</c>: it is not such a text, or is cut short.</exception>
    public static ProcStatus Parse(ReadOnlySpan<byte> text) =>
        TryParse(text, out ProcStatus? status)
            ? status
            : throw new IsolationException("ProcFileInvalid", ErrorKind.InvalidData, "The text is not the content of a /proc/PID/status.");

    /// <summary>Parses the text of the file; false where a line that every process has is missing or damaged.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, [NotNullWhen(true)] out ProcStatus? status)
    {
        // The kernel writes a line end and a backslash in the name as \n and \\, so a name cannot forge a line.
        ProcStatus parsed = new();
        ReadOnlySpan<byte> rest = text;
        while (!rest.IsEmpty)
        {
            ReadOnlySpan<byte> line = Bytes.Cut(ref rest, (byte)'\n');
            int colon = line.IndexOf((byte)':');
            if (colon > 0)
            {
                parsed.Take(line[..colon], line[(colon + 1)..]);
            }
        }

        // Namespaces-aware lines are missing from kernels that were built without pid namespaces.
        if (parsed.NamespaceIds.Length == 0)
        {
            parsed.NamespaceIds = [parsed.Pid];
        }

        bool whole = parsed.Pid > 0 && parsed.UserIds.Length == 4 && parsed.GroupIds.Length == 4 && parsed.ThreadCount > 0;
        status = whole ? parsed : null;
        return whole;
    }

    private void Take(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (key.SequenceEqual("Pid"u8))
        {
            Pid = First(value);
        }
        else if (key.SequenceEqual("Tgid"u8))
        {
            ProcessId = First(value);
        }
        else if (key.SequenceEqual("PPid"u8))
        {
            ParentId = First(value);
        }
        else if (key.SequenceEqual("TracerPid"u8))
        {
            TracerId = First(value);
        }
        else if (key.SequenceEqual("Threads"u8))
        {
            ThreadCount = First(value);
        }
        else if (key.SequenceEqual("Uid"u8))
        {
            UserIds = Ids(value);
        }
        else if (key.SequenceEqual("Gid"u8))
        {
            GroupIds = Ids(value);
        }
        else if (key.SequenceEqual("Groups"u8))
        {
            SupplementaryGroupIds = Ids(value);
        }
        else if (key.SequenceEqual("NSpid"u8))
        {
            NamespaceIds = Numbers(value);
        }
        else if (key.SequenceEqual("NSpgid"u8))
        {
            NamespaceGroupIds = Numbers(value);
        }
        else if (key.SequenceEqual("NSsid"u8))
        {
            NamespaceSessionIds = Numbers(value);
        }
    }

    private static int First(ReadOnlySpan<byte> value) => Numbers(value) is [int first, ..] ? first : 0;

    private static int[] Numbers(ReadOnlySpan<byte> value) => Array.ConvertAll(Ids(value), static id => (int)id);

    private static uint[] Ids(ReadOnlySpan<byte> value)
    {
        List<uint> ids = [];
        foreach (Range part in value.SplitAny("\t "u8))
        {
            if (Bytes.TryParseNumber(value[part], out ulong id) && id <= uint.MaxValue)
            {
                ids.Add((uint)id);
            }
        }

        return [.. ids];
    }
}
