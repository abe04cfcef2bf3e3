using System;
using System.IO;
using Isolation.Host;
using Isolation.Tests.Cgroups;
using Xunit;

namespace Isolation.Tests.Host;

/// <summary>Why a host refuses namespaces, on folders that look like hosts.</summary>
public sealed class RootlessRefusalTests : IDisposable
{
    private readonly FakeHost _host = new("") { EffectiveUser = 1000 };

    public void Dispose() => _host.Dispose();

    [Theory]
    [InlineData("/proc/sys/user/max_user_namespaces", "0", "user.max_user_namespaces is 0", "sysctl -w user.max_user_namespaces=10000")]
    [InlineData("/proc/sys/kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone is 0", "sysctl -w kernel.unprivileged_userns_clone=1")]
    [InlineData("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", "kernel.apparmor_restrict_unprivileged_userns is 1", "with the rule userns, for pwsh and isolation-runtime")]
    [InlineData("/proc/self/status", "Seccomp:\t2", "A filter of system calls", "seccomp=unconfined")]
    [InlineData("/proc/self/status", "Seccomp:\t0", "No setting of this host", "Test-IsolationHost")]
    public void The_setting_that_forbids_them_is_named_with_what_to_do(string file, string value, string cause, string remedy)
    {
        Write("/proc/self/status", "Seccomp:\t0");
        Write(file, value);
        using HostView view = new(_host.Root, _host, new FakeKernel(_host));
        string text = RootlessRefusal.Explain(view);
        Assert.Contains(cause, text, StringComparison.Ordinal);
        Assert.Contains(remedy, text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_limit_of_none_is_told_from_one_that_is_reached()
    {
        Write("/proc/sys/user/max_net_namespaces", "0");
        Write("/proc/sys/user/max_uts_namespaces", "7");
        using HostView view = new(_host.Root, _host, new FakeKernel(_host));
        Assert.StartsWith("user.max_net_namespaces is 0, so nobody", RootlessRefusal.OfLimit(view, NamespaceType.Net | NamespaceType.Uts), StringComparison.Ordinal);
        string reached = RootlessRefusal.OfLimit(view, NamespaceType.Uts);
        Assert.Contains("user.max_uts_namespaces is 7", reached, StringComparison.Ordinal);
        Assert.Contains("32 deep", reached, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_the_restriction_of_AppArmor_it_is_not_the_cause()
    {
        Write("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "0");
        Write("/proc/self/status", "Seccomp:\t0");
        using HostView view = new(_host.Root, _host, new FakeKernel(_host));
        Assert.Null(RootlessRefusal.OfAppArmor(view));
    }

    private void Write(string file, string value)
    {
        string path = _host.Root + file;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, value + "\n");
    }
}
