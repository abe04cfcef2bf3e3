using System.Collections.Generic;
using System.Text;
using Isolation.Interop;

namespace Isolation.Plans;

/// <summary>What the walker does for a step. All but a plain system call are things that take more than one call, or that end the walk.</summary>
internal enum PlanOperation
{
    /// <summary>One system call with its arguments.</summary>
    Syscall = 0,
    /// <summary>Goes on in a new child of the agent; the process so far reports its pid and exits.</summary>
    Fork = 1,
    /// <summary>Sends a descriptor to the agent, which hands it on.</summary>
    SendDescriptor = 2,
    /// <summary>Default dispositions for every signal, none blocked.</summary>
    ResetSignals = 3,
    /// <summary>Ends the process where the agent has ended: a signal that was asked for with PR_SET_PDEATHSIG comes no more then.</summary>
    RequireAgent = 4,
    /// <summary>Shows a name of its own in <c>/proc/PID/cmdline</c>.</summary>
    SetTitle = 5,
    /// <summary>Becomes the program: tries each path in turn, as execvp(3) does.</summary>
    Exec = 6,
    /// <summary>Reports success, closes everything and stays, reaping children, until SIGTERM comes from outside or SIGKILL.</summary>
    Stay = 7,
    /// <summary>Ends with success.</summary>
    Exit = 8,
    /// <summary>Waits for a word over a socket; the socket's end without one is a failure (ECANCELED).</summary>
    Await = 9,
    /// <summary>Writes a descriptor's number into bytes that a later step's argument points to.</summary>
    PutNumber = 10,
}

/// <summary>One argument of a step: how it is laid out in memory, and how it is shown.</summary>
internal readonly record struct PlanArgument
{
    private PlanArgument(PlanArgumentKind kind, long number, byte[]? bytes, IReadOnlyList<byte[]>? strings, string text)
    {
        Kind = kind;
        Number = number;
        Bytes = bytes;
        Strings = strings;
        Text = text;
    }

    public PlanArgumentKind Kind { get; }

    public long Number { get; }

    public byte[]? Bytes { get; }

    public IReadOnlyList<byte[]>? Strings { get; }

    /// <summary>As strace(1) would show it.</summary>
    public string Text { get; }

    public static PlanArgument Value(long number, string? text = null) => new(PlanArgumentKind.Number, number, null, null, text ?? number.ToString());

    public static PlanArgument Slot(PlanSlot slot) => new(PlanArgumentKind.Slot, slot.Index, null, null, $"${slot.Name}");

    public static PlanArgument String(string? text) => text is null
        ? new(PlanArgumentKind.Number, 0, null, null, "NULL")
        : new(PlanArgumentKind.Pointer, 0, Sys.CString(text), null, Quote(text));

    public static PlanArgument Buffer(byte[] bytes, string text) => new(PlanArgumentKind.Pointer, 0, bytes, null, text);

    public static PlanArgument List(IReadOnlyList<string> items, string text)
    {
        List<byte[]> strings = new(items.Count);
        foreach (string item in items)
        {
            strings.Add(Sys.CString(item));
        }

        return new(PlanArgumentKind.PointerList, 0, null, strings, text);
    }

    internal static string Quote(string text)
    {
        StringBuilder quoted = new("\"");
        foreach (char c in text)
        {
            _ = c switch
            {
                '"' or '\\' => quoted.Append('\\').Append(c),
                '\n' => quoted.Append("\\n"),
                '\t' => quoted.Append("\\t"),
                < ' ' or '\x7f' => quoted.Append($"\\x{(int)c:x2}"),
                _ => quoted.Append(c),
            };
        }

        return quoted.Append('"').ToString();
    }
}

/// <summary>How an argument lies in the image.</summary>
internal enum PlanArgumentKind
{
    /// <summary>A plain number.</summary>
    Number = 0,
    /// <summary>The address of bytes in the image.</summary>
    Pointer = 1,
    /// <summary>The address of an array of addresses that a null ends.</summary>
    PointerList = 2,
    /// <summary>The descriptor that an earlier step, or the caller, put into a slot.</summary>
    Slot = 3,
}

/// <summary>A place for a descriptor while a plan runs.</summary>
/// <param name="Index">Its number in the image.</param>
/// <param name="Name">Its name in the plan's text.</param>
internal readonly record struct PlanSlot(int Index, string Name);

/// <summary>One step of a plan.</summary>
/// <param name="Operation">What the walker does.</param>
/// <param name="Call">The system call's name, as in its man page.</param>
/// <param name="Number">Its number on this architecture.</param>
/// <param name="Arguments">Its arguments, six at most.</param>
/// <param name="Result">The slot that takes the call's result.</param>
/// <param name="Ignored">An error number that is no failure here; -1 for any.</param>
/// <param name="Attempt">What the step tries, verb and object, for the error text.</param>
internal sealed record PlanStep(
    PlanOperation Operation,
    string Call,
    int Number,
    IReadOnlyList<PlanArgument> Arguments,
    PlanSlot? Result,
    int Ignored,
    string Attempt)
{
    /// <inheritdoc/>
    public override string ToString()
    {
        StringBuilder text = new();
        if (Result is PlanSlot slot)
        {
            text.Append('$').Append(slot.Name).Append(" = ");
        }

        text.Append(Call).Append('(');
        for (int i = 0; i < Arguments.Count; i++)
        {
            text.Append(i == 0 ? "" : ", ").Append(Arguments[i].Text);
        }

        text.Append(')');
        if (Ignored != 0)
        {
            text.Append(Ignored < 0 ? "  # may fail" : $"  # may fail with {((Errno)Ignored).Name()}");
        }

        return text.ToString();
    }
}
