using System;
using System.Management.Automation;
using Isolation.Interop;
using Xunit;

namespace Isolation.Tests.Errors;

/// <summary>The one table from the kernel's numbers and the core's refusals to PowerShell's categories.</summary>
public sealed class ErrorMapTests
{
    public static readonly TheoryData<Errno, ErrorCategory> Numbers = new()
    {
        { Errno.EPERM, ErrorCategory.PermissionDenied },
        { Errno.EACCES, ErrorCategory.PermissionDenied },
        { Errno.ENOENT, ErrorCategory.ObjectNotFound },
        { Errno.ESRCH, ErrorCategory.ObjectNotFound },
        { Errno.ENODEV, ErrorCategory.ObjectNotFound },
        { Errno.ENXIO, ErrorCategory.ObjectNotFound },
        { Errno.EEXIST, ErrorCategory.ResourceExists },
        { Errno.EINVAL, ErrorCategory.InvalidArgument },
        { Errno.ERANGE, ErrorCategory.InvalidArgument },
        { Errno.ENAMETOOLONG, ErrorCategory.InvalidArgument },
        { Errno.ENOTDIR, ErrorCategory.InvalidArgument },
        { Errno.EISDIR, ErrorCategory.InvalidArgument },
        { Errno.ELOOP, ErrorCategory.InvalidArgument },
        { Errno.E2BIG, ErrorCategory.InvalidArgument },
        { Errno.EBUSY, ErrorCategory.ResourceBusy },
        { Errno.ETXTBSY, ErrorCategory.ResourceBusy },
        { Errno.ENOTEMPTY, ErrorCategory.ResourceBusy },
        { Errno.ENOSYS, ErrorCategory.NotImplemented },
        { Errno.EOPNOTSUPP, ErrorCategory.NotImplemented },
        { Errno.EMFILE, ErrorCategory.LimitsExceeded },
        { Errno.ENFILE, ErrorCategory.LimitsExceeded },
        { Errno.ENOSPC, ErrorCategory.LimitsExceeded },
        { Errno.EUSERS, ErrorCategory.LimitsExceeded },
        { Errno.ENOMEM, ErrorCategory.ResourceUnavailable },
        { Errno.EAGAIN, ErrorCategory.ResourceUnavailable },
        { Errno.ETIMEDOUT, ErrorCategory.OperationTimeout },
        { Errno.ECANCELED, ErrorCategory.OperationStopped },
        { Errno.EROFS, ErrorCategory.WriteError },
        { Errno.ENOEXEC, ErrorCategory.InvalidType },

        // The default arm: known numbers without a category of their own, and numbers that nobody has a name for.
        { Errno.EIO, ErrorCategory.NotSpecified },
        { Errno.None, ErrorCategory.NotSpecified },
        { (Errno)9999, ErrorCategory.NotSpecified },
        { (Errno)(-1), ErrorCategory.NotSpecified },
    };

    [Theory]
    [MemberData(nameof(Numbers))]
    public void An_error_number_has_a_category(Errno errno, ErrorCategory category) => Assert.Equal(category, ErrorMap.Category(errno));

    [Theory]
    [InlineData(ErrorKind.InvalidArgument, ErrorCategory.InvalidArgument)]
    [InlineData(ErrorKind.NotFound, ErrorCategory.ObjectNotFound)]
    [InlineData(ErrorKind.AlreadyExists, ErrorCategory.ResourceExists)]
    [InlineData(ErrorKind.PermissionDenied, ErrorCategory.PermissionDenied)]
    [InlineData(ErrorKind.Busy, ErrorCategory.ResourceBusy)]
    [InlineData(ErrorKind.NotSupported, ErrorCategory.NotImplemented)]
    [InlineData(ErrorKind.LimitsExceeded, ErrorCategory.LimitsExceeded)]
    [InlineData(ErrorKind.Unavailable, ErrorCategory.ResourceUnavailable)]
    [InlineData(ErrorKind.Timeout, ErrorCategory.OperationTimeout)]
    [InlineData(ErrorKind.InvalidData, ErrorCategory.InvalidData)]
    [InlineData(ErrorKind.Stopped, ErrorCategory.OperationStopped)]
    [InlineData(ErrorKind.Unspecified, ErrorCategory.NotSpecified)]
    [InlineData((ErrorKind)999, ErrorCategory.NotSpecified)]
    public void A_refusal_has_a_category(ErrorKind kind, ErrorCategory category) => Assert.Equal(category, ErrorMap.Category(kind));

    [Fact]
    public void Every_kind_of_refusal_but_one_has_a_category_of_its_own()
    {
        foreach (ErrorKind kind in Enum.GetValues<ErrorKind>())
        {
            Assert.Equal(kind == ErrorKind.Unspecified, ErrorMap.Category(kind) == ErrorCategory.NotSpecified);
        }
    }

    [Fact]
    public void A_record_of_a_refusal_has_the_refusals_id()
    {
        IsolationException refusal = new("NamespaceNotFound", ErrorKind.NotFound, "There is none.");
        ErrorRecord record = ErrorMap.ToRecord(refusal, "Other", "target");
        Assert.Equal("NamespaceNotFound", record.FullyQualifiedErrorId);
        Assert.Equal(ErrorCategory.ObjectNotFound, record.CategoryInfo.Category);
        Assert.Same(refusal, record.Exception);
        Assert.Equal("target", record.TargetObject);
    }

    [Fact]
    public void A_record_of_a_refused_call_has_the_cmdlets_id()
    {
        ErrorRecord record = ErrorMap.ToRecord(new SyscallException("mount", Errno.EBUSY, "mount proc on /proc"), "NamespaceCreateFailed", null);
        Assert.Equal("NamespaceCreateFailed", record.FullyQualifiedErrorId);
        Assert.Equal(ErrorCategory.ResourceBusy, record.CategoryInfo.Category);
    }

    [Fact]
    public void A_record_of_anything_else_says_so()
    {
        ErrorRecord record = ErrorMap.ToRecord(new InvalidOperationException("x"), "NamespaceCreateFailed", null);
        Assert.Equal("NamespaceCreateFailed", record.FullyQualifiedErrorId);
        Assert.Equal(ErrorCategory.NotSpecified, record.CategoryInfo.Category);
    }
}
