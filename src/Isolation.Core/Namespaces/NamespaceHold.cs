namespace Isolation;

/// <summary>How a process keeps a namespace without being in it.</summary>
public enum NamespaceHoldKind
{
    /// <summary>It has the namespace's file open.</summary>
    Descriptor,
    /// <summary>It has a socket that was made in a network namespace.</summary>
    Socket,
    /// <summary>One of its threads is in it, and the process is in another.</summary>
    Thread,
    /// <summary>Its children to come will be in it, unshare(2) and setns(2) of a pid or time namespace.</summary>
    Children,
}

/// <summary>A process that keeps a namespace without being in it.</summary>
/// <param name="ProcessId">The process.</param>
/// <param name="Kind">How.</param>
/// <param name="Number">The descriptor's or the thread's number; the process's own for children to come.</param>
public sealed record NamespaceHold(int ProcessId, NamespaceHoldKind Kind, int Number)
{
    /// <summary>In words, such as <c>process 42, descriptor 9</c>.</summary>
    public override string ToString() => Kind switch
    {
        NamespaceHoldKind.Descriptor => $"process {ProcessId}, descriptor {Number}",
        NamespaceHoldKind.Socket => $"process {ProcessId}, socket {Number}",
        NamespaceHoldKind.Thread => $"process {ProcessId}, thread {Number}",
        _ => $"process {ProcessId}, for children to come",
    };
}
