using System;
using System.IO;
using System.Linq;
using Xunit;

namespace Isolation.Tests.Namespaces;

/// <summary>The scan of this very host, by a user of any privilege.</summary>
public sealed class NamespaceScannerTests
{
    [Fact]
    public void The_own_namespaces_are_those_of_proc()
    {
        NamespaceKey[] own = NamespaceScanner.NamespacesOf(Environment.ProcessId);

        Assert.All(own, key => Assert.Equal(new FileInfo($"/proc/self/ns/{key.Type.ProcName()}").LinkTarget, key.ToString()));
        Assert.Equal(own, NamespaceScanner.Scan().Where(info => info.IsOwn).Select(info => info.Key));
    }

    [Fact]
    public void The_own_namespaces_have_this_process_and_an_owner()
    {
        NamespaceInfo[] found = NamespaceScanner.Scan(new ScanOptions { Types = NamespaceType.Net | NamespaceType.User });
        NamespaceInfo net = found.Single(info => info is { IsOwn: true, Type: NamespaceType.Net });
        NamespaceInfo user = found.Single(info => info is { IsOwn: true, Type: NamespaceType.User });

        Assert.Contains(Environment.ProcessId, net.ProcessIds);
        Assert.NotEqual(0UL, net.Device);
        Assert.NotNull(user.OwnerUserId);
        Assert.True(NamespaceScanner.IsIn(Environment.ProcessId, net.Key));
        Assert.False(NamespaceScanner.IsIn(Environment.ProcessId, net.Key with { Id = 1 }));
        Assert.Contains(Environment.ProcessId, NamespaceScanner.ProcessesIn(net.Type, net.Id));
    }

    [Fact]
    public void An_open_descriptor_is_a_holder_only_with_deep()
    {
        using FileStream held = File.OpenRead("/proc/self/ns/uts");
        NamespaceKey uts = NamespaceScanner.KeyOf("/proc/self/ns/uts");

        Assert.DoesNotContain(Environment.ProcessId, Holders(deep: false));
        Assert.Contains(Environment.ProcessId, Holders(deep: true));

        int[] Holders(bool deep) =>
            NamespaceScanner.Scan(new ScanOptions { Types = NamespaceType.Uts, Deep = deep }).Single(info => info.Key == uts).HolderIds;
    }

    [Fact]
    public void A_file_of_proc_stands_for_its_namespace() =>
        Assert.Equal(new FileInfo("/proc/self/ns/uts").LinkTarget, NamespaceScanner.KeyOf("/proc/self/ns/uts").ToString());

    [Theory]
    [InlineData("/nonexistent", "NamespacePathNotFound", ErrorKind.NotFound)]
    [InlineData("/proc", "NamespacePathInvalid", ErrorKind.InvalidArgument)]
    [InlineData("/dev/null", "NamespacePathInvalid", ErrorKind.InvalidArgument)]
    [InlineData("/etc/passwd", "NamespacePathInvalid", ErrorKind.InvalidArgument)]
    public void Another_file_is_refused_with_an_id(string path, string errorId, ErrorKind kind)
    {
        IsolationException refusal = Assert.Throws<IsolationException>(() => NamespaceScanner.KeyOf(path));

        Assert.Equal((errorId, kind), (refusal.ErrorId, refusal.Kind));
        Assert.Contains(path, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Remove-Item", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_process_that_does_not_exist_is_refused_with_an_id()
    {
        IsolationException refusal = Assert.Throws<IsolationException>(() => NamespaceScanner.NamespacesOf(int.MaxValue));

        Assert.Equal(("ProcessNotFound", ErrorKind.NotFound), (refusal.ErrorId, refusal.Kind));
    }
}
