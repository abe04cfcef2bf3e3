using System;
using Isolation.Interop;

namespace Isolation;

/// <summary>What sort of thing went wrong; the module maps it to PowerShell's error categories.</summary>
public enum ErrorKind
{
    /// <summary>None of the others.</summary>
    Unspecified,
    /// <summary>An argument that cannot be meant.</summary>
    InvalidArgument,
    /// <summary>The named thing does not exist.</summary>
    NotFound,
    /// <summary>A thing of this name exists already.</summary>
    AlreadyExists,
    /// <summary>The caller lacks the privilege.</summary>
    PermissionDenied,
    /// <summary>The thing is in use.</summary>
    Busy,
    /// <summary>The kernel or the host does not have what is asked for.</summary>
    NotSupported,
    /// <summary>A limit of the host is reached.</summary>
    LimitsExceeded,
    /// <summary>A needed program, file or service is missing or does not answer.</summary>
    Unavailable,
    /// <summary>It did not happen within the time allowed.</summary>
    Timeout,
    /// <summary>Stored data is damaged or of an unknown version.</summary>
    InvalidData,
    /// <summary>The caller stopped it.</summary>
    Stopped,
}

/// <summary>A refusal by this library itself, with a stable id: the name of the thing, the cause and the next step are in the message.</summary>
public sealed class IsolationException : Exception
{
    /// <summary>Makes a refusal.</summary>
    /// <param name="errorId">A stable id, such as <c>NamespaceNotFound</c>.</param>
    /// <param name="kind">What sort of thing went wrong.</param>
    /// <param name="message">The name of the thing, the cause, the next step.</param>
    /// <param name="inner">What caused it, where another exception did.</param>
    public IsolationException(string errorId, ErrorKind kind, string message, Exception? inner = null) : base(KernelText.PlainLines(message), inner)
    {
        ErrorId = errorId;
        Kind = kind;
    }

    /// <summary>The stable id, the first part of PowerShell's <c>FullyQualifiedErrorId</c>.</summary>
    public string ErrorId { get; }

    /// <summary>What sort of thing went wrong.</summary>
    public ErrorKind Kind { get; }
}
