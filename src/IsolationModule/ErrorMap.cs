using System;
using System.Management.Automation;
using Isolation.Interop;

namespace Isolation;

/// <summary>The one table from the kernel's error numbers, and from the core's own refusals, to PowerShell's error categories.</summary>
internal static class ErrorMap
{
    /// <summary>The error record for an exception of the core.</summary>
    /// <param name="exception">What was thrown.</param>
    /// <param name="errorId">The id where the exception has none of its own.</param>
    /// <param name="target">What was worked on.</param>
    public static ErrorRecord ToRecord(Exception exception, string errorId, object? target) => exception switch
    {
        IsolationException refusal => new ErrorRecord(refusal, refusal.ErrorId, Category(refusal.Kind), target),
        SyscallException call => new ErrorRecord(call, errorId, Category(call.Errno), target),
        _ => new ErrorRecord(exception, errorId, ErrorCategory.NotSpecified, target),
    };

    /// <summary>PowerShell's category for an error number; <see cref="ErrorCategory.OperationStopped"/> and the like are never guessed.</summary>
    public static ErrorCategory Category(Errno errno) => errno switch
    {
        Errno.EPERM or Errno.EACCES => ErrorCategory.PermissionDenied,
        Errno.ENOENT or Errno.ESRCH or Errno.ENODEV or Errno.ENXIO => ErrorCategory.ObjectNotFound,
        Errno.EEXIST => ErrorCategory.ResourceExists,
        Errno.EINVAL or Errno.ERANGE or Errno.ENAMETOOLONG or Errno.ENOTDIR or Errno.EISDIR or Errno.ELOOP or Errno.E2BIG => ErrorCategory.InvalidArgument,
        Errno.EBUSY or Errno.ETXTBSY or Errno.ENOTEMPTY => ErrorCategory.ResourceBusy,
        Errno.ENOSYS or Errno.EOPNOTSUPP => ErrorCategory.NotImplemented,
        Errno.EMFILE or Errno.ENFILE or Errno.ENOSPC or Errno.EUSERS or Errno.ETOOMANYREFS => ErrorCategory.LimitsExceeded,
        Errno.ENOMEM or Errno.EAGAIN => ErrorCategory.ResourceUnavailable,
        Errno.ETIMEDOUT => ErrorCategory.OperationTimeout,
        Errno.ECANCELED => ErrorCategory.OperationStopped,
        Errno.EROFS => ErrorCategory.WriteError,
        Errno.ENOEXEC => ErrorCategory.InvalidType,
        _ => ErrorCategory.NotSpecified,
    };

    /// <summary>PowerShell's category for a refusal by the core.</summary>
    public static ErrorCategory Category(ErrorKind kind) => kind switch
    {
        ErrorKind.InvalidArgument => ErrorCategory.InvalidArgument,
        ErrorKind.NotFound => ErrorCategory.ObjectNotFound,
        ErrorKind.AlreadyExists => ErrorCategory.ResourceExists,
        ErrorKind.PermissionDenied => ErrorCategory.PermissionDenied,
        ErrorKind.Busy => ErrorCategory.ResourceBusy,
        ErrorKind.NotSupported => ErrorCategory.NotImplemented,
        ErrorKind.LimitsExceeded => ErrorCategory.LimitsExceeded,
        ErrorKind.Unavailable => ErrorCategory.ResourceUnavailable,
        ErrorKind.Timeout => ErrorCategory.OperationTimeout,
        ErrorKind.InvalidData => ErrorCategory.InvalidData,
        ErrorKind.Stopped => ErrorCategory.OperationStopped,
        _ => ErrorCategory.NotSpecified,
    };
}
