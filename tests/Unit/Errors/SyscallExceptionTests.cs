using System;
using System.Runtime.InteropServices;
using Isolation.Interop;
using Xunit;

namespace Isolation.Tests.Errors;

public sealed class SyscallExceptionTests
{
    [Fact]
    public void The_message_has_what_was_tried_the_call_the_cause_and_the_next_step()
    {
        SyscallException exception = new("mount", Errno.EPERM, "mount proc on /proc", "Run as root.");
        Assert.Equal("Cannot mount proc on /proc: mount: Operation not permitted (EPERM). Run as root.", exception.Message);
        Assert.Equal("Cannot mount proc on /proc: mount: Operation not permitted (EPERM).", new SyscallException("mount", Errno.EPERM, "mount proc on /proc").Message);
        Assert.Equal(("mount", Errno.EPERM, "mount proc on /proc", "Run as root."), (exception.Syscall, exception.Errno, exception.Attempt, exception.Hint));
    }

    [Fact]
    public void A_number_without_a_name_is_shown_as_a_number()
    {
        Assert.Equal("errno 999", ((Errno)999).Name());
        Assert.Equal("Unknown error 999", ((Errno)999).Describe());
        Assert.Equal("Cannot x: y: Unknown error 999 (errno 999).", new SyscallException("y", (Errno)999, "x").Message);
    }

    [Fact]
    public void Every_number_has_the_C_librarys_words()
    {
        foreach (Errno errno in Enum.GetValues<Errno>())
        {
            Assert.Equal(Marshal.GetPInvokeErrorMessage((int)errno), errno.Describe());
            Assert.Equal(errno.ToString(), errno.Name());
        }
    }
}
