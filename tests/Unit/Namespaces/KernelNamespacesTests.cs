using System;
using System.IO;
using Xunit;

namespace Isolation.Tests.Namespaces;

/// <summary>Kinds of namespace that a kernel lacks.</summary>
public sealed class KernelNamespacesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("isolation-ns-").FullName;

    public KernelNamespacesTests()
    {
        foreach (string kind in (string[])["mnt", "uts", "ipc", "pid", "net", "cgroup"])
        {
            File.WriteAllText(Path.Combine(_folder, kind), "");
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Takes_what_the_kernel_shows() => KernelNamespaces.Require(NamespaceType.Mount | NamespaceType.Net | NamespaceType.Cgroup, _folder);

    [Theory]
    [InlineData(NamespaceType.Time | NamespaceType.Net, "kind Time:", "CONFIG_TIME_NS, or is older than Linux 5.6", "Leave Time out of -Type")]
    [InlineData(NamespaceType.User, "kind User:", "CONFIG_USER_NS.", "Leave User out of -Type")]
    [InlineData(NamespaceTypes.Every, "kind User, Time:", "CONFIG_USER_NS, CONFIG_TIME_NS", "Leave User, Time out of -Type")]
    public void Names_what_is_missing_and_the_kernel(NamespaceType types, params string[] words)
    {
        IsolationException refusal = Assert.Throws<IsolationException>(() => KernelNamespaces.Require(types, _folder));
        Assert.Equal("NamespaceTypeUnsupported", refusal.ErrorId);
        Assert.Equal(ErrorKind.NotSupported, refusal.Kind);
        Assert.All(words, word => Assert.Contains(word, refusal.Message, StringComparison.Ordinal));
        Assert.Contains($"Linux {File.ReadAllText("/proc/sys/kernel/osrelease").Trim()},", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Is_silent_without_proc() => KernelNamespaces.Require(NamespaceTypes.Every, _folder + "/none");

    [Fact]
    public void Everything_is_on_this_host() => KernelNamespaces.Require(NamespaceTypes.Every);
}
